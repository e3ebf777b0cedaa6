"""Tokens of languages that write words with letters: cut a token into words, numbers and the rest, read each, join.

Holds no language: each gives a function that reads one word, and its numbers. Does not travel with a model.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .transcription import Transcription, passed, record, script

CACHE_SIZE = 1 << 20  # word types; a corpus of a million sentences has fewer in most languages
_LONGEST_NUMBER = 12  # digits; more are read one by one
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ‘ʹ`´＇", "'"))
_PLAIN = re.compile(r"([^\W\d_]+)([^\w\s'’ʼ‘ʹ`´＇]*)")
_NUMBER = re.compile(r"\d+(?:[.,\u066b\u066c]\d+)*")
# Combining marks of Latin and Cyrillic, Arabic, Devanagari: \w lacks them.
_MARK = r"[\u0300-\u036f\u0483-\u0487\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963]"
# Soft hyphen, joiners, direction marks: they stand inside words, and before the marks of a letter too.
_UNSEEN = r"[\u00ad\u200c-\u200f\u2060]"
_LETTERS = rf"(?:[^\W_](?:{_UNSEEN}*{_MARK})*)+"
# Signs that join letters or digits to one word (l'ami, e-mail.com, 1,000); a row of one other sign is a word.
_WORD = re.compile(
    rf"{_LETTERS}(?:(?:['’ʼ&/_-]|{_UNSEEN}+|://|(?<=[0-9A-Za-z])[.@](?=[0-9A-Za-z])|(?<=\d)[,:](?=\d)){_LETTERS})*|(\S)\1*"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one word of a language is read.

    Attributes:
        segments: Phonemes in order, each one segment of the normal form (`transcription.normal_form`); never empty.
        reason: "read" by rules, or "lexicon".
        romanized: In Latin letters; None where the spelling is Latin already.
    """

    segments: Sequence[str]
    reason: str = "read"
    romanized: str | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a language says digits.

    Attributes:
        cardinal: Words of a whole number below 10**12, separated by spaces, in the language's own letters.
        point: The word for the decimal sign.
        decimal: The decimal sign, "," or "."; the other one groups thousands.
    """

    cardinal: Callable[[int], str]
    point: str
    decimal: str


class WordReader:
    """Reads tokens of one language by reading the words and numbers in them; memoised by token.

    Args:
        script: Name of the script as Unicode names its letters: "LATIN", "CYRILLIC", "DEVANAGARI", "ARABIC".
        fold: Case and spelling of a word before it is read, for example `str.lower`; gets NFKC, any apostrophe as '.
        read_word: Reads a folded word: letters of `script`, with their marks, and single apostrophes between them. Must
            read any such word, whatever its letters.
        numbers: How digits are said.
        foreign: Letters of another script, folded, in letters of this one; empty where they cannot be read.
    """

    def __init__(
        self,
        script: str,
        fold: Callable[[str], str],
        read_word: Callable[[str], Reading],
        numbers: Numbers,
        foreign: Callable[[str], str] = lambda word: "",
    ) -> None:
        self.script = script
        self.fold = fold
        self.read_word = functools.lru_cache(maxsize=CACHE_SIZE)(read_word)
        self.numbers = numbers
        self.foreign = foreign
        self.read_token = functools.lru_cache(maxsize=CACHE_SIZE)(self._read_token)

    def transcribe(self, tokens: Sequence[str]) -> list[Transcription]:
        """Read the tokens of one sentence, each by itself: as many records as tokens, none empty, whatever the text."""
        return [self.read_token(token) for token in tokens]

    def _read_token(self, token: str) -> Transcription:
        segments: list[str] = []
        romanized: list[str] = []
        reasons: set[str] = set()
        for kind, run in cut_runs(token, self.script):
            reading = self._read_run(kind, run)
            segments += reading.segments
            romanized.append(reading.romanized if reading.romanized is not None else run)
            if reading.reason:
                reasons.add(reading.reason)
        if not reasons - {"passed"}:
            return passed(token)
        if reasons == {"read", "lexicon"}:  # parts of one hyphenated word
            reasons = {"read"}
        reason = reasons.pop() if len(reasons) == 1 else "split"
        return record(segments, token if self.script == "LATIN" else "".join(romanized), reason)

    def _read_run(self, kind: str, run: str) -> Reading:
        if kind == "own":
            return self.read_word(self.fold(run))
        if kind == "number":
            words = self.say(run).split()
            return Reading([s for word in words for s in self.read_word(self.fold(word)).segments], "number")
        if kind == "foreign" and (own := self.foreign(run.lower())):
            reason = "latin" if script(run[0]) == "latin" else "split"
            return Reading(self.read_word(self.fold(own)).segments, reason, run)
        if kind == "foreign":
            return Reading(tuple(unicodedata.normalize("NFD", run)), "passed")
        return Reading((), "")

    def say(self, digits: str) -> str:
        """Words of a number with separators: 1,000 is one number, 3.14 has a decimal part, 1.2.3 is three numbers."""
        plain = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in digits)
        plain = plain.replace("\u066b", self.numbers.decimal).replace("\u066c", "")
        group = "." if self.numbers.decimal == "," else ","
        if re.fullmatch(rf"\d{{1,3}}(?:\{group}\d{{3}})+(?:\{self.numbers.decimal}\d+)?", plain):
            plain = plain.replace(group, "")
        if found := re.fullmatch(rf"(\d+)\{self.numbers.decimal}(\d+)", plain):
            return f"{self._cardinal(found[1])} {self.numbers.point} {self._digits(found[2])}"
        return " ".join(map(self._cardinal, re.findall(r"\d+", plain)))

    def _cardinal(self, digits: str) -> str:
        if len(digits) > _LONGEST_NUMBER or digits[0] == "0" and len(digits) > 1:
            return self._digits(digits)
        return self.numbers.cardinal(int(digits))

    def _digits(self, digits: str) -> str:
        return " ".join(self.numbers.cardinal(int(digit)) for digit in digits)


def cut_runs(token: str, script: str) -> list[tuple[str, str]]:
    """Cut a token into runs of one kind: "own" letters, "foreign" letters, "number", "silent".

    Args:
        token: Any text.
        script: Of the "own" letters, as in `WordReader`.

    Returns:
        (kind, run) in order. The runs are NFKC, without invisible characters, with ' for any apostrophe; an apostrophe
        inside letters, or after the last one, belongs to them.

    >>> cut_runs("l’an-2000 №", "LATIN")
    [('own', "l'an"), ('silent', '-'), ('number', '2000'), ('silent', ' '), ('own', 'No')]
    """
    if (plain := _PLAIN.fullmatch(token)) and token.isprintable() and unicodedata.is_normalized("NFKC", token):
        # Most tokens: letters of the script, and signs behind them.
        letters, signs = plain.groups()
        if all(_kind(char, script) == "own" for char in letters) and all(_kind(c, script) == "silent" for c in signs):
            return [("own", letters), ("silent", signs)] if signs else [("own", letters)]
    text = unicodedata.normalize("NFKC", token).translate(_APOSTROPHES)
    text = unicodedata.normalize("NFC", "".join(char for char in text if unicodedata.category(char) != "Cf"))
    runs: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        if number := _NUMBER.match(text, place):
            runs.append(("number", number.group()))
            place = number.end()
            continue
        char = text[place]
        last = runs[-1][0] if runs else "silent"
        kind = _kind(char, script)
        if (kind == "mark" or char == "'") and last in ("own", "foreign"):
            kind = last
        elif kind == "mark":
            kind = "silent"
        if runs and last == kind and kind != "number":
            runs[-1] = (kind, runs[-1][1] + char)
        else:
            runs.append((kind, char))
        place += 1
    return runs


@functools.lru_cache(maxsize=1 << 14)
def _kind(char: str, script: str) -> str:
    category = unicodedata.category(char)
    if category[0] == "M":
        return "mark"
    if category[0] == "L" or category == "Nl":
        return "own" if unicodedata.name(char, "").startswith(script) else "foreign"
    return "silent"


def without_marks(word: str) -> str:
    """Letters without their marks, for letters that a language does not have: ñ as n, é as e.

    >>> without_marks("ñandú")
    'nandu'
    """
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


def replace_foreign(word: str, foreign: re.Pattern[str], letters: Mapping[str, str]) -> str:
    """A word in the letters of its language: the others as it writes their sound, else without their marks.

    Args:
        word: In small letters.
        foreign: Finds one letter that the language does not have.
        letters: What stands for some of these.

    >>> replace_foreign("måñe", re.compile("[^a-z]"), {"å": "oo"})
    'moone'
    """
    return foreign.sub(lambda match: letters[match[0]] if match[0] in letters else without_marks(match[0]), word)


def split_ipa(ipa: str) -> tuple[str, ...]:
    """Cut IPA into segments: a letter with its marks and modifiers, letters joined by a tie bar, a run of tone letters.

    Args:
        ipa: In any Unicode form; stress marks and syllable dots are left out.

    Returns:
        Segments in the normal form; joined they are the normal form of `ipa` without stress.

    >>> split_ipa("ˈt͡ʃaː")
    ('t͡ʃ', 'aː')
    """
    segments: list[str] = []
    for char in unicodedata.normalize("NFD", ipa).replace("g", "ɡ"):
        if char.isspace() or char in _UNWRITTEN:
            continue
        joins = unicodedata.combining(char) or char in _MODIFIERS or segments and segments[-1][-1] in _TIES
        tone = char in _TONES and segments and segments[-1][0] in _TONES  # a creak may stand inside: ˨ˀ˩
        if segments and (joins or tone):
            segments[-1] += char
        else:
            segments.append(char)
    return tuple(segments)


_UNWRITTEN = "ˈˌ.-‿|'"
_MODIFIERS = "ʰʱʲʷˠˤˀːˑ˞ⁿˡ"
_TIES = "\u0361\u035c"
_TONES = "˥˦˧˨˩"


def segment(text: str) -> list[tuple[int, int]]:
    """Cut running text at spaces and around punctuation: (start, end) offsets that slice `text`.

    >>> text = "L'ami paie 1,50 €, non ?"
    >>> [text[start:end] for start, end in segment(text)]
    ["L'ami", 'paie', '1,50', '€', ',', 'non', '?']
    """
    return [match.span() for match in _WORD.finditer(text)]
