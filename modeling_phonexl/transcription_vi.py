"""Vietnamese (Hanoi): from spelling to segments, by rules alone.

Holds no other dialect. What letters sound like and how frequent syllables are: `transcription_vi_table.py`.
"""

import functools
import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .transcription import Transcription, passed, record, script
from .transcription_vi_table import (
    CHANGED_RIMES,
    CODAS,
    GLIDES,
    LETTER_NAMES,
    LOAN_CODAS,
    LOAN_ONSETS,
    NUCLEI,
    ONSETS,
    RIME_SHAPES,
    SYLLABLE_COUNTS,
)
from .transcription_vi_words import segment as segment

_LEVEL, _FALLING, _RISING, _HEAVY = "˧˧", "˨˩", "˧˦", "˨ˀ˩"
_TONES = {"\u0300": _FALLING, "\u0301": _RISING, "\u0303": "˦ˀ˥", "\u0309": "˧˩", "\u0323": _HEAVY}
_FRONT_VOWELS = ("i", "e", "ê", "y")
# The letters of one sound that the next vowel chooses: plain before back vowels, with h or as k before front ones.
_BACK_ONSETS, _FRONT_ONSETS = ("c", "g", "ng"), ("k", "gh", "ngh")
_LOAN_CLUSTER = re.compile(r"(?:ph|th|ch|kh|gh|[bcdđfgkptvx])[lr]|[sx][cklmnptw][lr]?")
# In a cluster r and l before another consonant fall silent, and so does all that follows the first sound.
_LOAN_RIME = re.compile(
    r"(?P<vowel>[aăâeêiyoôơuư])(?:[lr](?=[^lr]))?(?P<coda>[cpst]h|c?k|n[gh]|[bcdđfglmnprstvxz]|)[bcdđfgklmnpqrstvxz]{0,2}"
)
_STOPS = ("p", "t", "k")
_FOREIGN_LETTERS = {"ß": "s", "æ": "e", "œ": "ơ", "ø": "ơ", "ł": "l", "ð": "đ", "þ": "th", "ı": "i", "ŋ": "ng"}
_VOWEL_MARKS = {"a": "\u0302\u0306", "e": "\u0302", "i": "", "o": "\u0302\u031b", "u": "\u031b", "y": ""}
_LONGEST_ACRONYM = 5
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_ROMAN = re.compile(r"(?=..)(X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_UNITS = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_LONGEST_SYLLABLE = 7
# Costs in nats of what the table of counts cannot price, set on joined words of running text and dictionaries.
# Without the cost of a missing onset the letters i o u, frequent as initials, would end other syllables: thả-i.
_UNSEEN_COST, _LOAN_COST, _LETTER_COST, _NO_ONSET_COST = 15.0, 22.0, 60.0, 2.0
_OPEN_LOAN_VOWELS = {"e": "ê", "o": "ô"}
_CASE_BREAK = re.compile(r"U+(?!l)|U?l+")


class _Syllable(NamedTuple):
    """One syllable of spelling: its segments with the tone, and whether native syllables are spelled so."""

    segments: tuple[str, ...]
    native: bool


def _rimes() -> dict[str, tuple[str, ...]]:
    """Segments of every native rime by spelling, with and without glide."""
    rimes: dict[str, tuple[str, ...]] = {}
    for nucleus, shapes in RIME_SHAPES.items():
        for coda in shapes.replace("-", "").split(" "):
            changed = CHANGED_RIMES.get(nucleus + coda)
            rimes[nucleus + coda] = tuple((changed or f"{NUCLEI[nucleus]} {CODAS[coda]}").split())
    plain = dict(rimes)
    for glide, nuclei in GLIDES.items():
        for nucleus in nuclei.split():
            for coda in RIME_SHAPES[nucleus].replace("-", "").split(" "):
                rimes[glide + nucleus + coda] = ("w", *plain[nucleus + coda])
    return rimes


def _alphabet() -> str:
    """Every letter that Vietnamese spelling knows, tones included, and f j w z."""
    vowels = {base + mark for base, marks in _VOWEL_MARKS.items() for mark in ("", *marks)}
    toned = {unicodedata.normalize("NFC", vowel + tone) for vowel in vowels for tone in ("", *_TONES)}
    small = "".join(sorted(toned | set("bcdđfghjklmnpqrstvwxz")))
    return small + small.upper()


_RIMES = _rimes()
_RUN = re.compile(rf"(?P<digit>\d(?:[.,:/–-]?\d)*%?)|(?P<latin>[{_alphabet()}]+)|(?P<other>[^\W_])")
_SOUNDS = {*ONSETS.values(), *NUCLEI.values(), *CODAS.values(), *LOAN_ONSETS.values()}
INVENTORY: tuple[str, ...] = tuple(sorted({part for sound in _SOUNDS for part in sound.split()})) + tuple(
    sorted({_LEVEL, *_TONES.values()})
)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence: as many records as tokens, none empty, whatever the text.

    A token may hold several syllables, with spaces between them or joined.

    >>> [t.ipa for t in transcribe(["truyền đơn", "truyềnđơn", "!"])]
    ['t͡ɕwiən˨˩ɗəːn˧˧', 't͡ɕwiən˨˩ɗəːn˧˧', '!']
    """
    return [_read_token(token) for token in tokens]


@functools.lru_cache(maxsize=1 << 16)
def write_apart(token: str) -> str:
    """Put a space between the native syllables of a token that are written together, as XTREME's words are; in NFC.

    Acronyms and what is not letters stay as they are, and so does a run of letters of which a part looks foreign: one
    of several syllables without a mark, or with a bare vowel among them.

    >>> [write_apart(token) for token in ("điệntử", "TPHồChíMinh", "Hà Nội", "McDonald", "covid-19")]
    ['điện tử', 'TP Hồ Chí Minh', 'Hà Nội', 'McDonald', 'covid-19']
    """
    composed = unicodedata.normalize("NFC", token)
    return re.sub(r"[^\W\d_]+", lambda run: " ".join(_syllables_of(run.group())) or run.group(), composed)


def _syllables_of(run: str) -> list[str]:
    """The native syllables, and acronyms, that a run of letters is made of; none if a part of it looks foreign."""
    parts: list[str] = []
    for word in [] if run.isascii() else _by_case(run):
        lowered = word.lower()
        if is_native(lowered) or _is_acronym(word):
            parts.append(word)
            continue
        cut = _cheapest(lowered, _frequency_cost)
        bare_vowel = any(len(part) == 1 and not _spelling_key(part)[1] for part in cut)
        if word.isascii() or len(lowered) != len(word) or bare_vowel or not all(map(is_native, cut)):
            return []
        ends = list(itertools.accumulate(map(len, cut)))
        parts += [word[end - len(part) : end] for part, end in zip(cut, ends, strict=True)]
    return parts


def _by_case(run: str) -> list[str]:
    """Words of a run of letters: a capital after a small letter begins a new one (TìnhNguyệnViên)."""
    cases = "".join("U" if char.isupper() else "l" for char in run)
    return [run[match.start() : match.end()] for match in _CASE_BREAK.finditer(cases)]


@functools.lru_cache(maxsize=1 << 16)
def _read_token(token: str) -> Transcription:
    """Read one token by runs of letters, of digits and of others, which stand as they are."""
    segments: list[str] = []
    kinds = set()
    for match in _RUN.finditer(_spelled(token)):
        kind, run = str(match.lastgroup), match.group()
        if kind == "latin" and (roman := _ROMAN.fullmatch(run)):
            kind = "digit"
            run = str(10 * len(roman[1]) + _ROMAN_UNITS.index(roman[2]))
        kinds.add(kind)
        if kind == "latin":
            segments += _read_letters(run)
        elif kind == "digit":
            segments += _read_words(_number(run))
        else:
            segments += unicodedata.normalize("NFD", run)
    if kinds <= {"other"}:
        return passed(token)
    reason = "split" if len(kinds) > 1 else "number" if "digit" in kinds else "read"
    return record(segments, token, reason)


def _spelled(token: str) -> str:
    """The token in NFKC with Latin letters of other languages brought to the nearest Vietnamese ones."""
    composed = unicodedata.normalize("NFKC", token)
    return "".join(_nearest_letters(char) if script(char) == "latin" else char for char in composed)


def _nearest_letters(char: str) -> str:
    """Keep of a Latin letter the marks that Vietnamese has on that vowel; a letter it cannot know stays."""
    decomposed = unicodedata.normalize("NFD", char)
    base, marks = decomposed[0], decomposed[1:]
    if base.lower() in _FOREIGN_LETTERS:
        near = _FOREIGN_LETTERS[base.lower()]
        return near.capitalize() if base.isupper() else near
    known = _VOWEL_MARKS.get(base.lower())
    kept = "" if known is None else "".join(mark for mark in marks if mark in known or mark in _TONES)
    return unicodedata.normalize("NFC", base + kept)


def _read_letters(run: str) -> Iterator[str]:
    """Segments of a run of letters."""
    for word in _by_case(run):
        whole = _syllable(word.lower())
        if whole and whole.native:
            yield from whole.segments
        elif _is_acronym(word):
            yield from _read_words(LETTER_NAMES.get(letter, letter) for letter in word.lower())
        else:
            yield from _read_joined(word.lower())


def _is_acronym(word: str) -> bool:
    """Whether capitals are read by their names: short, and not spelled like native syllables."""
    if not word.isupper() or len(word) > _LONGEST_ACRONYM:
        return False
    if len(word) < 4:
        return True
    syllables = [_syllable(part) for part in _cheapest(word.lower(), _unit_cost)]
    return not all(syllable and syllable.native for syllable in syllables)


def _read_words(words: Sequence[str] | Iterator[str]) -> Iterator[str]:
    """Segments of native words given by their spelling."""
    for word in words:
        for part in word.split():
            yield from _read_part(part)


def _read_part(part: str) -> tuple[str, ...]:
    """Segments of one part of a split: a syllable, or a letter that no syllable holds, which takes a short ơ."""
    syllable = _syllable(part)
    if syllable:
        return syllable.segments
    return (*(LOAN_ONSETS.get(part) or ONSETS[part]).split(), NUCLEI["ơ"], _FALLING)


def _read_joined(word: str) -> Iterator[str]:
    """Segments of several syllables in one word: native by their frequency, loans by the fewest syllables."""
    parts = _cheapest(word, _frequency_cost)
    # Without a mark a word is more likely foreign: then only syllables that were seen count as native.
    known = _is_counted if word.isascii() else is_native
    if not all(map(known, parts)):
        parts = _cheapest(word, _unit_cost)
        if word.isascii():
            parts = [_respelled(part) for part in parts]
    for part in parts:
        yield from _read_part(part)


def _respelled(part: str) -> str:
    """A syllable of a foreign word as Vietnamese spells it: mo dem is mô đem, for Vietnamese d is z and open o is ɔ."""
    part = re.sub("d(?!z)", "đ", part)  # dz is an onset by itself
    if part[-2:-1] in LOAN_CODAS:  # a consonant
        return part[:-1] + _OPEN_LOAN_VOWELS.get(part[-1], part[-1])
    return part


def _cheapest(word: str, cost: Callable[[str], float]) -> list[str]:
    """Cut a word where the sum of the costs of its parts is least."""
    best = [0.0] + [math.inf] * len(word)
    begins = [0] * (len(word) + 1)
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - _LONGEST_SYLLABLE), end):
            total = best[begin] + cost(word[begin:end])
            if total < best[end]:
                best[end], begins[end] = total, begin
    parts = []
    end = len(word)
    while end:
        parts.append(word[begins[end] : end])
        end = begins[end]
    return parts[::-1]


def _frequency_cost(part: str) -> float:
    """-log p of a syllable in running text, in nats."""
    key = _spelling_key(part)
    without_onset = _NO_ONSET_COST * (key[0] in _RIMES)
    if cost := _syllable_costs().get(key):
        return cost + without_onset
    if syllable := _syllable(part):
        return (_UNSEEN_COST if syllable.native else _LOAN_COST) + without_onset
    return _LETTER_COST if len(part) == 1 else math.inf


def _unit_cost(part: str) -> float:
    """One for each syllable; native ones and ones with an onset are preferred among as many."""
    syllable = _syllable(part)
    if syllable:
        return 1.0 + (not syllable.native) * 0.5 + (part[0] in _RIMES) * 0.3
    return 5.0 if len(part) == 1 else math.inf


def _is_counted(part: str) -> bool:
    """Whether running text has the syllable."""
    return _spelling_key(part) in _syllable_costs()


@functools.cache
def _syllable_costs() -> dict[tuple[str, str], float]:
    """-log p of every counted syllable, by `_spelling_key`."""
    counts: Counter[tuple[str, str]] = Counter()
    count = 0
    for word in SYLLABLE_COUNTS.split():
        if word.isdigit():
            count = int(word)
        else:
            counts[_spelling_key(word)] += count
    return {key: math.log(counts.total() / count) for key, count in counts.items()}


@functools.lru_cache(maxsize=1 << 16)
def _spelling_key(syllable: str) -> tuple[str, str]:
    """The letters without tone (NFC) and the tone marks, so that hòa and hoà are one syllable."""
    decomposed = unicodedata.normalize("NFD", syllable)
    marks = "".join(char for char in decomposed if char in _TONES)
    letters = "".join(char for char in decomposed if char not in _TONES)
    return unicodedata.normalize("NFC", letters), marks


def is_native(syllable: str) -> bool:
    """Whether lower-case text is spelled as one native syllable.

    >>> is_native("nghiêng"), is_native("ngiêng"), is_native("film")
    (True, False, False)
    """
    parsed = _syllable(syllable)
    return parsed is not None and parsed.native


@functools.lru_cache(maxsize=1 << 16)
def _syllable(text: str) -> _Syllable | None:
    """Parse lower-case NFC text as one syllable, native or of a loan word."""
    letters, marks = _spelling_key(text)
    if len(marks) > 1:
        return None
    body = _native_body(letters)
    native = body is not None
    body = body or _loan_body(letters)
    if body is None:
        return None
    if body[-1] not in _STOPS:
        return _Syllable((*body, _TONES[marks] if marks else _LEVEL), native)
    # Stops have sắc and nặng only; without a mark they are loans, and sound as with sắc.
    tone = _TONES[marks] if marks else _RISING
    return _Syllable((*body, tone), native and bool(marks) and tone in (_RISING, _HEAVY))


def _native_body(letters: str) -> tuple[str, ...] | None:
    """Onset and rime of a native syllable without tone."""
    if letters.startswith("quô"):  # quốc: uô after c, not ô after cw
        letters = "c" + letters[1:]
    for length in (3, 2, 1, 0):
        onset, rime = letters[:length], letters[length:]
        if len(onset) < length or onset not in ONSETS:
            continue
        if onset == "gi" and (not rime or rime[0] not in "aăâeoôơuư"):  # gì, giêng, gìn: the i is the vowel's
            rime = "i" + rime
        if rime not in _RIMES:
            continue
        if onset in (_BACK_ONSETS if rime.startswith(_FRONT_VOWELS) else _FRONT_ONSETS):
            continue
        return (*ONSETS[onset].split(), *_RIMES[rime])
    return None


def _loan_body(letters: str) -> tuple[str, ...] | None:
    """Onset and rime of a loan syllable without tone: more onsets, clusters, and other codas."""
    for length in (3, 2, 1, 0):
        if len(letters) <= length:
            continue
        onset, rime = _loan_onset(letters[:length], letters[length]), _loan_rime(letters[length:])
        if onset is not None and rime is not None:
            return (*onset, *rime)
    return None


def _loan_onset(letters: str, vowel: str) -> tuple[str, ...] | None:
    """Segments of a loan's onset before a vowel letter."""
    if letters in ("c", "g") and vowel in _FRONT_VOWELS:
        return ("s",) if letters == "c" else ("z",)
    single = LOAN_ONSETS.get(letters, ONSETS.get(letters))
    if single is not None:
        return tuple(single.split())
    if not _LOAN_CLUSTER.fullmatch(letters):
        return None
    first = 2 if letters[:2] in ONSETS else 1
    rest = letters[first:]
    return (*(LOAN_ONSETS.get(letters[:first]) or ONSETS[letters[:first]]).split(), *(_loan_onset(rest, vowel) or ()))


def _loan_rime(letters: str) -> tuple[str, ...] | None:
    """Segments of a loan's rime: native, or a vowel letter with any coda."""
    if letters in _RIMES:
        return _RIMES[letters]
    match = _LOAN_RIME.fullmatch(letters)
    if match is None:
        return None
    coda = LOAN_CODAS.get(match["coda"], "")
    return (NUCLEI[match["vowel"]], coda) if coda else (NUCLEI[match["vowel"]],)


def _number(run: str) -> list[str]:
    """Words of digits with separators: the point groups thousands, the comma is decimal, others part numbers."""
    digits = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in run)
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?%?", digits):
        digits = digits.replace(".", "")
    words: list[str] = []
    for part in re.findall(r"\d+|[,.%]", digits):
        words += {",": ["phẩy"], ".": ["chấm"], "%": ["phần trăm"]}.get(part) or _cardinal(part)
    return words


