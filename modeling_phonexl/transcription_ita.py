"""Italian: from spelling to segments by own rules, with a lexicon for what spelling hides; numbers, letter names.

The lexicon (gruut-lang-it, optional) decides open e and o, voiced z, and glides; it is believed only where its other
sounds agree with the rules, since part of it was read as another language. No doubling between words.
"""

import contextlib
import functools
import importlib.util
import logging
import re
import sqlite3
from pathlib import Path

from .transcription_ita_stress import mark_stress
from .transcription_words import Numbers, Reading, WordReader, replace_foreign, segment

__all__ = ["INVENTORY", "segment", "transcribe"]

logger = logging.getLogger(__name__)

INVENTORY = tuple("p b t d k ɡ t͡s d͡z t͡ʃ d͡ʒ f v s z ʃ h m n ɲ l ʎ r j w i e ɛ a ɔ o u".split())
_SOUND_OF = {"ʦ": "t͡s", "ʣ": "d͡z", "ʧ": "t͡ʃ", "ʤ": "d͡ʒ"}
_SOUND_OF |= {sound: sound for sound in INVENTORY if len(sound) == 1}

_LISTED = re.compile(" |[ˈˌ]|.͡.|[ŋɱɡ]")
_LISTED_LETTER = {sound: letter for letter, sound in _SOUND_OF.items()} | {"ŋ": "n", "ɱ": "m"}
_AFFRICATES = ("ʦ", "ʣ")
_ALIKE = {"ɛ": "e", "ɔ": "o", "z": "s", "ʣ": "ʦ", "j": "i", "w": "u"}  # what the lexicon may decide

_LETTERS = {"ß": "ss", "ø": "o", "œ": "e", "æ": "e", "đ": "d", "ð": "d", "þ": "t", "ł": "l", "ı": "i", "ŋ": "ng"}
_LETTERS |= {"š": "sci", "ş": "sci", "č": "ci", "ç": "s", "ž": "gi", "ñ": "gn", "ä": "e", "ö": "o", "ü": "u"}
_NOT_ITALIAN = re.compile("[^a-zàèéìíòóùú']")
_SOFT_C = re.compile("c'(?:$|[eèéi])")  # ci before è and era
_HAS_VOWEL = re.compile("[aeiouyàèéìíòóùú]")
_NAMES = dict(
    zip(
        "bcdfghjklmnpqrstvwxz",
        "bi ci di effe gi acca ilunga cappa elle emme enne pi cu erre esse ti vu doppiavu ics zeta".split(),
        strict=True,
    )
)

_V = "aeiouɛɔíú"
_LENIS = "bdgvlmnrʤʣ"
# Parts of compounds before which s stays as at the start of a word: asociale, risalire, verosimile.
_BEFORE_S = (
    "^a|^ri|^re|^bi|^pre|^tra|^anti|^semi|^emi|^mono|^multi|^poli|^auto|^para|^ultra|^foto|^contro|^sotto|^sopra|^mezzo"
    "|^eco|^vice|^vero|^micro|^macro|^neo|^video|^tele|^pseudo|^radio|^elettro|^cardio|^extra|^infra"
)
# (letters without which the rule has nothing to do, pattern, result), in this order, over a word with its stress
# marked; one letter stands for one sound afterwards.
_RULES = tuple(
    (needed, re.compile(pattern), result)
    for needed, pattern, result in (
        ("y", "y", "i"),
        ("q", "[cq]qu?", "kkw"),
        ("q", "qu?", "kw"),
        ("gli", "gli(?=[aeouɛɔ])", "ʎ"),
        ("gli", "^gli$|(?<=.)(?<!n)gli(?=.?$|[^cfg])", "ʎi"),
        ("gn", "gn", "ɲ"),
        ("s", "sci(?=[aouɔeɛ])|sc(?=[ieɛí])|sh|sch(?=[^iíeɛ])", "ʃ"),
        ("ch", "ch", "k"),
        ("gh", "gh", "G"),
        ("c", "ci(?=[aouɔeɛ])|c(?=[ieɛí])", "ʧ"),
        ("g", "gi(?=[aouɔeɛú])|g(?=[ieɛí])", "ʤ"),
        ("cʧ", "c(?=ʧ)", "t"),
        ("gʤ", "g(?=ʤ)", "d"),
        ("c", "c", "k"),
        ("G", "G", "g"),
        ("x", "x", "ks"),
        ("ph", "ph", "f"),
        ("h", "h", ""),
        ("zz", "(?<=i)zz(?=a|[eɛ]r|o$|i$)(?<!^pizz)|(?<=m[eɛ])zz|(?<=az)z(?=urr)", "dʣ"),
        ("zz", "zz", "tʦ"),
        ("z", "^z|(?<=bron)z|(?<=brɔn)z|(?<=pran)z|(?<=roman)z|(?<=nɔr)z|(?<=^ɔr)z", "ʣ"),
        ("z", f"(?<=[{_V}])z(?=i[{_V}])", "tʦ"),
        ("z", f"(?<=[{_V}])z(?=[{_V}])", "dʣ"),
        ("z", "z", "ʦ"),
        ("s", f"({_BEFORE_S})s(?=[{_V}])", r"\1S"),
        ("s", f"(?<=[{_V}])s(?=[{_V}])|s(?=[{_LENIS}])", "z"),
        ("S", "S", "s"),
        ("ʃ", f"(?<=[{_V}])ʃ(?=[{_V}])", "ʃʃ"),
        ("ɲ", f"(?<=[{_V}])ɲ(?=[{_V}])", "ɲɲ"),
        ("ʎ", f"(?<=[{_V}])ʎ(?=[{_V}])", "ʎʎ"),
        ("i", f"(?<=^r)i(?=[{_V}])|(?<=b)(?<!lb)i(?=olo|ɔlo|ograf|oʃ|okim)|(?<=[bdfgkptv]r)i(?=[{_V}])", "í"),
        ("i", f"(?<=[{_V}w])i(?=[{_V}])|(?<=[^{_V}])i(?=[aeouɛɔ])|(?<=[aeouɛɔ])i$|(?<=[oɔ])i(?=d[eiɛ])", "j"),
        ("u", f"(?<=[kg])u(?=[{_V}])|(?<=..[^{_V}])u(?=[aeioɛɔí])|(?<=^[^{_V}])u(?=ɔ|o.)|^u(?=[{_V}])", "w"),
        ("u", "(?<=[aeɛ])u(?=[^aeiouɛɔ])", "w"),
        ("í", "í", "i"),
        ("ú", "ú", "u"),
        ("g", "g", "ɡ"),
    )
)


