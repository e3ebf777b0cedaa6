"""Raw sentences, or pairs of them, to classes: the `text-classification` pipeline of PhoneXL.

The stock pipeline has a tokenizer alone, which knows no sounds.
"""

import os
from typing import Any

from transformers import TextClassificationPipeline

from .processing_phonexl import PhoneXLProcessor
from .transcription import guess_language


class PhoneXLTextClassificationPipeline(TextClassificationPipeline):
    """Classifies raw text in Chinese, Vietnamese, Japanese and Korean: sentences, or pairs such as premise, hypothesis.

    An input is a text, or `{"text": ..., "text_pair": ...}`. Call arguments, beside those of the stock pipeline
    (`top_k`, `function_to_apply`, `batch_size`):
        language: ISO code; None guesses by script, for each input.
    """

    model: Any  # PhoneXLForSequenceClassification, whose file imports this one
    processor: PhoneXLProcessor

    _load_processor = True
    _load_tokenizer = True
    _load_image_processor = False
    _load_feature_extractor = False

    def preprocess(  # type: ignore[override]
        self, inputs: Any, language: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """The ids of one input; padding waits for the batch."""
        processor = self.processor
        pair = {"text": inputs} if isinstance(inputs, str) else inputs
        if not (isinstance(pair, dict) and "text" in pair and {*pair} <= {"text", "text_pair"}):
            raise ValueError(f'expected a text or {{"text": ..., "text_pair": ...}}, found {repr(inputs)[:80]}')
        if pair.get("text_pair") is not None:
            return {"part": processor.encode_pair(pair["text"], pair["text_pair"], language)}
        code = language or guess_language(pair["text"])
        return {"part": processor.encode(processor.words(pair["text"], code), code)}

    def _forward(self, model_inputs: dict[str, Any]) -> Any:  # type: ignore[override]
        """Classify one item, or the lists into which `batch_size` collates several."""
        part = model_inputs["part"]
        batch = self.processor.pad(part if isinstance(part, list) else [part])
        return {"logits": self.model(**self._ensure_tensor_on_device(batch, self.device)).logits}

    def save_pretrained(self, save_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        """Save model, tokenizer and processor; the stock pipeline forgets the processor."""
        super().save_pretrained(save_directory, **kwargs)
        self.processor.save_pretrained(save_directory)
