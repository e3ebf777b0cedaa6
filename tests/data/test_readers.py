"""Readers: every line becomes the right token or an error that names it. Nothing here is about Parquet (test_build)."""

import gzip
import hashlib
import pickle
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset_scripts.readers import (
    DataError,
    load_split,
    orphan_tags,
    read_conllu,
    read_released,
    read_tsv,
    repair_orphan_tags,
    to_tsv,
)
from dataset_scripts.schema import NER_TAGS, TASKS, UPOS_TAGS, Sentence, features, tag_names

# sentences, tokens, `#` tokens, orphan I- tags; counted by the makers of the reduced files, with other code
COUNTS = {
    ("udpos", "zh"): [(7994, 197232, 0, 0), (1000, 25326, 0, 0), (3455, 62569, 0, 0)],
    ("udpos", "vi"): [(1400, 20285, 0, 0), (800, 11514, 0, 0), (800, 11955, 0, 0)],
    ("udpos", "ja"): [(7125, 160204, 5, 0), (511, 11477, 2, 0), (2372, 53592, 0, 0)],
    ("udpos", "ko"): [(27410, 353133, 0, 0), (3016, 37236, 0, 0), (4276, 56627, 0, 0)],
    ("panx", "zh"): [(20000, 420054, 17595, 896), (10000, 213682, 8713, 476), (10000, 207505, 8698, 483)],
    ("panx", "vi"): [(20000, 129439, 0, 0), (10000, 64222, 0, 0), (10000, 64967, 0, 0)],
    ("panx", "ja"): [(20000, 603301, 27334, 1014), (10000, 300844, 13213, 501), (10000, 306959, 13692, 530)],
    ("panx", "ko"): [(20000, 162031, 0, 0), (10000, 80786, 0, 0), (10000, 80841, 0, 0)],
}
CONLLU_WORD = "{}\t{}\t_\t{}\t_\t_\t0\troot\t_\t{}"

words = st.text(
    st.characters(exclude_characters="\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\ufeff", exclude_categories=["Cs"]),
    min_size=1,
    max_size=6,
)
tagged = st.lists(st.tuples(words, st.sampled_from(NER_TAGS)), min_size=1, max_size=5)


def write(path: Path, text: str | bytes) -> Path:
    raw = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def conllu(*rows: tuple[object, ...]) -> str:
    return "".join(CONLLU_WORD.format(*row) + "\n" for row in rows)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sentences=st.lists(tagged, min_size=1, max_size=4), suffix=st.sampled_from([".tsv", ".tsv.gz"]))
def test_any_token_survives_writing_and_reading(tmp_path, sentences, suffix):
    """strip or split would lose U+200B, `#` or a space token."""
    made = [
        Sentence(f"train-zh-{number}", "zh", *(tuple(column) for column in zip(*rows, strict=True)))
        for number, rows in enumerate(sentences, 1)
    ]
    path = write(tmp_path / f"train-zh{suffix}", to_tsv(made))
    assert list(read_tsv(path, "panx", "zh")) == made


@pytest.mark.parametrize(
    ("raw", "line", "expected"),
    [
        (b"\xef\xbb\xbfXin\tVERB\n", 1, "UTF-8 without a byte order mark"),
        (b"Xin\tVERB\nch\xc3\xa0o\tVERB\r\n", 2, "a line that ends in LF alone"),
        (b"Xin\tVERB\nA\rB\tX\n", 2, "without a character that ends lines"),
        (b"Xin\tVERB\nA\xe2\x80\xa8B\tX\n", 2, "without a character that ends lines"),
        (b"Xin\tVERB\nA\xc2\x85\tX\n", 2, "without a character that ends lines"),
        (b"Xin\tVERB\nch\xe0o\tVERB\n", 2, "UTF-8"),
    ],
)
def test_what_nobody_sees_is_refused(tmp_path, raw, line, expected):
    """A byte order mark would become part of the first token, a CR part of every tag, U+2028 a new line elsewhere."""
    path = write(tmp_path / "test-vi.tsv", raw)
    with pytest.raises(DataError, match=expected) as caught:
        list(read_tsv(path, "udpos", "vi"))
    assert (caught.value.path, caught.value.line) == (path, line)


def test_an_id_given_twice_is_refused(tmp_path):
    text = "# sent_id = s1\n" + conllu((1, "a", "X", "_")) + "\n"
    path = write(tmp_path / "test-vi.conllu", text + text)
    with pytest.raises(DataError, match='an id that line 1 does not have, found "s1"') as caught:
        list(read_conllu(path, "udpos", "vi"))
    assert caught.value.line == 4


