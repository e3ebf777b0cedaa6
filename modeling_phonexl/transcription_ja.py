"""Japanese: Sudachi reads the sentence, its words are mapped to the tokens, kana become IPA.

Sounds of kana, numbers and Latin letters, and the parts of a reading are in the files beside this one.
"""

import functools
import itertools
import os
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

from .transcription import Transcription, import_tool, passed, record, script
from .transcription_ja_foreign import Number, count, read_latin, read_number
from .transcription_ja_kana import BORDER, SMALL_KANA, expand_marks, is_readable, katakana, sounds, spell
from .transcription_ja_share import common_reading, share
from .transcription_ja_table import ENDS_IN_PARTICLE, READ_AS, UNITS

INVENTORY: tuple[str, ...] = (
    *"a i ɯ e o aː iː ɯː eː oː".split(),
    *"k ɡ s ɕ z d͡ʑ t t͡ɕ t͡s d n ɲ h c\u0327 ɸ b p m j ɾ w v ɴ ŋ ʔ".split(),
    *"kʲ ɡʲ bʲ pʲ mʲ ɾʲ tʲ dʲ ɸʲ".split(),
)
_CHUNK = 1_000  # characters; Sudachi refuses more than 49,149 bytes, and some characters stand for many
_PARTICLES = {"は": "ワ", "へ": "エ", "を": "ヲ"}
_MAY_BE_LONG = re.compile("[エケセテネヘメレゲゼデベペェオコソトノホモヨロゴゾドボポョ][イウ]")


class _Morpheme(Protocol):
    """What is used of Sudachi's morphemes."""

    def begin(self) -> int: ...
    def end(self) -> int: ...
    def surface(self) -> str: ...
    def reading_form(self) -> str: ...
    def normalized_form(self) -> str: ...
    def part_of_speech(self) -> Sequence[str]: ...


class _Tokenizer(Protocol):
    def tokenize(self, text: str, mode: object) -> Sequence[_Morpheme]: ...


@dataclass(frozen=True, slots=True)
class _Word:
    """A word that Sudachi found in the text, read: `kana` is "" where it has no reading."""

    begin: int
    end: int
    surface: str
    kana: str
    reason: str
    normalized: str
    pos: tuple[str, ...]
    number: Number | None = None


