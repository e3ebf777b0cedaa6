"""Raw text to tags with character offsets: the `token-classification` pipeline of PhoneXL.

Words, not pieces, are what is tagged; long text is read in windows.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from transformers import TokenClassificationPipeline

from .processing_phonexl import PhoneXLProcessor, Window
from .transcription import guess_language

_STRATEGIES = ("none", "simple")


class PhoneXLTokenClassificationPipeline(TokenClassificationPipeline):
    """Tags raw text in Chinese, Vietnamese, Japanese and Korean.

    Call arguments:
        language: ISO code; None guesses by script.
        aggregation_strategy: "none" gives one entry per word; "simple" joins B-/I- tags into spans and leaves O out
            (tags without prefix stay one entry per word).

    Each entry has `entity` (or `entity_group`), `score`, `index` (word number from 0), `word`, `start`, `end`.
    """

    model: Any  # PhoneXLForTokenClassification, whose file imports this one
    processor: PhoneXLProcessor

    _load_processor = True
    _load_tokenizer = True
    _load_image_processor = False
    _load_feature_extractor = False

    def _sanitize_parameters(
        self,
        ignore_labels: Any = None,
        aggregation_strategy: Any = None,
        *args: Any,
        language: str | None = None,
        **kwargs: Any,
    ) -> Any:
        preprocess, forward, postprocess = super()._sanitize_parameters(ignore_labels, None, *args, **kwargs)
        if language is not None:
            preprocess["language"] = language
        if aggregation_strategy is not None:
            if aggregation_strategy not in _STRATEGIES:
                raise ValueError(
                    f"aggregation_strategy {aggregation_strategy!r}: PhoneXL tags whole words and knows "
                    f"{', '.join(map(repr, _STRATEGIES))}"
                )
            postprocess["aggregation_strategy"] = aggregation_strategy
        return preprocess, forward, postprocess

    # The three overrides rename arguments as the stock class does, which so breaks the types of its own base.
    def preprocess(  # type: ignore[override]
        self, sentence: str, language: str | None = None, **_: Any
    ) -> Iterator[dict[str, Any]]:
        """One item per window; text without a word is one window of no words."""
        if not isinstance(sentence, str):
            raise ValueError(
                f"expected text, found {type(sentence).__name__}: for tokens call PhoneXLProcessor and the model"
            )
        processor = self.processor
        code = language or guess_language(sentence)
        offsets = processor.segment(sentence, code)
        encoded = processor.encode([sentence[start:end] for start, end in offsets], code)
        windows = processor.windows(encoded) or [Window(0, 0, 0, 0)]
        for window in windows:
            yield {
                "is_last": window is windows[-1],
                "sentence": sentence,
                "offsets": offsets[window.start : window.end],
                "window": window,
                "part": encoded.cut(window.start, window.end),
            }

    def _forward(self, model_inputs: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        """Tag one item, or the lists into which `batch_size` collates several; padding here spares them its zeros."""
        parts = model_inputs.pop("part")
        several = isinstance(parts, list)
        batch = self._ensure_tensor_on_device(self.processor.pad(parts if several else [parts]), self.device)
        outputs = self.model(**batch)
        tags = self.model.decode(outputs.logits, outputs.unit_mask)
        probabilities = outputs.logits.float().softmax(-1)
        scores = probabilities.gather(-1, tags.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        tagged = {"tags": tags.tolist(), "scores": scores.tolist()}
        return {**model_inputs, **(tagged if several else {name: rows[0] for name, rows in tagged.items()})}

    def postprocess(  # type: ignore[override]
        self, all_outputs: list[dict[str, Any]], aggregation_strategy: str = "none", ignore_labels: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Entries of all words, in order, from the windows in which they are scored."""
        names = self.model.config.id2label
        words = []
        for output in all_outputs:
            window = output["window"]
            for word in range(window.first, window.last):
                place = word - window.start
                start, end = output["offsets"][place]
                unit = place + 1  # unit 0 is [CLS]
                words.append(
                    {
                        "entity": names[output["tags"][unit]],
                        "score": output["scores"][unit],
                        "index": word,
                        "word": output["sentence"][start:end],
                        "start": start,
                        "end": end,
                    }
                )
        if aggregation_strategy == "simple":
            return _join_spans(words, all_outputs[0]["sentence"])
        return [word for word in words if word["entity"] not in ignore_labels]

    def save_pretrained(self, save_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        """Save model, tokenizer and processor; the stock pipeline forgets the processor."""
        super().save_pretrained(save_directory, **kwargs)
        self.processor.save_pretrained(save_directory)


def _join_spans(words: list[dict[str, Any]], sentence: str) -> list[dict[str, Any]]:
    """Entities of IOB2 tags with their mean score; an I- tag that continues nothing starts a span."""
    spans: list[dict[str, Any]] = []
    counts: list[int] = []
    open_span = False
    for word in words:
        prefix, _, name = word["entity"].rpartition("-")
        if word["entity"] == "O":
            open_span = False
            continue
        if prefix == "I" and open_span and spans[-1]["entity_group"] == name:
            spans[-1]["end"] = word["end"]
            spans[-1]["score"] += word["score"]
            counts[-1] += 1
        else:
            start, end = word["start"], word["end"]
            spans.append({"entity_group": name, "score": word["score"], "word": "", "start": start, "end": end})
            counts.append(1)
        open_span = prefix in ("B", "I")
    for span, count in zip(spans, counts, strict=True):
        span["word"] = sentence[span["start"] : span["end"]]
        span["score"] /= count
    return spans