def test_blank_lines_and_a_missing_last_one_make_no_sentence(tmp_path):
    path = write(tmp_path / "test-vi.tsv", "\n\na\tX\n\n\n\nb\tX")
    assert [sentence.id for sentence in read_tsv(path, "udpos", "vi")] == ["test-vi-1", "test-vi-2"]


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("北京 B-LOC\n", 1, ['expected "token<TAB>tag", not no tab, found "北京 B-LOC"']),
        ("a\tO\n\nb\tO\tx\n", 3, ["not 2 tabs", "b\\tO\\tx"]),
        ("a\tO\n\tO\n", 2, ["a token before the tag"]),
        ("a\tO\n\n\t\n", 3, ["a token before the tag"]),
        ("a\tB-MISC\n", 1, ['"B-MISC"', "Known tags: B-LOC"]),
        ("a\tO \n", 1, ['"O "']),
        ("", None, ["at least one sentence"]),
        ("\n\n\n", None, ["at least one sentence"]),
        (b"a\tO\n\xff\tO\n", 2, ["UTF-8", "\\xff"]),
    ],
)
def test_faulty_tsv_is_named_by_line(tmp_path, text, line, parts):
    path = write(tmp_path / "train-zh.tsv", text)
    with pytest.raises(DataError) as caught:
        list(read_tsv(path, "panx", "zh"))
    assert caught.value.line == line
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_cut_gzip_is_an_error_of_its_last_line(tmp_path):
    """A truncated download must not train on half of the file in silence."""
    raw = gzip.compress("".join(f"{number}\tO\n\n" for number in range(5000)).encode())
    path = tmp_path / "train-zh.tsv.gz"
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError, match="a whole gzip file") as caught:
        list(read_tsv(path, "panx", "zh"))
    assert caught.value.line is not None
    assert caught.value.line > 1


@pytest.mark.parametrize("damage", [b"not gzip at all", gzip.compress(b"a\tO\n")[:-8] + b"\0" * 8])
def test_damaged_gzip_is_a_data_error(tmp_path, damage):
    path = tmp_path / "train-zh.tsv.gz"
    path.write_bytes(damage)
    with pytest.raises(DataError, match="cut off or damaged"):
        list(read_tsv(path, "panx", "zh"))


def test_absent_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="readable file"):
        list(read_tsv(tmp_path / "train-zh.tsv", "panx", "zh"))


def test_errors_survive_pickling():
    """A DataLoader worker sends its error to the parent by pickle."""
    error = DataError("a.tsv", 3, "x\u200by", "a tab", "Put one.")
    assert (
        str(pickle.loads(pickle.dumps(error))) == str(error) == 'a.tsv:3: expected a tab, found "x\\u200by". Put one.'
    )


def test_conllu_gives_words_with_either_task(tmp_path):
    text = (
        "# sent_id = vi-7\n# text = any # text = x\n"
        + conllu(("1-2", "gộp", "_", "_"), (1, "điện tử", "NOUN", "SpaceAfter=No|NER=B-ORG"), (2, "#", "SYM", "NER=O"))
        + conllu(("2.1", "rỗng", "X", "_"))
        + "\n"
        + conllu((1, "_", "X", "NER=O"))
    )
    path = write(tmp_path / "train-vi.conllu.gz", text)
    assert list(read_conllu(path, "panx", "vi")) == [
        Sentence("vi-7", "vi", ("điện tử", "#"), ("B-ORG", "O")),
        Sentence("train-vi-2", "vi", ("_",), ("O",)),
    ]
    assert [sentence.tags for sentence in read_conllu(path, "udpos", "vi")] == [("NOUN", "SYM"), ("X",)]


@pytest.mark.parametrize(
    ("task", "text", "line", "part"),
    [
        ("udpos", "1\ta\t_\tX\n", 1, "10 columns"),
        ("udpos", conllu((1, "a", "X", "_"), (1, "b", "X", "_")), 2, "word number 2"),
        ("udpos", conllu((2, "a", "X", "_")), 1, "word number 1"),
        ("udpos", conllu((1, "a", "_", "_")), 1, 'instead of "_"'),
        ("udpos", conllu((1, "", "X", "_")), 1, "a token before"),
        ("panx", conllu((1, "a", "X", "NER=O"), (2, "b", "X", "_")), 2, "NER=TAG"),
        ("udpos", "# text = nothing\n\n" + conllu((1, "a", "X", "_")), 1, "a word after the comments"),
    ],
)
def test_faulty_conllu_is_named_by_line(tmp_path, task, text, line, part):
    path = write(tmp_path / "train-vi.conllu", text)
    with pytest.raises(DataError, match=part) as caught:
        list(read_conllu(path, task, "vi"))
    assert caught.value.line == line


def test_released_keeps_empty_fields(tmp_path):
    """split() without an argument would shift an empty IPA field."""
    path = write(tmp_path / "dev.tsv", "'\tO\t\t'\n中\tO\ttʂʊŋ˥\tzhōng\n")
    (item,) = read_released(path, "panx", "zh")
    assert (item.sentence.tokens, item.ipa, item.romanized) == (("'", "中"), ("", "tʂʊŋ˥"), ("'", "zhōng"))
    write(path, "中\tO\ttʂʊŋ˥\n")
    with pytest.raises(DataError, match="not 3 fields"):
        list(read_released(path, "panx", "zh"))


