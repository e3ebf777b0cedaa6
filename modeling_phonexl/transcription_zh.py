"""Chinese (Mandarin): readings of whole sentences by phrases and neural choice, pinyin to IPA, words of raw text.

Its literals are in `transcription_zh_table.py`, the neural choice in `transcription_zh_polyphones.py`.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from .transcription import Transcription, import_tool, passed, record, script
from .transcription_zh_polyphones import load_polyphones
from .transcription_zh_table import (
    AFTER_PLACES,
    BEFORE_CAPITAL,
    BEFORE_FULL_ER,
    BEFORE_PLAIN_YI,
    BENEFICIARIES,
    DEGREES,
    DIGITS,
    FINALS,
    FRACTIONS,
    INITIALS,
    INVENTORY,
    LATIN_SPELLING,
    LETTER_NAMES,
    NUMERALS,
    PAIR_MEASURES,
    PLAIN_LETTERS,
    SANDHI_READINGS,
    STEMS_OF_PLACES,
    TONE_MARKS,
    TONES,
    UNITS,
    VERDICTS,
    WHOLE_SYLLABLES,
    ZHU_WORDS,
)

__all__ = ["INVENTORY", "pinyin_segments", "segment", "transcribe"]

_PURPOSE = "transcription of Chinese"
_NUMBER = re.compile(r"\d+(?:[,，]\d{3})*(?:[.．]\d+)?[%％‰]?")
_ZHU = re.compile(f"(?:{'|'.join(ZHU_WORDS)})|著")
_SPELLING = re.compile("|".join(f"({pattern})" for pattern, _ in LATIN_SPELLING))


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence in context; the tokens may be words or single characters.

    Args:
        tokens: The sentence, in simplified or traditional characters.

    Returns:
        One record per token; `romanized` is pinyin with tone marks, without spaces or apostrophes.

    Raises:
        MissingToolError: If pypinyin, g2pM, numpy or opencc is not installed.

    >>> [t.ipa for t in transcribe(["银行", "行长", "。"])]
    ['in˧˥xaŋ˧˥', 'xaŋ˧˥ʈ͡ʂaŋ˨˩˦', '。']
    """
    return list(_transcribe(tuple(tokens)))


def segment(text: str) -> list[tuple[int, int]]:
    """Cut running text into words: ordered, disjoint offsets that slice `text`; white space belongs to no word.

    Raises:
        MissingToolError: If rjieba or opencc is not installed.

    >>> text = "臺灣的大學 很多"
    >>> [text[start:end] for start, end in segment(text)]
    ['臺灣', '的', '大學', '很多']
    """
    tool: Any = import_tool("rjieba", "rjieba", "words of Chinese text")
    spans, start = [], 0
    for piece in tool.cut(_simplify(text)):
        spans += [(start + word.start(), start + word.end()) for word in re.finditer(r"\S+", piece)]
        start += len(piece)
    return spans


# ---- a sentence ----


@functools.lru_cache(maxsize=4096)
def _transcribe(tokens: tuple[str, ...]) -> tuple[Transcription, ...]:
    text = "".join(_narrow(char) for token in tokens for char in token)
    borders = list(itertools.pairwise(itertools.accumulate(map(len, tokens), initial=0)))
    readings = _read_characters(text, in_context=len(tokens) > 1)
    for start, end in borders:
        _weaken(text, readings, start, end)
    _read_particles(_simplify(text), readings, borders)
    sentence = _Sentence(text, readings)
    return tuple(_read_token(token, sentence, *border) for token, border in zip(tokens, borders, strict=True))


class _Sentence(NamedTuple):
    text: str
    readings: list[str]  # pinyin of each character, "" for what is not a readable Han character


class _Part(NamedTuple):
    segments: Sequence[str]
    romanized: str
    reason: str  # "" for characters that nothing reads


