"""The recipe "espeak": every language as espeak-ng reads it, token by token, for comparison. Never needed by another.

espeak-ng is GPL-3; the extra "espeak" brings its library and voices in one wheel.
"""

import ctypes
import functools
import re
import threading
import unicodedata
from collections.abc import Sequence
from typing import Any

from .transcription import Transcription, find_language, import_tool, load_language, passed, record, script
from .transcription_words import CACHE_SIZE, split_ipa

VOICES = {
    "zh": "cmn", "vi": "vi", "ja": "ja", "ko": "ko", "eng": "en-us", "fra": "fr", "rus": "ru", "ita": "it",
    "hun": "hu", "ukr": "uk", "tur": "tr", "fin": "fi", "hin": "hi", "swa": "sw", "urd": "ur",
}  # fmt: skip
_SYNCHRONOUS, _DONT_EXIT, _UTF8, _IPA = 2, 0x8000, 1, 0x02
_FLAG = re.compile(r"\([a-z-]+\)")  # (en)wiːkˈɛnd(fr): a word taken for another language
# espeak's own ties are of no use: it ties geminates and glides too.
_AFFRICATE = re.compile("t(?=[ʃsɕ])|d(?=[ʒzʑ])|ʈ(?=ʂ)")
_PITCH = str.maketrans("12345", "˩˨˧˦˥")
_VI_TONES = {"1": "˧˧", "2": "˨˩", "3": "˦ˀ˥", "4": "˧˩", "5": "˧˦", "6": "˨ˀ˩"}  # ngang huyền ngã hỏi sắc nặng
_LOCK = threading.Lock()  # one voice at a time in a process


class EspeakReader:
    """One language as espeak-ng reads it, without stress, affricates under a tie bar.

    Attributes:
        INVENTORY: Empty: it is nowhere listed.

    Args:
        code: A key of `VOICES`.
    """

    INVENTORY: tuple[str, ...] = ()

    def __init__(self, code: str) -> None:
        self.code = code
        self._read = functools.lru_cache(maxsize=CACHE_SIZE)(self._read_token)

    def transcribe(self, tokens: Sequence[str]) -> list[Transcription]:
        """Read the tokens of one sentence, each by itself: as many records as tokens, none empty.

        Raises:
            MissingToolError: If the extra "espeak" is not installed.
        """
        return [self._read(token) for token in tokens]

    def segment(self, text: str) -> list[tuple[int, int]]:
        """Words as the default recipe cuts them."""
        return load_language(self.code).segment(text)

    def _read_token(self, token: str) -> Transcription:
        if not any(char.isalnum() for char in token):
            return passed(token)
        if self.code == "ja" and any(script(char) == "han" for char in token):
            return passed(token)  # it spells kanji out as "Chinese letter"
        ipa = _FLAG.sub("", _phonemes(VOICES[self.code], unicodedata.normalize("NFC", token)))
        ipa = _AFFRICATE.sub(lambda match: match.group() + "\u0361", ipa)
        if self.code == "vi":
            ipa = re.sub("[1-6]", lambda match: _VI_TONES[match.group()], ipa)
        if self.code == "zh":  # it writes aspiration as a letter
            ipa = re.sub("(?<=[ptksɕʂ])h", "ʰ", ipa)
        segments = split_ipa(ipa.translate(_PITCH))
        reason = "number" if unicodedata.normalize("NFKC", token).isdecimal() else "read"
        return record(segments, token, reason) if segments else passed(token)


def reader(code: str) -> EspeakReader:
    """The reader of a language; the library is loaded when it first reads.

    Raises:
        UnknownLanguageError: If the registry has no such language.
    """
    return EspeakReader(find_language(code).code)


def _phonemes(voice: str, text: str) -> str:
    """espeak-ng's phonemes of a text, its clauses joined."""
    clauses = []
    with _LOCK:
        library = _load()
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"this espeak-ng has no voice {voice!r}: install the extra again")
        pointer = ctypes.c_char_p(text.replace("\0", " ").encode("utf-8", "ignore"))
        while pointer.value is not None:
            clauses.append(library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA).decode())
    return " ".join(clauses)


@functools.cache
def _load() -> ctypes.CDLL:
    """The library, started. Called under the lock."""
    loader: Any = import_tool("espeakng_loader", "espeakng-loader", "the recipe 'espeak'", "espeak")
    library = ctypes.CDLL(loader.get_library_path())
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    library.espeak_Initialize(_SYNCHRONOUS, 0, loader.get_data_path().encode(), _DONT_EXIT)
    return library
