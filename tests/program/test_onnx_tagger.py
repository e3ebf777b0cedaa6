"""What the ONNX tagger does without a graph: the ids of the processor, and the best path of the CRF.

The graph and the folder are in `test_onnx.py`.
"""

import copy
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.crf import LinearChainCrf
from modeling_phonexl.onnx_tagger import FileTokenizer, OnnxTagger, _read_encoder, best_path
from modeling_phonexl.phoneme_vocabulary import PhonemeVocabulary
from modeling_phonexl.sentence_encoder import EncodedSentence, SentenceEncoder
from modeling_phonexl.sound_dictionary import SOUND_DICTIONARY_FILE, SoundDictionary

PROCESSORS: dict[str, dict[str, Any]] = {
    "words": {},
    "segments": {"phoneme_vocab": "segments"},
    "tokenizer": {"phoneme_vocab": "tokenizer", "phoneme_transcription": "roman"},
    "sino-xenic": {
        "phoneme_vocab": "tokenizer",
        "phoneme_transcription": "sino-xenic",
        "sound_dictionary": SoundDictionary("zh", "vi", {"书": "thư", "学生": "học sinh", "我": "ngã"}),
    },
    "plain": {"use_phonemes": False},
    "official": {"max_pieces": 24, "phoneme_prefix_bug": True},
    "pieces": {"unit": "subword"},
    "plain pieces": {"unit": "subword", "use_phonemes": False},
}


def assert_same_ids(
    processor: PhoneXLProcessor, encoder: SentenceEncoder, tokens: Sequence[str], language: str
) -> None:
    ours, theirs = encoder.encode(tokens, language), processor.encode(tokens, language)
    for name in EncodedSentence.__dataclass_fields__:
        assert getattr(ours, name) == getattr(theirs, name)
    cuts = [[(w.start, w.end, w.first, w.last) for w in coder.windows(ours)] for coder in (encoder, processor)]
    assert cuts[0] == cuts[1]
    padded = processor.pad([theirs, processor.encode(["我"], "zh")])
    for name, rows in encoder.rows([ours, encoder.encode(["我"], "zh")]).items():
        width = max(map(len, rows))
        assert [[*row, *[encoder.fill(name)] * (width - len(row))] for row in rows] == padded[name].tolist()


def reopen(processor: PhoneXLProcessor, folder: Path) -> SentenceEncoder:
    """An encoder that reads the processor's tokenizer from its files."""
    processor.tokenizer.save_pretrained(folder)
    tokenizer = FileTokenizer(folder)
    kind, symbols = processor.phoneme_vocab_kind, processor.phoneme_vocab
    dictionary = None
    if processor.sound_dictionary is not None:
        processor.sound_dictionary.save(folder)
        dictionary = SoundDictionary.read(folder / SOUND_DICTIONARY_FILE)
    return SentenceEncoder(
        tokenizer,
        PhonemeVocabulary(tokenizer, kind, symbols, processor.phoneme_prefix_bug),
        recipe=processor.recipe,
        languages=processor.languages,
        phoneme_transcription=processor.phoneme_transcription,
        use_phonemes=processor.use_phonemes,
        unit=processor.unit,
        token_unit=processor.token_unit,
        max_pieces=processor.max_pieces,
        sound_dictionary=dictionary,
    )