@functools.lru_cache(maxsize=1 << 14)
def _narrow(char: str) -> str:
    """Full-width letters and digits, circled numbers and radicals as the plain character; punctuation as it is."""
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and unicodedata.category(plain)[0] in "LN" else char


def _read_token(token: str, sentence: _Sentence, start: int, end: int) -> Transcription:
    parts = _read_parts(sentence, start, end)
    reasons = {part.reason for part in parts}
    if not reasons - {""}:
        return passed(token)
    segments = [segment for part in parts for segment in part.segments]
    return record(segments, "".join(part.romanized for part in parts), reasons.pop() if len(reasons) == 1 else "split")


def _read_parts(sentence: _Sentence, start: int, end: int) -> list[_Part]:
    """Read a token run by run: Han characters, numbers, Latin letters; what has no sound inside a token is left out."""
    text, parts = sentence.text, []
    while start < end:
        char, after = text[start], start + 1
        kind = script(char)
        if sentence.readings[start]:
            parts.append(_Part(pinyin_segments(sentence.readings[start]), sentence.readings[start], "read"))
        elif kind == "digit" and (number := _NUMBER.match(text, start, end)):
            after = number.end()
            parts.append(_part(_read_number(text, start, after), "number"))
        elif unicodedata.category(char) == "Nl" and 0 < unicodedata.numeric(char, 0) < 10**4:  # Ⅳ
            parts.append(_part(_cardinal(int(unicodedata.numeric(char))), "number"))
        elif kind == "latin":
            while after < end and (script(text[after]) == "latin" or _is_inside_word(text[after])):
                after += 1
            parts.append(_read_latin(text[start:after]))
        elif unicodedata.category(char)[0] not in "PSZCM":
            parts.append(_Part([char], char, ""))
        start = after
    return parts


def _part(syllables: Iterable[str], reason: str) -> _Part:
    readings = list(syllables)
    return _Part([segment for reading in readings for segment in pinyin_segments(reading)], "".join(readings), reason)


# ---- pinyin ----


@functools.lru_cache(maxsize=4096)
def _split_tone(pinyin: str) -> tuple[str, int]:
    """Take the tone mark off; tone 0 is the neutral tone."""
    tone, letters = 0, []
    for char in unicodedata.normalize("NFD", pinyin):
        if char in TONE_MARKS:
            tone = TONE_MARKS.index(char) + 1
        else:
            letters.append(char)
    return unicodedata.normalize("NFC", "".join(letters)), tone


@functools.lru_cache(maxsize=4096)
def pinyin_segments(pinyin: str) -> tuple[str, ...]:
    """Segments of one pinyin syllable, all in `INVENTORY`; the tone is the last one, the neutral tone has none.

    Args:
        pinyin: Lower case, NFC, with its tone mark.

    Raises:
        KeyError: If it is no syllable of pinyin.

    Source: Scheme of the Chinese Phonetic Alphabet, sections 2 and 3 (spellings with y, w and after j q x).

    >>> pinyin_segments("xuǎn")
    ('ɕ', 'ɥ', 'ɛ', 'n', '˨˩˦')
    """
    plain, tone = _split_tone(pinyin)
    sounds = WHOLE_SYLLABLES.get(plain) or _initial_and_final(plain)
    return (*sounds.split(), *((TONES[tone],) if tone else ()))


def _initial_and_final(plain: str) -> str:
    cut = 2 if plain[:2] in INITIALS else int(plain[:1] in INITIALS)
    initial, final = plain[:cut], plain[cut:]
    if final.startswith("y"):
        rest = final[1:]
        final = "ü" + rest[1:] if rest.startswith("u") else rest if rest.startswith("i") else "i" + rest
    elif final.startswith("w"):
        final = "u" if final == "wu" else "u" + final[1:]
    elif initial in ("j", "q", "x") and final.startswith("u"):
        final = "ü" + final[1:]
    elif initial in ("b", "p", "m", "f") and final == "o":
        final = "uo"
    elif initial in ("zh", "ch", "sh", "r", "z", "c", "s") and final == "i":
        final = "-i"
    return f"{INITIALS.get(initial, '')} {FINALS[final]}"