@dataclass(slots=True)
class _Part:
    """What a token has of the sentence: kana and unread letters, and whether its last word runs on into the next."""

    text: str = ""
    reasons: set[str] = field(default_factory=set)
    runs_on: bool = False

    def add(self, kana: str, reason: str, border: bool = True) -> None:
        """Append kana; a border stands between words."""
        if kana:
            self.text += (BORDER if self.text and border and kana[0] not in SMALL_KANA else "") + kana
            self.reasons.add(reason)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of a sentence in context, one record per token, whatever the text.

    Tokens may be words or single characters: a word that is cut into tokens gives each its part of the reading.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.

    >>> [t.ipa for t in transcribe(["私", "は", "東京", "へ", "行っ", "た"])]
    ['wataɕi', 'wa', 'toːkʲoː', 'e', 'iʔ', 'ta']
    """
    return list(_transcribe(tuple(tokens)))


def segment(text: str) -> list[tuple[int, int]]:
    """Cut running text into words (Sudachi, mode C): offsets that slice `text`, in order, white space left out.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.

    >>> text = "東京へ 行く。"
    >>> [text[start:end] for start, end in segment(text)]
    ['東京', 'へ', '行く', '。']
    """
    spans = [(morpheme.begin() + start, morpheme.end() + start) for start, morpheme in _morphemes(text, "C")]
    return [
        (start + match.start(), start + match.end())
        for start, end in spans
        for match in re.finditer(r"\S+", text[start:end])
    ]


@functools.lru_cache(maxsize=4096)
def _transcribe(tokens: tuple[str, ...]) -> tuple[Transcription, ...]:
    text, spans = _join(tokens)
    parts = _distribute(_read(text), text, spans)
    found: list[Transcription] = []
    start = 0
    for end, part in enumerate(parts, 1):
        if not part.runs_on:
            found += _sound_out(tokens[start:end], parts[start:end])
            start = end
    return tuple(found)


def _join(tokens: tuple[str, ...]) -> tuple[str, list[tuple[int, int]]]:
    """Running text of the tokens and the span of each; PAN-X writes "#" between segments, which is no text."""
    texts = ["" if token == "#" else token for token in tokens]
    ends = list(itertools.accumulate(map(len, texts)))
    return expand_marks("".join(texts)), list(zip([0, *ends], ends, strict=False))


def _sound_out(tokens: Sequence[str], parts: Sequence[_Part]) -> Iterator[Transcription]:
    """Records of tokens that share words: their kana sound in one context, then each takes its own."""
    found = sounds("".join(part.text for part in parts))
    start = 0
    for token, part in zip(tokens, parts, strict=True):
        segments, romanized = spell(found[start : start + len(part.text)])
        start += len(part.text)
        is_read = bool(segments) and bool(part.reasons - {"passed"})
        yield record(segments, romanized, _reason(part.reasons)) if is_read else passed(token)


def _reason(reasons: set[str]) -> str:
    """One reason for a token: what is special about it, "split" where its pieces were read in several ways."""
    special = reasons - {"read"}
    if not special:
        return "read"
    mixed = len(special) > 1 or "read" in reasons and special & {"number", "latin", "passed"}
    return "split" if mixed else next(iter(special))


def _distribute(words: Sequence[_Word], text: str, spans: Sequence[tuple[int, int]]) -> list[_Part]:
    """Give each token its words: a word over several tokens is shared out, or else each of these tokens is read alone.

    Source: UD Japanese-GSD dev, where sharing gains 8 tokens and loses none; giving a token the whole reading of a word
    that it only overlaps is 0.8 points worse than reading it alone.
    """
    parts = [_Part() for _ in spans]
    at = {position: index for index, (start, end) in enumerate(spans) for position in range(start, end)}
    held: list[list[_Word]] = [[] for _ in spans]
    crossing: list[tuple[_Word, list[int]]] = []
    alone: set[int] = set()
    for word in words:
        holders = sorted({at[position] for position in range(word.begin, word.end) if position in at})
        if len(holders) == 1:
            held[holders[0]].append(word)
        elif not holders:
            continue
        elif word.begin != spans[holders[0]][0] or word.end != spans[holders[-1]][1] or not _is_shareable(word):
            alone.update(holders)
        else:
            crossing.append((word, holders))
    for word, holders in crossing:  # covers its tokens exactly, so none of them is read alone or by another word
        lengths = [spans[index][1] - spans[index][0] for index in holders]
        if _share_word([parts[index] for index in holders], lengths, word):
            for part in parts[holders[0] : holders[-1]]:
                part.runs_on = True
        else:
            alone.update(holders)
    for index, (start, end) in enumerate(spans):
        if index in alone:
            _add_words(parts[index], _read(text[start:end]), in_context=False)
        else:
            _add_words(parts[index], held[index], in_context=len(spans) > 1)
    return parts


def _is_shareable(word: _Word) -> bool:
    """Whether the characters of a word have parts in its reading: digits and Latin letters are read one by one."""
    return bool(word.kana) and word.reason in ("read", "lexicon")


def _share_word(parts: Sequence[_Part], lengths: Sequence[int], word: _Word) -> bool:
    """Give each token the readings of its characters; False, and none given, if longer tokens are better read alone."""
    pieces, reason = _cut(word, word.surface)
    if max(lengths) > 1 and (reason == "split" or all(script(char) == "kana" for char in word.surface)):
        return False
    end = 0
    for part, length in zip(parts, lengths, strict=True):
        part.add("".join(pieces[end : end + length]), reason, border=end == 0)
        end += length
    return True


def _add_words(part: _Part, words: Sequence[_Word], in_context: bool) -> None:
    """Append whole words to a token; letters that have no reading stand as they are.

    A kana token stays one word: even the borders that Sudachi finds between its longer words do harm (0.21 % of the
    sounds of kana words wrong, else 0.20 %).
    """
    one_word = len(words) > 1 and all(script(char) == "kana" for word in words for char in word.surface)
    for word in words:
        if not word.kana:
            letters = [c for c in word.surface if unicodedata.category(c)[0] in "LN" and script(c) != "kana"]
            part.add("".join(letters), "passed", border=False)
        elif one_word and (word is not words[-1] or word.surface in _PARTICLES and not in_context):
            part.add(katakana(word.surface), word.reason, border=False)
        else:
            part.add(_with_borders(word), word.reason, border=not one_word)


def _with_borders(word: _Word) -> str:
    """The reading with borders where kana would show a long vowel that is none; a kana word by its form in kanji."""
    if BORDER in word.kana or not _MAY_BE_LONG.search(word.kana):
        return word.kana
    spelling = word.surface if any(script(char) == "han" for char in word.surface) else word.normalized
    if all(script(char) in ("han", "kana") for char in spelling):
        pieces, reason = _cut(word, spelling)
        if reason == "read":
            return "".join(pieces)
    return _before_ending(word, word.kana)


def _cut(word: _Word, spelling: str) -> tuple[list[str], str]:
    """Reading of each character, with a border before each kanji (ネ|イロ) and before the ending of a verb."""
    pieces, reason = share(spelling, word.kana)
    cut = [
        (BORDER if index and script(char) == "han" and reason != "jukujikun" else "") + piece
        for index, (char, piece) in enumerate(zip(spelling, pieces, strict=True))
    ]
    return [*cut[:-1], _before_ending(word, cut[-1])], reason


def _before_ending(word: _Word, kana: str) -> str:
    """A border before the ending of verbs in their plain form: 思う is omoɯ, 行こう is ikoː."""
    is_plain = word.pos[0] == "動詞" and word.pos[5].startswith(("終止形", "連体形"))
    return kana[:-1] + BORDER + "ウ" if is_plain and kana.endswith("ウ") else kana


_local = threading.local()


def _tokenizer() -> tuple[_Tokenizer, dict[str, object]]:
    """Sudachi for this thread of this process: its tokenizers are not known to bear sharing or a fork."""
    if getattr(_local, "pid", None) != os.getpid():
        sudachi = cast(Any, import_tool("sudachipy", "sudachipy", "transcription of Japanese"))
        import_tool("sudachidict_core", "sudachidict-core", "transcription of Japanese")
        _local.modes = {"A": sudachi.SplitMode.A, "C": sudachi.SplitMode.C}
        _local.tokenizer = sudachi.Dictionary(dict="core").tokenizer()
        _local.pid = os.getpid()
    return cast(_Tokenizer, _local.tokenizer), _local.modes


def _morphemes(text: str, mode: str) -> Iterator[tuple[int, _Morpheme]]:
    """Sudachi's morphemes of any length of text, each with the offset of its piece of text."""
    tokenizer, modes = _tokenizer()
    start = 0
    while start < len(text):
        piece = text[start : start + _CHUNK]
        if start + _CHUNK < len(text):
            ends = [match.end() for match in re.finditer(r"[。！？!?\s]", piece)]
            piece = piece[: ends[-1]] if ends else piece
        yield from ((start, morpheme) for morpheme in tokenizer.tokenize(piece, modes[mode]))
        start += len(piece)


