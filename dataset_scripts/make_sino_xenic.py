"""Makes the dictionaries by sound in `dataset_scripts/sino_xenic`: readings of characters, then pairs of words.

    python -m dataset_scripts.make_sino_xenic readings Unihan_Readings.txt
    python -m dataset_scripts.make_sino_xenic pairs FOLDER       with {zho,vie,jpn,kor}.txt.gz, a sentence per line

Only words and counts leave the text. What a reading is and how it is chosen is in `sound_laws.py` and `sino_xenic.py`.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from dataset_scripts.readers import read_lines
from dataset_scripts.sino_xenic import (
    PAIRS,
    HanWord,
    Readings,
    Tables,
    TargetText,
    choose,
    count_korean_nouns,
    initial_form,
    is_read_by_sound,
    pair_words,
    read_tables,
    refine,
    write_tables,
)
from dataset_scripts.sound_laws import features, learn_laws, parse_vietnamese, read_unihan
from modeling_phonexl.transcription import Transcriber, import_tool
from modeling_phonexl.transcription_ja_table import ROMAN_VOWELS, ROWS, VOWELS
from modeling_phonexl.transcription_vi_table import SYLLABLE_COUNTS

FOLDER = Path(__file__).parent / "sino_xenic"
LEAST_SCORE = 0.3  # of a pair; below it most of a hand-read sample was wrong
_HAN_WORD = re.compile("[\u4e00-\u9fff]{2,4}")
_PURPOSE = "making the dictionaries by sound"
_LISTED = 0.5  # weight of what Unihan lists, beside what the laws give
_FEWEST, _MOST_LAWFUL = 0.003, 20  # least weight and greatest number of lawful readings
_TEMPER = 0.6  # flattens the laws, so that a character keeps its second reading
_INVERSE_WEIGHT = 0.15  # of a character's reading, for words that are sought from the target's side
_HANGUL_WEIGHTS = {"E": 4, "N": 1}  # characters taught in schools, characters for names; others 1
_KANA = {
    kana: (roman + ROMAN_VOWELS[vowel]).upper()
    for row, _, roman in ROWS
    for kana, vowel in zip(row, VOWELS.values(), strict=True)
    if kana != "."
} | {"ッ": "Q", "ン": "N"}


# ---- readings of characters ----


def build_tables(unihan: Mapping[str, Mapping[str, str]], variants: Callable[[str], Iterable[str]]) -> Tables:
    """Readings of every character that Unihan reads in Korean or Vietnamese.

    Args:
        unihan: As `read_unihan` gives it.
        variants: Other forms of a character, whose readings it shares.
    """
    taught = [char for char, known in unihan.items() if "kVietnamese" in known and ":0" in known.get("kHangul", "")]
    examples = [(features(unihan[char]), unihan[char]["kVietnamese"].split()[0]) for char in sorted(taught)]
    listed = {reading for known in unihan.values() for reading in known.get("kVietnamese", "").split()}
    native = [word for word in SYLLABLE_COUNTS.split() if not word.isdigit()]
    laws = learn_laws(examples, sorted(listed.union(native)))
    chars = sorted(
        char
        for char, known in unihan.items()
        if "\u4e00" <= char <= "\u9fff" and ("kHangul" in known or "kVietnamese" in known)
    )
    merged = {char: _merge(char, unihan, variants(char)) for char in chars}
    heard = [char for char in chars if "kHangul" in merged[char]]
    table = laws.probabilities([features(merged[char]) for char in heard])
    by_law = {
        char: {laws.syllables[place]: float(row[place]) ** _TEMPER for place in row.argsort()[::-1][:_MOST_LAWFUL]}
        for char, row in zip(heard, table, strict=True)
    }
    vietnamese = {
        char: _mix(_normalise(by_law.get(char, {})), merged[char].get("kVietnamese", "").split()) for char in chars
    }
    korean = {char: _weigh_hangul(merged[char].get("kHangul", "").split()) for char in chars}
    on = {char: tuple(merged[char].get("kJapaneseOn", "").split()) for char in chars}
    return Tables(vietnamese, korean, on)


def _merge(char: str, unihan: Mapping[str, Mapping[str, str]], variants: Iterable[str]) -> dict[str, str]:
    """The fields of a character, completed from its variants; Japanese readings of all of them."""
    merged: dict[str, str] = {}
    for form in (char, *(form for form in variants if form != char)):
        for field, value in unihan.get(form, {}).items():
            if field == "kJapaneseOn" and field in merged:
                value = " ".join(dict.fromkeys((merged[field] + " " + value).split()))
                merged[field] = value
            merged.setdefault(field, value)
    return merged


def _mix(by_law: Mapping[str, float], listed: list[str]) -> dict[str, float]:
    """Readings by the laws and listed ones together; spellings of one sound keep the listed, then the likelier one."""
    spelling = {parse_vietnamese(syllable): syllable for syllable in (*reversed(list(by_law)), *reversed(listed))}
    weights: dict[str, float] = defaultdict(float)
    share = _LISTED if listed and by_law else 0.0 if by_law else 1.0
    for syllable, weight in by_law.items():
        weights[spelling[parse_vietnamese(syllable)]] += weight * (1 - share)
    for syllable in listed:
        weights[spelling[parse_vietnamese(syllable)]] += share / len(listed)
    return _normalise({syllable: weight for syllable, weight in weights.items() if weight >= _FEWEST})


def _weigh_hangul(items: list[str]) -> dict[str, float]:
    """Weights of `행:0E` readings; what the initial sound law makes of another one is no reading of its own."""
    weights: dict[str, float] = {}
    for item in items:
        syllable, kinds = item.split(":")
        weights[syllable] = max(_HANGUL_WEIGHTS.get(kind, 1) for kind in kinds)
    derived = {initial_form(syllable) for syllable in weights if initial_form(syllable) != syllable}
    return _normalise({syllable: weight for syllable, weight in weights.items() if syllable not in derived})


def _normalise(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {syllable: weight / total for syllable, weight in weights.items()}


# ---- words of the texts ----


@functools.cache
def _convert(name: str) -> Callable[[str], str]:
    """A conversion of OpenCC that keeps the length, memoised."""
    tool: Any = import_tool("opencc", "opencc", _PURPOSE)
    convert: Callable[[str], str] = functools.lru_cache(maxsize=1 << 20)(tool.OpenCC(name).convert)
    return convert


def char_variants(char: str) -> list[str]:
    """The simplified, Taiwanese and Japanese forms of a traditional character, and the one OpenCC derives from it."""
    return [_convert(name)(char) for name in ("s2t", "jp2t", "t2s", "t2tw", "t2jp")]


def count_words(path: Path, language: str) -> Counter[str]:
    """Words of a text, as the project's own cutter of the language finds them."""
    segment = Transcriber(language).segment
    return Counter(line[start:end] for _, line in read_lines(path) for start, end in segment(line))


