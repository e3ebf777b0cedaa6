"""Code switching: how often, what a switched word carries, and that the sentence stays whole."""

import copy
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.dictionary import BilingualDictionary
from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.masking import draw_generator

DICTIONARY = BilingualDictionary([("我", "tôi"), ("北京", "bắckinh"), ("买", "mua"), ("买", "muasắm"), ("书", "sách")])
Switch = Callable[..., tuple[CodeSwitcher, EncodedSentence, EncodedSentence, list[range]]]


@pytest.fixture(scope="module")
def switch(processor: PhoneXLProcessor) -> Switch:
    """Switch tokens; gives the switcher, the sentence before and after, and the spans."""

    def run(tokens: list[str], ratio: float = 1.0, match: str = "word", index: int = 0) -> object:
        switcher = CodeSwitcher(DICTIONARY, processor, "vi", ratio, match)
        sentence = processor.encode(tokens, "zh")
        return switcher, sentence, *switcher.switch(draw_generator(1, 0, index), tokens, sentence)

    return run


def test_a_sentence_that_outgrows_the_positions_loses_last_words(processor: PhoneXLProcessor) -> None:
    """Translations have more pieces than the words: a long sentence would end the training."""
    copied = copy.deepcopy(processor)
    copied.unit = "subword"
    translation = sum(len(pieces) for pieces in copied.encode(["bắckinh"], "vi").pieces)
    copied.tokenizer.model_max_length = 2 + 3 * translation
    sentence = copied.encode(["北京"] * 5, "zh")
    switched, spans = CodeSwitcher(DICTIONARY, copied, "vi", 1.0, "word").switch(
        draw_generator(1, 0, 0), ["北京"] * 5, sentence
    )
    assert len(switched.pieces) == len(switched.phoneme_pieces) == len(spans) == 3
    assert len(copied.pad([switched])["input_ids"][0]) == copied.tokenizer.model_max_length


def test_covered_words_switch_at_the_ratio(switch: Switch) -> None:
    switcher, _, _, _ = switch(["我", "老师"] * 4000, ratio=0.3)
    counts = switcher.counts
    assert (counts.tokens, counts.covered) == (8000, 4000)
    assert abs(counts.switched - 1200) <= 4 * math.sqrt(4000 * 0.3 * 0.7)


def test_a_switched_word_has_the_targets_spelling_sound_and_language(
    switch: Switch, processor: PhoneXLProcessor
) -> None:
    """A word with foreign spelling and native sound would teach the model a wrong alignment."""
    _, before, after, spans = switch(["老师", "我", "看", "书"])
    assert spans == [range(0, 1), range(1, 2), range(2, 3), range(3, 4)]
    languages = [processor.language_id(code) for code in ("zh", "vi", "zh", "vi")]
    assert after.language_ids == languages
    assert after.sentence_language == processor.language_id("zh")
    assert after.labels is None
    for word, target in ((1, "tôi"), (3, "sách")):
        foreign = processor.encode([target], "vi")
        assert after.pieces[word : word + 1] == foreign.pieces
        assert after.phoneme_pieces[word : word + 1] == foreign.phoneme_pieces
        assert after.pieces[word] != before.pieces[word]
        assert after.phoneme_pieces[word] != before.phoneme_pieces[word]
    for word in (0, 2):
        assert after.pieces[word] == before.pieces[word]
        assert after.phoneme_pieces[word] == before.phoneme_pieces[word]


def test_every_translation_gets_its_turn(switch: Switch, processor: PhoneXLProcessor) -> None:
    found = [switch(["买"], index=index)[2].pieces[0] for index in range(200)]
    for target in ("mua", "muasắm"):
        share = found.count(processor.pieces(target)) / 200
        assert abs(share - 0.5) < 0.15


