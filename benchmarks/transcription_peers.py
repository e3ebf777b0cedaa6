"""Other tools beside ours on the same gold: error, speed, size installed, licence. Only what is installed is run.

The gold and the folds are those of `transcription_gold.py`.
"""

import importlib
import importlib.metadata
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phoneme_error import read_gold
from transcription_gold import score_words, word_file

from modeling_phonexl.transcription import MissingToolError, Transcriber
from modeling_phonexl.transcription_ja_kana import katakana, sounds, spell
from modeling_phonexl.transcription_zh import pinyin_segments
from phonexl.results import Table

ReadWord = Callable[[str], str]

MOST_WORDS = 2_000  # of each language; every k-th word of the gold
TONE_MARKS = "\u0304\u0301\u030c\u0300"  # tones 1 to 4 of pinyin
# Where the package's own metadata does not say it, or of what it carries.
LICENCES = {"espeakng-loader": "GPL-3.0 (of espeak-ng)", "g2pM": "Apache-2.0"}


@dataclass(frozen=True)
class Peer:
    """A tool and how it reads a word to IPA.

    Attributes:
        name: As its users call it.
        package: What pip calls it; "" for own code.
        load: Gives the function that reads a word of a language; raises what its import raises.
        languages: That it reads.
    """

    name: str
    package: str
    load: Callable[[str], ReadWord]
    languages: tuple[str, ...]


def recipe(name: str) -> Callable[[str], ReadWord]:
    """A recipe of our own as a peer: the door to Epitran and to espeak-ng."""

    def load(code: str) -> ReadWord:
        transcriber = Transcriber(code, name)
        return lambda word: transcriber([word])[0].ipa

    return load


def load_pypinyin(code: str) -> ReadWord:
    """What pypinyin gives, its pinyin in our IPA."""
    pypinyin = importlib.import_module("pypinyin")
    options = {"style": pypinyin.Style.TONE, "v_to_u": True, "errors": "ignore"}
    return lambda word: "".join("".join(pinyin_segments(part)) for part in pypinyin.lazy_pinyin(word, **options))


