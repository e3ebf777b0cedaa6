"""A tagger as a folder for `modeling_phonexl.onnx_tagger`: graph, tokenizer, configuration; no torch to run it.

Scores of tags come from the graph; cutting, pooling indices and the best path stay in Python on the other side.
"""

import contextlib
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.onnx_tagger import INT8_FILE, MODEL_FILE, PATH_FILE
from modeling_phonexl.outputs import present
from modeling_phonexl.pooling import only_first
from modeling_phonexl.processing_phonexl import PhoneXLProcessor
from modeling_phonexl.transcription import import_tool
from modeling_phonexl.views import unit_mask_of
from phonexl.json_file import write_json
from phonexl.whole_files import whole_folder

_REMOTE_CODE = ("auto_map", "custom_pipelines")  # names of Python files, which this folder does not hold
_EXAMPLE = {"units": 5, "pieces": 8, "phonemes": 11}  # all different: none may be taken for another


class EmissionGraph(nn.Module):
    """The tagger's forward without data-dependent shapes: pooling is a product with a matrix of memberships.

    Args:
        model: The tagger; its weights are shared.
    """

    def __init__(self, model: PhoneXLForTokenClassification) -> None:
        super().__init__()
        self.config = model.config
        self.phonexl = model.phonexl
        self.classifier = model.classifier

    def forward(
        self,
        input_ids: Tensor,
        word_ids: Tensor,
        language_ids: Tensor,
        phoneme_ids: Tensor | None = None,
        phoneme_word_ids: Tensor | None = None,
    ) -> Tensor:
        """Score the tags of a padded batch.

        Args:
            input_ids: Word pieces, shape (batch, pieces); this and the next as in `PhoneXLModel.forward`.
            word_ids: Unit of each piece, -1 for padding, same shape.
            language_ids: Row of the language table per unit, shape (batch, units).
            phoneme_ids: Phoneme pieces, shape (batch, phonemes).
            phoneme_word_ids: Unit of each phoneme, -1 for padding, same shape.

        Returns:
            Emissions, shape (batch, units, labels).
        """
        units = language_ids.size(1)
        read = only_first(word_ids) if self.config.pooling == "first" else word_ids
        pieces = self.phonexl.get_input_embeddings()(input_ids)
        added = self._added(language_ids, phoneme_ids, phoneme_word_ids)  # (B, U, D)
        if self.config.unit == "subword":
            if added is not None:
                unit = word_ids.clamp(min=0).unsqueeze(-1).expand(-1, -1, pieces.size(2))
                pieces = pieces + added.gather(1, unit)
            return self._score(_memberships(read, units) @ self._encode(pieces, word_ids >= 0))
        inputs = _memberships(read, units) @ pieces
        inputs = inputs if added is None else inputs + added
        mask = unit_mask_of(word_ids, units)
        if self.config.extra_empty_unit:
            inputs, mask = self._append_empty(inputs, mask, language_ids)
        return self._score(self._encode(inputs, mask)[:, :units])

    def _added(
        self, language_ids: Tensor, phoneme_ids: Tensor | None, phoneme_word_ids: Tensor | None
    ) -> Tensor | None:
        """Sound and language of each unit; None for a model that has neither."""
        sound = None
        if self.phonexl.phoneme_embeddings is not None:
            table = self.phonexl.phoneme_embeddings(present(phoneme_ids))
            sound = self.config.phoneme_scale * (_memberships(present(phoneme_word_ids), language_ids.size(1)) @ table)
        if self.phonexl.language_embeddings is None:
            return sound
        language = self.phonexl.embed_languages(language_ids)
        return language if sound is None else sound + language

    def _append_empty(self, inputs: Tensor, mask: Tensor, language_ids: Tensor) -> tuple[Tensor, Tensor]:
        """The released code's empty unit after the last of each row; it has the language of the first."""
        inputs, mask = nn.functional.pad(inputs, (0, 0, 0, 1)), nn.functional.pad(mask, (1, 0), value=True)
        if self.phonexl.language_embeddings is not None:
            place = torch.arange(mask.size(1), device=mask.device) == mask.sum(1, keepdim=True) - 1
            inputs = torch.where(place.unsqueeze(-1), self.phonexl.embed_languages(language_ids[:, :1]), inputs)
        return inputs, mask

    def _encode(self, inputs: Tensor, mask: Tensor) -> Tensor:
        hidden: Tensor = self.phonexl.backbone(inputs_embeds=inputs, attention_mask=mask.long()).last_hidden_state
        return hidden

    def _score(self, hidden: Tensor) -> Tensor:
        emissions: Tensor = self.classifier(hidden)
        return emissions


def _memberships(word_ids: Tensor, num_units: int) -> Tensor:
    """What turns pieces into means over units, shape (batch, units, pieces): 1 / number of pieces of the unit, or 0."""
    member = (word_ids.unsqueeze(1) == torch.arange(num_units, device=word_ids.device).unsqueeze(1)).float()
    return member / member.sum(2, keepdim=True).clamp(min=1)


