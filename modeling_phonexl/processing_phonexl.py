"""Text to tensors: words, their sound and their language, in the shapes that the model reads.

Holds no language: readings and word borders come from `transcription_<iso>.py`, which travel with every checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer, BatchFeature, ProcessorMixin

from .configuration_phonexl import PhoneXLConfig
from .phoneme_vocabulary import PhonemeVocabulary
from .transcription import Transcriber, find_language, guess_language
from .transcription_ja import transcribe as _ja  # noqa: F401  (a relative import makes the file travel)
from .transcription_ko import transcribe as _ko  # noqa: F401
from .transcription_vi import transcribe as _vi  # noqa: F401
from .transcription_zh import transcribe as _zh  # noqa: F401

_CACHE_SIZE = 200_000  # words; beyond it the caches start anew, so that streams of any length fit in memory
_NO_LIMIT = 1_000_000  # tokenizers without a length say 1e30


@dataclass(slots=True)
class EncodedSentence:
    """A sentence as ids, ragged: one list per word.

    Attributes:
        pieces: Word pieces of each word, at least one each.
        phoneme_pieces: Phoneme ids of each word, at least one each; empty for a model without phonemes.
        language_ids: Row of the language table for each word, -1 for none.
        labels: Tag id of each word, -100 where it is not scored; None without tags.
        sentence_language: Row of the language table of the sentence, which its specials take.
    """

    pieces: list[list[int]]
    phoneme_pieces: list[list[int]]
    language_ids: list[int]
    sentence_language: int
    labels: list[int] | None = None

    def cut(self, start: int, end: int) -> "EncodedSentence":
        """The words from `start` to before `end`."""
        labels = None if self.labels is None else self.labels[start:end]
        sounds = self.phoneme_pieces[start:end]
        return EncodedSentence(
            self.pieces[start:end], sounds, self.language_ids[start:end], self.sentence_language, labels
        )


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a long sentence: words `start` to `end` are read, of which `first` to `last` are scored."""

    start: int
    end: int
    first: int
    last: int


