"""English by flite's lexicon and letter-to-sound rules, through its shared library: no compiler, no process per word.

For the recipes "epitran" (English) and "released" (Japanese and Korean by way of their romanisation).
"""

import csv
import ctypes
import functools
import importlib.util
import re
import string
import threading
import unicodedata
from pathlib import Path

from .transcription import MissingToolError

_LIBRARIES = ("libflite.so.1", "libflite_usenglish.so.1", "libflite_cmulex.so.1")
LATIN_LETTER = re.compile("[A-Za-z]")
_LETTERS = re.compile(r"[A-Za-z'’]+")
_PRINTABLE = frozenset(string.printable)
_LOCK = threading.Lock()  # not known to be safe in several threads at once


def read_english(text: str) -> str:
    """IPA of the runs of Latin letters in a text; what stands between them stays as it is.

    Args:
        text: Any text.

    Returns:
        NFC, as Epitran's `eng-Latn` gives it with flite's program `lex_lookup`; empty where a text of apostrophes has
        no sound.

    Raises:
        MissingToolError: If the library or Epitran, whose table of phones this reads, is not installed.
    """
    return _LETTERS.sub(lambda match: _read_word(match.group()), unicodedata.normalize("NFC", text))


@functools.lru_cache(maxsize=1 << 18)
def _read_word(word: str) -> str:
    plain = "".join(char for char in unicodedata.normalize("NFD", word) if char in _PRINTABLE).lower()
    table = _phones()
    return "".join(table[phone] for phone in look_up(plain))


def look_up(word: str) -> list[str]:
    """Phones of an English word in flite's ARPAbet, without stress digits; none for a word without letters.

    Raises:
        MissingToolError: If the library is not installed.
    """
    with _LOCK:
        library, lexicon = _load()
        found = library.lex_lookup(lexicon, word.encode("ascii", "ignore"), None, None)
        phones, rest = [], found
        while rest:
            phones.append(library.val_string(library.val_car(rest)).decode("ascii"))
            rest = library.val_cdr(rest)
        if found:
            library.delete_val(found)
    return [phone.rstrip("012") for phone in phones]


@functools.cache
def _load() -> tuple[ctypes.CDLL, int]:
    """The library, ready, and its lexicon. Called under the lock."""
    try:
        flite, _, cmulex = (ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL) for name in _LIBRARIES)
    except OSError as error:
        raise MissingToolError("libflite", "English by flite", command="apt-get install libflite1") from error
    pointer = ctypes.c_void_p
    flite.lex_lookup.restype, flite.lex_lookup.argtypes = pointer, [pointer, ctypes.c_char_p, pointer, pointer]
    for name in ("val_car", "val_cdr"):
        getattr(flite, name).restype, getattr(flite, name).argtypes = pointer, [pointer]
    flite.val_string.restype, flite.val_string.argtypes = ctypes.c_char_p, [pointer]
    flite.delete_val.restype, flite.delete_val.argtypes = None, [pointer]
    cmulex.cmulex_init.restype, cmulex.cmulex_init.argtypes = pointer, []
    flite.flite_init()
    return flite, cmulex.cmulex_init()


@functools.cache
def _phones() -> dict[str, str]:
    """Epitran's IPA of flite's phones."""
    spec = importlib.util.find_spec("epitran")
    if spec is None or not spec.submodule_search_locations:
        raise MissingToolError("epitran", "English by flite")
    path = Path(spec.submodule_search_locations[0]) / "data" / "arpabet.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row[0]: row[1] for row in csv.reader(file) if row}