def export_onnx(
    model: PhoneXLForTokenClassification, processor: PhoneXLProcessor, folder: Path, *, int8: bool = False
) -> list[Path]:
    """Write a tagger as ONNX, whole or not at all.

    Args:
        model: The tagger.
        processor: Its processor.
        folder: A new or empty folder.
        int8: Also write a graph whose matrices are 8-bit integers (dynamic quantization).

    Returns:
        The files: graphs, tokenizer, processor and model configuration, and for a CRF its scores of transitions.

    Raises:
        MissingToolError: If a package of the extra `onnx` is not installed.
        ValueError: If the folder has something in it, or the tokenizer exists in Python only.
    """
    for name in ("onnx", "onnxscript", "onnxruntime"):
        import_tool(name, name, "ONNX export", extra="onnx")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} exists and is not an empty folder: name another place for the export")
    if not processor.tokenizer.is_fast:
        kind = type(processor.tokenizer).__name__
        raise ValueError(
            f"{kind} has no tokenizer.json, which tagging without torch reads: use a backbone with a fast one"
        )
    with whole_folder(folder) as part:
        _write_graph(model, part / MODEL_FILE)
        if int8:
            _write_int8(part)
        _write_descriptions(model, processor, part)
    return sorted(folder.iterdir())


def _write_graph(model: PhoneXLForTokenClassification, path: Path) -> None:
    config = model.config
    limit = None if config.max_units is None else config.max_units - int(config.extra_empty_unit)
    bounded = "units" if config.unit == "word" else "pieces"
    sizes = {name: torch.export.Dim(name, min=2, max=limit if name == bounded else None) for name in _EXAMPLE}
    names = {"input_ids": "pieces", "word_ids": "pieces", "language_ids": "units"}
    if config.use_phonemes:
        names |= {"phoneme_ids": "phonemes", "phoneme_word_ids": "phonemes"}
    batch = torch.export.Dim("batch")
    with _exportable(model), _quiet():
        program = torch.onnx.export(
            EmissionGraph(model).eval(),
            tuple(_example(name, size).to(model.device) for name, size in names.items()),
            dynamo=True,
            dynamic_shapes=tuple({0: batch, 1: sizes[size]} for size in names.values()),
            input_names=list(names),
            output_names=["emissions"],
            verbose=False,
        )
    cast(Any, program).save(path)


@contextlib.contextmanager
def _exportable(model: PhoneXLForTokenClassification) -> Iterator[None]:
    """Evaluation mode and plain attention, and as it was afterwards.

    The exported form of sdpa guards against rows without any token, which cost int8 a sixth of its speed.

    Raises:
        ValueError: If the weights are not float32, which is what a processor computes in.
    """
    if model.dtype != torch.float32:
        raise ValueError(f"the model has weights of {model.dtype}, expected torch.float32: call model.float() first")
    was_training, attention = model.training, model.config._attn_implementation
    model.eval()
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.train(was_training)
        model.set_attn_implementation(attention)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what exporter and quantizer say of themselves: absent torchvision, their own deprecated calls."""
    root, silence = logging.getLogger(), logging.NullHandler()
    disabled = logging.root.manager.disable
    root.addHandler(silence)  # logging.warning, which onnxruntime calls, sets the root up where it has no handler
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        root.removeHandler(silence)


def _example(name: str, size: str) -> Tensor:
    """Two rows, the second of them padded: an encoder may leave its mask out where it sees no padding."""
    width = _EXAMPLE[size]
    rows = torch.zeros(2, width, dtype=torch.long)
    if name.endswith("word_ids"):
        rows[:] = (torch.arange(width) * _EXAMPLE["units"]) // width
        rows[1, width // 2 :] = -1
    return rows


def _write_int8(folder: Path) -> None:
    """Matrices as int8, one scale per column; activations are quantized as they come."""
    quantization: Any = import_tool("onnxruntime.quantization", "onnxruntime", "ONNX export", extra="onnx")
    with _quiet():
        quantization.quantize_dynamic(
            folder / MODEL_FILE,
            folder / INT8_FILE,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            use_external_data_format=(folder / f"{MODEL_FILE}.data").exists(),
        )


def _write_descriptions(model: PhoneXLForTokenClassification, processor: PhoneXLProcessor, folder: Path) -> None:
    """What the other side reads beside the graph; `save_pretrained` would add all Python files of a repository."""
    processor.tokenizer.save_pretrained(folder)
    if processor.sound_dictionary is not None:
        processor.sound_dictionary.save(folder)
    described = {
        "config.json": model.config.to_json_string(use_diff=False),
        "processor_config.json": processor.to_json_string(),
    }
    for name, text in described.items():
        write_json(folder / name, {key: value for key, value in json.loads(text).items() if key not in _REMOTE_CODE})
    if model.crf is not None:
        crf = {name: parameter.tolist() for name, parameter in model.crf.named_parameters()}
        write_json(folder / PATH_FILE, crf)