def test_characters_are_joined_only_by_the_longest_match(switch: Switch, processor: PhoneXLProcessor) -> None:
    """PAN-X has single characters: word by word, almost nothing of it can be switched."""
    tokens = list("我看北京书")
    switcher, _, after, spans = switch(tokens, match="longest")
    assert spans == [range(0, 1), range(1, 2), range(2, 4), range(4, 5)]
    assert after.pieces[2] == processor.pieces("bắckinh")
    assert (switcher.counts.tokens, switcher.counts.covered, switcher.counts.switched) == (5, 4, 4)
    switcher, _, after, spans = switch(tokens, match="word")
    assert spans == [range(word, word + 1) for word in range(5)]
    assert (switcher.counts.covered, switcher.counts.switched) == (2, 2)


def test_a_match_that_is_not_drawn_stays_in_its_tokens(switch: Switch) -> None:
    switcher, before, after, spans = switch(list("我看北京书"), ratio=0.0, match="longest")
    assert spans == [range(word, word + 1) for word in range(5)]
    assert after.pieces == before.pieces
    assert after.phoneme_pieces == before.phoneme_pieces
    assert after.language_ids == before.language_ids
    assert (switcher.counts.covered, switcher.counts.switched) == (4, 0)


@given(
    st.lists(st.sampled_from(["我", "北", "京", "北京", "买", "书", "看", "老师", "。"]), min_size=1, max_size=20),
    st.sampled_from(["word", "longest"]),
    st.floats(0, 1),
    st.integers(0, 1000),
)
def test_spans_partition_the_sentence(
    switch: Switch, processor: PhoneXLProcessor, tokens: list[str], match: str, ratio: float, index: int
) -> None:
    """Masks are carried over by spans: a word in none, or in two, would lose or double its mask."""
    switcher, before, after, spans = switch(tokens, ratio, match, index)
    assert [position for span in spans for position in span] == list(range(len(tokens)))
    num_words = len(spans)
    assert [len(after.pieces), len(after.phoneme_pieces), len(after.language_ids)] == [num_words] * 3
    vi = processor.language_id("vi")
    for word, span in enumerate(spans):
        source = "".join(tokens[span.start : span.stop])
        if after.language_ids[word] == vi:
            assert after.pieces[word] in [processor.pieces(target) for target in DICTIONARY.targets(source)]
        else:
            assert len(span) == 1
            assert after.pieces[word] == before.pieces[span.start]
            assert after.phoneme_pieces[word] == before.phoneme_pieces[span.start]
    switched = sum(len(span) for span, row in zip(spans, after.language_ids, strict=True) if row == vi)
    assert switcher.counts.switched == switched
    assert switched <= switcher.counts.covered <= switcher.counts.tokens == len(tokens)


def test_a_model_without_sound_gets_none(backbone: object) -> None:
    silent = PhoneXLProcessor.from_backbone(str(backbone), use_phonemes=False)
    switcher = CodeSwitcher(DICTIONARY, silent, "vi", 1.0, "word")
    tokens = ["我", "看", "书"]
    after, _ = switcher.switch(draw_generator(1, 0, 0), tokens, silent.encode(tokens, "zh"))
    assert after.phoneme_pieces == []
    assert len(after.pieces) == 3


def test_a_translation_of_several_syllables_loses_its_spaces_half_of_the_time(processor: PhoneXLProcessor) -> None:
    """XTREME's Vietnamese is glued, other Vietnamese is not: a switched sentence should look like either."""
    dictionary = BilingualDictionary([("行动", "hành động"), ("书", "sách")])
    switcher = CodeSwitcher(dictionary, processor, "vi", 1.0, "word")
    glued, spaced = (processor.encode([word], "vi").pieces for word in ("hànhđộng", "hành động"))
    sentence = processor.encode(["行动"], "zh")
    drawn = [switcher.switch(draw_generator(1, 0, index), ["行动"], sentence)[0].pieces for index in range(400)]
    assert all(pieces in (glued, spaced) for pieces in drawn)
    if glued != spaced:
        assert abs(sum(pieces == glued for pieces in drawn) - 200) < 4 * 10
