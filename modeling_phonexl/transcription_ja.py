"""Japanese: words that Sudachi reads, mapped to the tokens of a sentence; their kana become IPA.

How words are read is in `transcription_ja_words.py`; sounds of kana and the parts of a reading are in files beside it.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from .transcription import Transcription
from .transcription import passed as find_passed
from .transcription_ja_kana import BORDER, SMALL_KANA, contexts, expand_marks, katakana, read_kana, read_part, script
from .transcription_ja_share import share
from .transcription_ja_words import CACHE_SIZE, PARTICLES, Word, morphemes, read_words

INVENTORY: tuple[str, ...] = (
    *"a i ɯ e o aː iː ɯː eː oː".split(),
    *"k ɡ s ɕ z d͡ʑ t t͡ɕ t͡s d n ɲ h c\u0327 ɸ b p m j ɾ w v ɴ ŋ ʔ".split(),
    *"kʲ ɡʲ bʲ pʲ mʲ ɾʲ tʲ dʲ ɸʲ".split(),
)
_KANJI_OR_KANA = frozenset({"han", "kana"})
_MAY_BE_LONG = re.compile("[エケセテネヘメレゲゼデベペェオコソトノホモヨロゴゾドボポョ][イウ]")

passed = functools.lru_cache(maxsize=1 << 14)(find_passed)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of a sentence in context, one record per token, whatever the text.

    Tokens may be words or single characters: a word that is cut into tokens gives each its part of the reading.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.

    >>> [t.ipa for t in transcribe(["私", "は", "東京", "へ", "行っ", "た"])]
    ['wataɕi', 'wa', 'toːkʲoː', 'e', 'iʔ', 'ta']
    """
    return list(_transcribe(tuple(tokens)))


