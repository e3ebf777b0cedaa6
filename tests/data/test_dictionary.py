"""Dictionaries: the pivot reproduces the authors' pairs, and look-up agrees with brute force."""

import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import DataError, read_tsv
from dataset_scripts.schema import Sentence

# SHA-256 over the sorted pairs, number of pairs, of sources; from the data's own description
GOLDEN = {
    ("zh", "vi", "all"): ("68a4f878accc24ed74811e180197d2a8b37d7867c9b56f84fbd44214a9d5a48b", 25702, 20955),
    ("zh", "vi", "different"): ("d6cba6a8ffc0b4a82882bb29607e84fe19b62c602d627f7fe0f81684ab2f6bf6", 13160, 8653),
    ("ja", "ko", "all"): ("df00669822e8cb3f364f4ab6ec694eb14c9e51938ee4768fa37c6dfc087ed34e", 18544, 11929),
    ("ja", "ko", "different"): ("5d15555ab32c26860f072a74b0402d5c01dcffbb80e20f30b91fa501a5e51333", 17292, 10777),
}
letters = st.sampled_from("abc")
pairs = st.lists(st.tuples(st.text(letters, min_size=1, max_size=4), st.text(letters, min_size=1, max_size=2)))
sentences = st.lists(st.text(letters, min_size=1, max_size=2), max_size=12)


def sentence(*tokens: str) -> Sentence:
    return Sentence("1", "zh", tokens, ("X",) * len(tokens))


@pytest.mark.parametrize(("source", "target", "which"), GOLDEN)
def test_pivot_equals_the_released_dictionary_pair_for_pair(shared, source, target, which):
    dictionary = BilingualDictionary.locate(shared / "data/udpos", source, target)
    chosen = dictionary if which == "all" else dictionary.without_identical()
    digest, num_pairs, num_sources = GOLDEN[source, target, which]
    assert (chosen.sha256(), len(list(chosen.pairs())), len(chosen)) == (digest, num_pairs, num_sources)


@pytest.mark.parametrize(("source", "target"), [("zh", "vi"), ("ja", "ko")])
def test_released_four_column_file_is_read(shared, source, target):
    read = BilingualDictionary.read(shared / f"data/phonexl_released/{source}-{target}-dict.txt.gz")
    assert read.sha256() == GOLDEN[source, target, "all"][0]


@pytest.mark.medium
@pytest.mark.parametrize(
    ("source", "target", "word", "longest"), [("zh", "vi", 0.255, 0.338), ("ja", "ko", 0.0, 0.287)]
)
def test_character_data_needs_the_longest_match(shared, source, target, word, longest):
    """Word by word, nothing of PAN-X ja is ever switched: XMLM would be a second MLM."""
    different = BilingualDictionary.locate(shared / "data/panx", source, target).without_identical()
    sentences = list(read_tsv(shared / f"data/panx/dev-{source}.tsv.gz", "panx", source))
    assert different.coverage(sentences, match="word") == pytest.approx(word, abs=0.0006)
    assert different.coverage(sentences, match="longest") == pytest.approx(longest, abs=0.0006)


def test_filter_keeps_targets_of_the_target_script():
    dictionary = BilingualDictionary(
        [
            ("新聞", "tin"),
            ("新聞", "news"),  # stays: no rule of script tells it from Vietnamese
            ("新聞", "뉴스"),
            ("新聞", "ニュース"),
            ("新聞", "新聞"),
            ("新聞", "新闻"),
            ("新聞", "123"),
            ("新聞", "báo-chí"),
            ("新聞", "tin뉴"),
        ]
    )
    assert dictionary.filtered("vi").targets("新聞") == ("tin", "news", "báo-chí")
    assert dictionary.filtered("ko").targets("新聞") == ("뉴스",)
    assert dictionary.filtered("ja").targets("新聞") == ("ニュース", "新闻")
    assert dictionary.filtered("zh").targets("新聞") == ("新闻",)
    assert dictionary.filtered("kor").sha256() == dictionary.filtered("ko").sha256()
    assert dictionary.filtered("urd").sha256() == dictionary.without_identical().sha256()  # its script is not known
    with pytest.raises(ValueError, match="unknown language 'xx'"):
        dictionary.filtered("xx")


@given(pairs)
def test_digest_is_that_of_the_sorted_pairs(items):
    lines = sorted({f"{source}\t{target}\n" for source, target in items})
    assert BilingualDictionary(items).sha256() == hashlib.sha256("".join(lines).encode()).hexdigest()


@given(pairs, pairs)
def test_pivot_is_the_join_over_english(tmp_path_factory, to_source, to_target):
    folder = tmp_path_factory.mktemp("pivot")
    for name, items in (("en-zh.txt", to_source), ("en-vi.txt", to_target)):
        (folder / name).write_text("".join(f"{english} {word}\n" for english, word in items))
    expected = {(s, t) for e, s in to_source for f, t in to_target if e == f}
    if expected:
        assert set(BilingualDictionary.locate(folder, "zh", "vi").pairs()) == expected
    else:
        with pytest.raises(DataError):
            BilingualDictionary.locate(folder, "zh", "vi")


