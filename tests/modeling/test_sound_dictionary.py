"""Words heard as the target's: which have an entry, what model and processor make of it, and what is saved."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoProcessor, PreTrainedTokenizerFast

from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.sound_dictionary import SOUND_DICTIONARY_FILE, SoundDictionary
from modeling_phonexl.transcription import UnknownLanguageError

VIETNAMESE = {"行动": "hành động", "行动计划": "kế hoạch hành động", "范畴": "phạm trù"}
KOREAN = {"設定": "설정", "センター": "센터"}
CHANNEL: dict[str, Any] = {"phoneme_transcription": "sino-xenic", "phoneme_vocab_kind": "tokenizer"}


def hearing(tokenizer: Any, source: str, target: str, words: dict[str, str], **fields: Any) -> PhoneXLProcessor:
    dictionary = SoundDictionary(source, target, words)
    return PhoneXLProcessor(tokenizer, sound_dictionary=dictionary, **{**CHANNEL, **fields})


# The dictionary


def test_words_are_found_alone_and_characters_in_their_longest_run() -> None:
    dictionary = SoundDictionary("zh", "vi", VIETNAMESE)
    assert dictionary.find(["行动", "计划", "范畴"]) == ["hành động", None, "phạm trù"]
    whole = "kế hoạch hành động"
    assert dictionary.find([*"的行动计划行动"], joined=True) == [None, *[whole] * 4, *["hành động"] * 2]
    assert dictionary.find([], joined=True) == []


def test_spaces_and_capitals_make_no_other_word() -> None:
    """XTREME writes a Vietnamese word without spaces, raw text with them, and sentences begin with capitals."""
    dictionary = SoundDictionary("vi", "ko", {"hành động": "행동"})
    assert dictionary.find(["hànhđộng", "Hành động", "hành"]) == ["행동", "행동", None]


WORDS = st.text(st.characters(exclude_characters="\t\n", exclude_categories=["Cs"]), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.dictionaries(WORDS, WORDS, max_size=6))
def test_a_saved_dictionary_is_the_same_dictionary(words: dict[str, str], tmp_path: Path) -> None:
    """A line separator of Unicode inside a word ends no line; a word "zh" is no header; of "ab" and "Ab" one counts."""
    words |= {"zh": "vi", "a\x85b": "c\u2028d\r", "ab": "lower", "Ab": "upper"}
    dictionary = SoundDictionary("zho", "vi", words)
    dictionary.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [SOUND_DICTIONARY_FILE]
    loaded = SoundDictionary.read(tmp_path / SOUND_DICTIONARY_FILE)
    assert (loaded.source, loaded.target, loaded.words) == ("zh", "vi", words)
    assert loaded.find([*words, *map(str.upper, words)]) == dictionary.find([*words, *map(str.upper, words)])


@pytest.mark.parametrize("pair", [("", "b"), ("a", ""), ("a\tb", "c"), ("a", "b\nc")])
def test_words_that_a_file_cannot_hold_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="expected two words without tabs and line breaks"):
        SoundDictionary("zh", "vi", dict([pair]))
    with pytest.raises(UnknownLanguageError):
        SoundDictionary("zh", "vn", {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: expected a line break at the end, found ''"),
        (b"zh\tvi\na\tb", ":2: expected a line break at the end, found 'a\\tb'"),
        (b"zh\tvi\na b\n", ":2: expected a word, a tab and a word, found 'a b'"),
        (b"zh\tvi\na\tb\tc\n", ":2: expected a word, a tab and a word, found 'a\\tb\\tc'"),
        (b"zh\tvi\na\t\n", ":2: expected a word, a tab and a word, found 'a\\t'"),
        (b"a\tb\n", ":1: expected the codes of two languages: unknown language 'a'"),
        (b"zh\tvi\n\xff\tb\n", ": expected text in UTF-8"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    """A file cut by a broken download would leave words out in silence."""
    path = tmp_path / SOUND_DICTIONARY_FILE
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}{message}")):
        SoundDictionary.read(path)


# What is heard


def test_a_word_with_an_entry_sounds_as_the_targets_and_another_as_it_is_read(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    vietnamese = hearing(tokenizer, "zh", "vi", VIETNAMESE)
    assert vietnamese.transcribe(["行动", "吃", "NBA", "。"], "zh") == [("hànhđộng",), ("chī",), ("nba",), ("。",)]
    korean = hearing(tokenizer, "ja", "ko", KOREAN)
    assert korean.transcribe(["設定", "センター", "食べる"], "ja") == [("seoljeong",), ("senteo",), ("taberu",)]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [("zh", "vi", VIETNAMESE), ("ja", "ko", KOREAN)],
)
def test_both_languages_meet_in_one_script(
    tokenizer: PreTrainedTokenizerFast, source: str, target: str, words: dict[str, str]
) -> None:
    """An entry in the target's script beside romanised target words would share no piece with any of them."""
    processor = hearing(tokenizer, source, target, words)
    ours, theirs = processor.encode([*words], source), processor.encode([*words.values()], target)
    assert ours.phoneme_pieces == theirs.phoneme_pieces
    assert ours.pieces != theirs.pieces
    assert processor.transcribe([*words], source) == processor.transcribe([*words.values()], target)
    assert not re.search("[\u3040-\u9fff\uac00-\ud7a3]", str(processor.transcribe([*words], source)))
    glued = [word.replace(" ", "").capitalize() for word in words.values()]
    assert processor.transcribe(glued, target) == processor.transcribe([*words.values()], target)


