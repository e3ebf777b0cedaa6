"""The door to Epitran: its transliteration without its side effects, and the recipe "epitran", Epitran as it is.

Holds no mending: Hungarian, Turkish, Finnish and Swahili mend what they take from here, the recipe mends nothing.
"""

import contextlib
import functools
import logging
import re
import types
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from .flite import LATIN_LETTER, read_english
from .transcription import (
    TONE_LETTERS,
    Transcription,
    find_language,
    import_tool,
    load_language,
    passed,
    record,
)
from .transcription_words import CACHE_SIZE

CODES = {
    "vi": "vie-Latn",
    "ko": "kor-Hang",
    "eng": "eng-Latn",
    "fra": "fra-Latn",
    "rus": "rus-Cyrl",
    "ita": "ita-Latn",
    "hun": "hun-Latn",
    "ukr": "ukr-Cyrl",
    "tur": "tur-Latn",
    "fin": "fin-Latn",
    "hin": "hin-Deva",
    "swa": "swa-Latn",
    "urd": "urd-Arab",
}
_DICTIONARY = ("zh", "ja")  # read from a CC-CEDICT file, which must be fetched

_LETTERS = "abcdefghijklmnopqrstuvwxyzæðøħŋœβθχɐɑɒɓɔɕɖɗɘəɚɛɜɝɞɟɠɡɢɣɤɥɦɧɨɪɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʕʘʙʛʜʝʟʡʢ"
# A letter with marks and modifiers, letters under a tie, tone letters, or the colon that Finnish has for a length mark.
_MARKED = rf"[{_LETTERS}][\u0300-\u035b\u035d-\u0360\u0362-\u036fʰʱʲʷˠˤˀːˑ˞ⁿˡ]*"
_IS_IPA = re.compile(rf"[ⁿᵐʰ]?{_MARKED}(?:[\u0361\u035c]{_MARKED})*|[{TONE_LETTERS}]+|:")

Transliterate = Callable[[str], str]


class _NoFeatures:
    """Stands for panphon's feature table, which transliteration never asks: three of them take seconds to build."""

    names: tuple[str, ...] = ()


def _import_quietly(name: str) -> Any:
    """A module of Epitran; its import sets the root logger to CRITICAL unless the root has a handler."""
    shield = logging.NullHandler()
    logging.root.addHandler(shield)
    try:
        return import_tool(name, "epitran", "transcription by Epitran")
    finally:
        logging.root.removeHandler(shield)


def _construct(module: Any, name: str, *arguments: str) -> Any:
    """An object of Epitran's class `name`, made by its own constructor but without feature tables.

    The constructor runs over a copy of its module's names: nothing that another thread could see is replaced.
    """
    names = {**vars(module), "panphon": types.SimpleNamespace(FeatureTable=_NoFeatures)}
    made = object.__new__(getattr(module, name))
    types.FunctionType(type(made).__init__.__code__, names, argdefs=type(made).__init__.__defaults__)(made, *arguments)
    return made


@functools.cache
def _rules(code: str) -> Any:
    """Epitran's own object for a language that it reads by rules."""
    return _construct(_import_quietly("epitran.simple"), "SimpleEpitran", code)


@functools.cache
def epitran(code: str) -> Transliterate:
    """Epitran's transliteration of one language, built at the first call in a process.

    The function equals `epitran.Epitran(code).transliterate`, for text without Hangul, at two to three times its speed:
    one substitution over the word where Epitran cuts it letter by letter.

    Args:
        code: ISO 639-3 and ISO 15924 code as Epitran writes them, "hun-Latn".

    Raises:
        MissingToolError: If Epitran is not installed.

    Source: Mortensen et al. 2018, Epitran: Precision G2P for Many Languages.
    """
    rules = _rules(code)
    before: Transliterate = rules.preprocessor.process
    after: Transliterate = rules.postprocessor.process
    strip = rules.strip_diacritics.process if rules.strip_diacritics.diacritics else None
    # Letters that match without regard to case only (ſ as s) have no sound in the table: they stand as they are.
    # Epitran's own transliteration leaves them there with an empty list.
    sounds: dict[str, str] = {letters: sound[0] for letters, sound in rules.g2p.items() if sound}
    substitute: Callable[[Callable[[re.Match[str]], str], str], str] = rules.regexp.sub

    def sound(match: re.Match[str]) -> str:
        return sounds.get(match[0], match[0])

    def transliterate(text: str) -> str:
        text = unicodedata.normalize("NFD", text.lower())
        if strip:
            text = strip(text)
        return unicodedata.normalize("NFC", after(substitute(sound, before(text))))

    return transliterate