def _read(text: str) -> list[_Word]:
    """Words of running text with their readings in context."""
    words: list[_Word] = []
    for start, morpheme in _morphemes(text, "A"):
        word = _Word(
            start + morpheme.begin(),
            start + morpheme.end(),
            morpheme.surface(),
            morpheme.reading_form(),
            "read",
            morpheme.normalized_form(),
            tuple(morpheme.part_of_speech()),
        )
        if word.begin == word.end and words:  # the second word of one character, as in ㍿ 株式 会社
            words[-1] = replace(words[-1], kana=words[-1].kana + katakana(word.kana))
            continue
        before = words[-1] if words else None
        word = _read_word(word, before)
        if before and before.number:
            words[-1], word = _count(before, word, words[-2] if len(words) > 1 else None)
        words.append(word)
    return words


def _count(number: _Word, counter: _Word, before: _Word | None) -> tuple[_Word, _Word]:
    """A number and the word after it, in the form that counting asks for."""
    if number.number is None:
        return number, counter
    if counter.surface == "日" and number.number.value == 1 and before and before.surface == "月":
        return replace(number, kana="ツイ"), replace(counter, kana="タチ")
    spoken, kana = count(number.number, counter.surface, counter.kana)
    return replace(number, kana=spoken), replace(counter, kana=kana)