@given(pairs, sentences, st.integers(0, 11), st.integers(1, 8))
def test_longest_match_is_the_longest_key(items, tokens, start, max_tokens):
    dictionary = BilingualDictionary(items)
    lengths = range(1, min(max_tokens, len(tokens) - start) + 1)
    best = max((n for n in lengths if "".join(tokens[start : start + n]) in dictionary), default=0)
    expected = (best, dictionary.targets("".join(tokens[start : start + best])))
    assert dictionary.longest_match(tokens, start, max_tokens) == expected


cased = st.text(st.sampled_from("abAßẞ"), min_size=1, max_size=3)


@given(st.lists(st.tuples(cased, st.sampled_from("12345"))), cased)
def test_folding_takes_the_keys_of_another_case_only_where_the_word_itself_is_none(items, word):
    dictionary = BilingualDictionary(items, fold_case=True)
    alike = {target: None for key, target in items if key.casefold() == word.casefold()}
    assert dictionary.targets(word) == (dictionary[word] if word in dictionary else tuple(alike))
    assert dict(dictionary) == dict(BilingualDictionary(items))
    assert dictionary.longest_match([*word], 0, len(word))[0] == len(word) or not dictionary.targets(word)
    for match in ("word", "longest"):
        assert dictionary.coverage([sentence(word)], match) == bool(dictionary.targets(word))


def test_coverage_counts_tokens():
    dictionary = BilingualDictionary([("中国", "x"), ("人", "y"), ("中国人民", "z")])
    data = [sentence("中", "国", "人", "中", "国", "人", "民", "!")]
    assert dictionary.coverage(data) == 2 / 8
    assert dictionary.coverage(data, match="longest") == 7 / 8
    with pytest.raises(ValueError, match="at least one token"):
        dictionary.coverage([])


def test_targets_keep_the_order_of_the_file_and_count_once():
    dictionary = BilingualDictionary([("b", "2"), ("a", "9"), ("b", "1"), ("b", "2")])
    assert dict(dictionary) == {"b": ("2", "1"), "a": ("9",)}
    assert dictionary.targets("c") == ()


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a\tb\n\nalone\n", 3, "not 1 fields"),
        ("a\tb\tc\n", 1, "not 3 fields"),
        ("a b c d e\n", 1, "not 5 fields"),
        ("a\t\n", 1, "a word on both sides"),
        ("\tb\n", 1, "a word on both sides"),
        ("\n\n", None, "at least one pair"),
    ],
)
def test_faulty_dictionary_is_named_by_line(tmp_path, text, line, part):
    path = tmp_path / "zh-vi.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=part) as caught:
        BilingualDictionary.read(path)
    assert caught.value.line == line


@pytest.mark.parametrize("place", [".", "muse", "../muse"])
def test_a_direct_dictionary_wins_over_the_pivot(tmp_path, place):
    data = tmp_path / "udpos"
    folder = data / place
    for made in (data, folder):
        made.mkdir(exist_ok=True)
    for code in ("zh", "vi"):
        (folder / f"en-{code}.txt.gz").write_bytes(gzip.compress(f"hello {code}\n".encode()))
    assert list(BilingualDictionary.locate(data, "zh", "vi").pairs()) == [("zh", "vi")]
    (folder / "zh-vi.tsv").write_text("đây\tkia\n")
    assert list(BilingualDictionary.locate(data, "zh", "vi").pairs()) == [("đây", "kia")]


def test_a_missing_dictionary_says_what_to_put_where(tmp_path):
    (tmp_path / "en-zh.txt").write_text("a b\n")
    with pytest.raises(DataError, match=r"zh-vi.tsv.*en-vi.txt.*muse.*gz\)\.$"):
        BilingualDictionary.locate(tmp_path, "zh", "vi")


def test_dictionaries_by_sound_join_both_ways_of_finding_pairs():
    found = BilingualDictionary.by_sound("ja", "ko")
    assert BilingualDictionary.has_sound("ja", "ko")
    assert list(BilingualDictionary.by_sound("jpn", "kor").pairs()) == list(found.pairs())
    assert not BilingualDictionary.has_sound("ko", "ja")
    assert "설정" in found.targets("設定")
    assert "카메라" in found.targets("カメラ")
    assert "hành động" in BilingualDictionary.by_sound("zh", "vi").targets("行动")
    with pytest.raises(ValueError, match="no dictionary by sound ko-ja; shipped: ja-ko, ja-vi"):
        BilingualDictionary.by_sound("ko", "ja")


def test_a_shuffled_dictionary_has_the_same_words_and_targets_but_other_pairs():
    """The control of a transfer run: what remains of a gain is not lexical."""
    whole = BilingualDictionary.by_sound("zh", "vi")
    shuffled = whole.shuffled(0)
    assert list(shuffled) == list(whole)
    assert sorted(t for _, t in shuffled.pairs()) == sorted(t for _, t in whole.pairs())
    kept = set(shuffled.pairs()) & set(whole.pairs())
    assert len(kept) < 0.01 * len(list(whole.pairs()))
    assert list(whole.shuffled(0).pairs()) == list(shuffled.pairs()) != list(whole.shuffled(1).pairs())