@functools.cache
def segmenter() -> Callable[[str], list[str]]:
    """The `segments` package's cut of IPA without spaces into tokens, constructed once.

    Where the package fails or loses characters, which it does on text that is no IPA, each character is a token.
    """
    package: Any = import_tool("segments", "segments", "segmentation of IPA")
    tokenizer = package.Tokenizer()

    def cut(ipa: str) -> list[str]:
        ipa = unicodedata.normalize("NFD", ipa)
        try:
            tokens: list[str] = tokenizer(ipa, ipa=True).split()
        except IndexError:  # a tie bar with nothing behind it
            return list(ipa)
        return tokens if "".join(tokens) == ipa else list(ipa)  # it loses length after ˞, and ˀ after tone letters

    return cut


class EpitranReader:
    """Epitran as it is, token by token, cut by the `segments` package.

    Only what the record demands is changed: NFD, no spaces, and ɡ for the ASCII g that Finnish has. The colon for
    length stays in Finnish. Tones are not written, which is Epitran's own default. `romanized` is the token itself.

    Attributes:
        INVENTORY: Empty: not known, since what Epitran cannot read passes through it.

    Args:
        code: Of the registry, a key of `CODES`.
    """

    INVENTORY: tuple[str, ...] = ()

    def __init__(self, code: str) -> None:
        self.code = code
        self._read = functools.lru_cache(maxsize=CACHE_SIZE)(self._read_token)

    def transcribe(self, tokens: Sequence[str]) -> list[Transcription]:
        """Read the tokens of one sentence, each by itself: as many records as tokens, none empty.

        A token that is read in part, because characters stand in it that Epitran passes through, is "split".

        Raises:
            MissingToolError: If Epitran or `segments` is not installed, or flite's library for English.
        """
        return [self._read(token) for token in tokens]

    def segment(self, text: str) -> list[tuple[int, int]]:
        """Words as the default recipe cuts them; Epitran does not cut text."""
        return load_language(self.code).segment(text)

    def _read_token(self, token: str) -> Transcription:
        ipa, num_read, num_unread = _english(token) if self.code == "eng" else _by_rules(CODES[self.code], token)
        segments = segmenter()("".join(ipa.split()))
        num_ipa = sum(_IS_IPA.fullmatch(segment) is not None for segment in segments)
        if not num_read or not num_ipa:
            return passed(token)
        return record(segments, token, "split" if num_unread or num_ipa < len(segments) else "read")


def _by_rules(code: str, token: str) -> tuple[str, int, int]:
    """Epitran's transliteration, how many pieces of the spelling it read, and how many characters passed through."""
    rules = _rules(code)
    is_read: list[bool] = []

    def watch(part: tuple[str, bool]) -> bool:
        is_read.append(part[1])
        return True

    if rules.contains_korean_syllables(token):
        jamo: Any = import_tool("jamo", "epitran", "transcription by Epitran")
        with contextlib.suppress(jamo.InvalidJamoError):  # an old letter: Epitran leaves the token as it is
            token = jamo.j2hcj(jamo.h2j(token))
    ipa = rules.general_trans(token, watch)
    return ipa, sum(is_read), len(is_read) - sum(is_read)


def _english(token: str) -> tuple[str, int, int]:
    """As `_by_rules`, by flite's library where Epitran would start flite's program for each word."""
    ipa = read_english(token)
    num_letters = sum(char.isalpha() for char in token)
    num_latin = len(LATIN_LETTER.findall(token))
    return ipa, num_latin if ipa else 0, num_letters - num_latin


def reader(code: str) -> EpitranReader:
    """The reader of a language by the recipe "epitran"; Epitran is loaded when it first reads.

    Args:
        code: ISO 639-1 or 639-3.

    Raises:
        UnknownLanguageError: If the registry has no such language.
        ValueError: If Epitran does not read the language, or only from a dictionary file that does not come with it.
    """
    language = find_language(code)
    if language.code in CODES:
        return EpitranReader(language.code)
    known = ", ".join(CODES)
    if language.code in _DICTIONARY:
        raise ValueError(
            f"recipe 'epitran' for {language.name}: Epitran reads it from a CC-CEDICT file only, which does not come "
            f"with it; take the recipe 'default', or one of: {known}"
        )
    raise ValueError(f"recipe 'epitran' has no {language.name}; it has: {known}")