@pytest.mark.parametrize("name", PROCESSORS)
def test_ids_and_windows_without_torch_are_those_of_the_processor(
    backbone: Path, draw_sentences: Callable[[str, int, int], list[Sentence]], tmp_path: Path, name: str
) -> None:
    """Another id, or a sentence cut elsewhere, would be another model input, and nothing would say so."""
    processor = PhoneXLProcessor.from_backbone(str(backbone), languages=["zh", "vi"], **PROCESSORS[name])
    encoder = reopen(processor, tmp_path)
    for sentence in [*draw_sentences("zh", 10, 21), *draw_sentences("vi", 10, 22)]:
        assert_same_ids(processor, encoder, sentence.tokens, sentence.lang)
    for count in (509, 510, 511, 1300):
        assert_same_ids(processor, encoder, ["tiếngtrung", "书"] * (count // 2) + ["。"] * (count % 2), "vi")
    assert_same_ids(processor, encoder, ["书" * 1200, "thầy"], "vi")
    assert_same_ids(processor, encoder, [], "vi")


def test_tokens_added_later_move_no_phoneme_of_an_export(processor: PhoneXLProcessor, tmp_path: Path) -> None:
    """The file is the torch processor's; read by the length of the tokenizer, every added sound would be another."""
    grown = copy.copy(processor)
    grown.tokenizer = copy.deepcopy(processor.tokenizer)
    grown.tokenizer.add_tokens(["<ent>", "</ent>"])
    grown.save_pretrained(tmp_path)
    encoder = _read_encoder(tmp_path)
    sounds = [(symbol,) for symbol in processor.phoneme_vocab]
    assert sounds
    assert [encoder.phoneme_pieces(sound) for sound in sounds] == [processor.phoneme_pieces(sound) for sound in sounds]
    assert encoder.phoneme_pieces(("<ent>",)) == [processor.phonemes.unk_id]
    assert encoder.pieces("<ent>") == [len(processor.tokenizer)]


def test_text_and_lists_of_words_are_told_apart(processor: PhoneXLProcessor) -> None:
    """Each letter of a string would be a word."""
    tagger = OnnxTagger.__new__(OnnxTagger)
    tagger.encoder = processor
    for sentences in (["Tôi", "sống"], "Tôi sống", [["Tôi", None]], [None]):
        with pytest.raises(ValueError, match="expected a list of words for each text, .*: pass lists of words"):
            tagger.tag_words(cast(Any, sentences))
    with pytest.raises(ValueError, match="expected text, found list: for lists of words call tag_words"):
        tagger(cast(Any, [["Tôi", "sống"]]))
    with pytest.raises(ValueError, match="expected text, found float: leave out what has no text"):
        tagger(["Tôi", cast(Any, float("nan"))])


def test_the_tokenizer_file_answers_as_transformers(processor: PhoneXLProcessor, tmp_path: Path) -> None:
    """Phonemes are looked up by these methods, and by the number of tokens: one more, and every sound is another."""
    theirs, ours = processor.tokenizer, reopen(processor, tmp_path).tokenizer
    assert (len(ours), ours.get_vocab(), ours.model_max_length) == (
        len(theirs),
        theirs.get_vocab(),
        theirs.model_max_length,
    )
    for text in ("书", "tiếngtrung", "[SEP] 我们", "", "no such piece"):
        assert ours.tokenize(text) == theirs.tokenize(text)
        assert ours.convert_tokens_to_ids(text) == theirs.convert_tokens_to_ids(text)
        assert ours.encode(text, add_special_tokens=True) == theirs.encode(text, add_special_tokens=True)


@given(tokens=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6), language=st.sampled_from(["zh", "vi"]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gets_the_ids_of_the_processor(
    processor: PhoneXLProcessor, tmp_path_factory: pytest.TempPathFactory, tokens: list[str], language: str
) -> None:
    """Specials written in a text, invisible characters and other scripts take their own ways through a tokenizer."""
    tokens = [token.encode("utf-8", "replace").decode() for token in [*tokens, "[SEP]", "\u200b"]]
    assert_same_ids(processor, reopen(processor, tmp_path_factory.getbasetemp() / "files"), tokens, language)


@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    labels=st.integers(1, 4),
)
def test_best_path_is_that_of_the_crf_and_no_path_is_better(seed: int, lengths: list[int], labels: int) -> None:
    """The path is the answer: one step wrong and the tags of the words before it are wrong as well."""
    draw = np.random.default_rng(seed)
    shape = (len(lengths), max(*lengths, 1), labels)
    emissions = draw.normal(size=shape).astype(np.float32)
    weights = {"start": (labels,), "transitions": (labels, labels), "end": (labels,)}
    scores = {name: draw.normal(size=size).astype(np.float32) for name, size in weights.items()}
    mask = np.arange(shape[1]) < np.array(lengths)[:, None]
    paths = best_path(emissions, mask, **scores)
    crf = LinearChainCrf(labels)
    crf.load_state_dict({name: torch.from_numpy(value) for name, value in scores.items()})
    assert paths.tolist() == crf.decode(torch.from_numpy(emissions), torch.from_numpy(mask)).tolist()

    def worth(row: int, path: Sequence[int]) -> float:
        steps = sum(scores["transitions"][step] for step in itertools.pairwise(path))
        emitted = sum(emissions[row, word, tag] for word, tag in enumerate(path))
        return float(scores["start"][path[0]] + steps + emitted + scores["end"][path[-1]])

    for row, length in enumerate(lengths):
        assert (paths[row, length:] == -100).all()
        if length:
            best = max(worth(row, path) for path in itertools.product(range(labels), repeat=length))
            assert worth(row, paths[row, :length].tolist()) == pytest.approx(best, abs=1e-4)
