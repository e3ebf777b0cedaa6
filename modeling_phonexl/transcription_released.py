"""The recipe "released": Chinese, Vietnamese, Japanese and Korean as the PhoneXL authors' files were transcribed.

Faithful, not good: found by reproducing these files, which differ from what the paper says. Our own readings are the
recipe "default".
"""

import functools
import importlib.util
import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from .flite import read_english
from .transcription import Transcription, import_tool, load_language
from .transcription_epitran import epitran

_EXTRA = "released"
_NEEDED_FOR = "the recipe 'released'"
_TONE_MARKS = "\u0300\u0301\u0303\u0309\u0323"
# The authors' table of syllables was that of dragonmapper 0.2.7 with two entries changed.
_SYLLABLES = {"o": "ó", "shai": "ʂai", "you": "yoʊ", "yong": "yʊŋ"}
_SEGMENT = re.compile(r"[˥˦˧˨˩]+|.[\u0300-\u036fʰʱʲʷːˑ˞]*(?:(?<=[\u0361\u035c]).[\u0300-\u036fʰʱʲʷː]*)?", re.DOTALL)

ReadSentence = Callable[[Sequence[str]], list[tuple[str, str]]]


class ReleasedReader:
    """One language as the authors' files have it.

    The records keep a space between the syllables of a Chinese word, as the files do, in NFD.

    Attributes:
        INVENTORY: Empty: not known, since the tools pass on what they cannot read.

    Args:
        code: zh, vi, ja or ko.
        read: Gives (IPA, romanisation) for each token of a sentence.
    """

    INVENTORY: tuple[str, ...] = ()

    def __init__(self, code: str, read: ReadSentence) -> None:
        self.code = code
        self._read = read

    def transcribe(self, tokens: Sequence[str]) -> list[Transcription]:
        """Read the tokens of one sentence: as many records as tokens, none empty.

        Raises:
            MissingToolError: If a tool of the extra "released", or flite's library for ja and ko, is not installed.
        """
        return [_record(token, ipa, rom) for token, (ipa, rom) in zip(tokens, self._read(tokens), strict=True)]

    def segment(self, text: str) -> list[tuple[int, int]]:
        """Words as the default recipe cuts them; the authors' files came cut."""
        return load_language(self.code).segment(text)


def reader(code: str) -> ReleasedReader:
    """The reader of a language; its tools are loaded when it first reads.

    Raises:
        ValueError: For a language that the authors' files do not have.
    """
    if code not in _READ:
        raise ValueError(f"recipe 'released' has no {code!r}; it has: {', '.join(_READ)}")
    return ReleasedReader(code, _READ[code])


def _record(token: str, ipa: str, romanized: str) -> Transcription:
    ipa = unicodedata.normalize("NFD", ipa).strip() or unicodedata.normalize("NFD", token).strip() or "␣"
    silent = all(unicodedata.category(char)[0] in "PSZC" for char in token)
    unread = ipa == unicodedata.normalize("NFD", token) and not any(map(str.isalpha, _plain_latin(ipa)))
    reason = "punctuation" if silent else "passed" if unread else "read"
    return Transcription(
        ipa, tuple(_SEGMENT.findall(ipa)), unicodedata.normalize("NFC", romanized), reason == "read", reason
    )


def _plain_latin(text: str) -> str:
    """The letters of a text that IPA could be made of."""
    return "".join(char for char in text if char.isalpha() and ord(char) < 0x300)


def _read_zh(tokens: Sequence[str]) -> list[tuple[str, str]]:
    return [_read_zh_token(token) for token in tokens]


@functools.lru_cache(maxsize=1 << 18)
def _read_zh_token(token: str) -> tuple[str, str]:
    pinyin: Any = import_tool("pypinyin", "pypinyin", _NEEDED_FOR)
    mapper = _dragonmapper()
    romanized = "".join(pinyin.lazy_pinyin(token, style=pinyin.Style.TONE))
    try:
        return mapper.pinyin_to_ipa(mapper.accented_to_numbered(romanized)), romanized
    except ValueError:  # dragonmapper's, for a text that is not pinyin
        return romanized, romanized


@functools.cache
def _dragonmapper() -> Any:
    """A second copy of dragonmapper's module, with the authors' entries: the installed one stays as it is."""
    installed: Any = import_tool("dragonmapper.transcriptions", "dragonmapper", _NEEDED_FOR, _EXTRA)
    own: Any = importlib.util.module_from_spec(installed.__spec__)
    installed.__spec__.loader.exec_module(own)
    for syllable, ipa in _SYLLABLES.items():
        own._PINYIN_MAP[syllable]["IPA"] = ipa
    return own


def _read_vi(tokens: Sequence[str]) -> list[tuple[str, str]]:
    """The sentence is read as one string, without punctuation: its first and last word have rules of their own."""
    transliterate = epitran("vie-Latn")
    spoken = [_without_tones(token) if _has_sound(token) else "" for token in tokens]
    words = iter(transliterate(" ".join(word for word in spoken if word)).split(" "))
    sizes = [len(word.split(" ")) if word else 0 for word in spoken]
    read = [" ".join(next(words, "") for _ in range(size)) for size in sizes]
    return [(ipa or token, token) for ipa, token in zip(read, tokens, strict=True)]


def _without_tones(token: str) -> str:
    letters = unicodedata.normalize("NFD", token)
    return unicodedata.normalize("NFC", "".join(char for char in letters if char not in _TONE_MARKS))


def _has_sound(token: str) -> bool:
    return any(unicodedata.category(char)[0] in "LNM" for char in token)


def _read_ja(tokens: Sequence[str]) -> list[tuple[str, str]]:
    return [_by_english(token, _hepburn(token)) for token in tokens]


@functools.lru_cache(maxsize=1 << 18)
def _hepburn(token: str) -> str:
    """Of the first item alone, as the authors took it: 大きな is ooki."""
    items = _kakasi().convert(token)
    return (items[0]["hepburn"] if items else "") or token


@functools.cache
def _kakasi() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
        module: Any = import_tool("pykakasi", "pykakasi", _NEEDED_FOR, _EXTRA)
    return module.kakasi()


def _read_ko(tokens: Sequence[str]) -> list[tuple[str, str]]:
    return [_by_english(token, _revised(token)) for token in tokens]


@functools.lru_cache(maxsize=1 << 18)
def _revised(token: str) -> str:
    """Revised Romanization; the token where the romanizer fails, as on lone jamo."""
    module: Any = import_tool("korean_romanizer.romanizer", "korean_romanizer", _NEEDED_FOR, _EXTRA)
    try:
        return str(module.Romanizer(token).romanize())
    except (IndexError, KeyError, TypeError, ValueError, AttributeError):
        return token


def _by_english(token: str, romanized: str) -> tuple[str, str]:
    """The romanisation read as if it were English."""
    return read_english(romanized) or token, romanized


_READ: dict[str, ReadSentence] = {"zh": _read_zh, "vi": _read_vi, "ja": _read_ja, "ko": _read_ko}