def test_only_the_source_is_looked_up(tokenizer: PreTrainedTokenizerFast) -> None:
    """行動 of a Japanese sentence is no Chinese word."""
    processor = hearing(tokenizer, "zh", "vi", {"行動": "hành động", "nba": "sai"})
    assert processor.transcribe(["行動"], "ja") == [("koudou",)]
    assert processor.transcribe(["NBA"], "vi") == [("nba",)]
    assert processor.transcribe(["行動", "NBA"], "zho") == [("hànhđộng",), ("sai",)]


def test_characters_of_an_entry_sound_as_its_word(tokenizer: PreTrainedTokenizerFast) -> None:
    processor = hearing(tokenizer, "zh", "vi", VIETNAMESE, token_unit="character")
    assert processor.transcribe([*"吃行动"], "zh") == [("chī",), ("hànhđộng",), ("hànhđộng",)]


def test_a_processor_without_its_dictionary_is_refused(tokenizer: PreTrainedTokenizerFast, make_config: Any) -> None:
    with pytest.raises(ValueError, match="reads source words by a dictionary and has none: pass sound_dictionary="):
        PhoneXLProcessor(tokenizer, **CHANNEL)
    with pytest.raises(ValueError, match='gives words, and phoneme_vocab="segments" has IPA alone: set phoneme_vocab='):
        make_config(phoneme_transcription="sino-xenic", phoneme_vocab="segments")


# Saving


def test_the_dictionary_is_saved_in_a_file_of_its_own(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    processor = hearing(tokenizer, "zh", "vi", VIETNAMESE)
    processor.save_pretrained(tmp_path)
    lines = ["zh\tvi", *(f"{word}\t{other}" for word, other in sorted(VIETNAMESE.items())), ""]
    assert (tmp_path / SOUND_DICTIONARY_FILE).read_text(encoding="utf-8") == "\n".join(lines)
    for text in (repr(processor), (tmp_path / "processor_config.json").read_text(encoding="utf-8")):
        assert "phoneme_transcription" in text
        assert "sound_dictionary" not in text
    loaded = AutoProcessor.from_pretrained(tmp_path)
    assert loaded.sound_dictionary.words == VIETNAMESE
    assert loaded.config_fields() == processor.config_fields()
    tokens = ["行动", "吃", "。"]
    assert loaded.encode(tokens, "zh") == processor.encode(tokens, "zh")
    PhoneXLProcessor(tokenizer, phoneme_transcription="roman").save_pretrained(tmp_path / "roman")
    assert not (tmp_path / "roman" / SOUND_DICTIONARY_FILE).exists()


def test_a_folder_that_lacks_the_dictionary_says_so(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """Romanised instead, the model would hear other words than those it was trained on, and nobody would know."""
    hearing(tokenizer, "zh", "vi", VIETNAMESE).save_pretrained(tmp_path)
    path = tmp_path / SOUND_DICTIONARY_FILE
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match=r"sound_dictionary.tsv:4: expected a line break at the end"):
        PhoneXLProcessor.from_pretrained(tmp_path)
    path.unlink()
    for kind in (PhoneXLProcessor, AutoProcessor):
        with pytest.raises(OSError, match=r"no sound_dictionary.tsv beside processor_config.json.*: save"):
            kind.from_pretrained(tmp_path)


# The weight


@pytest.mark.parametrize("unit", ["word", "subword"])
@torch.no_grad()
def test_a_weight_of_zero_is_a_model_without_sound(make_tagger: Any, make_batch: Any, unit: str) -> None:
    batch = {name: value for name, value in make_batch().items() if not name.startswith(("mlm", "xmlm"))}
    heard, scaled = (make_tagger(unit=unit, align_weight=0, phoneme_scale=scale) for scale in (1.0, 0.0))
    plain = make_tagger(unit=unit, align_weight=0, use_phonemes=False)
    left = plain.load_state_dict(scaled.state_dict(), strict=False)
    assert left.unexpected_keys == ["phonexl.phoneme_embeddings.weight"]
    assert not left.missing_keys
    expected = plain(**batch).logits
    torch.testing.assert_close(scaled(**batch).logits, expected, atol=1e-5, rtol=0)
    assert (heard(**batch).logits - expected).abs().max() > 1e-3


@pytest.mark.parametrize("unit", ["word", "subword"])
@torch.no_grad()
def test_the_weight_multiplies_the_pooled_sound_alone(make_tagger: Any, make_batch: Any, unit: str) -> None:
    """Its norm is logged beside that of the spelling: it must be what is added."""
    batch = make_batch()
    given = {name: batch[name] for name in ("input_ids", "word_ids", "phoneme_ids", "phoneme_word_ids")}
    whole, third = (make_tagger(unit=unit, phoneme_scale=scale).phonexl(**given) for scale in (1.0, 0.3))
    torch.testing.assert_close(third.sound, 0.3 * whole.sound)
    assert torch.equal(third.spelling, whole.spelling)
    unweighted = make_tagger(unit=unit).phonexl(**given)
    assert torch.equal(unweighted.last_hidden_state, whole.last_hidden_state)
