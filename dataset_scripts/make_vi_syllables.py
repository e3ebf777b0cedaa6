"""Counts the native syllables of Vietnamese running text and writes them into `transcription_vi_table.py`.

    python -m dataset_scripts.make_vi_syllables TEXT.txt.gz

Only counts leave the text, no sentence of it. Words of other languages are left out by spelling alone.
"""

import argparse
import gzip
import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from modeling_phonexl import transcription_vi_table
from modeling_phonexl.transcription_vi import is_native

_WIDTH = 120
_LITERAL = re.compile(r'(?<=^SYLLABLE_COUNTS = """\n).*?(?=^"""$)', re.MULTILINE | re.DOTALL)


def count_syllables(lines: Iterable[str]) -> Counter[str]:
    """Count native syllables in lower case.

    >>> count_syllables(["Ai cũng biết ai.", "film"])
    Counter({'ai': 2, 'cũng': 1, 'biết': 1})
    """
    words = (word for line in lines for word in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", line).lower()))
    return Counter(word for word in words if is_native(word))


def literal(counts: Counter[str]) -> str:
    r"""Write counts as lines of words: each number is the count of the syllables after it.

    >>> literal(Counter({"và": 3, "tre": 1, "bờ": 1}))
    '3 và 1 bờ tre\n'
    """
    words: list[str] = []
    number = 0
    for syllable, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if count != number:
            words.append(str(count))
            number = count
        words.append(syllable)
    return "\n".join(textwrap.wrap(" ".join(words), _WIDTH)) + "\n"


def main() -> None:
    """Rewrite the literal from the text that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path, help="running text, UTF-8, gzip, a sentence per line")
    with gzip.open(parser.parse_args().text, "rt", encoding="utf-8", newline="\n") as lines:
        counts = count_syllables(lines)
    table = Path(transcription_vi_table.__file__)
    source, replaced = _LITERAL.subn(lambda _: literal(counts), table.read_text("utf-8"))
    if replaced != 1:
        raise SystemExit(f'{table}: expected one literal SYLLABLE_COUNTS = """, found {replaced}; restore it')
    table.write_text(source, "utf-8", newline="\n")
    print(f"{len(counts)} syllables, {counts.total()} occurrences -> {table}")


if __name__ == "__main__":
    main()
