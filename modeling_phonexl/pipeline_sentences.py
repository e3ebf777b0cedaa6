"""Raw sentences, or pairs of them, to classes: the `text-classification` pipeline of PhoneXL.

The stock pipeline has a tokenizer alone, which knows no sounds.
"""

import os
from typing import Any

from transformers import TextClassificationPipeline

from .processing_phonexl import PhoneXLProcessor
from .sentence_encoder import check_text
from .transcription import guess_language


class PhoneXLTextClassificationPipeline(TextClassificationPipeline):
    """Classifies raw text in Chinese, Vietnamese, Japanese and Korean: sentences, or pairs such as premise, hypothesis.

    An input is a text, or `{"text": ..., "text_pair": ...}`; one that is too long for the encoder loses last words, of
    a pair those of the longer sentence. Call arguments, beside those of the stock pipeline (`top_k`,
    `function_to_apply`, `batch_size`), whose options of the tokenizer are refused:
        language: ISO code; None guesses by script, for each input.
    """

    model: Any  # PhoneXLForSequenceClassification, whose file imports this one
    processor: PhoneXLProcessor

    _load_processor = True
    _load_tokenizer = True
    _load_image_processor = False
    _load_feature_extractor = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.processor.check_config(self.model.config)

    def _sanitize_parameters(
        self, function_to_apply: Any = None, top_k: Any = "", language: str | None = None, **unknown: Any
    ) -> Any:
        if unknown:  # the stock class hands them to the tokenizer
            raise TypeError(f"no option {min(unknown)!r}: expected language, top_k, function_to_apply or batch_size")
        preprocess, forward, postprocess = super()._sanitize_parameters(
            function_to_apply=function_to_apply, top_k=top_k
        )
        return preprocess if language is None else {**preprocess, "language": language}, forward, postprocess

    def preprocess(self, inputs: Any, language: str | None = None) -> dict[str, Any]:  # type: ignore[override]
        """The ids of one input; padding waits for the batch."""
        processor = self.processor
        pair = {"text": inputs} if isinstance(inputs, str) else inputs
        if not (isinstance(pair, dict) and "text" in pair and {*pair} <= {"text", "text_pair"}):
            raise ValueError(f'expected a text or {{"text": ..., "text_pair": ...}}, found {repr(inputs)[:80]}')
        if pair.get("text_pair") is not None:
            return {"part": processor.encode_pair(pair["text"], pair["text_pair"], language)}
        text = check_text(pair["text"])
        code = language or guess_language(text)
        encoded = processor.encode(processor.words(text, code), code)
        return {"part": encoded.cut(0, processor.count_fitting(encoded.pieces))}

    def _forward(self, model_inputs: dict[str, Any]) -> Any:  # type: ignore[override]
        """Classify one item, or the lists into which `batch_size` collates several."""
        part = model_inputs["part"]
        batch = self.processor.pad(part if isinstance(part, list) else [part])
        on_device = self._ensure_tensor_on_device(batch, self.device)
        return {"logits": self.model(**on_device, return_dict=True).logits}

    def save_pretrained(self, save_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        """Save model, tokenizer and processor; the stock pipeline forgets the processor."""
        super().save_pretrained(save_directory, **kwargs)
        self.processor.save_pretrained(save_directory)
