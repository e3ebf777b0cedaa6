"""Readings of Urdu letters learned from Hindi words: look-up of a whole spelling, and a model for the others.

Holds no rules of Urdu, and no text: the table beside it lists pronunciations of words of Common Voice's Hindi sentences
(CC0), read by `transcription_hin` and spelled in Urdu letters by `dataset_scripts/make_urd_bridge.py`, which made it.

Letters: a Hindi consonant for the Urdu ones that sound nearly like it, A ا, M آ at the beginning, W و, Y ی, E ے,
H hamza, G ں. Readings: of a consonant "2" if it is long, then the short vowel after it (a i u); of W and Y a vowel
(aa ii uu ee oo ai au u), or v and j read like a consonant; "~" nasality of the vowel before; "" nothing.
"""

import functools
import gzip
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from .transcription import MissingToolError

Readings = tuple[str, ...]
_Token = str  # a letter and its reading

TABLE = Path(__file__).with_name("transcription_urd_words.tsv.gz")
ORDER = 4  # tokens of an n-gram; this and the next two give the fewest errors on dictionary words
DISCOUNT = 0.8
BEAM = 8
TOO_UNLIKELY = 6.0  # nats below the best token after the same context
UNSEEN = 1e-5  # probability of a token that the table lacks

# Log penalties of what Urdu avoids and n-grams do not see: a cluster at the beginning or of three consonants, and a
# long consonant, which the learned words have oftener than the unknown ones.
CLUSTER = -3.0
LONG = -1.2
_VOWEL_LETTERS = "AMWYEHG"


class Bridge:
    """Words with the readings of their letters, and an n-gram model of (letter, reading) learned from them.

    Args:
        words: (letters, readings, count) of each word.
    """

    def __init__(self, words: Sequence[tuple[str, Readings, int]]) -> None:
        self.words: dict[str, list[tuple[int, Readings]]] = defaultdict(list)
        # Of each context: how often each token follows it.
        self._follows: dict[tuple[_Token, ...], dict[_Token, int]] = defaultdict(dict)
        for letters, readings, count in words:
            self.words[letters].append((count, readings))
            self._learn(["^", *map(str.__add__, letters, readings), "$"])
        for same in self.words.values():
            same.sort(reverse=True)
        self._tokens: dict[str, list[_Token]] = defaultdict(list)
        for token in sorted(self._follows[()]):
            self._tokens[token[0]].append(token)
        self._tokens = dict(self._tokens)
        self._probabilities = functools.lru_cache(maxsize=1 << 18)(self._find_probabilities)
        self._likely_tokens = functools.lru_cache(maxsize=1 << 18)(self._find_likely_tokens)

    def _learn(self, tokens: list[_Token]) -> None:
        """Count each word type once: frequent words do not say more about the others."""
        for place in range(1, len(tokens)):
            token = tokens[place]
            for first in range(max(place - ORDER + 1, 0), place + 1):
                follows = self._follows[tuple(tokens[first:place])]
                follows[token] = follows.get(token, 0) + 1

    def _find_probabilities(self, context: tuple[_Token, ...], letter: str) -> dict[_Token, float]:
        """Of each token of a letter after up to ORDER - 1 others.

        Interpolated absolute discounting (Ney, Essen and Kneser 1994); a context that was not seen says nothing.
        """
        shorter = (
            self._probabilities(context[1:], letter)
            if context
            else dict.fromkeys(self._tokens.get(letter, [letter]), UNSEEN)
        )
        follows = self._follows.get(context)
        if follows is None:
            return shorter
        total = sum(follows.values())
        rest = DISCOUNT * len(follows) / total
        return {token: max(follows.get(token, 0) - DISCOUNT, 0) / total + rest * shorter[token] for token in shorter}

    def look_up(self, letters: str, allowed: Sequence[str]) -> tuple[int, Readings] | None:
        """The most frequent reading of a word that is in the table, with its count.

        Args:
            letters: Its spelling.
            allowed: For each letter, a pattern of its readings; "" for any.

        Returns:
            None if the table lacks the word, or any such reading of it.
        """
        for count, readings in self.words.get(letters, ()):
            if all(map(fits, allowed, readings)):
                return count, readings
        return None

    def guess(self, letters: str, allowed: Sequence[str]) -> Readings:
        """The likeliest reading of any word, by beam search; arguments as in `look_up`."""
        beam: dict[tuple[_Token, ...], tuple[float, tuple[_Token, ...]]] = {("^",): (0.0, ("^",))}
        for letter, pattern in [*zip(letters, allowed, strict=True), ("$", "")]:
            longer = [
                (score + more, (*path, token))
                for context, (score, path) in beam.items()
                for more, token in self._likely_tokens(context, letter, pattern)
            ]
            longer.sort(reverse=True)
            beam = {}
            for score, path in longer:
                beam.setdefault(self._context(path), (score, path))  # the best one with this context
                if len(beam) == BEAM:
                    break
        _, path = max(beam.values())
        return tuple(token[1:] for token in path[1:-1])

    def _context(self, path: tuple[_Token, ...]) -> tuple[_Token, ...]:
        """The longest end of a path that was seen; two tokens at least, which `_penalty` asks for."""
        context = path[1 - ORDER :]
        while len(context) > 2 and context not in self._follows:
            context = context[1:]
        return context

    def _find_likely_tokens(self, context: tuple[_Token, ...], letter: str, pattern: str) -> list[tuple[float, _Token]]:
        """Tokens of a letter after a context, with their log probabilities and penalties."""
        known = self._probabilities(context, letter)
        fitting = {token: known[token] for token in known if fits(pattern, token[1:])} or known
        scored = [(math.log(fitting[token]) + _penalty(context, token), token) for token in fitting]
        least = max(scored)[0] - TOO_UNLIKELY
        return [(score, token) for score, token in scored if score >= least]


def fits(pattern: str, reading: str) -> bool:
    """Whether a reading is one that marks allow; an empty pattern allows all."""
    return not pattern or re.fullmatch(pattern, reading) is not None


def _penalty(context: tuple[_Token, ...], token: _Token) -> float:
    """Log penalty of a token after others: see CLUSTER and LONG."""
    if token[0] in _VOWEL_LETTERS + "$" or token[1:] == "~":
        return 0.0
    penalty = LONG if token[1:2] == "2" else 0.0
    if _is_open(context[-1]):
        if context[-2] == "^" and token[0] not in "रल" and context[-1][0] != "स":
            penalty += CLUSTER
        if _is_open(context[-2]):
            penalty += CLUSTER
    return penalty


def _is_open(token: _Token) -> bool:
    """Whether a token is a consonant without a vowel."""
    return token[0] not in _VOWEL_LETTERS + "^" and token[1:] in ("", "2")


@functools.cache
def load_bridge() -> Bridge:
    """The bridge of the shipped table.

    Raises:
        MissingToolError: If the table did not travel with this copy of the code.
    """
    try:
        rows = gzip.decompress(TABLE.read_bytes()).decode().split("\n")
    except FileNotFoundError as error:
        raise MissingToolError("phonexl", f"transcription of Urdu (it lacks {TABLE.name})") from error
    words = []
    for row in filter(None, rows):
        letters, readings, count = row.split("\t")
        words.append((letters, tuple("" if r == "-" else r for r in readings.split(" ")), int(count)))
    return Bridge(words)
