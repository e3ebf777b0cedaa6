"""Makes the table of words that reads Urdu without vowel marks: Hindi words, read by our rules, in Urdu spelling.

    python -m dataset_scripts.make_urd_bridge TEXT.txt.gz

The shipped table was made from the Hindi sentences of Common Voice (CC0; mozilla/voice-web at e0bfbc4be9eb,
server/data/hi). Only pronunciations and how often each occurs leave the text: no sentence, no spelling.
"""

import argparse
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from modeling_phonexl.transcription_hin import phonemes
from modeling_phonexl.transcription_hin_table import VOWELS
from modeling_phonexl.transcription_urd_bridge import TABLE

Spelled = list[tuple[str, str]]

_WORD = re.compile("[\u0900-\u0963\u0970-\u097f\u200c\u200d]+")
_UNIT = re.compile(f"[{''.join(VOWELS)}]~?|.")
_SHORT = {"ə": "a", "अ": "a", "इ": "i", "उ": "u"}
_LONG = {"ई": "ii", "ए": "ee", "ऐ": "ai", "ऍ": "ai", "ऊ": "uu", "ओ": "oo", "औ": "au"}
# Sounds that Hindi text often writes without the dot, or that Urdu writes with one letter.
_PLAIN = dict(zip("\u0958\u0959\u095a\u095b\u095eषञङणNnrMZ", "कखगजफशनननननननच", strict=True))
_PLAIN_STOP = dict(zip("खघछझठढथधफभ\u095d", "कगचजटडतदपब\u095c", strict=True))


def spell(spoken: str) -> Spelled:
    """The letters that Urdu writes for phonemes, each with what it is read as.

    Args:
        spoken: Of `transcription_hin.phonemes`.

    Returns:
        (letter, reading) in order, in the notation of `transcription_urd_bridge`.

    >>> spell(phonemes("बच्चा"))
    [('ब', 'a'), ('च', '2'), ('A', 'aa')]
    >>> spell(phonemes("हुई"))
    [('ह', ''), ('W', 'u'), ('H', ''), ('Y', 'ii')]
    """
    units: list[str] = _UNIT.findall(spoken)
    spelled: Spelled = []
    place = 0
    while place < len(units):
        before = units[place - 1][0] if place else ""
        if units[place][0] in VOWELS:
            spelled += _vowel(units[place], before, units[place + 1 :])
            place += 1
        else:
            letters, used = _consonant(units[place:])
            spelled += letters
            place += used
    return spelled


def _vowel(unit: str, before: str, after: list[str]) -> Spelled:
    """A vowel with a letter of its own: long, or first, or after a vowel."""
    vowel = unit[0]
    if not after:
        vowel = {"इ": "ई", "उ": "ऊ"}.get(vowel, vowel)
    hiatus = before in VOWELS if before else False
    nasal = [("न" if after else "G", "~")] if unit.endswith("~") else []
    if vowel == "उ" and after and after[0][0] in VOWELS:  # ہوا
        return [*([("H", "")] if hiatus else []), ("W", "u"), *nasal]
    if vowel in _SHORT:
        return [("H" if hiatus else "A", _SHORT[vowel]), *nasal]
    if vowel in "आऑ":
        carrier = [("H", "")] if hiatus and before not in "उऊओ" else []
        return [*carrier, ("A" if before else "M", "aa"), *nasal]
    carrier = [] if before and not hiatus else [("H" if before else "A", "")]
    letter = "W" if vowel in "ऊओऔ" else "E" if vowel != "ई" and not after and not nasal else "Y"
    return [*carrier, (letter, _LONG[vowel]), *nasal]


def _consonant(units: list[str]) -> tuple[Spelled, int]:
    """A consonant, single or double, with the short vowel after it; and how many phonemes that were."""
    letter, reading, used = _PLAIN.get(units[0], units[0]), "", 1
    if len(units) > 1 and units[1][0] not in VOWELS:
        second = _PLAIN.get(units[1], units[1])
        if letter in (second, _PLAIN_STOP.get(second)):
            letter, reading, used = second, "2", 2
    nasal: Spelled = []
    rest = units[used:]
    if rest and rest[0][0] in _SHORT and _is_unwritten(rest):
        reading += _SHORT[rest[0][0]]
        used += 1
        if rest[0].endswith("~"):
            nasal = [("न" if len(rest) > 1 else "G", "~")]
    if letter in "यव":
        return [("Y", "j" + reading) if letter == "य" else ("W", "v" + reading), *nasal], used
    return [(letter, reading), *nasal], used


def _is_unwritten(units: list[str]) -> bool:
    """Whether the short vowel that comes first has no letter: ɪ and ʊ have one finally, ʊ also before a vowel."""
    vowel = units[0][0]
    if len(units) == 1:
        return vowel not in "इउ"
    return vowel != "उ" or units[1][0] not in VOWELS


def read_text(lines: Iterable[str]) -> Counter[tuple[tuple[str, str], ...]]:
    """Count the words of running Hindi text, as `spell` gives them."""
    words = Counter(word for line in lines for word in _WORD.findall(line))
    spoken = {word: tuple(spell(phonemes(word))) for word in words}
    counts: Counter[tuple[tuple[str, str], ...]] = Counter()
    for word, spelled in spoken.items():
        if spelled:
            counts[spelled] += words[word]
    return counts


def rows(counts: Counter[tuple[tuple[str, str], ...]]) -> Iterator[str]:
    """Lines of the table: letters, readings with - for an empty one, and the count."""
    for spelled, count in sorted(counts.items()):
        letters = "".join(letter for letter, _ in spelled)
        readings = " ".join(reading or "-" for _, reading in spelled)
        yield f"{letters}\t{readings}\t{count}\n"


def main() -> None:
    """Write the table from the text that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path, help="running Hindi text, UTF-8, gzip, a sentence per line")
    with gzip.open(parser.parse_args().text, "rt", encoding="utf-8", newline="\n") as lines:
        counts = read_text(lines)
    TABLE.write_bytes(gzip.compress("".join(rows(counts)).encode(), 9, mtime=0))
    print(f"{len(counts)} words, {counts.total()} occurrences -> {TABLE}")


if __name__ == "__main__":
    main()
