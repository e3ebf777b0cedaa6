"""What the tests of the model room start from: a tiny backbone, tokenizer, processor and tagger, made in memory; and
the score of a transcription.
"""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor
from transformers import BertConfig, PreTrainedTokenizerFast

from modeling_phonexl import PhoneXLConfig, PhoneXLForTokenClassification, PhoneXLProcessor

SENTENCES = {
    "zh": "我住在北京。",
    "vi": "Tôi sống ở Hà Nội.",
    "ja": "私は東京に住む。",
    "ko": "나는 서울에 산다.",
}
LABELS = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# "ɕ" and "ʂ" only start a word here: inside one they would make the whole word unknown.
STARTS = ["ɕ", "ʂ"]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.。˥"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Tiny tensors: threads only wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def word_pieces() -> list[str]:
    """A WordPiece vocabulary over the letters of `SENTENCES`, with and without "##"; no IPA but what `STARTS` says."""
    letters = sorted({*LETTERS, *"".join(SENTENCES.values()).replace(" ", "")})
    return [*SPECIALS, *STARTS, *letters, *(f"##{letter}" for letter in letters), "Hà", "Nội", "##ng", "서울"]


@pytest.fixture(scope="session")
def tokenizer(word_pieces: list[str]) -> PreTrainedTokenizerFast:
    model = models.WordPiece({piece: index for index, piece in enumerate(word_pieces)}, unk_token="[UNK]")
    backend = Tokenizer(model)
    backend.normalizer = normalizers.BertNormalizer(lowercase=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = ("pad", "unk", "cls", "sep", "mask")
    tokens = {f"{name}_token": special for name, special in zip(names, SPECIALS, strict=True)}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=64, **tokens)


@pytest.fixture(scope="session")
def bert_config(word_pieces: list[str]) -> BertConfig:
    return BertConfig(
        vocab_size=len(word_pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
    )


@pytest.fixture(scope="session")
def processor(tokenizer: PreTrainedTokenizerFast) -> PhoneXLProcessor:
    return PhoneXLProcessor(tokenizer)


@pytest.fixture(scope="session")
def make_config(bert_config: BertConfig, processor: PhoneXLProcessor) -> Callable[..., PhoneXLConfig]:
    """A configuration that fits the tiny processor, with any fields replaced."""

    def make(**fields: Any) -> PhoneXLConfig:
        tags = {"id2label": dict(enumerate(LABELS)), "label2id": {tag: index for index, tag in enumerate(LABELS)}}
        return PhoneXLConfig(
            **{"backbone_config": bert_config.to_dict(), **processor.config_fields(), **tags, **fields}
        )

    return make


@pytest.fixture(scope="session")
def make_tagger(make_config: Callable[..., PhoneXLConfig]) -> Callable[..., PhoneXLForTokenClassification]:
    """A tagger in evaluation mode, its tables large enough that no part of the input is lost in rounding."""

    def make(**fields: Any) -> PhoneXLForTokenClassification:
        torch.manual_seed(0)
        fields = {"phoneme_init_std": 0.05, "language_init": "normal", "initializer_range": 0.2, **fields}
        return PhoneXLForTokenClassification(make_config(**fields)).eval()

    return make


@pytest.fixture(scope="session")
def tagger(make_tagger: Callable[..., PhoneXLForTokenClassification]) -> PhoneXLForTokenClassification:
    """Shared by tests that change nothing in it."""
    return make_tagger()


@pytest.fixture(scope="session")
def make_batch(processor: PhoneXLProcessor) -> Callable[..., dict[str, Tensor]]:
    """Random sentences with masked and switched versions, as the collator would make them."""

    def make(lengths: tuple[int, ...] = (5, 1, 3), seed: int = 0) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        batch = _random_view(processor, lengths, generator)
        labels = [torch.randint(len(LABELS), (length,), generator=generator).tolist() for length in lengths]
        batch["labels"] = _rows([[-100, *row, -100] for row in labels], -100)
        batch["mlm_input_ids"], batch["mlm_targets"] = _mask(batch["input_ids"], batch["word_ids"], generator)
        switched = _random_view(processor, lengths, generator)
        switched["input_ids"], switched["targets"] = _mask(switched["input_ids"], switched["word_ids"], generator)
        return batch | {f"xmlm_{name}": value for name, value in switched.items()}

    return make


@pytest.fixture
def transcription_gold(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`benchmarks/transcription_gold.py`: the folds and rates of the published figures."""
    monkeypatch.setattr(sys, "path", [str(Path(__file__).resolve().parents[2] / "benchmarks"), *sys.path])
    return importlib.import_module("transcription_gold")


@pytest.fixture
def score_words(shared: Path, transcription_gold: ModuleType) -> Callable[..., Any]:
    """The `Score` of `read`, word to IPA, on the gold words of a language, or on those of them that `choose` picks."""
    read_gold = importlib.import_module("phoneme_error").read_gold

    def score(
        code: str,
        read: Callable[[str], str],
        choose: Callable[[list[str]], list[str]] = list,
        tones: bool = False,
    ) -> Any:
        gold = read_gold(shared / "data" / transcription_gold.word_file(code))
        gold = {word: gold[word] for word in choose(list(gold))}
        return transcription_gold.score_words("words", code, gold, {word: read(word) for word in gold}, tones)

    return score


def _rows(rows: list[list[int]], value: int) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def _random_view(
    processor: PhoneXLProcessor, lengths: tuple[int, ...], generator: torch.Generator
) -> dict[str, Tensor]:
    """Words of one to three pieces and of one to four phonemes, each of a random language or none."""

    def draw(low: int, high: int, size: int) -> list[int]:
        return torch.randint(low, high, (size,), generator=generator).tolist()

    columns: dict[str, list[list[int]]] = {"language_ids": []}
    for name, most, size in (("", 3, len(processor.tokenizer)), ("phoneme_", 4, processor.phonemes.size)):
        columns[f"{name}ids"], columns[f"{name}word_ids"] = [], []
        for length in lengths:
            counts = draw(1, most + 1, length)
            units = [0, *(unit for unit, count in enumerate(counts, 1) for _ in range(count)), length + 1]
            columns[f"{name}ids"].append([2, *draw(5, size, len(units) - 2), 3])
            columns[f"{name}word_ids"].append(units)
    columns["language_ids"] = [draw(-1, 4, length + 2) for length in lengths]
    columns["input_ids"] = columns.pop("ids")
    fill = {"input_ids": 0, "phoneme_ids": 0}
    return {name: _rows(rows, fill.get(name, -1)) for name, rows in columns.items()}


def _mask(input_ids: Tensor, word_ids: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mask the first word of each row and others at random; all pieces of a word are masked together."""
    units = int(word_ids.max()) + 1
    chosen = torch.rand(len(word_ids), units, generator=generator) < 0.3
    chosen[:, 1] = True
    last = word_ids.amax(1, keepdim=True)
    masked = chosen.gather(1, word_ids.clamp(min=0)) & (word_ids > 0) & (word_ids < last)
    return input_ids.masked_fill(masked, 4), input_ids.masked_fill(~masked, -100)
