"""Korean: from Hangul to segments by the rules of the Standard Pronunciation; and the words of raw text.

Holds no readings of Chinese characters. Articles are those of the National Institute of Korean Language's standard.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .transcription import Transcription, passed, record, script
from .transcription_ko_table import (
    AGES_AND_PLACES,
    ASPIRATED,
    BEFORE_H,
    CLUSTERS,
    CODA_SOUNDS,
    CODAS,
    COUNTERS,
    DIGITS,
    EXCEPTIONS,
    HOURS,
    LATIN_CODAS,
    LATIN_SOUNDS,
    LETTER_NAMES,
    MONTHS,
    NASAL,
    NATIVE_TENS,
    NATIVE_UNITS,
    NEUTRAL,
    NO_ONSET,
    ONSET_SOUNDS,
    ONSETS,
    PALATAL,
    POWERS,
    ROMAN_CODAS,
    ROMAN_ONSETS,
    ROMAN_VOWELS,
    TENSE,
    VOICED,
    VOWEL_SOUNDS,
    VOWELS,
    WITHOUT_H,
)

_MARK = "['+~-]"
_LAX = {tense: lax for lax, tense in TENSE.items()}
_SONORANTS = ("", "ㄴ", "ㄹ", "ㅁ", "ㅇ")
_LATIN_SOUND = re.compile("|".join(sorted(LATIN_SOUNDS, key=len, reverse=True)))
# n m l ng and stops close a syllable where no vowel follows; other consonants without a vowel open one with ㅡ.
_LATIN_SYLLABLE = re.compile(
    r"(?P<onset>[ㄱ-ㅎ])?(?P<vowel>[ㅏ-ㅣ])(?P<coda>ㅇ|[ㄴㅁㄹㅋㅌㅍ](?![ㅏ-ㅣ]))?|(?P<lone>[ㄱ-ㅎ])"
)
_SILENT_LETTER = re.compile(r"(?<=[a-z]{2}[b-df-hj-np-tv-xz])e$|(?<=[aeiouy])[hr](?![aeiouy])|(.)(?=\1)(?<![elo])")
_LONGEST_ACRONYM = 5
_MIDDLE_DOT = "ㆍ"  # an old vowel, which keyboards give for the dot in 시·도
_JAMO = {
    **{chr(0x1100 + index): jamo for index, jamo in enumerate(ONSETS)},
    **{chr(0x1161 + index): jamo for index, jamo in enumerate(VOWELS)},
    **{chr(0x11A7 + index): jamo for index, jamo in enumerate(CODAS) if index},
}
_RUN = re.compile(
    rf"(?P<month>(?:6|10)(?=월))|(?P<first>1(?=번째))|(?P<native>(?:[1-9]|1[0-2])(?={HOURS})"
    rf"|(?:1?[1-9]|10)(?={COUNTERS})|[1-9]\d?(?={AGES_AND_PLACES}))"
    r"|(?P<number>\d(?:[.,:/~–-]?\d)*%?)|(?P<latin>[A-Za-z]+)|(?P<read>[가-힣ㄱ-ㅎㅏ-ㅣ]+)|(?P<other>[^\W_])"
)
# Signs that join letters or digits to one word (2-1, 50~60, e-mail.com, 1,000); a row of one other sign is a word.
_LETTERS = r"(?:[^\W_][\u0300-\u036f]*)+"
_WORD = re.compile(
    rf"{_LETTERS}(?:(?:[-~&/_–]|://|(?<=[0-9A-Za-z])[.@](?=[0-9A-Za-z])|(?<=\d)[,:](?=\d)){_LETTERS})*|(\S)\1*"
)


def _marks(word: str) -> dict[int, str]:
    """Marks of an exception by the index of the syllable they stand before."""
    return {match.start() - count: match.group() for count, match in enumerate(re.finditer(_MARK, word))}


_MARKS = {re.sub(_MARK, "", word): _marks(word) for words in EXCEPTIONS.values() for word in words.split()}
_EXCEPTION = re.compile("|".join(sorted(_MARKS, key=len, reverse=True)))


@dataclass(slots=True)
class _Syllable:
    """Compatibility jamo of one syllable; the onset of a bare vowel is ㅇ, a missing coda is empty."""

    onset: str
    vowel: str
    coda: str


INVENTORY: tuple[str, ...] = tuple(
    sorted(
        {
            sound
            for table in (ONSET_SOUNDS, VOICED, VOWEL_SOUNDS, CODA_SOUNDS)
            for sounds in table.values()
            for sound in sounds.split()
        }
    )
)


def transcribe(tokens: Sequence[str]) -> list[Transcription]:
    """Read the tokens of one sentence: as many records as tokens, none empty, whatever the text.

    Rules hold inside a token and stop at its borders.

    >>> [(t.ipa, t.romanized) for t in transcribe(["독립문", "!"])]
    [('toŋnimmun', 'dongnimmun'), ('!', '!')]
    """
    return [_read_token(token) for token in tokens]


@functools.lru_cache(maxsize=1 << 16)
def _read_token(token: str) -> Transcription:
    """Read one token; digits and Latin letters become Hangul first, so that rules work inside 2006년."""
    pieces: list[str] = []
    kinds = set()
    end = None
    for match in _RUN.finditer(_spelled(token)):
        kind, run = str(match.lastgroup), match.group()
        kinds.add(kind)
        if kind == "other":
            pieces.append(unicodedata.normalize("NFD", run))
            continue
        if match.start() == end:
            pieces[-1] += _AS_HANGUL[kind](run)
        else:
            pieces.append(_AS_HANGUL[kind](run))
        end = match.end()
    if kinds <= {"other"}:
        return passed(token)
    reason = "split" if len(kinds) > 1 else kinds.pop()
    if reason == "read" and any(map(_EXCEPTION.match, pieces)):
        reason = "lexicon"
    segments = [segment for piece in pieces for segment in _sounds(piece)]
    return record(segments, "".join(map(_romanized, pieces)), reason)


def read_characters(token: str) -> list[Transcription]:
    """Read a token as one word, and give each character its part: one record per character, as in PhoneXL's PAN-X.

    A syllable sounds as it does inside its word, with what moves over to it from the one before; a character that is
    no syllable is read alone.

    >>> [t.ipa for t in read_characters("독립")], [t.ipa for t in read_characters("옷이")]
    (['toŋ', 'nip'], ['o', 'si'])
    """
    records: list[Transcription] = []
    for match in re.finditer(r"[가-힣]+|[^가-힣]", unicodedata.normalize("NFC", token), re.DOTALL):
        run = match.group()
        if not "가" <= run[0] <= "힣":
            records.append(_read_token(run))
            continue
        reason = "lexicon" if _EXCEPTION.match(run) else "read"
        records += map(record, _syllable_sounds(run), _romanized_syllables(run), [reason] * len(run))
    return records


def _spelled(token: str) -> str:
    """The token with composed syllables, jamo of one kind, and plain Latin letters and digits."""
    plain = []
    for char in unicodedata.normalize("NFC", token.replace(_MIDDLE_DOT, "·")):
        compatible = unicodedata.normalize("NFKC", char)
        if char.isdecimal():
            plain.append(str(unicodedata.decimal(char)))
        elif script(char) == "latin":
            plain.append(unicodedata.normalize("NFKD", char)[0])
        else:
            plain.append(_JAMO.get(compatible, compatible))
    return "".join(plain)


def _decomposed(hangul: str) -> list[_Syllable]:
    """Jamo of each syllable; a consonant alone is heard with ㅡ (ㅋㅋ as 크크), a vowel alone without onset."""
    syllables = []
    for char in hangul:
        if char in VOWELS:
            syllables.append(_Syllable(NO_ONSET, char, ""))
        elif "가" <= char <= "힣":
            index = ord(char) - ord("가")
            syllables.append(_Syllable(ONSETS[index // 588], VOWELS[index // 28 % 21], CODAS[index % 28].strip()))
        else:
            syllables.append(_Syllable(CLUSTERS.get(char, char)[0], "ㅡ", ""))
    return syllables


def _pronounced(hangul: str, tensing: bool = True) -> list[_Syllable]:
    """Apply the rules inside a word; tensing can be left out, as Revised Romanization does not write it."""
    word = _decomposed(hangul)
    if match := _EXCEPTION.match(hangul):
        _apply_marks(word, _MARKS[match.group()], tensing)
    if tensing:
        _tense_unwritten(word)
    for this, following in pairwise(word):
        written = following.onset
        # Article 10: 밟- before a consonant, and 넓- in 넓죽하다 넓둥글다.
        if (this.onset + this.vowel == "ㅂㅏ" and written != NO_ONSET) or (
            this.onset + this.vowel == "ㄴㅓ" and written + following.vowel in ("ㅈㅜ", "ㄷㅜ")
        ):
            this.coda = this.coda.replace("ㄼ", "ㅂ")
        this_coda = this.coda
        # 히 + 어 and 이 + 어 of verbs end openly or in ㅆ (닫혀 닫혔다); in 맏형 nothing is palatal.
        is_ending = following.vowel == "ㅣ" or (following.vowel == "ㅕ" and following.coda in ("", "ㅆ"))
        this.coda, following.onset = _across(this_coda, written, is_ending)
        if not tensing and (following.onset == TENSE.get(written) or this_coda in CLUSTERS):
            following.onset = _LAX.get(following.onset, following.onset)
    word[-1].coda = NEUTRAL.get(word[-1].coda, word[-1].coda)
    return word


def _apply_marks(word: list[_Syllable], marks: dict[int, str], tensing: bool) -> None:
    """Respell the first syllables of a word as the marks of an exception say."""
    for index, mark in marks.items():
        before, syllable = word[index - 1], word[index]
        if mark == "-":
            syllable.onset = NEUTRAL.get(before.coda, before.coda)
            before.coda = ""
        elif mark in "+~":
            syllable.onset = "ㄴ"
        elif tensing:
            syllable.onset = TENSE[syllable.onset]


def _tense_unwritten(word: list[_Syllable]) -> None:
    """Tense what is not tense in writing: 칠십 팔십 (article 26), 할수록 (27), and 감다 닮다 at the end (24)."""
    for before, first in pairwise(word):
        if (before.vowel in "ㅣㅏ" and before.onset in "ㅊㅍ" and before.coda == "ㄹ") and first == _Syllable(
            "ㅅ", "ㅣ", "ㅂ"
        ):
            first.onset = "ㅆ"
    for before, first, second in zip(word, word[1:], word[2:], strict=False):
        if before.coda == "ㄹ" and (first, second) == (_Syllable("ㅅ", "ㅜ", ""), _Syllable("ㄹ", "ㅗ", "ㄱ")):
            first.onset = "ㅆ"
    if len(word) > 1 and word[-2].coda in ("ㅁ", "ㄻ") and word[-1] == _Syllable("ㄷ", "ㅏ", ""):
        word[-1].onset = "ㄸ"


@functools.cache
def _across(coda: str, onset: str, before_i: bool) -> tuple[str, str]:
    """How a coda and the next onset sound together; `before_i` where 이 or 히 of an ending makes them palatal.

    The order of the rules is that of their feeding: ㅎ (12), palatalisation (17), liaison (13, 14), tensing (23 to 25),
    neutralisation (8 to 11), nasalisation (18, 19) and lateralisation (20).
    """
    if coda in WITHOUT_H:
        rest = WITHOUT_H[coda]
        if onset in ASPIRATED:
            return rest, ASPIRATED[onset]
        if onset == "ㅅ":
            return rest, "ㅆ"
        coda = rest or ("ㄴ" if onset == "ㄴ" else "")
    elif onset == "ㅎ" and coda in BEFORE_H:
        left, aspirate = BEFORE_H[coda]
        return left, "ㅊ" if coda in PALATAL and before_i else aspirate
    if onset == NO_ONSET:
        return _liaison(coda, before_i)
    sound = NEUTRAL.get(coda, coda)
    if onset in TENSE and (sound in NASAL or coda in ("ㄵ", "ㄼ", "ㄾ")):
        return sound, TENSE[onset]
    if onset == "ㄹ" and sound in ("ㄱ", "ㄷ", "ㅂ", "ㅁ", "ㅇ"):
        onset = "ㄴ"
    if (sound, onset) in (("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")):
        return "ㄹ", "ㄹ"
    return NASAL.get(sound, sound) if onset in "ㄴㅁ" else sound, onset


def _liaison(coda: str, before_i: bool) -> tuple[str, str]:
    """What of a coda stays, and what becomes the onset of a following vowel (articles 13, 14 and 17)."""
    if coda in PALATAL and before_i:
        return PALATAL[coda]
    if coda in ("", "ㅇ"):
        return coda, NO_ONSET
    if coda in CLUSTERS:
        cluster = CLUSTERS[coda]
        return cluster[0], "ㅆ" if cluster[1] == "ㅅ" else cluster[1]
    return "", coda


def _sounds(piece: str) -> list[str]:
    """Segments of a word of Hangul, or an unread character as it is."""
    if not _is_hangul(piece):
        return list(piece)
    return [segment for syllable in _syllable_sounds(piece) for segment in syllable]


def _syllable_sounds(piece: str) -> list[list[str]]:
    """Segments of each syllable of a word of Hangul."""
    syllables: list[list[str]] = []
    coda: str | None = None
    for syllable, written in zip(_pronounced(piece), _decomposed(piece), strict=True):
        onset, vowel = ONSET_SOUNDS[syllable.onset], VOWEL_SOUNDS[syllable.vowel]
        if coda in _SONORANTS:
            onset = VOICED.get(syllable.onset, onset)
        if coda == syllable.onset == "ㄹ":
            onset = "l"
        # Article 5: 가져 is 가저, and 희 is 히; the ㅢ of 주의 문의 stays.
        if syllable.onset in "ㅈㅉㅊ" or (syllable.vowel == "ㅢ" and written.onset != NO_ONSET):
            vowel = vowel.removeprefix("j ").removeprefix("ɰ ")
        syllables.append(f"{onset} {vowel} {CODA_SOUNDS[syllable.coda]}".split())
        coda = syllable.coda
    return syllables


def _romanized(piece: str) -> str:
    """Revised Romanization of a word of Hangul, or an unread character as it is."""
    return "".join(_romanized_syllables(piece)) if _is_hangul(piece) else piece


def _romanized_syllables(piece: str) -> list[str]:
    """Revised Romanization of each syllable of a word of Hangul."""
    syllables: list[str] = []
    coda = ""
    for syllable in _pronounced(piece, tensing=False):
        onset = "l" if coda == syllable.onset == "ㄹ" else ROMAN_ONSETS[syllable.onset]
        syllables.append(f"{onset}{ROMAN_VOWELS[syllable.vowel]}{ROMAN_CODAS[syllable.coda]}")
        coda = syllable.coda
    return syllables


def _is_hangul(piece: str) -> bool:
    return "가" <= piece[0] <= "힣" or "ㄱ" <= piece[0] <= "ㅣ"


def _latin(word: str) -> str:
    """Hangul of Latin letters: capitals and what has no vowel by the names of the letters, words by their sounds."""
    small = word.lower()
    if len(word) < 3 or word.isupper() and len(word) <= _LONGEST_ACRONYM or not re.search("[aeiouy]", small):
        return "".join(map(LETTER_NAMES.__getitem__, small))
    spoken = _SILENT_LETTER.sub("", re.sub("c(?=[eiy])", "s", small))
    sounds = "".join(LATIN_SOUNDS[sound] for sound in _LATIN_SOUND.findall(spoken))
    return "".join(
        _composed(match["onset"] or match["lone"] or NO_ONSET, match["vowel"] or "ㅡ", match["coda"] or "")
        for match in _LATIN_SYLLABLE.finditer(sounds)
    )


def _composed(onset: str, vowel: str, coda: str) -> str:
    """The Hangul syllable of a foreign onset, vowel and coda; an empty coda is none."""
    return chr(
        ord("가") + (ONSETS.index(onset) * 21 + VOWELS.index(vowel)) * 28 + CODAS.index(LATIN_CODAS.get(coda, " "))
    )


def _number(run: str) -> str:
    """Sino-Korean reading of digits with separators: the comma groups thousands, one point is decimal."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?%?", run):
        run = run.replace(",", "")
    percent = "퍼센트" * run.endswith("%")
    decimal = re.fullmatch(r"(\d+)\.(\d+)%?", run)
    if decimal:
        # 점 is tense after any number in speech.
        return f"{_cardinal(decimal[1])}쩜{''.join(DIGITS[int(digit)] for digit in decimal[2])}{percent}"
    return "".join(map(_cardinal, re.findall(r"\d+", run))) + percent


