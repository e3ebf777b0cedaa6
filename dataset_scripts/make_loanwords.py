"""Makes the dictionary of borrowed words in `dataset_scripts/loanwords` from running text and word lists.

    python -m dataset_scripts.make_loanwords FOLDER       with {jpn,kor}.txt.gz, a sentence per line

Only words and counts leave the text. How words are paired is in `loanwords.py`.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from dataset_scripts.loanwords import Laws, Match, SoundLexicon, Sounds, learn_laws, match_words, simplify
from dataset_scripts.make_sino_xenic import write_gzip
from dataset_scripts.readers import read_lines
from dataset_scripts.sino_xenic import count_korean_nouns
from modeling_phonexl.transcription import Transcriber, import_tool

FOLDER = Path(__file__).parent / "loanwords"
LEAST_SCORE = 0.7  # of a pair; turned-round words reach it less than a tenth as often as real ones
NUM_WORDS = {"ja": 20_000, "ko": 40_000}  # the most frequent ones
NUM_LEARNING = {"ja": 4_000, "ko": 20_000}  # of these, for the laws
# Words, neither ends of words nor doubled ones (ボロボロ): those are native, and count a chance likeness twice.
_KATAKANA = re.compile(r"(?![ーンッァィゥェォャュョヮ])(?!(.+)\1$)[ァ-ヴー]{2,}")
_HANGUL = re.compile("[가-힣]{2,}")
_LONGEST_NOUN = 8  # syllables
# Endings of Korean nouns: no borrowed word ends in the first ones; the others only count where the noun is as frequent.
_NEVER_FINAL = re.compile("을|를|은|는|의|으로|에서|에게|까지|부터|처럼|보다")
_SUFFIXES = "이 가 에 로 도 와 과 만 들 라 나 어 인 주 지 시 씨 적 화 측".split()

Row = tuple[str, str, float]


def count_katakana(lines: Iterable[str]) -> Counter[str]:
    """Runs of katakana of two characters and more; between words of another script, a run is a word.

    >>> count_katakana(["カメラとビデオカメラ、ッ"])
    Counter({'カメラ': 1, 'ビデオカメラ': 1})
    """
    runs = (run for line in lines for run in re.findall("[ァ-ヴー]+", line))
    return Counter(run for run in runs if _KATAKANA.fullmatch(run))


def count_stems(lines: Iterable[str]) -> dict[str, float]:
    """Korean words without particles: what stands alone, or with two different endings.

    >>> count_stems(["카메라가 카메라를", "물론"])
    {'카메라': 2.0, '물론': 1.0, '카메라가': 1.0}
    """
    words = Counter(word for line in lines for word in _HANGUL.findall(line))
    counts = count_korean_nouns(words, _LONGEST_NOUN)
    forms = count_korean_nouns(dict.fromkeys(words, 1), _LONGEST_NOUN)
    found = {stem: count for stem, count in counts.items() if forms[stem] > 1 or stem in words}
    return {stem: found[stem] for stem in sorted(found, key=lambda stem: (-found[stem], stem)) if not _ends(stem)}


def _ends(word: str) -> bool:
    """Whether a word ends in a particle that no borrowed word ends in."""
    return any(_NEVER_FINAL.fullmatch(word, len(word) - size) for size in (1, 2))


def drop_inflected(counts: Mapping[str, float]) -> dict[str, float]:
    """Words but those that are another word, at least as frequent, and a particle or suffix.

    >>> drop_inflected({"포르투갈": 5, "포르투갈어": 2, "오메가": 1})
    {'포르투갈': 5, '오메가': 1}
    """

    def is_inflected(word: str) -> bool:
        stems = (word.removesuffix(suffix) for suffix in _SUFFIXES if word.endswith(suffix))
        return any(len(stem) > 1 and counts.get(stem, 0) >= counts[word] for stem in stems)

    return {word: count for word, count in counts.items() if not _ends(word) and not is_inflected(word)}


def listed_frequencies(language: str) -> dict[str, float]:
    """Words per million of the longest list of `wordfreq` for a language; a list only, without its tokenizers.

    Raises:
        MissingToolError: If it is not installed.
    """
    tool = cast(Any, import_tool("wordfreq", "wordfreq", "making the dictionary of borrowed words"))
    return {word: share * 1e6 for word, share in tool.get_frequency_dict(language, "best").items()}


def collect_words(folder: Path, listed: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Words that may be borrowed, with occurrences in the text plus per million of the list, most frequent first.

    Args:
        folder: With jpn and kor `.txt.gz`.
        listed: Language -> word -> occurrences per million.
    """
    lines = {code: [line for _, line in read_lines(folder / f"{code}.txt.gz")] for code in ("jpn", "kor")}
    japanese, korean = Counter[str](), Counter[str]()
    for counts in (count_katakana(lines["jpn"]), listed["ja"]):
        japanese.update({word: count for word, count in counts.items() if _KATAKANA.fullmatch(word)})
    for counts in (count_stems(lines["kor"]), listed["ko"]):
        korean.update({word: count for word, count in counts.items() if _HANGUL.fullmatch(word)})
    return {
        "ja": _most_frequent(japanese, NUM_WORDS["ja"]),
        "ko": _most_frequent(drop_inflected(korean), NUM_WORDS["ko"]),
    }