def _cardinal(digits: str) -> list[str]:
    """Words of a whole number; with a leading zero or beyond 18 digits it is read digit by digit."""
    if digits[0] == "0" or len(digits) > 18:
        return [_DIGITS[int(digit)] for digit in digits]
    if len(digits) > 9:
        return [*_cardinal(digits[:-9]), "tỷ", *_below_billion(digits[-9:])]
    return _below_billion(digits)


def _below_billion(digits: str) -> list[str]:
    """Words of up to nine digits, groups of zeros left out."""
    groups = [digits[max(0, end - 3) : end] for end in range(len(digits), 0, -3)]
    words: list[str] = []
    for group, power in reversed(list(zip(groups, ("", "nghìn", "triệu"), strict=False))):
        if int(group):
            words += [*_below_thousand(group), power]
    return words


def _below_thousand(group: str) -> list[str]:
    """Words of one to three digits, not all zero; a leading zero is spoken, as it follows a greater group."""
    unit = int(group[-1])
    tens = int(group[-2]) if len(group) > 1 else 0
    words = [_DIGITS[int(group[0])], "trăm"] if len(group) == 3 else []
    if tens == 0:
        if unit:
            words += ["linh", _DIGITS[unit]] if words else [_DIGITS[unit]]
        return words
    words += ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    if unit:
        words.append("lăm" if unit == 5 else "mốt" if unit == 1 and tens > 1 else _DIGITS[unit])
    return words
