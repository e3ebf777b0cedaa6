"""Raw text to tags with character offsets: the `token-classification` pipeline of PhoneXL.

Words, not pieces, are what is tagged; long text is read in windows.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import accumulate
from types import GeneratorType
from typing import Any

from transformers import TokenClassificationPipeline

from .processing_phonexl import PhoneXLProcessor, Window
from .sentence_encoder import check_text, check_words
from .transcription import Transcriber, guess_language, readable

_STRATEGIES = ("none", "simple", "first", "average", "max")  # the stock pipeline's


class PhoneXLTokenClassificationPipeline(TokenClassificationPipeline):
    """Tags raw text in Chinese, Vietnamese, Japanese and Korean, or its words.

    Call arguments, beside those of any pipeline (`batch_size`):
        language: ISO code; None guesses by script, for each text.
        aggregation_strategy: "none" gives one entry per word; "simple" joins B-/I- tags into spans and leaves O out
            (tags without prefix stay one entry per word). The stock names "first", "average" and "max" differ in how
            they tag a word by its pieces: here a word has one tag, and they are "simple".
        is_split_into_words: Whether each input is a list of words.
        delimiter: Between these words in the string that the offsets slice; a space if left out.
        ignore_labels: Entities to leave out, or names of spans.
        return_ipa: Whether each entry has the sound of its words, too.

    Each entry has `entity` (or `entity_group`), `score`, `index` (word number from 0), `word`, `start`, `end`, and on
    request `ipa`. `start` and `end` count the characters of the text as it was given.
    """

    model: Any  # PhoneXLForTokenClassification, whose file imports this one
    processor: PhoneXLProcessor

    _load_processor = True
    _load_tokenizer = True
    _load_image_processor = False
    _load_feature_extractor = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.processor.check_config(self.model.config)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Tag one text or many; a list, or a generator of texts, gives a list of lists, or an iterator over them."""
        if kwargs.get("is_split_into_words") and isinstance(inputs, GeneratorType):
            # The stock method looks for lists in it until it is empty.
            return super(TokenClassificationPipeline, self).__call__(inputs, *args, **kwargs)
        return super().__call__(inputs, *args, **kwargs)

    def _sanitize_parameters(  # type: ignore[override]  # the stock class knows a stride
        self,
        ignore_labels: Any = None,
        aggregation_strategy: Any = None,
        *,
        is_split_into_words: bool = False,
        delimiter: str | None = None,
        language: str | None = None,
        return_ipa: bool | None = None,
        **unknown: Any,
    ) -> Any:
        if unknown:  # such as the stock pipeline's `stride`: long text is always read in windows
            known = "language, aggregation_strategy, is_split_into_words, delimiter, ignore_labels, return_ipa"
            raise TypeError(f"no option {min(unknown)!r}: expected {known} or batch_size")
        preprocess, forward, postprocess = super()._sanitize_parameters(
            ignore_labels, None, is_split_into_words=is_split_into_words, delimiter=delimiter
        )
        if language is not None:
            preprocess["language"] = language
        if return_ipa is not None:
            preprocess["return_ipa"] = return_ipa
        if aggregation_strategy is not None:
            if aggregation_strategy not in _STRATEGIES:  # the stock enumeration is of strings
                raise ValueError(
                    f"unknown aggregation_strategy {aggregation_strategy!r}; known: {', '.join(_STRATEGIES)}"
                )
            postprocess["aggregation_strategy"] = aggregation_strategy
        return preprocess, forward, postprocess

    # The three overrides rename arguments as the stock class does, which so breaks the types of its own base.
    def preprocess(  # type: ignore[override]
        self,
        sentence: str | Sequence[str],
        language: str | None = None,
        return_ipa: bool = False,
        is_split_into_words: bool = False,
        delimiter: str = " ",
    ) -> Iterator[dict[str, Any]]:
        """One item per window; text without a word is one window of no words."""
        processor = self.processor
        text, offsets = _join_words(sentence, delimiter) if is_split_into_words else (check_text(sentence), None)
        code = language or guess_language(text)
        if offsets is None:
            offsets = processor.segment(text, code)
        tokens = [readable(text[start:end]) for start, end in offsets]
        encoded = processor.encode(tokens, code)
        sounds = [record.ipa for record in Transcriber(code, processor.recipe)(tokens)] if return_ipa else None
        windows = processor.windows(encoded) or [Window(0, 0, 0, 0)]
        for window in windows:
            yield {
                "is_last": window is windows[-1],
                "sentence": text,
                "offsets": offsets[window.start : window.end],
                "ipa": sounds and sounds[window.start : window.end],
                "window": window,
                "part": encoded.cut(window.start, window.end),
            }

    def _forward(self, model_inputs: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        """Tag one item, or the lists into which `batch_size` collates several; padding here spares them its zeros."""
        parts = model_inputs.pop("part")
        several = isinstance(parts, list)
        batch = self._ensure_tensor_on_device(self.processor.pad(parts if several else [parts]), self.device)
        outputs = self.model(**batch, return_dict=True)
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
                entry = {
                    "entity": names[output["tags"][unit]],
                    "score": output["scores"][unit],
                    "index": word,
                    "word": output["sentence"][start:end],
                    "start": start,
                    "end": end,
                }
                if output["ipa"] is not None:
                    entry["ipa"] = output["ipa"][place]
                words.append(entry)
        if aggregation_strategy == "none":
            return [word for word in words if word["entity"] not in ignore_labels]
        spans = _join_spans(words, all_outputs[0]["sentence"])
        return [span for span in spans if span["entity_group"] not in ignore_labels]

    def save_pretrained(self, save_directory: str | os.PathLike[str], **kwargs: Any) -> None:
        """Save model, tokenizer and processor; the stock pipeline forgets the processor."""
        super().save_pretrained(save_directory, **kwargs)
        self.processor.save_pretrained(save_directory)


def _join_words(given: Any, delimiter: str) -> tuple[str, list[tuple[int, int]]]:
    """Text of a list of words, and where they stand in it."""
    words = check_words(given)
    starts = accumulate((len(word) + len(delimiter) for word in words), initial=0)
    return delimiter.join(words), [(start, start + len(word)) for start, word in zip(starts, words, strict=False)]


def _join_spans(words: list[dict[str, Any]], sentence: str) -> list[dict[str, Any]]:
    """Entities of IOB2 tags with their mean score; an I- tag that continues nothing starts a span."""
    spans: list[tuple[str, list[dict[str, Any]]]] = []
    open_name = None  # of a span that an I- tag may continue
    for word in words:
        prefix, _, name = word["entity"].rpartition("-")
        if word["entity"] == "O":
            open_name = None
            continue
        if prefix == "I" and open_name == name:
            spans[-1][1].append(word)
        else:
            spans.append((name, [word]))
        open_name = name if prefix in ("B", "I") else None
    return [_span(name, parts, sentence) for name, parts in spans]


def _span(name: str, words: list[dict[str, Any]], sentence: str) -> dict[str, Any]:
    """The entry of a span; its IPA has a space between words."""
    start, end = words[0]["start"], words[-1]["end"]
    score = sum(word["score"] for word in words) / len(words)
    span = {"entity_group": name, "score": score, "word": sentence[start:end], "start": start, "end": end}
    if "ipa" in words[0]:
        span["ipa"] = " ".join(word["ipa"] for word in words)
    return span
