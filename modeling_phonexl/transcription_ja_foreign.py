"""Numbers and Latin letters to kana: cardinals, counters, letter names, words read as they would be borrowed.

Words that a dictionary reads come from `transcription_ja`; sounds from `transcription_ja_kana`.
"""

import re
import unicodedata
from dataclasses import dataclass

from .transcription_ja_kana import morae
from .transcription_ja_table import (
    ASSIMILATED,
    BECOMES_P_AFTER_3,
    COUNTED,
    COUNTERS_H,
    COUNTERS_K,
    COUNTERS_S,
    DAYS,
    DIGITS,
    HUNDREDS,
    KANJI_DIGITS,
    KANJI_MYRIADS,
    LATIN_CODAS,
    LATIN_ONSETS,
    LETTERS,
    MYRIADS,
    TENS,
    THOUSANDS,
)

_FORM = {name: form for form, names in enumerate((COUNTERS_K, COUNTERS_S, COUNTERS_H)) for name in names}
_H_ROW, _B_ROW, _P_ROW = "ハヒフヘホ", "バビブベボ", "パピプペポ"
_PLAIN_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+")
_KANJI_NUMBER = re.compile(rf"(?:[0-9]+|[{KANJI_DIGITS}十百千])+[{KANJI_MYRIADS}]?|[{KANJI_MYRIADS}]")
_LATIN_UNIT = re.compile(rf"({'|'.join(sorted(LATIN_ONSETS, key=len, reverse=True))})?([aiueo])|(ch|sh|ck|ph|th|[a-z])")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as spoken: its words in katakana, and its value where a counter may look at it."""

    words: tuple[str, ...]
    value: int | None

    @property
    def kana(self) -> str:
        """Katakana of the whole, "|" between the words."""
        return "|".join(self.words)


def read_number(text: str) -> Number | None:
    """Read digits, with separators of thousands and one decimal point, or kanji numerals; None for other text.

    Numbers with a leading zero, rows of kanji digits (二〇二四) and numbers above 10^20 are read digit by digit.

    >>> read_number("1,234").kana, read_number("三百五").kana, read_number("0.5").kana
    ('セン|ニ|ヒャク|サン|ジュウ|ヨン', 'サンビャク|ゴ', 'ゼロ|テン|ゴ')
    """
    text = unicodedata.normalize("NFKC", text)
    whole, point, decimals = text.partition(".")
    if point and decimals.isascii() and decimals.isdigit() and (start := read_number(whole)):
        return Number((*start.words, "テン", *(DIGITS[int(digit)] for digit in decimals)), None)
    if _PLAIN_NUMBER.fullmatch(text):
        digits = text.replace(",", "")
        return _read_digits(digits) if digits[0] == "0" or len(digits) > 20 else _cardinal(int(digits))
    if len(text) > 1 and set(text) <= set(KANJI_DIGITS) or text == "〇":
        return _read_digits("".join(str(KANJI_DIGITS.index(char)) for char in text))
    parts = _KANJI_NUMBER.findall(text)
    if not parts or "".join(parts) != text or len(text) > 20:
        return None
    if text in KANJI_MYRIADS:
        return Number((MYRIADS[KANJI_MYRIADS.index(text) + 1],), None)
    value = sum(_section(part.rstrip(KANJI_MYRIADS) or "一") * 10 ** _power(part[-1]) for part in parts)
    return _cardinal(value)


def read_year(text: str) -> Number | None:
    """Read a row of kanji digits as one number, as in the names of years; None for other text.

    >>> read_year("二〇〇八").kana
    'ニ|セン|ハチ'
    """
    if len(text) < 2 or len(text) > 4 or not set(text) <= set(KANJI_DIGITS):
        return None
    return _cardinal(int("".join(str(KANJI_DIGITS.index(char)) for char in text)))


def _power(char: str) -> int:
    return 4 * (KANJI_MYRIADS.index(char) + 1) if char in KANJI_MYRIADS else 0


def _section(text: str) -> int:
    """Value of digits and 十 百 千: 三百五 is 305."""
    total = 0
    for digits, unit in re.findall(rf"([0-9]+|[{KANJI_DIGITS}]*)([十百千]?)", text):
        plain = "".join(str(KANJI_DIGITS.index(char)) if char in KANJI_DIGITS else char for char in digits)
        if plain or unit:
            total += int(plain or "1") * (10 ** ("十百千".index(unit) + 1) if unit else 1)
    return total


def _read_digits(digits: str) -> Number:
    return Number(tuple(DIGITS[int(digit)] for digit in digits), int(digits) if len(digits) == 1 else None)


def _cardinal(value: int) -> Number:
    """Words of a whole number below 10^20."""
    words: list[str] = []
    for power in range(len(MYRIADS) - 1, -1, -1):
        group = value // 10 ** (4 * power) % 10_000
        if group:
            words += _group(group, power > 0)
            words += [MYRIADS[power]] if power else []
    return Number(tuple(words) or (DIGITS[0],), value)


def _group(group: int, counts_myriads: bool) -> list[str]:
    """Words of a number below 10,000; 1,000 is イッセン before 万 and above."""
    words: list[str] = []
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        fused = {3: THOUSANDS, 2: HUNDREDS}.get(place, {}).get(digit)
        if not digit:
            continue
        if fused:
            words.append(fused)
        elif place and digit == 1:
            words.append("イッセン" if place == 3 and counts_myriads else TENS[place])
        else:
            words += [DIGITS[digit], TENS[place]] if place else [DIGITS[digit]]
    return words


def count(number: Number, counter: str, kana: str) -> tuple[str, str]:
    """Kana of a number and of the counter after it, each in the form that the other asks for.

    >>> count(read_number("3"), "本", "ホン"), count(read_number("20"), "日", "ニチ")
    (('サン', 'ボン'), ('ハツ', 'カ'))
    """
    if counter == "日":
        if number.value in DAYS:
            return DAYS[number.value], "カ"
        kana = "ニチ"
    elif counter == "月":
        kana = "ガツ"
    *start, last = number.words
    if counter in COUNTED and not (counter == "つ" and start):
        last = COUNTED[counter].get(last, last)
    if counter in _FORM:
        form = _FORM[counter]
        if form == 2:
            kana = _h_counter(last, counter, kana)
        last = ASSIMILATED[last][form] if last in ASSIMILATED else last
    return "|".join((*start, last)), kana


def _h_counter(last: str, counter: str, kana: str) -> str:
    """The counter's first h after a number word: p after ッ, b after サン セン マン (p for 分 泊 発), else h."""
    row = _H_ROW
    if last in ASSIMILATED or counter in BECOMES_P_AFTER_3 and last.endswith("ン"):
        row = _P_ROW
    elif last.endswith(("サン", "セン", "ゼン", "マン")):
        row = _B_ROW
    for known in (_H_ROW, _B_ROW, _P_ROW):
        if kana[:1] and kana[0] in known:
            return row[known.index(kana[0])] + kana[1:]
    return kana


def read_latin(word: str) -> str:
    """Kana of Latin letters: a word with vowels as it would be borrowed, capitals and the rest by letter names.

    Letters with marks are read without them; "" if no letter of a to z is there.

    >>> read_latin("NHK"), read_latin("Toyota"), read_latin("blog")
    ('エヌ|エイチ|ケー', 'トヨタ', 'ブログ')
    """
    letters = "".join(char for char in unicodedata.normalize("NFKD", word) if char.isascii() and char.isalpha())
    if letters.isupper() or not re.search("[aiueo]", letters.lower()) or len(letters) == 1:
        return "|".join(LETTERS[letter] for letter in letters.lower())
    return "".join(_borrowed(*match) for match in _LATIN_UNIT.findall(letters.lower()))


def _borrowed(onset: str, vowel: str, coda: str) -> str:
    """Kana of a syllable of a Latin word: consonant and vowel, or a consonant that no vowel follows."""
    row = morae(LATIN_ONSETS.get(onset or coda, "アイウエオ"))  # in the order a i u e o
    return LATIN_CODAS.get(coda, row[2]) if coda else row["aiueo".index(vowel)]