def _fold(word: str) -> str:
    folded = replace_foreign(word.lower(), _NOT_ITALIAN, _LETTERS)
    if (word.isupper() or len(word) == 1) and not folded.endswith("'") and not _HAS_VOWEL.search(folded):
        return "'".join(_NAMES.get(letter, letter) for letter in folded)
    return folded


def _read_word(word: str) -> Reading:
    readings = [_read_part(part) for part in word.split("'") if part]
    segments = [sound for part, _ in readings for sound in part]
    if _SOFT_C.match(word):
        segments[0] = _SOUND_OF["ʧ"]
    if not segments:
        return Reading(tuple(word), "passed")
    return Reading(segments, "lexicon" if all(is_listed for _, is_listed in readings) else "read")


def _read_part(word: str) -> tuple[list[str], bool]:
    """Segments of a word without apostrophes, and whether the lexicon had a say."""
    ruled = _by_rules(word)
    merged = _merge(ruled, _lexicon().get(word, ""))
    return [_SOUND_OF[letter] for letter in merged or ruled], merged != ""


def _merge(ruled: str, listed: str) -> str:
    """The rules' reading with what spelling hides taken from the lexicon's; empty where their other sounds differ."""
    merged = []
    theirs = iter(_LISTED.sub(_listed_letter, listed))
    their = next(theirs, "")
    for place, letter in enumerate(ruled):
        if letter in "td" and ruled[place + 1 : place + 2] in _AFFRICATES and their in _AFFRICATES and their:
            merged.append("t" if their == "ʦ" else "d")  # the lexicon writes no long ʦ
            continue
        if _ALIKE.get(letter, letter) != _ALIKE.get(their, their):
            return ""
        merged.append(letter if letter in "sz" else their)  # it has the s of Tuscany, the rules the z of elsewhere
        their = next(theirs, "")
    return "" if their else "".join(merged)


@functools.cache
def _lexicon() -> dict[str, str]:
    """First pronunciations of the lexicon, by word; empty where it is not installed."""
    found = importlib.util.find_spec("gruut_lang_it")
    if found is None or found.origin is None:
        logger.info("gruut-lang-it is not installed: open vowels of Italian are guessed (extra 'lexicons')")
        return {}
    path = Path(found.origin).with_name("lexicon.db")
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT word, phonemes FROM word_phonemes ORDER BY pron_order DESC, id DESC")
        return dict(rows.fetchall())


def _listed_letter(match: re.Match[str]) -> str:
    return _LISTED_LETTER.get(match[0], "")


def _by_rules(word: str) -> str:
    sounds = mark_stress(word)
    for needed, pattern, result in _RULES:
        if needed in sounds:
            sounds = pattern.sub(result, sounds)
    return "".join(letter for letter in sounds if letter in _SOUND_OF)


_ONES = (
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove"
).split()
_TENS = "- - venti trenta quaranta cinquanta sessanta settanta ottanta novanta".split()
_GROUPS = ((10**9, "un miliardo", " miliardi"), (10**6, "un milione", " milioni"), (1000, "mille", "mila"))


def _cardinal(number: int) -> str:
    """Words of a whole number below 10**12: due milioni trentunomila centotré."""
    words = []
    for size, one, many in _GROUPS:
        count, number = divmod(number, size)
        if count:
            words.append(one if count == 1 else _below_1000(count).replace("tré", "tre") + many)
    return " ".join([*words, _below_1000(number)] if number or not words else words)


def _below_1000(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    word = ("" if hundreds == 1 else _ONES[hundreds]) + "cento" if hundreds else ""
    if rest < 20:
        return word + (_ONES[rest] if rest or not word else "")
    tens, ones = divmod(rest, 10)
    stem = _TENS[tens][:-1] if ones in (1, 8) else _TENS[tens]
    return word + stem + ("tré" if ones == 3 else _ONES[ones] if ones else "")


_READER = WordReader("LATIN", _fold, _read_word, Numbers(_cardinal, "virgola", ","))
transcribe = _READER.transcribe
