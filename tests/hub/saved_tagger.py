"""Tiny taggers as they lie on the disk: trained for two steps on the sample sentences, or not at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from dataset_scripts import readers
from dataset_scripts.schema import tag_names
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.training.recipe import Recipe
from phonexl.training.run import train

SAMPLES = Path(readers.__file__).with_name("samples")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def train_tiny_tagger(root: Path) -> Path:
    """Train it below a folder; where it was saved."""
    settings = {"backbone": str(save_encoder(root / "encoder")), "vocab": "full", "max_steps": 2, "seeds": [1]}
    never = {"eval_strategy": "no", "save_strategy": "no", "load_best_model_at_end": False}
    recipe = Recipe.load("samples-zh-vi").override({**settings, **never, "limit_train": 20, "limit_eval": 4})
    train(recipe, SAMPLES, root / "tagger")
    return root / "tagger"


def save_encoder(folder: Path) -> Path:
    letters = sorted(set("abcdefghijklmnopqrstuvwxyzđTôisốngởHàNội.我住在北京。"))
    pieces = [*SPECIALS, *letters, *(f"##{letter}" for letter in letters)]
    backend = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = ("pad", "unk", "cls", "sep", "mask")
    special = {f"{name}_token": token for name, token in zip(names, SPECIALS, strict=True)}
    PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=128, **special).save_pretrained(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = BertConfig(vocab_size=len(pieces), max_position_embeddings=128, **sizes)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def save_untrained_tagger(root: Path, languages: Sequence[str] = ("zh", "vi"), **fields: Any) -> Path:
    """A tagger of random weights, without results; where it was saved."""
    encoder = str(save_encoder(root / "encoder"))
    processor = PhoneXLProcessor.from_backbone(encoder, languages=[*languages], **fields)
    labels = tag_names("udpos")
    tagger = PhoneXLForTokenClassification.from_backbone(encoder, labels=labels, processor=processor)
    tagger.save_pretrained(root / "tagger")
    processor.save_pretrained(root / "tagger")
    return root / "tagger"
