"""Words of the source language and the words of the target that sound like them, as a file beside a saved processor.

Where the pairs come from is in `dataset_scripts`; what a model hears of them, in `sentence_encoder.py`.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .transcription import find_language

SOUND_DICTIONARY_FILE = "sound_dictionary.tsv"
_LONGEST_RUN = 8  # characters; few entries are longer
_CURE = "save or export anew, or take the whole folder or repository"


class SoundDictionary:
    """Source words and the target word that each sounds like: 行动 and hành động, 設定 and 설정.

    Args:
        source: Language of the words.
        target: Language of what they sound like.
        words: By source word, the target word as the target writes it.

    Raises:
        UnknownLanguageError: For a language without transcription.
        ValueError: If a word is empty, or has a tab or a line break.

    >>> dictionary = SoundDictionary("zh", "vi", {"行动": "hành động"})
    >>> dictionary.find(["行动", "了"])
    ['hành động', None]
    >>> dictionary.find(["行", "动", "了"], joined=True)
    ['hành động', 'hành động', None]
    """

    def __init__(self, source: str, target: str, words: Mapping[str, str]) -> None:
        self.source, self.target = find_language(source).code, find_language(target).code
        for pair in words.items():
            if not all(pair) or any(char in word for word in pair for char in "\t\n"):
                raise ValueError(f"{pair!r}: expected two words without tabs and line breaks")
        self.words = dict(words)
        self._by_sound = {plain(word): other for word, other in sorted(words.items())}

    def find(self, tokens: Sequence[str], joined: bool = False) -> list[str | None]:
        """The target word of each token, None for one without an entry.

        Args:
            tokens: Words of the source language.
            joined: Look up runs of up to eight tokens, the longest first, each of which then has the run's target
                word: for tokens that are characters.
        """
        found: list[str | None] = [None] * len(tokens)
        most, start = _LONGEST_RUN if joined else 1, 0
        while start < len(tokens):
            for end in range(min(start + most, len(tokens)), start, -1):
                target_word = self._by_sound.get(plain("".join(tokens[start:end])))
                if target_word is not None:
                    found[start:end] = [target_word] * (end - start)
                    break
            start = end
        return found

    def save(self, folder: Path) -> None:
        """Write `sound_dictionary.tsv`, whole or not at all: the two languages, then a pair per line."""
        lines = [(self.source, self.target), *sorted(self.words.items())]
        path = folder / SOUND_DICTIONARY_FILE
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.write_bytes("".join(f"{source}\t{target}\n" for source, target in lines).encode())
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> "SoundDictionary":
        """Read what `save` wrote.

        Raises:
            ValueError: If there is no such file, or it is not whole; with the line.
        """
        try:
            *lines, rest = path.read_bytes().decode().split("\n")
        except FileNotFoundError:
            raise ValueError(f"{path}: no such file, expected the words of a sino-xenic processor: {_CURE}") from None
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: expected text in UTF-8 ({error}): {_CURE}") from None
        if rest or not lines:
            raise ValueError(f"{path}:{len(lines) + 1}: expected a line break at the end, found {rest[:80]!r}: {_CURE}")
        pairs = [_split(line, f"{path}:{number}") for number, line in enumerate(lines, 1)]
        try:
            return cls(*pairs[0], dict(pairs[1:]))
        except ValueError as error:
            raise ValueError(f"{path}:1: expected the codes of two languages: {error}") from error


def _split(line: str, place: str) -> tuple[str, str]:
    """The two sides of a line."""
    source, tab, target = line.partition("\t")
    if not (source and tab and target) or "\t" in target:
        raise ValueError(f"{place}: expected a word, a tab and a word, found {line[:80]!r}: {_CURE}")
    return source, target


def plain(word: str) -> str:
    """A word without capitals and spaces, which no sound has; XTREME's Vietnamese has no spaces in words, raw text has.

    >>> plain("Hành động")
    'hànhđộng'
    """
    return "".join(word.lower().split())
