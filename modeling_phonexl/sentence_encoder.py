"""Sentences to ids without torch: words, their sound and language looked up, long ones cut, batches as ragged rows.

`processing_phonexl` makes tensors of the same rows; a tokenizer is passed in, of `transformers` or of `tokenizers`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

from .phoneme_vocabulary import PhonemeVocabulary
from .sound_dictionary import SoundDictionary, plain
from .transcription import Transcriber, find_codes, find_language, guess_language, readable, script

IGNORED = -100  # label of what is not scored, as everywhere in transformers
_CACHE_SIZE = 200_000  # words; beyond it the caches start anew, so that streams of any length fit in memory
_NO_LIMIT = 1_000_000  # tokenizers without a length say 1e30
_SIGNS = ("。", "的", "1")  # what a token is cut behind, where it makes no piece with it

Rows = dict[str, list[list[int]]]
_T = TypeVar("_T")


def check_text(text: Any, for_words: str = "for lists of words pass is_split_into_words=True") -> str:
    """The text as it is.

    Args:
        text: What was given as a text.
        for_words: What to do where it is a list of words.

    Raises:
        ValueError: If it is no text.
    """
    if not isinstance(text, str):
        cure = for_words if isinstance(text, Iterable) else "leave out what has no text"
        raise ValueError(f"expected text, found {type(text).__name__}: {cure}")
    return text


def check_words(words: Any, for_text: str = "pass text without is_split_into_words") -> list[str]:
    """The words of one sentence as a list.

    Args:
        words: What was given as words.
        for_text: What to do where it is text.

    Raises:
        ValueError: If it is one string, or holds anything else than strings.
    """
    in_a_row = isinstance(words, Iterable) and not isinstance(words, (str, Mapping))
    found: list[Any] = list(words) if in_a_row else [None]
    if not all(isinstance(word, str) for word in found):
        raise ValueError(f"expected a list of words for each text, found {repr(words)[:80]}: {for_text}")
    return found


@dataclass(slots=True)
class EncodedSentence:
    """A sentence, or the words of two, as ids, ragged: one list per word.

    Attributes:
        pieces: Word pieces of each word, at least one each.
        phoneme_pieces: Phoneme ids of each word, at least one each; empty for a model without phonemes.
        language_ids: Row of the language table for each word, -1 for none.
        labels: Tag id of each word, -100 where it is not scored; None without tags.
        sentence_language: Row of the language table of the sentence, which its specials take.
        first_words: Of a pair, the number of words that are of its first sentence; None for a single sentence.
    """

    pieces: list[list[int]]
    phoneme_pieces: list[list[int]]
    language_ids: list[int]
    sentence_language: int
    labels: list[int] | None = None
    first_words: int | None = None

    def cut(self, start: int, end: int) -> "EncodedSentence":
        """The words of a single sentence from `start` to before `end`."""
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


class SentenceEncoder:
    """Turns sentences into ids: segments raw text, transcribes words, and looks both up.

    Args:
        tokenizer: The backbone's tokenizer, with the methods that `transformers` gives it.
        phonemes: The phoneme vocabulary.
        recipe: Transcription recipe.
        languages: Rows of the model's language table, by any ISO code of each.
        phoneme_transcription: "ipa", "roman" or "sino-xenic".
        use_phonemes: Whether the model has a phonemic input at all.
        unit: "word" or "subword": whether the positions of the backbone limit words or pieces.
        token_unit: "word", or "character" for a model trained on characters; for raw text.
        max_pieces: As in the released code; see `PhoneXLConfig`.
        sound_dictionary: What "sino-xenic" reads source words by.
        split_syllables: Whether Vietnamese words written together, as those of XTREME's POS files, are spelled with
            spaces between their syllables; nobody writes them together, and no encoder was pretrained on them so.
        drop_spaces: Whether words of languages that write no spaces are cut without the one that tokenizers such as
            XLM-R's put before every word (`▁`, in most Chinese and Japanese words a piece of its own).

    Raises:
        ValueError: If "sino-xenic" has no dictionary.
        UnknownLanguageError: For a language that the registry lacks.
    """

    def __init__(
        self,
        tokenizer: Any,
        phonemes: PhonemeVocabulary,
        *,
        recipe: str,
        languages: Sequence[str],
        phoneme_transcription: str,
        use_phonemes: bool,
        unit: str,
        token_unit: str,
        max_pieces: int | None,
        sound_dictionary: SoundDictionary | None,
        split_syllables: bool = False,
        drop_spaces: bool = False,
    ) -> None:
        if phoneme_transcription == "sino-xenic" and sound_dictionary is None:
            raise ValueError(
                'phoneme_transcription="sino-xenic" reads source words by a dictionary and has none: '
                "pass sound_dictionary=SoundDictionary(source, target, words)"
            )
        self.tokenizer = tokenizer
        self.phonemes = phonemes
        self.recipe = recipe
        self.languages = find_codes(languages)
        self.phoneme_transcription = phoneme_transcription
        self.use_phonemes = use_phonemes
        self.unit = unit
        self.token_unit = token_unit
        self.max_pieces = max_pieces
        self.sound_dictionary = sound_dictionary
        self.split_syllables = split_syllables
        self.drop_spaces = drop_spaces
        self._piece_cache: dict[tuple[str, bool, bool], list[int]] = {}
        self._knows_spaces = _knows_spaces(tokenizer)
        self._phoneme_cache: dict[tuple[str, ...], list[int]] = {}
        self._shared_sounds: dict[str, str] = {}

    def segment(self, text: str, language: str | None = None) -> list[tuple[int, int]]:
        """Offsets of the tokens of raw text: words, or characters for a character model."""
        if self.token_unit == "character":
            return [(index, index + 1) for index, char in enumerate(text) if not char.isspace()]
        return Transcriber(language or guess_language(text), self.recipe).segment(text)

    def words(self, text: str, language: str | None = None) -> list[str]:
        """The tokens of raw text."""
        return [text[start:end] for start, end in self.segment(text, language)]

    def transcribe(self, tokens: Sequence[str], language: str) -> list[tuple[str, ...]]:
        """The sound of each token as the phoneme vocabulary reads it: IPA segments, or one string of Latin letters."""
        records = Transcriber(language, self.recipe)(tokens)
        if self.phoneme_transcription == "roman":
            return [(record.romanized,) for record in records]
        if self.phoneme_transcription == "ipa":
            return [record.segments for record in records]
        shared = self._find_shared(tokens, language)
        return [
            (plain(record.romanized) if word is None else self._shared_sound(word),)
            for record, word in zip(records, shared, strict=True)
        ]

    def _find_shared(self, tokens: Sequence[str], language: str) -> list[str | None]:
        """The target word that each token sounds like; None for one without, and for all of another language."""
        dictionary = self.sound_dictionary
        if dictionary is None or find_language(language).code != dictionary.source:
            return [None] * len(tokens)
        return dictionary.find(tokens, joined=self.token_unit == "character")

    def _shared_sound(self, word: str) -> str:
        """Letters of a target word, read alone: the same in every sentence."""
        assert self.sound_dictionary is not None
        if word not in self._shared_sounds:
            (record,) = Transcriber(self.sound_dictionary.target, self.recipe)([word])
            self._shared_sounds[word] = plain(record.romanized)
        return self._shared_sounds[word]

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
            UnknownLanguageError: For a language without transcription.
            MissingToolError: If a reading tool is not installed.
            ValueError: If phonemes or labels are not one per token.
        """
        for name, given in (("phonemes", phonemes), ("labels", labels)):
            if given is not None and len(given) != len(tokens):
                raise ValueError(f"{len(given)} {name} for {len(tokens)} tokens: {' '.join(tokens)[:80]!r}")
        tokens = [readable(token) for token in tokens]
        sounds: list[list[int]] = []
        if self.use_phonemes:
            spoken = self.transcribe(tokens, language) if phonemes is None else phonemes
            sounds = [self.phoneme_pieces(tuple(segments)) for segments in spoken]
        row = self.language_id(language)
        pieces = [self.pieces(token, find_language(language).spaced) for token in self.spellings(tokens, language)]
        return EncodedSentence(pieces, sounds, [row] * len(tokens), row, None if labels is None else list(labels))

    def spellings(self, tokens: Sequence[str], language: str) -> list[str]:
        """The tokens as the tokenizer is given them: with `split_syllables`, Vietnamese words with their spaces."""
        return [Transcriber(language).write_apart(token) for token in tokens] if self.split_syllables else list(tokens)

    def join(self, first: EncodedSentence, second: EncodedSentence) -> EncodedSentence:
        """Make a pair of two sentences; where both exceed the backbone's positions, the longer one loses last words.

        Args:
            first: Such as a premise; its language is that of the specials.
            second: Such as a hypothesis.

        Raises:
            ValueError: If one of them has no word.
        """
        if not (first.pieces and second.pieces):
            raise ValueError("a sentence of the pair has no word: leave such pairs out")
        sizes = [len(first.pieces), len(second.pieces)]
        costs = [self._costs(sentence.pieces, self._pair_limit // 2) for sentence in (first, second)]
        while sum(sum(cost[:size]) for cost, size in zip(costs, sizes, strict=True)) > self._pair_limit:
            sizes[0 if sum(costs[0][: sizes[0]]) > sum(costs[1][: sizes[1]]) else 1] -= 1
        first, second = first.cut(0, sizes[0]), second.cut(0, sizes[1])
        return EncodedSentence(
            first.pieces + second.pieces,
            first.phoneme_pieces + second.phoneme_pieces,
            first.language_ids + second.language_ids,
            first.sentence_language,
            first_words=sizes[0],
        )

    @property
    def num_separators(self) -> int:
        """Separators between the sentences of a pair, as the tokenizer joins them: BERT has one, XLM-R two."""
        single, pair = (self.tokenizer.num_special_tokens_to_add(pair=pair) for pair in (False, True))
        return max(1, int(pair - single))

    @property
    def _pair_limit(self) -> int:
        """Units, or pieces, of both sentences of a pair together."""
        return int(min(self.tokenizer.model_max_length, _NO_LIMIT)) - 2 - self.num_separators

    def _costs(self, pieces: Sequence[Sequence[int]], most: int) -> list[int]:
        """What each word takes of the backbone's positions."""
        return [min(len(word), most) for word in pieces] if self.unit == "subword" else [1] * len(pieces)

    def language_id(self, language: str) -> int:
        """Row of the language table, -1 for a language that the model does not know."""
        code = find_language(language).code
        return self.languages.index(code) if code in self.languages else -1

    def pieces(self, token: str, spaced: bool = False) -> list[int]:
        """Word pieces of one token; the unknown piece for one that the tokenizer drops (invisible characters).

        Args:
            token: A word, a sign, or a character.
            spaced: Whether it is of text with spaces between words. A tokenizer that tells words by the space before
                them (RoBERTa's, Gemma's) has other pieces for one behind a space; signs stand behind none. Of other
                text, `drop_spaces` takes the space away that a tokenizer puts there, but from letters of other scripts.
        """
        is_dropped = self.drop_spaces and not spaced and _stands_without_space(token)
        key = token, spaced and self._knows_spaces and any(map(str.isalnum, token)), is_dropped
        if key not in self._piece_cache:
            if len(self._piece_cache) >= _CACHE_SIZE:
                self._piece_cache.clear()
            ids = self.tokenizer.encode(f" {token}" if key[1] else token, add_special_tokens=False)
            inside = _cut_inside(self.tokenizer, token) if is_dropped else []
            self._piece_cache[key] = inside or ids or [self.tokenizer.unk_token_id]
        return self._piece_cache[key]

    def phoneme_pieces(self, segments: tuple[str, ...]) -> list[int]:
        """Phoneme ids of one token's sound."""
        if segments not in self._phoneme_cache:
            if len(self._phoneme_cache) >= _CACHE_SIZE:
                self._phoneme_cache.clear()
            self._phoneme_cache[segments] = self.phonemes.encode(segments)
        return self._phoneme_cache[segments]

    def count_fitting(self, pieces: Sequence[Sequence[int]]) -> int:
        """How many words of a single sentence, from the first, the backbone has positions for."""
        limit = min(self.tokenizer.model_max_length, _NO_LIMIT) - 2
        return sum(total <= limit for total in accumulate(self._costs(pieces, limit)))

    def windows(self, sentence: EncodedSentence) -> list[Window]:
        """Cut a sentence that exceeds the backbone's positions; every word is scored in exactly one window.

        Windows overlap by up to a quarter, half of which is context; the cut of the released code does not overlap.
        """
        limit = min(self.tokenizer.model_max_length, _NO_LIMIT) - 2
        costs = self._costs(sentence.pieces, limit)
        overlap = limit // 4
        if self.max_pieces is not None:
            limit, overlap = self.max_pieces - 2, 0
            sounds = sentence.phoneme_pieces or sentence.pieces
            costs = [min(limit, max(map(len, pair))) for pair in zip(sentence.pieces, sounds, strict=True)]
        return _cut(costs, limit, overlap)

    def rows(self, sentences: Sequence[EncodedSentence]) -> Rows:
        """Model inputs of a batch with specials, one list per sentence: as `PhoneXLModel.forward`, before padding.

        Raises:
            ValueError: If some are single sentences and some are pairs.
        """
        tokenizer, vocabulary = self.tokenizer, self.phonemes
        pairs = sentences[0].first_words is not None
        if any((sentence.first_words is not None) != pairs for sentence in sentences):
            raise ValueError("single sentences and pairs of sentences in one batch: pass them apart")
        gap = self.num_separators if pairs else 0
        most = self._pair_limit // 2 if pairs else min(tokenizer.model_max_length, _NO_LIMIT) - 2
        most = most if self.unit == "subword" else _NO_LIMIT
        rows: Rows = {"input_ids": [], "word_ids": [], "language_ids": []}
        if self.use_phonemes:
            rows |= {"phoneme_ids": [], "phoneme_word_ids": []}
        if sentences[0].labels is not None:
            rows["labels"] = []
        if pairs:
            rows["sentence_ids"] = []
        for sentence in sentences:
            border = sentence.first_words or 0
            words = _parted(sentence.pieces, border, [[tokenizer.sep_token_id]] * gap)
            ids, units = _flatten(words, tokenizer.cls_token_id, tokenizer.sep_token_id, most)
            rows["input_ids"].append(ids)
            rows["word_ids"].append(units)
            special = sentence.sentence_language
            languages = _parted(sentence.language_ids, border, [special] * gap)
            rows["language_ids"].append([special, *languages, special])
            if pairs:
                numbers = [int(word >= border) for word in range(len(sentence.pieces))]
                rows["sentence_ids"].append([-1, *_parted(numbers, border, [-1] * gap), -1])
            if self.use_phonemes:
                words = _parted(sentence.phoneme_pieces, border, [[vocabulary.sep_id]] * gap)
                ids, units = _flatten(words, vocabulary.cls_id, vocabulary.sep_id, _NO_LIMIT)
                rows["phoneme_ids"].append(ids)
                rows["phoneme_word_ids"].append(units)
            if sentence.labels is not None:
                rows["labels"].append([IGNORED, *sentence.labels, IGNORED])
        return rows

    def fill(self, name: str) -> int:
        """What pads the rows of this name to one width."""
        values = {"input_ids": self.tokenizer.pad_token_id, "phoneme_ids": self.phonemes.pad_id, "labels": IGNORED}
        return int(values.get(name, -1))


def _knows_spaces(tokenizer: Any) -> bool:
    """Whether a word has other pieces behind a space than alone; XLM-R's tokenizer puts one before every word."""
    alone, behind = (tokenizer.encode(text, add_special_tokens=False) for text in ("a", "a a"))
    return len(behind) == 2 * len(alone) and behind != alone + alone


def _stands_without_space(token: str) -> bool:
    """Whether Chinese and Japanese text has no space before a token: but before letters of other scripts, all."""
    return bool(token) and (not token[0].isalpha() or script(token[0]) in ("han", "kana"))


def _cut_inside(tokenizer: Any, token: str) -> list[int]:
    """Pieces of a token as inside a text, behind another sign; none where each sign makes one piece with it."""
    for sign in _SIGNS:
        before, both = (tokenizer.encode(text, add_special_tokens=False) for text in (sign, sign + token))
        if both[: len(before)] == before and len(both) > len(before):
            return list(both[len(before) :])
    return []


def _parted(words: Sequence[_T], border: int, separators: Sequence[_T]) -> list[_T]:
    """The words with separators before the one at `border`."""
    return [*words[:border], *separators, *words[border:]]


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