def test_sentences_of_train_are_marked_in_the_other_splits(tmp_path):
    write(tmp_path / "train-vi.tsv", "a\tX\nb\tX\n\nab\tX\n")
    write(tmp_path / "dev-vi.tsv", "a\tX\nb\tVERB\n\nb\tX\na\tX\n")
    write(tmp_path / "test-ko.tsv", "ab\tX\n")
    assert [sentence.in_train for sentence in load_split(tmp_path, "udpos", "vi", "validation")] == [True, False]
    assert not any(sentence.in_train for sentence in load_split(tmp_path, "udpos", "vi", "train"))
    assert not any(sentence.in_train for sentence in load_split(tmp_path, "udpos", "ko", "test"))


def test_folder_of_conllu_files_is_read_under_both_names_of_validation(tmp_path):
    write(tmp_path / "validation-ko.conllu", conllu((1, "a", "X", "NER=O")))
    assert load_split(tmp_path, "panx", "ko", "validation")[0].tags == ("O",)
    write(tmp_path / "dev-ko.tsv.gz", "b\tO\n")
    with pytest.raises(DataError, match=r"one file dev-ko.tsv.*dev-ko.tsv.gz, validation-ko.conllu"):
        load_split(tmp_path, "panx", "ko", "validation")


def test_missing_split_says_what_was_looked_for_and_what_is_there(tmp_path):
    write(tmp_path / "train-ko.tsv", "b\tO\n")
    with pytest.raises(DataError, match=r"expected test-ko.tsv.*It holds train-ko.tsv"):
        load_split(tmp_path, "panx", "ko", "test")
    with pytest.raises(DataError, match="no such folder"):
        load_split(tmp_path / "nowhere", "panx", "ko", "test")


def test_unknown_task_and_split_are_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown split 'dev'; known: train, validation, test"):
        load_split(tmp_path, "panx", "ko", "dev")
    with pytest.raises(ValueError, match="unknown task 'ner'; known: udpos, panx"):
        load_split(tmp_path, "ner", "ko", "test")


@pytest.mark.parametrize(
    ("tags", "orphans", "repaired"),
    [
        ("I-PER I-PER O", 1, "B-PER I-PER O"),
        ("B-PER I-LOC I-LOC", 1, "B-PER B-LOC I-LOC"),
        ("B-PER I-PER O I-PER", 1, "B-PER I-PER O B-PER"),
        ("B-PER B-PER I-PER", 0, "B-PER B-PER I-PER"),
        ("INTJ NOUN", 0, "INTJ NOUN"),
    ],
)
def test_orphans_are_counted_and_repaired_only_on_request(tags, orphans, repaired):
    sentence = Sentence("1", "zh", ("x",) * len(tags.split()), tuple(tags.split()))
    assert sum(orphan_tags(sentence.tags)) == orphans
    assert repair_orphan_tags([sentence])[0].tags == tuple(repaired.split())


def test_tag_sets_are_declared_in_a_fixed_order():
    """Ids of a saved model follow this order: a change would scramble every checkpoint."""
    assert list(UPOS_TAGS) == sorted(UPOS_TAGS)
    assert len(set(UPOS_TAGS)) == 17
    assert NER_TAGS == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
    for task in TASKS:
        assert features(task)["tags"].feature.names == list(tag_names(task))


@pytest.mark.medium
@pytest.mark.parametrize(("task", "language"), COUNTS)
def test_real_files_have_the_published_counts(shared, task, language):
    for split, expected in zip(("train", "dev", "test"), COUNTS[task, language], strict=True):
        path = shared / "data" / task / f"{split}-{language}.tsv.gz"
        sentences = list(read_tsv(path, task, language))
        tokens = Counter(token for sentence in sentences for token in sentence.tokens)
        orphans = sum(sum(orphan_tags(sentence.tags)) for sentence in sentences)
        assert (len(sentences), tokens.total(), tokens["#"], orphans) == expected
        content = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
        assert hashlib.sha256(to_tsv(sentences).encode()).hexdigest() == content


@pytest.mark.parametrize(
    ("task", "language", "split", "known"),
    [
        ("udpos", "vi", "validation", 7),
        ("udpos", "vi", "test", 2),
        ("udpos", "ko", "test", 115),
        ("panx", "vi", "test", 2843),
    ],
)
def test_real_files_repeat_train_as_often_as_published(shared, task, language, split, known):
    sentences = load_split(shared / "data" / task, task, language, split)
    assert sum(sentence.in_train for sentence in sentences) == known


@pytest.mark.parametrize(("task", "language"), [("udpos", "zh"), ("udpos", "vi"), ("panx", "vi")])
def test_released_files_hold_the_tokens_and_tags_of_xtreme(shared, task, language):
    released = list(read_released(shared / "data/phonexl_released" / f"{task}_dev_{language}.tsv.gz", task, language))
    ours = read_tsv(shared / "data" / task / f"dev-{language}.tsv.gz", task, language)
    assert [(r.sentence.tokens, r.sentence.tags) for r in released] == [(s.tokens, s.tags) for s in ours]
    assert all(len(r.ipa) == len(r.romanized) == len(r.sentence.tokens) for r in released)
