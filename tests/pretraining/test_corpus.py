"""The corpus: equal shares, nothing of the evaluation text, one cut for all representations, one file."""

import gzip
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from dataset_scripts.readers import DataError
from modeling_phonexl.transcription import MissingToolError, Transcriber, Transcription
from phonexl.pretraining.corpus import Corpus, CorpusSettings, load_corpus, read_corpus, save_corpus
from phonexl.pretraining.representations import REPRESENTATIONS, Representation

LANGUAGES = ("kor", "tur", "swa")


def texts_of(corpus: Corpus, language: str) -> list[str]:
    sentences = (*corpus.held_out, *corpus.train)
    return [" ".join(word.text for word in s.words) for s in sentences if s.language == language]


@pytest.fixture
def own(data: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    shutil.copytree(data, tmp_path / "data")
    return tmp_path / "data"


def test_planted_evaluation_sentences_are_dropped_and_counted(own: Path) -> None:
    raw, flores = own / "raw" / "tur.txt", own / "flores" / "devtest.tur.txt"
    known = flores.read_text(encoding="utf-8").splitlines()
    long = next(sentence for sentence in known if len(sentence) > 30)
    planted = [known[0].upper() + "!", f"Dedi ki {long} ve gitti."]
    raw.write_text("\n".join([*planted, *raw.read_text(encoding="utf-8").splitlines()]) + "\n", encoding="utf-8")
    corpus = read_corpus(own, None, CorpusSettings.of(LANGUAGES, 128))
    assert corpus.facts["tur"]["dropped"] == {"identical": 1, "overlap": 1}
    assert corpus.facts["tur"]["evaluation_sentences"] == 10
    assert corpus.facts["kor"]["dropped"] == {}
    assert not {"Dedi", known[0].split()[0].upper()} & {w for text in texts_of(corpus, "tur") for w in text.split()}


def test_every_language_has_as_many_sentences_as_the_smallest(own: Path) -> None:
    raw = own / "raw" / "swa.txt"
    lines = raw.read_text(encoding="utf-8").splitlines()
    raw.write_text("\n".join([*lines[:20], " ", ""]) + "\n", encoding="utf-8")
    corpus = read_corpus(own, None, CorpusSettings.of(LANGUAGES, 128))
    assert {language: len(texts_of(corpus, language)) for language in LANGUAGES} == dict.fromkeys(LANGUAGES, 20)
    assert {facts["held_out"] for facts in corpus.facts.values()} == {2}
    assert len(corpus.held_out) == 6
    assert len(corpus.train) == 54
    limited = read_corpus(own, None, CorpusSettings.of(LANGUAGES, 128, limit=10))
    assert texts_of(limited, "kor") == texts_of(corpus, "kor")[:10]


def test_a_long_sentence_is_cut_at_the_same_word_for_all_representations(own: Path) -> None:
    raw = own / "raw" / "tur.txt"
    raw.write_text("bir " * 100 + "\n" + raw.read_text(encoding="utf-8"), encoding="utf-8")
    corpus = read_corpus(own, None, CorpusSettings.of(LANGUAGES, 40))
    sentences = (*corpus.held_out, *corpus.train)
    longest = next(s for s in sentences if s.language == "tur" and len({w.text for w in s.words}) == 1)
    assert len(longest.words) == 9  # 9 x (3 + 1) + 2 symbols
    assert corpus.facts["tur"]["cut"] >= 1
    for name in REPRESENTATIONS:
        representation = Representation.learn(name, corpus.train, 100)
        encoded = [representation.encode(sentence) for sentence in sentences]
        assert max(len(sentence.ids) for sentence in encoded) <= 40
        assert [e.num_words for e in encoded] == [len(s.words) for s in sentences]


def test_a_word_that_does_not_fit_makes_no_sentence(own: Path) -> None:
    raw = own / "raw" / "tur.txt"
    raw.write_text("a" * 200 + " bir\n" + raw.read_text(encoding="utf-8"), encoding="utf-8")
    corpus = read_corpus(own, None, CorpusSettings.of(LANGUAGES, 64))
    assert corpus.facts["tur"]["unusable"] == 1
    assert len(texts_of(corpus, "tur")) == 60


def test_a_corpus_file_gives_the_corpus_back(corpus: Corpus, tmp_path: Path) -> None:
    save_corpus(corpus, tmp_path / "a" / "corpus.jsonl.gz")
    save_corpus(corpus, tmp_path / "b.jsonl.gz")
    assert load_corpus(tmp_path / "a" / "corpus.jsonl.gz", corpus.settings) == corpus
    assert (tmp_path / "a" / "corpus.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["corpus.jsonl.gz"]


def test_another_corpus_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    """Encoders of two corpora beside each other would be compared by what they read."""
    path = tmp_path / "corpus.jsonl.gz"
    save_corpus(corpus, path)
    with pytest.raises(DataError, match=r"expected a corpus of .*limit=7.*not of .*limit=None.*--prepare"):
        load_corpus(path, CorpusSettings.of(LANGUAGES, 128, limit=7))
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("\n".join(lines[:-1]).encode() + b"\n"))
    with pytest.raises(DataError, match="expected 180 sentences, not 179. It is cut off"):
        load_corpus(path)
    path.write_bytes(gzip.compress("\n".join([lines[0], json.dumps(["kor", "x"])]).encode() + b"\n"))
    with pytest.raises(DataError, match=r"corpus.jsonl.gz:2: expected a language and words of three texts"):
        load_corpus(path)
    path.write_bytes(gzip.compress(b"[]\n"))
    with pytest.raises(DataError, match="expected the head of a corpus"):
        load_corpus(path)


def test_missing_text_is_named(own: Path) -> None:
    (own / "raw" / "swa.txt").unlink()
    with pytest.raises(DataError, match=r"raw: expected a file swa\.txt\[\.gz\]"):
        read_corpus(own, None, CorpusSettings.of(LANGUAGES, 64))
    (own / "flores" / "devtest.tur.txt").unlink()
    with pytest.raises(DataError, match=r"flores: expected a file devtest\.tur\.txt\[\.gz\]"):
        read_corpus(own, None, CorpusSettings.of(["tur"], 64))


def test_text_is_not_read_without_knowing_the_evaluation_text(own: Path) -> None:
    shutil.rmtree(own / "flores")
    with pytest.raises(DataError, match=r"expected flores in it or beside it.*--exclude"):
        read_corpus(own, None, CorpusSettings.of(LANGUAGES, 64))


def test_a_missing_tool_is_told_before_any_language_is_read(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Toolless(Transcriber):
        def __call__(self, tokens: Sequence[str]) -> list[Transcription]:
            if self.language in ("sw", "swa"):
                raise MissingToolError("tool", "Swahili")
            return super().__call__(tokens)

    monkeypatch.setattr("phonexl.pretraining.corpus.Transcriber", Toolless)
    reports: list[str] = []
    with pytest.raises(MissingToolError, match="Swahili needs"):
        read_corpus(own, None, CorpusSettings.of(LANGUAGES, 128), reports.append)
    assert not [line for line in reports if "sentences read" in line]


def test_languages_are_codes_of_either_length() -> None:
    assert CorpusSettings.of(["ko", "tur"], 64).languages == ("kor", "tur")
    with pytest.raises(ValueError, match="one stands there twice"):
        CorpusSettings.of(["ko", "kor"], 64)