def _native(run: str) -> str:
    """A number below a hundred in the native words that stand before a counter: 3시 is 세시, 20살 스무살."""
    ten, unit = divmod(int(run), 10)
    return "스무" if (ten, unit) == (2, 0) else NATIVE_TENS[ten] + NATIVE_UNITS[unit]


def _cardinal(digits: str) -> str:
    """A whole number; with a leading zero, or too long for the names of powers, digit by digit."""
    if digits[0] == "0" and len(digits) > 1 or len(digits) > 4 * len(POWERS):
        return "".join(DIGITS[int(digit)] for digit in digits).replace("영", "공")
    groups = [digits[max(0, end - 4) : end] for end in range(len(digits), 0, -4)]
    named = [_below_myriad(group) + power for group, power in zip(groups, POWERS, strict=False) if int(group)]
    spoken = "".join(reversed(named)) or "영"
    spoken = re.sub(r"^일(?=만)", "", spoken)
    return re.sub("(?<=[십백천만])육", "뉵", spoken)  # article 29: 십육 is 심뉵


def _below_myriad(group: str) -> str:
    """One to four digits, without 일 before 십 백 천."""
    spoken = ""
    for digit, unit in zip(group, "천백십 "[-len(group) :], strict=True):
        if digit != "0":
            spoken += (DIGITS[int(digit)] if digit != "1" or unit == " " else "") + unit.strip()
    return spoken


_AS_HANGUL: dict[str, Callable[[str], str]] = {
    "month": MONTHS.__getitem__,
    "first": {"1": "첫"}.__getitem__,
    "native": _native,
    "number": _number,
    "latin": _latin,
    "read": str,
}


def segment(text: str) -> list[tuple[int, int]]:
    """Cut running text at spaces and around punctuation: (start, end) offsets that slice `text`.

    >>> text = "나는 1.5배 빨라요."
    >>> [text[start:end] for start, end in segment(text)]
    ['나는', '1.5배', '빨라요', '.']
    """
    return [match.span() for match in _WORD.finditer(text)]
