"""Readings of Urdu letters learned from Hindi words: look-up of a whole spelling, and a search for the others.

Holds no rules of Urdu, no text and no training: `dataset_scripts/make_urd_bridge.py` made the two tables beside it, of
words of Common Voice's Hindi sentences (CC0) read by `transcription_hin` and spelled in Urdu letters, and learned.

Letters: a Hindi consonant for the Urdu ones that sound nearly like it, A ا, M آ at the beginning, W و, Y ی, E ے,
H hamza, G ں. Readings: of a consonant "2" if it is long, then the short vowel after it (a i u); of W and Y a vowel
(aa ii uu ee oo ai au u), or v and j read like a consonant; "~" nasality of the vowel before; "" nothing.
"""

import functools
import gzip
import operator
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from .transcription import MissingToolError

Readings = tuple[str, ...]
_Entry = tuple[float, int, str]  # log score, next state, token
_Reach = tuple[float, float, Sequence[_Entry], str]
_BY_SCORE = operator.itemgetter(0)
_Beam = list[tuple[int, float, str]]  # of each state the score of the best path, and its tokens

WORDS = Path(__file__).with_name("transcription_urd_words.tsv.gz")
MODEL = Path(__file__).with_name("transcription_urd_model.tsv.gz")
FIRST_TOKEN, FIRST_COST = 0x100, 0x400  # code points of token 0 and cost 0 in the model
COSTS = 50  # steps of a cost in a nat
START, END = "^", "$"
WIDTH = 6.0  # nats below the best path at which a path is given up
_DONE = -1  # the state after END
KEPT_LETTERS = 4  # of the beginnings of words whose paths are kept; few words share longer ones
MOST_BEAMS = 1 << 16


