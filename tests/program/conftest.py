"""Fixtures of the program's tests: a tiny backbone, and tiny data in zh and vi, all invented here."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    PreTrainedTokenizerFast,
)

from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLProcessor
from phonexl.training.recipe import Recipe

WORDS = {
    "zh": {
        "PRON": "我 他 她 我们",
        "ADV": "今天 很 也 常常",
        "VERB": "喜欢 看 买 学习",
        "NOUN": "书 苹果 电影 老师 中文",
        "PROPN": "北京 小明 越南",
        "PUNCT": "。 ！",
    },
    "vi": {
        "PRON": "tôi anh chị chúngtôi",
        "ADV": "hômnay rất cũng thường",
        "VERB": "thích xem mua học",
        "NOUN": "sách táo phim thầy tiếngtrung",
        "PROPN": "hànội bắckinh minh",
        "PUNCT": ". !",
    },
}
PATTERNS = (
    "PRON VERB NOUN PUNCT",
    "PROPN ADV VERB NOUN PUNCT",
    "PRON ADV VERB PROPN NOUN PUNCT",
    "ADV PRON VERB NOUN NOUN VERB PROPN PUNCT",
    "NOUN VERB PROPN",
)
PAIRS = (
    "我 tôi|他 anh|她 chị|今天 hômnay|很 rất|喜欢 thích|看 xem|买 mua|买 muasắm|书 sách|苹果 táo|电影 phim|老师 thầy|"
    "北京 bắckinh"
)


def _draw_sentences(language: str, count: int, seed: int) -> list[Sentence]:
    words, draw = WORDS[language], random.Random(seed)
    found: dict[tuple[str, ...], Sentence] = {}
    while len(found) < count:
        tags = tuple(draw.choice(PATTERNS).split())
        tokens = tuple(draw.choice(words[tag].split()) for tag in tags)
        found.setdefault(tokens, Sentence(f"{language}-{len(found)}", language, tokens, tags))
    return list(found.values())


@pytest.fixture(scope="session")
def draw_sentences() -> Callable[[str, int, int], list[Sentence]]:
    """Sentences that differ from each other, by language, number and seed: words filled into patterns of tags."""
    return _draw_sentences


def _save_backbone(folder: Path, dropout: float) -> Path:
    """A random BERT with its MLM head and a tokenizer of single characters."""
    characters = sorted(
        {char for tags in WORDS.values() for words in tags.values() for char in words if not char.isspace()}
    )
    letters = [char for char in characters if char.isalpha() and ord(char) < 0x3000]
    # 欢 and 果 have no piece of their own, so that some words hold an unknown one.
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(char for char in characters if char not in "欢果")]
    pieces += [f"##{char}" for char in letters] + ["##ch", "th", "苹", "##京"]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=512,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertForMaskedLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a recipe can name as its backbone; dropout 0.1, so that runs depend on the random state."""
    return _save_backbone(tmp_path_factory.mktemp("backbone"), 0.1)


@pytest.fixture(scope="session")
def still_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without dropout, for runs that must agree whatever the batches are."""
    return _save_backbone(tmp_path_factory.mktemp("still_backbone"), 0.0)


@pytest.fixture
def save_deberta(backbone: Path, tmp_path: Path) -> Callable[[], Path]:
    """Save a random mDeBERTa v3, whose attention is relative and which has no table of positions."""

    def save() -> Path:
        folder = tmp_path / "mdeberta"
        tokenizer = AutoTokenizer.from_pretrained(backbone)
        tokenizer.save_pretrained(folder)
        config = DebertaV2Config(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            relative_attention=True,
            position_buckets=16,
            pos_att_type=["p2c", "c2p"],
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            position_biased_input=False,
            type_vocab_size=0,
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            DebertaV2ForMaskedLM(config).save_pretrained(folder)
        return folder

    return save


@pytest.fixture(scope="session")
def processor(backbone: Path) -> PhoneXLProcessor:
    return PhoneXLProcessor.from_backbone(str(backbone))


@pytest.fixture(scope="session")
def sentences() -> list[Sentence]:
    """24 tagged sentences in zh."""
    return _draw_sentences("zh", 24, 1)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, sentences: list[Sentence]) -> Path:
    """Token files of zh and vi with their dictionary; two test sentences of zh also occur in train."""
    from dataset_scripts.readers import to_tsv

    folder = tmp_path_factory.mktemp("data")
    files = {
        "train-zh": sentences,
        "dev-zh": _draw_sentences("zh", 8, 2),
        "test-zh": [*_draw_sentences("zh", 6, 3), *sentences[:2]],
        "dev-vi": _draw_sentences("vi", 6, 4),
        "test-vi": _draw_sentences("vi", 8, 5),
    }
    for name, content in files.items():
        (folder / f"{name}.tsv").write_text(to_tsv(content), encoding="utf-8", newline="\n")
    (folder / "zh-vi.tsv").write_text(PAIRS.replace(" ", "\t").replace("|", "\n") + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def data_of_longer_codes(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same files named by three letters, which a recipe of zh and vi reads as zho and vie."""
    folder = tmp_path_factory.mktemp("data_of_longer_codes")
    for file in data.glob("*-??.tsv"):
        name = file.name if file.name == "zh-vi.tsv" else file.name.replace("-zh", "-zho").replace("-vi", "-vie")
        (folder / name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture
def make_recipe(backbone: Path) -> Callable[..., Recipe]:
    """Make a recipe for the tiny data; keywords are the keys of a recipe file."""

    def make(**settings: Any) -> Recipe:
        values: dict[str, Any] = {
            "backbone": str(backbone),
            "seeds": [1],
            "eval_splits": ["test"],
            "per_device_train_batch_size": 8,
            "num_train_epochs": 1,
            "learning_rate": 1e-3,
            "eval_strategy": "no",
            "save_strategy": "no",
            "logging_steps": 1,
            "disable_tqdm": True,
        }
        return Recipe("tiny", "udpos", "zh", "vi").override({**values, **settings})

    return make


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order: with two threads the last bits of a run differ from the next."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