def _most_frequent(counts: Mapping[str, float], number: int) -> dict[str, float]:
    return {word: counts[word] for word in sorted(counts, key=lambda word: (-counts[word], word))[:number]}


def read_sounds(words: Iterable[str], language: str) -> dict[str, Sounds]:
    """Sounds of words, each read alone, as `simplify` leaves them."""
    transcriber = Transcriber(language)
    return {word: simplify(transcriber([word])[0].segments) for word in words}


def learn_from(words: Mapping[str, Mapping[str, float]], readings: Mapping[str, Mapping[str, Sounds]]) -> Laws:
    """The laws between Japanese and Korean, from the most frequent words of both."""
    japanese, korean = (
        SoundLexicon(_most_frequent(words[code], NUM_LEARNING[code]), readings[code]) for code in ("ja", "ko")
    )
    return learn_laws(japanese, korean)


def pair_rows(source: SoundLexicon, target: SoundLexicon, matches: Iterable[Match]) -> list[Row]:
    """(source, target, score) of mutually best matches: each spelling of the source, the commonest of the target."""
    best_of_source: dict[Sounds, Match] = {}
    best_of_target: dict[Sounds, Match] = {}
    for match in sorted(matches, key=lambda match: (-match.score, -match.ratio, match.source, match.target)):
        best_of_source.setdefault(match.source, match)
        best_of_target.setdefault(match.target, match)
    mutual = (match for match in best_of_source.values() if best_of_target[match.target] is match)
    rows = [(word, target.spellings(m.target)[0], m.score) for m in mutual for word in source.spellings(m.source)]
    return sorted(rows)


def main(arguments: list[str] | None = None) -> None:
    """Make the dictionary."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("texts", type=Path, help="folder of the texts")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    words = collect_words(options.texts, {code: listed_frequencies(code) for code in ("ja", "ko")})
    readings = {code: read_sounds(words[code], code) for code in words}
    laws = learn_from(words, readings)
    source, target = (SoundLexicon(words[code], readings[code]) for code in ("ja", "ko"))
    rows = [row for row in pair_rows(source, target, match_words(source, target, laws)) if row[2] >= LEAST_SCORE]
    write_gzip(options.out / "ja-ko.tsv.gz", "".join(f"{s}\t{t}\n" for s, t, _ in rows))
    write_gzip(options.out / "scores" / "ja-ko.tsv.gz", "".join(f"{s}\t{t}\t{score:.3f}\n" for s, t, score in rows))
    print(f"ja-ko: {len(rows)} pairs")


if __name__ == "__main__":
    main()
