"""Which part of a word's reading belongs to which of its characters, for tokens shorter than a word (PAN-X).

The parts that a kanji may have are data, in `transcription_ja_readings`; nothing here reads a word.
"""

import functools
import math
import unicodedata

from .transcription_ja_kana import TO_KATAKANA, katakana, morae, script
from .transcription_ja_readings import READINGS
from .transcription_ja_table import JUKUJIKUN

_UNKNOWN_COST = 9.0  # above every known part: the 400th reading of a kanji would cost log 400 = 6
_STOLEN_LENGTH_COST = 2.3  # ten times rarer: キョウ|リュウ, not キョ|ウリュウ; but イノ|ウエ
_LONGEST = 5
_EXTRA_KANA = {"ハ": "ワ", "ヘ": "エ", "ヶ": "ガカコケ", "ケ": "ガカコ", "ヵ": "カ", "ツ": "ッ", "ノ": "ン"}
_O_SOUNDS, _E_SOUNDS = frozenset("オコソトノホモヨロゴゾドボポョュ"), frozenset("エケセテネヘメレゲゼデベペェ")
_AS_KANJI = str.maketrans("1234567890", "一二三四五六七八九〇")  # 1人 is 一人
_PARTS = {item[0]: tuple(item[1:].split(",")) for item in READINGS.split()}


@functools.lru_cache(maxsize=1 << 14)
def own_kana(char: str) -> frozenset[str]:
    """The parts that a kana may have: itself, and ワ エ for は へ; none for other characters."""
    kana = katakana(char)
    if not char or script(char) != "kana" or not kana:
        return frozenset()
    return frozenset((kana, *_EXTRA_KANA.get(kana, "")))


@functools.lru_cache(maxsize=1 << 14)
def border_cost(before: str, after: str) -> float:
    """Cost of a border inside a reading: infinite before ー ッ ン and small kana, high where it cuts a long vowel."""
    if not after:
        return 0.0
    if after[0] in "ーッンァィゥェォャュョヮ":
        return math.inf
    stolen = after[0] == "ウ" and before[-1] in _O_SOUNDS or after[0] == "イ" and before[-1] in _E_SOUNDS
    return _STOLEN_LENGTH_COST if stolen else 0.0


def expand_repeats(surface: str) -> str:
    """Write 々 as the character it repeats."""
    if "々" not in surface:
        return surface
    out = ""
    for char in surface:
        out += out[-1] if char == "々" and out else char
    return out


def common_reading(char: str) -> str:
    """The most frequent reading of a kanji, "" if the table lacks it."""
    return _PARTS.get(char, ("",))[0]


@functools.lru_cache(maxsize=65_536)
def share(surface: str, reading: str) -> tuple[tuple[str, ...], str]:
    """Give each character of a word its part of the reading.

    Args:
        surface: The word, kanji and kana.
        reading: Its reading in katakana, not empty.

    Returns:
        One non-empty part per character, which join to the reading (unless it has fewer morae than the word has
        characters), and the reason: "read", "jukujikun" for a reading of the whole word, "split" for a guess.

    >>> share("頑張り", "ガンバリ"), share("大人", "オトナ")
    ((('ガン', 'バ', 'リ'), 'read'), (('オト', 'ナ'), 'jukujikun'))
    """
    if len(surface) == 1:
        return (reading,), "read"
    if surface.translate(TO_KATAKANA) == reading:
        return tuple(reading), "read"
    if (unicodedata.normalize("NFKC", surface).translate(_AS_KANJI), reading) in JUKUJIKUN:
        return split_evenly(reading, len(surface)), "jukujikun"
    surface = expand_repeats(surface)
    cost, parts = _align(surface, reading, use_unknown=False)
    if cost >= _UNKNOWN_COST:  # else no unknown part can be cheaper
        cost, parts = _align(surface, reading, use_unknown=True)
    if cost < _UNKNOWN_COST:
        return parts, "read"
    return split_evenly(reading, len(surface)) if math.isinf(cost) else parts, "split"


def split_evenly(reading: str, count: int) -> tuple[str, ...]:
    """Cut a reading by morae into `count` parts, the first ones longer; too few morae: the last one is repeated."""
    units = morae(reading)
    if len(units) <= count:
        return tuple(units + units[-1:] * (count - len(units)))
    size, longer = divmod(len(units), count)
    ends = [size * i + min(i, longer) for i in range(count + 1)]
    return tuple("".join(units[start:end]) for start, end in zip(ends, ends[1:], strict=False))


@functools.lru_cache(maxsize=1 << 14)
def _known_parts(char: str) -> dict[str, float]:
    """Parts that a character is known to have, with their costs."""
    if fixed := own_kana(char):
        return dict.fromkeys(fixed, 0.0)
    return {part: math.log(2 + rank) for rank, part in enumerate(_PARTS.get(char, ())) if len(part) <= _LONGEST}


def _align(surface: str, reading: str, use_unknown: bool) -> tuple[float, tuple[str, ...]]:
    """Cheapest way to cut the reading at the characters (Viterbi); the cost is infinite if there is none.

    With `use_unknown` a kanji may also have a part that the table lacks, which is possible but dear.
    """
    best: dict[int, tuple[float, tuple[str, ...]]] = {0: (0.0, ())}
    for index, char in enumerate(surface):
        known, is_last = _known_parts(char), index + 1 == len(surface)
        is_guessed = use_unknown and not own_kana(char)
        is_free = is_last or script(surface[index + 1]) == "kana"  # the part of a kana is fixed, also ー ッ ン
        last = len(reading) - (len(surface) - index - 1)
        reached: dict[int, tuple[float, tuple[str, ...]]] = {}
        for start in sorted(best):
            cost, parts = best[start]
            for end in range(last if is_last else start + 1, min(start + _LONGEST, last) + 1):
                part = reading[start:end]
                own = known.get(part)
                if own is None:
                    if not is_guessed:
                        continue
                    own = _UNKNOWN_COST + abs(len(part) - 2)
                total = cost + own + (0.0 if is_free else border_cost(part, reading[end]))
                if total < (reached[end][0] if end in reached else math.inf):
                    reached[end] = total, (*parts, part)
        best = reached
    return best.get(len(reading), (math.inf, ()))