def _read_word(word: _Word, before: _Word | None) -> _Word:
    """Reading of a word: by its own letters for kana, numbers and Latin, else Sudachi's with the overrides."""
    scripts = {script(char) for char in unicodedata.normalize("NFKC", word.surface)}
    if scripts <= {"digit", "han", "other"} and word.pos[1] == "数詞" and (number := read_number(word.surface)):
        return replace(word, kana=number.kana, reason="number", number=number)
    if "kana" in scripts and scripts <= {"kana", "other"}:
        return replace(word, kana=_own_kana(word, before))
    if "latin" in scripts and scripts <= {"latin", "other"}:
        return replace(word, kana=_latin(word, before), reason="latin")
    if word.pos[0] in ("補助記号", "空白") and "han" not in scripts:
        return replace(word, kana="")
    kana = katakana(word.kana) if all(script(char) in ("kana", "other") for char in word.kana) else ""
    if not kana:
        return _read_letters(word)
    return _override(replace(word, kana=kana), before)


def _own_kana(word: _Word, before: _Word | None) -> str:
    """Kana stand for themselves, but the particles は and へ are ワ and エ."""
    kana = katakana(word.surface)
    if word.pos[0] == "助詞" and before and word.surface in _PARTICLES:
        return _PARTICLES[word.surface]
    return kana[:-1] + "ワ" if word.surface in ENDS_IN_PARTICLE else kana


def _latin(word: _Word, before: _Word | None) -> str:
    """Sudachi's reading of a Latin word; after a number a unit; single letters and unknown words by rule."""
    plain = unicodedata.normalize("NFKC", word.surface)
    if before and before.number and plain.lower() in UNITS and (len(plain) > 1 or plain.islower()):
        return UNITS[plain.lower()]
    return word.kana if len(plain) > 1 and is_readable(word.kana) else read_latin(plain)


def _override(word: _Word, before: _Word | None) -> _Word:
    """Readings that Sudachi gets wrong more often than right (measured on UD Japanese-GSD dev)."""
    kana = READ_AS.get((word.surface, word.kana), word.kana)
    if before and word.surface == "家" and (before.pos[1] == "固有名詞" or _is_katakana(before.surface)):
        kana = "ケ"
    if before and word.surface == "会社" and before.pos[1] in ("普通名詞", "固有名詞"):
        kana = "ガイシャ"
    return word if kana == word.kana else replace(word, kana=kana, reason="lexicon")


def _is_katakana(surface: str) -> bool:
    return len(surface) > 1 and katakana(surface) == surface


def _read_letters(word: _Word) -> _Word:
    """A word that no dictionary has, read letter by letter: each kanji in its most frequent reading."""
    kana = ""
    for run in re.findall(r"[A-Za-z]+|[0-9]+|.", unicodedata.normalize("NFKC", word.surface), re.DOTALL):
        kind = script(run[0])
        number = read_number(run) if kind == "digit" else None
        if kind == "latin":
            kana += read_latin(run)
        else:
            kana += number.kana if number else common_reading(run) if kind == "han" else katakana(run)
    return replace(word, kana=kana, reason="split")