def load_g2pm(code: str) -> ReadWord:
    """What g2pM gives, its pinyin in our IPA."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves files open and unpickles old names of numpy
        choose = importlib.import_module("g2pM").G2pM()

    def read(word: str) -> str:
        syllables = [
            part for part in choose(word, tone=True, char_split=True) if part[:1].isalpha() and part[-1:].isdigit()
        ]
        return "".join("".join(pinyin_segments(mark_tone(part))) for part in syllables if part[:2] != "xx")

    return read


def load_pykakasi(code: str) -> ReadWord:
    """The kana of pykakasi in our IPA."""
    converter = importlib.import_module("pykakasi").kakasi()
    return lambda word: "".join(spell(sounds(katakana("".join(part["kana"] for part in converter.convert(word)))))[0])


def number_tone(pinyin: str) -> str:
    """Pinyin with its tone as a digit, 5 for the neutral one, and u: for ü: the form of g2pM and of the gold.

    >>> number_tone("lǜ"), number_tone("le")
    ('lu:4', 'le5')
    """
    letters = unicodedata.normalize("NFD", pinyin)
    tone = next((number for number, mark in enumerate(TONE_MARKS, 1) if mark in letters), 5)
    plain = unicodedata.normalize("NFC", "".join(char for char in letters if char not in TONE_MARKS))
    return plain.replace("ü", "u:") + str(tone)


def mark_tone(syllable: str) -> str:
    """Pinyin with a tone digit, as g2pM writes it, with a mark on its vowel; the place of the mark has no meaning here.

    >>> mark_tone("lu:4"), mark_tone("r5")
    ('lǜ', 'er')
    """
    plain, tone = syllable[:-1].replace("u:", "ü"), int(syllable[-1])
    plain = "er" if plain == "r" else plain
    place = next((place for place, char in enumerate(plain, 1) if char in "aeiouüê"), len(plain))
    mark = TONE_MARKS[tone - 1] if 1 <= tone <= 4 else ""
    return unicodedata.normalize("NFC", plain[:place] + mark + plain[place:])


_EPITRAN = ("vi", "ko", "eng", "fra", "rus", "ita", "hun", "ukr", "tur", "fin", "hin", "swa", "urd")
PEERS = (
    Peer("phonexl", "", recipe("default"), ("zh", "vi", "ja", "ko", *_EPITRAN[2:])),
    Peer("espeak-ng", "espeakng-loader", recipe("espeak"), ("zh", "vi", "ja", "ko", *_EPITRAN[2:])),
    Peer("Epitran", "epitran", recipe("epitran"), _EPITRAN),
    Peer("pypinyin", "pypinyin", load_pypinyin, ("zh",)),
    Peer("g2pM", "g2pM", load_g2pm, ("zh",)),
    Peer("pykakasi", "pykakasi", load_pykakasi, ("ja",)),
)


def compare(
    languages: Iterable[str],
    data: Path,
    most_words: int = MOST_WORDS,
) -> list[dict[str, Any]]:
    """One row for each language and tool that reads it; {"missing": why} where the tool is not installed.

    Args:
        languages: Codes of the registry.
        data: Folder of the gold.
        most_words: Of the gold, spread evenly over it.
    """
    rows = []
    for code in languages:
        gold = read_gold(data / word_file(code))
        sample = {word: gold[word] for word in list(gold)[:: max(1, len(gold) // most_words)]}
        for peer in PEERS:
            if code in peer.languages:
                rows.append({"language": code, "tool": peer.name, **_try(peer, code, sample)})
    return rows


def _try(peer: Peer, code: str, gold: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    try:
        read = peer.load(code)
        read("1")  # loads what it needs
    except (MissingToolError, ModuleNotFoundError) as error:
        return {"missing": str(error)}
    begin = time.process_time()
    predicted = {word: read(word) for word in gold}
    seconds = time.process_time() - begin
    tones = code in ("zh", "vi")
    found, with_tones = (score_words("words", code, gold, predicted, tones=with_them) for with_them in (False, tones))
    return {
        "words": found.n,
        "error": round(found.error, 3),
        "error_with_tones": round(with_tones.error, 3) if tones else None,
        "raw_error": round(found.raw_error, 3),
        "words_per_second": round(len(gold) / max(seconds, 1e-9)),
        **describe_package(peer.package),
    }


def describe_package(package: str) -> dict[str, Any]:
    """Version, licence and installed size of a package, without those it needs; of own code nothing is said."""
    if not package:
        return {}
    found = importlib.metadata.distribution(package)
    classifiers = [name for name in found.metadata.get_all("Classifier") or [] if name.startswith("License")]
    stated = [*(found.metadata.get_all("License-Expression") or []), *(name.split(" :: ")[-1] for name in classifiers)]
    stated += [*(found.metadata.get_all("License") or []), "not stated"]
    paths = [Path(str(file.locate())) for file in found.files or ()]
    size = sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc")
    return {
        "version": found.version,
        "licence": LICENCES.get(package, stated[0].split("\n")[0]),
        "megabytes": round(size / 1e6, 1),
    }


def peer_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """The rows of `compare`, side by side."""
    keys = ["words", "error", "error_with_tones", "raw_error", "words_per_second", "version", "megabytes", "licence"]
    columns = ["language", "tool", "words", "error %", "with tones %", "raw %", "words/s", "version", "MB", "licence"]
    lines = []
    for row in rows:
        cells = ["" if row.get(key) is None else str(row[key]) for key in keys]
        if "missing" in row:
            cells = [f"missing: {row['missing']}", *cells[1:]]
        lines.append([row["language"], row["tool"], *cells])
    return Table(columns, lines)