def segment(text: str, mode: str = "C") -> list[tuple[int, int]]:
    """Cut running text into words (Sudachi): offsets that slice `text`, in order, white space left out.

    Args:
        text: Any text.
        mode: "C", whole names and compounds, or "A", the short words that they are made of.

    Raises:
        MissingToolError: If sudachipy or its dictionary is not installed.

    >>> text = "東京へ 行く。"
    >>> [text[start:end] for start, end in segment(text)]
    ['東京', 'へ', '行く', '。']
    >>> segment("日産自動車"), segment("日産自動車", "A")
    ([(0, 5)], [(0, 2), (2, 5)])
    """
    spans = [
        (start + morpheme.begin(), start + morpheme.end())
        for start, piece in morphemes(text, mode)
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
    # PAN-X writes "#" between segments: no text. NFC, so that ガ is one character however it is written.
    spoken = [unicodedata.normalize("NFC", token) for token in tokens if token and token != "#"]
    text = "".join(spoken)
    plain = expand_marks(text)
    words = read_words(plain)
    if len(text) == len(spoken) and plain == text:
        found = list(itertools.chain.from_iterable([word.shares or _read_characters(word) for word in words]))
    else:
        found = _read_tokens(spoken, plain, words, len(tokens) > 1)
    if len(found) < len(tokens):
        heard = iter(found)
        return tuple([next(heard) if token and token != "#" else passed(token) for token in tokens])
    return tuple(found)


def _read_characters(word: Word) -> tuple[Transcription, ...]:
    """Records of the characters of a word where each is a token."""
    surface = word.surface
    if len(surface) == 1:
        word.shares = (_read_word(surface, word),)
    elif _is_shareable(word):
        word.shares = _share_out(word, surface)
    else:
        word.shares = tuple(map(_read_alone, surface, surface))
    return word.shares


def _read_tokens(tokens: Sequence[str], text: str, words: Sequence[Word], in_context: bool) -> list[Transcription]:
    """Records of tokens, none of them empty, that join to the text as the words do."""
    found: list[Transcription] = []
    coming = iter(words)
    for word in coming:
        token = tokens[len(found)]
        if token != word.surface:
            found += _read_group(tokens, text, len(found), word, coming, in_context)
        elif word.record:
            found.append(word.record)
        else:
            word.record = _read_word(token, word)
            found.append(word.record)
    return found


def _read_group(
    tokens: Sequence[str], text: str, first: int, word: Word, coming: Iterator[Word], in_context: bool
) -> Sequence[Transcription]:
    """Records of the tokens up to the next border that is one of a word too.

    One token takes all its words, one word is shared out among its tokens; else each token is read alone.

    Source: UD Japanese-GSD dev, where sharing gains 8 tokens and loses none; giving a token the whole reading of a word
    that it only overlaps is 0.8 points worse than reading it alone.
    """
    words, size, ends = [word], len(word.surface), [len(tokens[first])]
    while size != ends[-1]:
        if size < ends[-1]:
            words.append(next(coming))
            size += len(words[-1].surface)
        else:
            ends.append(ends[-1] + len(tokens[first + len(ends)]))
    group = tuple(tokens[first : first + len(ends)])
    if len(group) == 1:
        return (_read_token(group[0], tuple(words), in_context),)
    if len(words) == 1 and _is_shareable(word) and (shares := _share_out(word, group)):
        return shares
    begin = sum(map(len, tokens[:first]))
    cuts = itertools.pairwise([begin, *(begin + end for end in ends)])
    return [_read_alone(token, text[start:end]) for token, (start, end) in zip(group, cuts, strict=True)]


def _is_shareable(word: Word) -> bool:
    """Whether the characters of a word have parts in its reading: digits and Latin letters are read one by one."""
    return bool(word.kana) and word.reason in ("read", "lexicon")


@functools.lru_cache(maxsize=CACHE_SIZE)
def _read_alone(token: str, text: str) -> Transcription:
    """Record of a token without its sentence, by its text, which is the token but for its marks of repetition."""
    return _read_token(token, tuple(read_words(text)), False)


def _share_out(word: Word, tokens: Sequence[str]) -> tuple[Transcription, ...]:
    """Records of the tokens that a word covers: its kana sound in one context, then each token takes its own.

    Empty if the tokens are better read alone.
    """
    pieces, reason = _cut(word, word.surface)
    if len(pieces) > len(tokens):
        if reason == "split" or {"kana"}.issuperset(map(script, word.surface)):
            return ()
        cuts = [0, *itertools.accumulate(map(len, tokens))]
        pieces = ["".join(pieces[start:end]) for start, end in itertools.pairwise(cuts)]
    return tuple(
        [_read_share(*part, reason) or passed(token) for token, part in zip(tokens, contexts(pieces), strict=True)]
    )


@functools.lru_cache(maxsize=CACHE_SIZE)
def _read_share(before: str, part: str, after: str, reason: str) -> Transcription | None:
    """Record of a part of a word's kana, None if it has no sound."""
    return _record(*read_part(before, part, after), reason)


def _record(segments: tuple[str, ...], romanized: str, reason: str) -> Transcription | None:
    """`transcription.record` of segments that are in their normal form, None if there are none."""
    romanized = romanized if romanized.isascii() else unicodedata.normalize("NFC", romanized)
    return Transcription("".join(segments), segments, romanized, True, reason) if segments else None


def _read_word(token: str, word: Word) -> Transcription:
    """Record of a token that is one word."""
    read = _record(*read_kana(_with_borders(word)), word.reason) if word.kana else None
    return read or passed(token)


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
    read = _record(*read_kana(text), _reason(reasons)) if reasons - {"passed"} else None
    return read or passed(token)


def _reason(reasons: set[str]) -> str:
    """One reason for a token: what is special about it, "split" where its pieces were read in several ways."""
    special = reasons - {"read"}
    if not special:
        return "read"
    mixed = len(special) > 1 or "read" in reasons and special & {"number", "latin", "passed"}
    return "split" if mixed else next(iter(special))


# ---- borders inside a word ----


def _with_borders(word: Word) -> str:
    """The reading with borders where kana would show a long vowel that is none; a kana word by its form in kanji."""
    if BORDER in word.kana or not _MAY_BE_LONG.search(word.kana):
        return word.kana
    spelling = word.surface if "han" in map(script, word.surface) else word.normalized
    if _KANJI_OR_KANA.issuperset(map(script, spelling)):
        pieces, reason = _cut(word, spelling)
        if reason == "read":
            return "".join(pieces)
    return _before_ending(word, word.kana)


def _cut(word: Word, spelling: str) -> tuple[list[str], str]:
    """Reading of each character, with a border before each kanji (ネ|イロ) and before the ending of a verb."""
    pieces, reason = share(spelling, word.kana)
    cut = list(pieces)
    if reason != "jukujikun":
        cut[1:] = [BORDER + cut[i] if script(spelling[i]) == "han" else cut[i] for i in range(1, len(cut))]
    cut[-1] = _before_ending(word, cut[-1])
    return cut, reason


def _before_ending(word: Word, kana: str) -> str:
    """A border before the ending of verbs in their plain form: 思う is omoɯ, 行こう is ikoː."""
    is_plain = kana[-1:] == "ウ" and word.pos[0] == "動詞" and word.pos[5].startswith(("終止形", "連体形"))
    return kana[:-1] + BORDER + "ウ" if is_plain else kana