class PhoneXLProcessor(ProcessorMixin):
    """Turns text into model inputs: segments it into words, transcribes them, and looks up their ids.

    Args:
        tokenizer: The backbone's tokenizer.
        phoneme_vocab: Symbols of the phoneme vocabulary; None builds the list for `languages`.
        recipe: Transcription recipe.
        languages: Rows of the model's language table.
        phoneme_vocab_kind: "extended", "tokenizer" or "segments"; the config's `phoneme_vocab`.
        phoneme_transcription: "ipa" or "roman".
        use_phonemes: Whether the model has a phonemic input at all.
        unit: "word" or "subword": whether the positions of the backbone limit words or pieces.
        token_unit: "word", or "character" for a model trained on characters (PAN-X zh and ja); for raw text.
        phoneme_prefix_bug: As in the released code; see `PhoneXLConfig`.
        max_pieces: As in the released code; see `PhoneXLConfig`.
        **kwargs: Passed to `ProcessorMixin`.

    Raises:
        ValueError: If the tokenizer lacks one of the special tokens that mark a sentence's ends, padding or unknown.
    """

    def __init__(
        self,
        tokenizer: Any,
        phoneme_vocab: Sequence[str] | None = None,
        recipe: str | None = None,
        languages: Sequence[str] | None = None,
        phoneme_vocab_kind: str = "extended",
        phoneme_transcription: str = "ipa",
        use_phonemes: bool = True,
        unit: str = "word",
        token_unit: str = "word",
        phoneme_prefix_bug: bool = False,
        max_pieces: int | None = None,
        **kwargs: Any,
    ) -> None:
        for name in ("cls_token", "sep_token", "pad_token", "unk_token"):
            if getattr(tokenizer, name, None) is None:
                raise ValueError(f"the tokenizer has no {name}: PhoneXL needs the tokenizer of a BERT-like encoder")
        self.languages = list(languages) if languages is not None else ["zh", "vi", "ja", "ko"]
        self.recipe = recipe or "default"
        self.phoneme_vocab_kind = phoneme_vocab_kind
        self.phoneme_transcription = phoneme_transcription
        self.use_phonemes = use_phonemes
        self.unit = unit
        self.token_unit = token_unit
        self.phoneme_prefix_bug = phoneme_prefix_bug
        self.max_pieces = max_pieces
        if phoneme_vocab is None:
            self._phonemes = PhonemeVocabulary.build(tokenizer, phoneme_vocab_kind, self.languages, phoneme_prefix_bug)
        else:
            self._phonemes = PhonemeVocabulary(tokenizer, phoneme_vocab_kind, phoneme_vocab, phoneme_prefix_bug)
        self.phoneme_vocab = list(self._phonemes.symbols)
        self._piece_cache: dict[str, list[int]] = {}
        self._phoneme_cache: dict[tuple[str, ...], list[int]] = {}
        super().__init__(tokenizer, **kwargs)

    @classmethod
    def from_backbone(cls, name_or_path: str, **fields: Any) -> "PhoneXLProcessor":
        """A processor around the tokenizer of any encoder checkpoint.

        Args:
            name_or_path: A repository of the Hub or a folder.
            **fields: Arguments of the constructor; `phoneme_vocab` names the kind here, as in `PhoneXLConfig`.
        """
        kind = fields.pop("phoneme_vocab", "extended")
        tokenizer = AutoTokenizer.from_pretrained(name_or_path)
        positions = PhoneXLConfig(AutoConfig.from_pretrained(name_or_path)).max_units
        if positions is not None:  # many tokenizers were saved without a length; `windows` cuts by it
            tokenizer.model_max_length = min(tokenizer.model_max_length, positions)
        return cls(tokenizer, phoneme_vocab_kind=kind, **fields)

    @property
    def phonemes(self) -> PhonemeVocabulary:
        """The phoneme vocabulary."""
        return self._phonemes

    def config_fields(self) -> dict[str, Any]:
        """The fields of `PhoneXLConfig` that must agree with this processor."""
        return {
            "languages": self.languages,
            "use_phonemes": self.use_phonemes,
            "phoneme_vocab": self.phoneme_vocab_kind,
            "phoneme_vocab_size": self._phonemes.size,
            "phoneme_pad_token_id": self._phonemes.pad_id,
            "phoneme_unk_token_id": self._phonemes.unk_id,
            "phoneme_transcription": self.phoneme_transcription,
            "unit": self.unit,
            "phoneme_prefix_bug": self.phoneme_prefix_bug,
            "max_pieces": self.max_pieces,
        }

    def __call__(
        self,
        text: str | Sequence[str] | Sequence[Sequence[str]],
        language: str | None = None,
        *,
        is_split_into_words: bool = False,
        labels: Sequence[Sequence[int]] | None = None,
    ) -> BatchFeature:
        """Prepare one sentence or a batch.

        Args:
            text: Raw text, one string or a list; with `is_split_into_words`, the tokens of one sentence or a list of
                token lists.
            language: ISO code of all sentences; None guesses each by its script.
            is_split_into_words: Whether `text` holds tokens.
            labels: Tag ids of each sentence's tokens.

        Returns:
            `input_ids`, `word_ids`, `phoneme_ids`, `phoneme_word_ids`, `language_ids` and, if given, `labels`, as
            padded tensors.

        Raises:
            UnknownLanguageError: For a language without transcription.
            MissingToolError: If a reading tool is not installed.
            ValueError: If there is nothing to encode, or a sentence has other than one label per token.
        """
        one = isinstance(text, str) or (is_split_into_words and bool(text) and isinstance(text[0], str))
        sentences: list[Any] = [text] if one else list(text)
        if not sentences:
            raise ValueError("nothing to encode: the list of sentences is empty")
        if labels is not None and len(labels) != len(sentences):
            raise ValueError(f"{len(labels)} lists of labels for {len(sentences)} sentences: pass one for each")
        encoded = []
        for index, sentence in enumerate(sentences):
            tokens = list(sentence) if is_split_into_words else self.words(str(sentence), language)
            code = language or guess_language("".join(tokens))
            encoded.append(self.encode(tokens, code, labels=None if labels is None else labels[index]))
        return self.pad(encoded)

    def segment(self, text: str, language: str | None = None) -> list[tuple[int, int]]:
        """Offsets of the tokens of raw text: words, or characters for a character model."""
        if self.token_unit == "character":
            return [(index, index + 1) for index, char in enumerate(text) if not char.isspace()]
        return Transcriber(language or guess_language(text), self.recipe).segment(text)

    def words(self, text: str, language: str | None = None) -> list[str]:
        """The tokens of raw text."""
        return [text[start:end] for start, end in self.segment(text, language)]

    def transcribe(self, tokens: Sequence[str], language: str) -> list[tuple[str, ...]]:
        """The sound of each token as the phoneme vocabulary reads it: IPA segments, or the romanisation."""
        records = Transcriber(language, self.recipe)(tokens)
        if self.phoneme_transcription == "roman":
            return [(record.romanized,) for record in records]
        return [record.segments for record in records]

    def encode(
        self,
        tokens: Sequence[str],
        language: str,
        *,
        phonemes: Sequence[Sequence[str]] | None = None,
        labels: Sequence[int] | None = None,
    ) -> EncodedSentence:
        """Look up the ids of one sentence.

        Args:
            tokens: Words, or characters.
            language: ISO code.
            phonemes: Segments of each token; None transcribes.
            labels: Tag id of each token.

        Returns:
            Ragged ids, one list per token.

        Raises:
            ValueError: If phonemes or labels are not one per token.
        """
        for name, given in (("phonemes", phonemes), ("labels", labels)):
            if given is not None and len(given) != len(tokens):
                raise ValueError(f"{len(given)} {name} for {len(tokens)} tokens: {' '.join(tokens)[:80]!r}")
        sounds: list[list[int]] = []
        if self.use_phonemes:
            spoken = self.transcribe(tokens, language) if phonemes is None else phonemes
            sounds = [self.phoneme_pieces(tuple(segments)) for segments in spoken]
        row = self.language_id(language)
        pieces = [self.pieces(token) for token in tokens]
        return EncodedSentence(pieces, sounds, [row] * len(tokens), row, None if labels is None else list(labels))

    def language_id(self, language: str) -> int:
        """Row of the language table, -1 for a language that the model does not know."""
        code = find_language(language).code
        return self.languages.index(code) if code in self.languages else -1

    def pieces(self, token: str) -> list[int]:
        """Word pieces of one token; the unknown piece for one that the tokenizer drops (invisible characters)."""
        if token not in self._piece_cache:
            if len(self._piece_cache) >= _CACHE_SIZE:
                self._piece_cache.clear()
            ids = self.tokenizer.encode(token, add_special_tokens=False)
            self._piece_cache[token] = ids or [self.tokenizer.unk_token_id]
        return self._piece_cache[token]

    def phoneme_pieces(self, segments: tuple[str, ...]) -> list[int]:
        """Phoneme ids of one token's sound."""
        if segments not in self._phoneme_cache:
            if len(self._phoneme_cache) >= _CACHE_SIZE:
                self._phoneme_cache.clear()
            self._phoneme_cache[segments] = self._phonemes.encode(segments)
        return self._phoneme_cache[segments]

    def windows(self, sentence: EncodedSentence) -> list[Window]:
        """Cut a sentence that exceeds the backbone's positions; every word is scored in exactly one window.

        Windows overlap by up to a quarter, half of which is context; the cut of the released code does not overlap.
        """
        costs = [1] * len(sentence.pieces)
        limit = min(self.tokenizer.model_max_length, _NO_LIMIT) - 2
        if self.unit == "subword":
            costs = [min(len(pieces), limit) for pieces in sentence.pieces]
        overlap = limit // 4
        if self.max_pieces is not None:
            limit, overlap = self.max_pieces - 2, 0
            sounds = sentence.phoneme_pieces or sentence.pieces
            costs = [min(limit, max(map(len, pair))) for pair in zip(sentence.pieces, sounds, strict=True)]
        return _cut(costs, limit, overlap)

    def pad(self, sentences: Sequence[EncodedSentence]) -> BatchFeature:
        """Add specials and pad a batch: tensors as `PhoneXLModel.forward` describes them."""
        tokenizer, vocabulary = self.tokenizer, self._phonemes
        most = min(tokenizer.model_max_length, _NO_LIMIT) - 2 if self.unit == "subword" else _NO_LIMIT
        rows: dict[str, list[list[int]]] = {"input_ids": [], "word_ids": [], "language_ids": []}
        if self.use_phonemes:
            rows |= {"phoneme_ids": [], "phoneme_word_ids": []}
        if sentences[0].labels is not None:
            rows["labels"] = []
        for sentence in sentences:
            ids, units = _flatten(sentence.pieces, tokenizer.cls_token_id, tokenizer.sep_token_id, most)
            rows["input_ids"].append(ids)
            rows["word_ids"].append(units)
            special = sentence.sentence_language
            rows["language_ids"].append([special, *sentence.language_ids, special])
            if self.use_phonemes:
                ids, units = _flatten(sentence.phoneme_pieces, vocabulary.cls_id, vocabulary.sep_id, _NO_LIMIT)
                rows["phoneme_ids"].append(ids)
                rows["phoneme_word_ids"].append(units)
            if sentence.labels is not None:
                rows["labels"].append([-100, *sentence.labels, -100])
        fill = {"input_ids": tokenizer.pad_token_id, "phoneme_ids": vocabulary.pad_id, "labels": -100}
        return BatchFeature({name: pad_rows(lists, fill.get(name, -1)) for name, lists in rows.items()})


