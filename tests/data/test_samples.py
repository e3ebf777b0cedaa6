"""The sample corpus and the two dictionaries of dataset_scripts/samples: form, parallelism, coverage, originality.

The readers that these tests use are tested in their own files.
"""

import gzip
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import load_split, orphan_tags, read_lines
from dataset_scripts.schema import SPLITS, Sentence, tag_names
from modeling_phonexl.transcription import script

SAMPLES = Path(__file__).resolve().parents[2] / "dataset_scripts" / "samples"
LANGUAGES = ("zh", "vi", "ja", "ko")
IDS = {"train": range(1, 101), "validation": range(101, 121), "test": range(121, 151)}
# ISO 639-1 and 639-3 codes, as they stand in file names of the shared data.
CODES = {"zh": ("zh", "zho"), "vi": ("vi", "vie"), "ja": ("ja", "jpn"), "ko": ("ko", "kor")}
DICTIONARIES = {"zh-vi": ({"han"}, 1000), "ja-ko": ({"han", "kana"}, 600)}

every_file = pytest.mark.parametrize(
    "path", [SAMPLES / f"{split}-{language}.conllu" for split in SPLITS for language in LANGUAGES], ids=lambda p: p.stem
)
every_dictionary = pytest.mark.parametrize("pair", DICTIONARIES)


@cache
def sentences(task: str, language: str, split: str) -> tuple[Sentence, ...]:
    return tuple(load_split(SAMPLES, task, language, split))


