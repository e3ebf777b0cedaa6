"""Japanese: words that Sudachi reads, mapped to the tokens of a sentence; their kana become IPA.

How words are read is in `transcription_ja_words.py`; sounds of kana and the parts of a reading are in files beside it.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Sequence

from .transcription import Transcription, passed, record, script
from .transcription_ja_kana import BORDER, SMALL_KANA, expand_marks, katakana, sounds, spell
from .transcription_ja_share import share
from .transcription_ja_words import CACHE_SIZE, PARTICLES, Word, morphemes, read_words

INVENTORY: tuple[str, ...] = (
    *"a i ɯ e o aː iː ɯː eː oː".split(),
    *"k ɡ s ɕ z d͡ʑ t t͡ɕ t͡s d n ɲ h c\u0327 ɸ b p m j ɾ w v ɴ ŋ ʔ".split(),
    *"kʲ ɡʲ bʲ pʲ mʲ ɾʲ tʲ dʲ ɸʲ".split(),
)
_MAY_BE_LONG = re.compile("[エケセテネヘメレゲゼデベペェオコソトノホモヨロゴゾドボポョ][イウ]")


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
    spans = [
        (start + morpheme.begin(), start + morpheme.end())
        for start, piece in morphemes(text, "C")
        for morpheme in piece
    ]
    return [
        (start + match.start(), start + match.end())
        for start, end in spans
        for match in re.finditer(r"\S+", text[start:end])
    ]


# ---- from words to tokens ----


@functools.lru_cache(maxsize=1 << 14)
def _transcribe(tokens: tuple[str, ...]) -> tuple[Transcription, ...]:
    # PAN-X writes "#" between segments, which is no text.
    lengths = [0 if token == "#" else len(token) for token in tokens]
    text = expand_marks("".join([token for token in tokens if token != "#"]))
    borders = [0, *itertools.accumulate(lengths)]
    words = tuple(read_words(text))
    firsts, crossing, alone = _assign(words, borders)
    in_context = len(tokens) > 1
    inside = [words[first:end] for first, end in itertools.pairwise(firsts)]
    if not crossing and not alone:
        return tuple(map(_read_token, tokens, inside, itertools.repeat(in_context)))
    found: list[Transcription] = []
    while (index := len(found)) < len(tokens):
        if index in crossing:
            word, end = crossing[index]
            if shares := _share_out(word, tokens[index:end]):
                found += shares
                continue
            alone.update(range(index, end))
        if index in alone:
            own = tuple(read_words(text[borders[index] : borders[index + 1]]))
            found.append(_read_token(tokens[index], own, False))
        else:
            found.append(_read_token(tokens[index], inside[index], in_context))
    return tuple(found)


def _assign(words: Sequence[Word], borders: Sequence[int]) -> tuple[list[int], dict[int, tuple[Word, int]], set[int]]:
    """Which tokens have which words.

    Args:
        words: Of the whole text.
        borders: Where each token begins, and where the last one ends.

    Returns:
        The index of the first word that begins in each token or behind it, and the number of words; words that cover
        several tokens, by the first of these, with the end of the tokens; and the tokens to be read alone, since a word
        crosses their border in another way.

    Source: UD Japanese-GSD dev, where sharing gains 8 tokens and loses none; giving a token the whole reading of a word
    that it only overlaps is 0.8 points worse than reading it alone.
    """
    firsts: list[int] = []
    crossing: dict[int, tuple[Word, int]] = {}
    alone: set[int] = set()
    begin, ends = 0, borders[1:]
    for index, word in enumerate(words):
        end = begin + len(word.surface)
        while ends[len(firsts) - 1] <= begin or not firsts:
            firsts.append(index)
        first = len(firsts) - 1
        if end > ends[first]:
            last = next(last for last in range(first, len(ends)) if ends[last] >= end)
            if begin == borders[first] and end == ends[last] and _is_shareable(word):
                crossing[first] = word, last + 1
            else:
                alone.update(range(first, last + 1))
        begin = end
    firsts += [len(words)] * (len(borders) - len(firsts))
    return firsts, crossing, alone


def _is_shareable(word: Word) -> bool:
    """Whether the characters of a word have parts in its reading: digits and Latin letters are read one by one."""
    return bool(word.kana) and word.reason in ("read", "lexicon")


@functools.lru_cache(maxsize=CACHE_SIZE)
def _share_out(word: Word, tokens: tuple[str, ...]) -> tuple[Transcription, ...]:
    """Records of the tokens that a word covers: its kana sound in one context, then each token takes its own.

    Empty if the tokens are better read alone.
    """
    lengths = [0 if token == "#" else len(token) for token in tokens]
    pieces, reason = _cut(word, word.surface)
    if max(lengths) > 1 and (reason == "split" or all(script(char) == "kana" for char in word.surface)):
        return ()
    cuts = [0, *itertools.accumulate(lengths)]
    parts = ["".join(pieces[start:end]) for start, end in itertools.pairwise(cuts)]
    found = sounds("".join(parts))
    ends = [0, *itertools.accumulate(map(len, parts))]
    spelled = [spell(found[start:end]) for start, end in itertools.pairwise(ends)]
    return tuple(
        record(segments, romanized, reason) if segments else passed(token)
        for token, (segments, romanized) in zip(tokens, spelled, strict=True)
    )


@functools.lru_cache(maxsize=CACHE_SIZE)
def _read_token(token: str, words: tuple[Word, ...], in_context: bool) -> Transcription:
    """Record of a token that holds whole words; letters that have no reading stand as they are.

    A kana token stays one word: even the borders that Sudachi finds between its longer words do harm (0.21 % of the
    sounds of kana words wrong, else 0.20 %).
    """
    one_word = len(words) > 1 and all(script(char) == "kana" for word in words for char in word.surface)
    text, reasons = "", set()
    for index, word in enumerate(words, 1):
        border, reason = not one_word, word.reason
        if not word.kana:
            letters = [c for c in word.surface if unicodedata.category(c)[0] in "LN" and script(c) != "kana"]
            kana, border, reason = "".join(letters), False, "passed"
        elif one_word and (index < len(words) or word.surface in PARTICLES and not in_context):
            kana = katakana(word.surface)
        else:
            kana = _with_borders(word)
        if kana:
            text += (BORDER if text and border and kana[0] not in SMALL_KANA else "") + kana
            reasons.add(reason)
    segments, romanized = spell(sounds(text))
    return record(segments, romanized, _reason(reasons)) if segments and reasons - {"passed"} else passed(token)


def _reason(reasons: set[str]) -> str:
    """One reason for a token: what is special about it, "split" where its pieces were read in several ways."""
    special = reasons - {"read"}
    if not special:
        return "read"
    mixed = len(special) > 1 or "read" in reasons and special & {"number", "latin", "passed"}
    return "split" if mixed else next(iter(special))


# ---- borders inside a word ----


@functools.lru_cache(maxsize=CACHE_SIZE)
def _with_borders(word: Word) -> str:
    """The reading with borders where kana would show a long vowel that is none; a kana word by its form in kanji."""
    if BORDER in word.kana or not _MAY_BE_LONG.search(word.kana):
        return word.kana
    spelling = word.surface if any(script(char) == "han" for char in word.surface) else word.normalized
    if all(script(char) in ("han", "kana") for char in spelling):
        pieces, reason = _cut(word, spelling)
        if reason == "read":
            return "".join(pieces)
    return _before_ending(word, word.kana)


def _cut(word: Word, spelling: str) -> tuple[list[str], str]:
    """Reading of each character, with a border before each kanji (ネ|イロ) and before the ending of a verb."""
    pieces, reason = share(spelling, word.kana)
    cut = [
        (BORDER if index and script(char) == "han" and reason != "jukujikun" else "") + piece
        for index, (char, piece) in enumerate(zip(spelling, pieces, strict=True))
    ]
    return [*cut[:-1], _before_ending(word, cut[-1])], reason


def _before_ending(word: Word, kana: str) -> str:
    """A border before the ending of verbs in their plain form: 思う is omoɯ, 行こう is ikoː."""
    is_plain = word.pos[0] == "動詞" and word.pos[5].startswith(("終止形", "連体形"))
    return kana[:-1] + BORDER + "ウ" if is_plain and kana.endswith("ウ") else kana