def pad_rows(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    """Rows of different length as one tensor, shape (rows, longest)."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows], dtype=torch.long)


def _flatten(words: Sequence[Sequence[int]], first: int, last: int, most: int) -> tuple[list[int], list[int]]:
    """Pieces of all words between two specials, and the unit of each; a word keeps at most `most` pieces."""
    ids, units = [first], [0]
    for unit, pieces in enumerate(words, 1):
        kept = pieces[:most]
        ids.extend(kept)
        units.extend([unit] * len(kept))
    return [*ids, last], [*units, len(words) + 1]


def _cut(costs: Sequence[int], limit: int, overlap: int) -> list[Window]:
    """Greedy windows of cost at most `limit`; the next starts up to `overlap` before the end of the last."""
    spans: list[tuple[int, int]] = []
    start, end, cost = 0, 0, 0
    while end < len(costs):
        while end < len(costs) and cost + costs[end] <= limit:
            cost += costs[end]
            end += 1
        spans.append((start, end))
        if end == len(costs):
            break
        start, cost = end, 0
        while start > spans[-1][0] + 1 and cost + costs[start - 1] <= overlap:
            start -= 1
            cost += costs[start]
        if cost + costs[end] > limit:  # a word so long that context would crowd it out
            start, cost = end, 0
    borders = [0, *((later[0] + earlier[1] + 1) // 2 for earlier, later in zip(spans, spans[1:], strict=False))]
    borders.append(len(costs))
    return [Window(*span, *pair) for span, *pair in zip(spans, borders, borders[1:], strict=False)]