# ---- readings of characters ----


@functools.cache
def _converter() -> Callable[[str], str]:
    tool: Any = import_tool("opencc", "opencc", _PURPOSE)
    convert: Callable[[str], str] = tool.OpenCC("t2s").convert
    return convert


def _simplify(text: str) -> str:
    """The text in simplified characters, of the same length, or unchanged where conversion would change its length."""
    simplified = _converter()(text)
    return simplified if len(simplified) == len(text) else text


def _read_characters(text: str, in_context: bool) -> list[str]:
    """Pinyin of each character: phrases first, then the neural choice in context, then the commonest reading."""
    tool: Any = import_tool("pypinyin.seg.mmseg", "pypinyin", _PURPOSE)
    lookup = _ZHU.sub(lambda word: "着" if word[0] == "著" else word[0], _simplify(text))
    readings: list[str] = []
    for piece in tool.seg.cut(lookup):
        phrase = tool.PHRASES_DICT.get(piece)
        readings += [variants[0] for variants in phrase] if phrase else [""] * len(piece)
    open_places = [place for place, reading in enumerate(readings) if not reading]
    if in_context:
        for place, reading in load_polyphones().choose(lookup, open_places).items():
            readings[place] = reading
    for place in open_places:
        readings[place] = readings[place] or _single_reading(lookup[place]) or _single_reading(text[place])
        if lookup[place] == "々" and place:
            readings[place] = readings[place - 1]
    _apply_sandhi(lookup, readings)
    return readings


@functools.lru_cache(maxsize=1 << 14)
def _single_reading(char: str) -> str:
    """The first reading of a character in pypinyin's table, "" if it has none."""
    tool: Any = import_tool("pypinyin.constants", "pypinyin", _PURPOSE)
    readings: str = tool.PINYIN_DICT.get(ord(char), "")
    return readings.split(",")[0]


def _apply_sandhi(lookup: str, readings: list[str]) -> None:
    """Tones of 一 and 不 by the syllable that follows; third-tone sandhi is not written."""
    for place, char in enumerate(lookup):
        if readings[place] not in SANDHI_READINGS.get(char, ()):
            continue
        following = lookup[place + 1 : place + 2]
        tone = _split_tone(readings[place + 1])[1] if following else 0
        if char == "不":
            readings[place] = "bú" if tone == 4 else "bù"
        elif not tone or following in NUMERALS or (place and lookup[place - 1] in BEFORE_PLAIN_YI):
            readings[place] = "yī"
        else:
            readings[place] = "yí" if tone == 4 else "yì"


def _weaken(text: str, readings: list[str], start: int, end: int) -> None:
    """Neutral tones inside the word text[start:end]: the suffix 儿, and 不 in 对不起 and 好不好."""
    if end - start > 1 and text[end - 1] in "儿兒" and text[end - 2] not in BEFORE_FULL_ER and readings[end - 2]:
        readings[end - 1] = "er"
    if end - start == 3 and text[start + 1] == "不" and readings[start] and readings[start + 2]:
        readings[start + 1] = "bu"


def _read_particles(lookup: str, readings: list[str], borders: Sequence[tuple[int, int]]) -> None:
    """地, 得, 都 and 为 that are words of their own, by the words beside them; g2pM reads most as nouns or verbs.

    Only in text that is cut into words: where every character is a token, no border tells 慢慢 地 from 当地.
    """
    words = [lookup[start:end] for start, end in borders]
    if not any(len(word) > 1 and _is_han(word) for word in words):
        return
    for (start, _), word, (before, after) in zip(borders, words, _neighbours(words), strict=True):
        if word == "地":
            is_stem = before[-1:] in ("性", "般") or len(before) > 1 and before not in STEMS_OF_PLACES
            is_before_verb = _is_han(after) and after not in AFTER_PLACES
            if is_stem and is_before_verb and _is_han(before):
                readings[start] = "de"
        elif word == "都" and before[-1:] not in BEFORE_CAPITAL:
            readings[start] = "dōu"
        elif word == "得" and (after in VERDICTS or after[:1] in DEGREES) and before:
            readings[start] = "de"
        elif word == "为" and after in BENEFICIARIES and before not in ("成", "作"):
            readings[start] = "wèi"