def count_vietnamese(words: Mapping[str, int]) -> dict[str, float]:
    """Words of two syllables and more, with the two-syllable parts of longer ones."""
    counts: dict[str, float] = defaultdict(float)
    for word, count in words.items():
        syllables = word.split()
        if len(syllables) > 1 and all(syllable.isalpha() for syllable in syllables):
            counts[_cased(word, words)] += count
            if len(syllables) > 2:
                for pair in itertools.pairwise(syllables):
                    counts[_cased(" ".join(pair), words)] += count
    return dict(counts)


def _cased(word: str, words: Mapping[str, int]) -> str:
    """Lower case, but for names: every syllable capital, and that more often than not."""
    if all(syllable[0].isupper() for syllable in word.split()) and words.get(word, 0) > words.get(word.lower(), 0):
        return word
    return word.lower()


class Lexicon:
    """Which Han words Chinese and Japanese have, by their segmenters' dictionaries and by text.

    Args:
        chinese: Words of Chinese text and counts.
        japanese: Words of Japanese text and counts.
        on_readings: Character -> on readings.
    """

    def __init__(
        self, chinese: Mapping[str, int], japanese: Mapping[str, int], on_readings: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._jieba = cast(Any, import_tool("rjieba", "rjieba", _PURPOSE))
        sudachi = cast(Any, import_tool("sudachipy", "sudachipy", _PURPOSE))
        self._tokenize = functools.partial(
            sudachi.Dictionary(dict="core").tokenizer().tokenize, mode=sudachi.SplitMode.C
        )
        self._on = on_readings
        self._chinese: Counter[str] = Counter()
        self._japanese: Counter[str] = Counter()
        for word, count in chinese.items():
            if _HAN_WORD.fullmatch(word) and (count > 1 or self._jieba.has_word(_convert("t2s")(word))):
                self._chinese[_convert("s2t")(word)] += count
        for word, count in japanese.items():
            if _HAN_WORD.fullmatch(word):
                self._japanese[_convert("jp2t")(word)] += count

    def text_words(self) -> set[str]:
        """Words of both texts, traditional."""
        return set(self._chinese) | set(self._japanese)

    def has_chinese(self, word: str) -> bool:
        """Whether a word, traditional, is Chinese."""
        return word in self._chinese or bool(self._jieba.has_word(_convert("t2s")(word)))

    def has_japanese(self, word: str) -> bool:
        """Whether a word, traditional, is one noun of Sudachi's, no name of a person, read by its on readings."""
        morphemes = self._tokenize(_convert("t2jp")(word))
        if len(morphemes) != 1 or morphemes[0].is_oov():
            return False
        pos = morphemes[0].part_of_speech()
        if pos[0] not in ("名詞", "形状詞", "接尾辞") or pos[2] == "人名":
            return False
        return is_read_by_sound(word, romanize(morphemes[0].reading_form()), self._on)

    def entry(self, word: str) -> HanWord:
        """How both languages write a traditional word, and how often they do."""
        found = HanWord()
        if self.has_chinese(word):
            found.forms["zh"] = tuple(dict.fromkeys((_convert("t2s")(word), word, _convert("t2tw")(word))))
            found.counts["zh"] = self._chinese[word]
        if self.has_japanese(word):
            found.forms["ja"] = (_convert("t2jp")(word),)
            found.counts["ja"] = self._japanese[word]
        return found


def romanize(kana: str) -> str:
    """Katakana in Unihan's capitals, without long marks, Q for ッ.

    >>> romanize("ガッコウ"), romanize("キョウリュウ"), romanize("シャカイ")
    ('GAQKOU', 'KYOURYUU', 'SHAKAI')
    """
    text = "".join(_KANA.get(char, char).lower() if char in "ャュョ" else _KANA.get(char, char) for char in kana)
    return re.sub(r"I(y[auo])", r"\1", text).replace("SHy", "SH").replace("CHy", "CH").replace("Jy", "J").upper()


def seek_words(text: TargetText, readings: Readings, lexicon: Lexicon, chars: set[str]) -> set[str]:
    """Chinese words of two characters that a two-syllable word of the target's text may be read from."""
    by_syllable: dict[str, list[str]] = defaultdict(list)
    for char in sorted(chars & readings.keys()):
        for syllable, weight in readings[char].items():
            if weight >= _INVERSE_WEIGHT:
                for part in {text.key([syllable]), syllable} if text.language == "ko" else {text.key([syllable])}:
                    by_syllable[part].append(char)
    found: set[str] = set()
    for key in text:
        parts = key.split() if text.language == "vi" else list(key)
        if len(parts) == 2 and text.count(key) > 1:
            pairs = itertools.product(by_syllable.get(parts[0], ()), by_syllable.get(parts[1], ()))
            found.update(word for word in map("".join, pairs) if lexicon.has_chinese(word))
    return found


def collect_words(folder: Path, tables: Tables) -> dict[str, HanWord]:
    """All Han words that Chinese or Japanese has and Vietnamese or Korean text too, with their readings.

    Args:
        folder: With zho, vie, jpn and kor `.txt.gz`.
        tables: Readings of characters.
    """
    words = {
        code: count_words(folder / f"{name}.txt.gz", code)
        for code, name in (("zh", "zho"), ("vi", "vie"), ("ja", "jpn"), ("ko", "kor"))
    }
    lexicon = Lexicon(words["zh"], words["ja"], tables.on)
    texts = (
        (TargetText("vi", count_vietnamese(words["vi"])), tables.vietnamese),
        (TargetText("ko", count_korean_nouns(words["ko"])), tables.korean),
    )
    forms = lexicon.text_words()
    chars = set("".join(forms))
    for text, prior in texts:
        forms |= seek_words(text, prior, lexicon, chars)
    entries = {form: lexicon.entry(form) for form in sorted(forms)}
    entries = {form: entry for form, entry in entries.items() if entry.forms}
    frequent = [form for form, entry in entries.items() if sum(entry.counts.values()) > 1]
    for text, prior in texts:
        readings = refine(prior, frequent, text)
        for form, entry in entries.items():
            if choice := choose(form, readings, text):
                entry.choices[text.language] = choice
    return entries


# ---- files ----


def write_gzip(path: Path, text: str) -> None:
    """Write text as gzip without name and time, the same bytes for the same text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main(arguments: list[str] | None = None) -> None:
    """Make the table of readings, or the dictionaries from it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("readings").add_argument("unihan", type=Path, help="Unihan_Readings.txt, plain or .gz")
    commands.add_parser("pairs").add_argument("texts", type=Path, help="folder of the texts")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    table = options.out / "readings.tsv.gz"
    if options.command == "readings":
        write_gzip(table, write_tables(build_tables(read_unihan(options.unihan), char_variants)))
        return
    words = collect_words(options.texts, read_tables(table))
    for source, target in PAIRS:
        rows = [row for row in pair_words(words, source, target) if row[2] >= LEAST_SCORE]
        write_gzip(options.out / f"{source}-{target}.tsv.gz", "".join(f"{s}\t{t}\n" for s, t, _ in rows))
        scores = "".join(f"{s}\t{t}\t{score:.3f}\n" for s, t, score in rows)
        write_gzip(options.out / "scores" / f"{source}-{target}.tsv.gz", scores)
        print(f"{source}-{target}: {len(rows)} pairs")


if __name__ == "__main__":
    main()