def blocks(path: Path) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Comments and rows of ten columns of each sentence, read apart from the reader under test elsewhere."""
    for block in path.read_bytes().decode().removesuffix("\n\n").split("\n\n"):
        lines = block.split("\n")
        yield (
            [line for line in lines if line.startswith("#")],
            [line.split("\t") for line in lines if not line.startswith("#")],
        )


def entity_types(sentence: Sentence) -> Counter[str]:
    return Counter(tag[2:] for tag in sentence.tags if tag.startswith("B-"))


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


@pytest.mark.parametrize("task", ["udpos", "panx"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_split_has_its_ids_in_order(task: str, language: str) -> None:
    """A sentence that slips to another place would pair with a sentence of another meaning."""
    for split in SPLITS:
        assert [s.id for s in sentences(task, language, split)] == [f"s{number:03d}" for number in IDS[split]]


@every_file
def test_file_is_nfc_with_lf_and_a_final_empty_line(path: Path) -> None:
    raw = path.read_bytes()
    text = raw.decode()
    assert b"\r" not in raw
    assert text == unicodedata.normalize("NFC", text)
    assert text.endswith("\n\n")
    assert "\n\n\n" not in text


@every_file
def test_rows_have_form_tag_and_misc_and_nothing_else(path: Path) -> None:
    """Head and relation stay empty: a guess there would be read as annotation."""
    for comments, rows in blocks(path):
        assert [comment.split(" = ")[0] for comment in comments] == ["# sent_id", "# text"]
        assert [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
        for row in rows:
            assert len(row) == 10
            assert row[1] == row[1].strip() != ""
            assert row[3] in tag_names("udpos")
            assert row[2:3] + row[4:9] == ["_"] * 6
            assert re.fullmatch(r"NER=(O|[BI]-(PER|ORG|LOC))(\|SpaceAfter=No)?", row[9])


@every_file
def test_text_is_the_tokens_with_their_spaces(path: Path) -> None:
    for comments, rows in blocks(path):
        spaced = "".join(row[1] + ("" if "SpaceAfter=No" in row[9] else " ") for row in rows)
        assert comments[1] == f"# text = {spaced.removesuffix(' ')}"


@every_file
def test_spaces_stand_where_the_language_writes_them(path: Path) -> None:
    for comments, rows in blocks(path):
        text = comments[1].removeprefix("# text = ")
        if path.stem.endswith(("zh", "ja")):
            assert not re.search(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])", text)
            assert not any(" " in row[1] for row in rows)
        else:
            assert not re.search(r" [,.?!):;%]|[(] ", text)
            assert not any(part.strip() != part for part in text.split('"')[1::2])
            assert path.stem.endswith("vi") or not any(" " in row[1] for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_entities_are_whole(language: str) -> None:
    """An I- without its entity would count differently in different scorers."""
    assert not any(any(orphan_tags(s.tags)) for split in SPLITS for s in sentences("panx", language, split))


@pytest.mark.parametrize("split", SPLITS)
def test_entities_of_a_sentence_are_the_same_in_all_languages(split: str) -> None:
    for row in zip(*(sentences("panx", language, split) for language in LANGUAGES), strict=True):
        types = [entity_types(sentence) for sentence in row]
        assert types == types[:1] * len(LANGUAGES), row[0].id


@pytest.mark.parametrize("split", SPLITS)
def test_enough_sentences_have_entities(split: str) -> None:
    """A split almost without entities would measure nothing."""
    counts = [entity_types(sentence) for sentence in sentences("panx", "zh", split)]
    assert sum(map(bool, counts)) >= 0.4 * len(counts)
    assert set().union(*counts) == {"PER", "ORG", "LOC"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stands_twice(language: str) -> None:
    every = [sentence for split in SPLITS for sentence in sentences("udpos", language, split)]
    assert len({sentence.tokens for sentence in every}) == len(every) == 150
    assert not any(sentence.in_train for sentence in every)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_in_the_script_of_their_language(language: str) -> None:
    """A foreign letter here is a slip of the keyboard: a Cyrillic a, a Han character in the Korean half."""
    scripts = {"zh": {"han"}, "vi": set[str](), "ja": {"han", "kana"}, "ko": {"hangul"}}[language]
    for split in SPLITS:
        for sentence in sentences("udpos", language, split):
            letters = {script(char) for token in sentence.tokens for char in token if char.isalpha()}
            assert letters <= scripts | {"latin"}, sentence.id


def shared_sentences(folder: Path, language: str) -> Iterator[str]:
    """Each sentence of one shared folder in one language without spaces, from token files or plain lines."""
    for path in sorted(folder.iterdir()):
        if not re.search(rf"(?:^|[-.])(?:{'|'.join(CODES[language])})\.(?:tsv|txt)\.gz$", path.name):
            continue
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
            if path.name.endswith(".txt.gz"):
                yield from map(squeezed, stream)
            else:
                for filled, lines in groupby(stream, key=lambda line: line != "\n"):
                    if filled:
                        yield squeezed("".join(line.split("\t")[0] for line in lines))


@pytest.mark.medium
@pytest.mark.parametrize("folder", ["udpos", "panx", "udpos10", "wikiann10", "raw", "flores"])
def test_no_sentence_is_copied_from_a_known_corpus(shared: Path, folder: str) -> None:
    """The samples are CC0 because we wrote them; a sentence of a licensed corpus would break that."""
    if not (shared / "data" / folder).is_dir():
        pytest.skip(f"no {folder} in the shared data")
    seen = 0
    for language in LANGUAGES:
        ours = {squeezed("".join(s.tokens)): s.id for split in SPLITS for s in sentences("udpos", language, split)}
        for theirs in shared_sentences(shared / "data" / folder, language):
            seen += 1
            assert theirs not in ours, f"{language} {ours[theirs]}: {theirs}"
    assert seen > 900


def test_readme_counts_are_those_of_the_files() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for language in LANGUAGES:
        cells = [language]
        for split in SPLITS:
            every = sentences("panx", language, split)
            cells += [str(len(every)), f"{sum(len(s.tokens) for s in every)}"]
        found = sum((entity_types(s) for split in SPLITS for s in sentences("panx", language, split)), Counter[str]())
        assert f"| {' | '.join(cells)} | {found['PER']} | {found['LOC']} | {found['ORG']} |\n" in readme
    for pair in DICTIONARIES:
        dictionary = BilingualDictionary.read(SAMPLES / f"{pair}.tsv")
        assert f"`{pair}.tsv`: {len(dictionary)} words, {len(list(dictionary.pairs()))} pairs" in readme


@every_dictionary
def test_dictionary_lines_are_pairs_of_different_words(pair: str) -> None:
    path = SAMPLES / f"{pair}.tsv"
    raw = path.read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    lines = [line for _, line in read_lines(path)]
    assert len(lines) == len(set(lines)), "a pair stands twice"
    for line in lines:
        source, target = line.split("\t")
        assert line == unicodedata.normalize("NFC", line)
        assert source == squeezed(source) != ""
        assert target == " ".join(target.split()) != ""
        assert source != target


@every_dictionary
def test_dictionary_is_written_in_the_scripts_of_its_languages(pair: str) -> None:
    dictionary = BilingualDictionary.read(SAMPLES / f"{pair}.tsv")
    scripts, fewest_words = DICTIONARIES[pair]
    assert list(dictionary.filtered(pair[3:]).pairs()) == list(dictionary.pairs())
    assert {script(char) for word in dictionary for char in word} <= scripts
    assert len(dictionary) >= fewest_words


@every_dictionary
def test_dictionary_covers_the_train_split(pair: str) -> None:
    """Code switching with a dictionary that knows few of the words would train on unswitched text."""
    dictionary = BilingualDictionary.read(SAMPLES / f"{pair}.tsv")
    tokens = [
        token
        for sentence in sentences("udpos", pair[:2], "train")
        for token, tag in zip(sentence.tokens, sentence.tags, strict=True)
        if tag != "PUNCT"
    ]
    assert sum(token in dictionary for token in tokens) >= 0.45 * len(tokens)