def _is_han(word: str) -> bool:
    return bool(word) and script(word[0]) == "han"


def _neighbours(words: Sequence[str]) -> Iterable[tuple[str, str]]:
    return zip(["", *words[:-1]], [*words[1:], ""], strict=True)


# ---- numbers and Latin letters ----


def _read_number(text: str, start: int, end: int) -> list[str]:
    """Pinyin of the number text[start:end]; digit by digit in years, in house and room numbers, and in long codes."""
    before, number, after = text[start - 1 : start], text[start:end], text[end : end + 1]
    fraction = FRACTIONS.get(number[-1])
    whole, *decimals = re.split("[.．]", re.sub("[,，%％‰]", "", number))
    values = [unicodedata.digit(char) for char in whole]
    decade = len(values) == 2 and not values[1] and after in ("后", "後")  # 90后: born in the nineties
    named = len(values) == 4 and after == "年" or len(values) > 2 and after in ("号", "號") or decade
    code = len(values) > (16 if "," in number or "，" in number else 8) or len(values) > 1 and not values[0]
    if named or code:
        syllables = [DIGITS[value] for value in values]
    elif number == "2" and after and after in PAIR_MEASURES and not before.isdigit():
        syllables = ["liǎng"]
    else:
        syllables = _cardinal(int("".join(map(str, values))))
        syllables = syllables[1:] if syllables[:2] == ["yī", "shí"] else syllables
    for places in decimals:
        syllables += ["diǎn", *(DIGITS[unicodedata.digit(char)] for char in places)]
    return [fraction, "fēn", "zhī", *syllables] if fraction else syllables


def _cardinal(number: int) -> list[str]:
    if number < 10:
        return [DIGITS[number]]
    unit, name = next((unit, name) for unit, name in UNITS if number >= unit)
    high, low = divmod(number, unit)
    link = [DIGITS[0]] if 0 < low < unit // 10 else []  # 105 is yībǎi líng wǔ
    return [*_cardinal(high), name, *link, *(_cardinal(low) if low else [])]


def _is_inside_word(char: str) -> bool:
    return char in "'’" or unicodedata.category(char) == "Mn"


def _read_latin(word: str) -> _Part:
    """Acronyms and words without vowels by the names of their letters, other words by rough spelling rules."""
    spelled = "".join(PLAIN_LETTERS.get(char, char) for char in unicodedata.normalize("NFC", word.lower()))
    letters = "".join(char for char in unicodedata.normalize("NFKD", spelled) if char.isalpha())
    if LETTER_NAMES.keys().isdisjoint(letters):
        return _Part(list(letters), word, "")
    if len(letters) == 1 or word.isupper() and len(letters) < 6 or not re.search("[aeiouy]", letters):
        names = [LETTER_NAMES.get(letter, "").split() for letter in letters]
        return _part(itertools.chain.from_iterable(names), "latin")._replace(romanized=word)
    return _Part(_spell(re.sub(r"([^aeiou])\1", r"\1", letters)), word, "latin")


def _spell(letters: str) -> list[str]:
    segments, place = [], 0
    while place < len(letters):
        match = _SPELLING.match(letters, place)
        if match and match.lastindex:
            segments += LATIN_SPELLING[match.lastindex - 1][1].split()
        place = match.end() if match else place + 1  # a letter of no known sound
    return segments