class Bridge:
    """Words with the readings of their letters, and an automaton that reads any letters.

    A state is the last tokens, a token a letter with its reading. Where a state has no row for a letter the search goes
    on, at a cost, from one that remembers less.

    Args:
        words: Table of words: letters, readings, count.
        model: Table of the automaton, as `make_urd_bridge.pack_model` writes it.
    """

    def __init__(self, words: str, model: str) -> None:
        self._words: dict[str, str] = {}
        for row in words.splitlines():
            letters, _, rest = row.partition("\t")
            same = self._words.get(letters)
            self._words[letters] = f"{same}\n{rest}" if same else rest
        names, shorter, rows = model.split("\n\n")
        self._readings = {chr(FIRST_TOKEN + i): name[1:] for i, name in enumerate(names.split(" "))}
        # States are numbers, and rows hold no objects, which the garbage collector would visit again and again.
        cells = shorter.replace("\n", "\t").split("\t")
        number = {state: i for i, state in enumerate(cells[::2])}
        self._costs = [_score(to[0]) for to in cells[1::2]]
        self._shorter = [number[to[1:]] for to in cells[1::2]]
        self._rows: dict[str, dict[int, tuple[_Entry, ...]]] = defaultdict(dict)  # of each letter, by state
        cells = rows.replace("\n", "\t").split("\t")
        for key, row in zip(cells[::2], cells[1::2], strict=True):
            self._rows[key[-1]][number[key[:-1]]] = _unpack(key[:-1], row, number)
        self._letters = {name[0] for name in names.split(" ")} - {END}
        self._beams: dict[str, _Beam] = {"": [(number[START], 0.0, "")]}

    def look_up(self, letters: str, allowed: Sequence[str] = ()) -> tuple[int, Readings] | None:
        """The most frequent reading of a word that is in the table, with its count.

        Args:
            letters: Its spelling.
            allowed: For each letter, a pattern of its readings, "" for any; or nothing for any reading of all.

        Returns:
            None if the table lacks the word, or any such reading of it.
        """
        if not (rows := self._words.get(letters)):
            return None
        known = [_parse(row) for row in rows.split("\n")]
        if any(allowed):
            known = [(count, readings) for count, readings in known if all(map(fits, allowed, readings))]
        return max(known, default=None)

    def guess(self, letters: str, allowed: Sequence[str] = ()) -> Readings:
        """The likeliest reading of any word; arguments as in `look_up`.

        Raises:
            ValueError: If the model lacks a letter.
        """
        if unknown := set(letters) - self._letters:
            raise ValueError(
                f"letters {letters!r}: no reading of {min(unknown)!r}; known: {''.join(sorted(self._letters))}"
            )
        if any(allowed):
            beam = self._beams[""]
            for letter, pattern in zip(letters, allowed, strict=True):
                beam = self._extend(beam, letter, pattern)
        else:
            beam = self._read(letters)
        _, _, _, path = max(self._reach(beam, END, ""), key=_BY_SCORE)
        return tuple([self._readings[token] for token in path])

    def _read(self, letters: str) -> _Beam:
        """Paths through letters without marks; those of each beginning are kept, for words begin alike."""
        if len(self._beams) > MOST_BEAMS:
            self._beams = {"": self._beams[""]}
        known = min(len(letters), KEPT_LETTERS)
        while (beam := self._beams.get(letters[:known])) is None:
            known -= 1
        for place in range(known, len(letters)):
            beam = self._extend(beam, letters[place])
            if place < KEPT_LETTERS:
                self._beams[letters[: place + 1]] = beam
        return beam

    def _extend(self, beam: _Beam, letter: str, pattern: str = "") -> _Beam:
        """Best path into each state after one more letter (Viterbi), those given up left out."""
        reached = self._reach(beam, letter, pattern)
        least = max(reached, key=_BY_SCORE)[0] - WIDTH
        best: dict[int, tuple[int, float, str]] = {}
        for _, score, entries, path in reached:
            for more, following, token in entries:
                total = score + more
                if total < least:
                    break
                if (old := best.get(following)) is None or total > old[1]:
                    best[following] = following, total, path + token
        return list(best.values())

    def _reach(self, beam: _Beam, letter: str, pattern: str) -> list[_Reach]:
        """Entries for a letter after each path, the score there, and that with the best entry, which comes first."""
        reached = []
        rows, costs, shorter = self._rows[letter], self._costs, self._shorter
        for state, score, path in beam:
            if pattern:
                entries, score = self._obey(state, score, letter, pattern)
            else:
                while (found := rows.get(state)) is None:
                    score += costs[state]
                    state = shorter[state]
                entries = found
            reached.append((score + entries[0][0], score, entries, path))
        return reached

    def _obey(self, state: int, score: float, letter: str, pattern: str) -> tuple[Sequence[_Entry], float]:
        """Entries that a mark allows, of the longest state that has any, and the score there; all if none has."""
        unmarked: tuple[Sequence[_Entry], float] = (), 0.0
        while True:
            entries = self._rows[letter].get(state, ())
            if fitting := [entry for entry in entries if fits(pattern, self._readings[entry[2]])]:
                return fitting, score
            if entries and not unmarked[0]:
                unmarked = entries, score
            if state == self._shorter[state]:
                return unmarked
            score += self._costs[state]
            state = self._shorter[state]


def _score(cost: str) -> float:
    return (FIRST_COST - ord(cost)) / COSTS


def _unpack(state: str, row: str, number: Mapping[str, int]) -> tuple[_Entry, ...]:
    """Entries of a row, best first: token, cost, and what the next state keeps ("3" or "2" tokens, else its class)."""
    entries = zip(row[::3], row[1::3], row[2::3], strict=True)
    return tuple(
        (_score(cost), number.get((state + token)[-int(keeps) :] if keeps < "A" else keeps + token, _DONE), token)
        for token, cost, keeps in entries
    )


def _parse(row: str) -> tuple[int, Readings]:
    readings, _, count = row.partition("\t")
    return int(count), tuple("" if reading == "-" else reading for reading in readings.split(" "))


def fits(pattern: str, reading: str) -> bool:
    """Whether a reading is one that marks allow; an empty pattern allows all."""
    return not pattern or re.fullmatch(pattern, reading) is not None


@functools.cache
def load_bridge() -> Bridge:
    """The bridge of the shipped tables.

    Raises:
        MissingToolError: If a table did not travel with this copy of the code.
    """
    try:
        words, model = (gzip.decompress(path.read_bytes()).decode() for path in (WORDS, MODEL))
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise MissingToolError("phonexl", f"transcription of Urdu (it lacks {missing})") from error
    return Bridge(words, model)
