"""English words that no lexicon has: a joint n-gram model of letters and sounds, and the search for the best reading.

The model is `eng_letters.gz`, learned from the lexicon of misaki (Apache-2.0) by `dataset_scripts/make_eng_letters.py`,
with the short words that it would misread.
"""

import functools
import gzip
import json
from array import array
from bisect import bisect_left
from pathlib import Path
from typing import Any

import numpy as np

MODEL_FILE = Path(__file__).with_name("eng_letters.gz")
END = "$"
STRESS = "ˈ"
_ROOT = -1
# In steps of the model's costs, 0.05 nats: what is so much worse than the best is dropped.
_BEAM = 160
_MAX_HYPOTHESES = 40
_MAX_STATES = 1 << 18  # whose arcs are kept, about 100 MB

_Arc = tuple[int, int, str]  # cost, next state, sounds


class LetterModel:
    """A back-off n-gram model of graphones (a letter with its 0 to 2 sounds), searched letter by letter.

    A state is the longest known context: the number of an n-gram, or the root. The n-grams of one order stand together,
    sorted by context, so that those of a context are neighbours.

    Args:
        content: What `dataset_scripts/make_eng_letters.py` wrote: a line of JSON, then four arrays.

    Attributes:
        exceptions: Sounds of short words that the n-grams misread; the words of grammar are among them.

    Reference: Bisani and Ney, Joint-sequence models for grapheme-to-phoneme conversion, Speech Communication 50 (2008).
    """

    def __init__(self, content: bytes) -> None:
        head, _, body = content.partition(b"\n")
        header: dict[str, Any] = json.loads(head)
        self.exceptions: dict[str, str] = header["exceptions"]
        sizes: list[int] = header["sizes"]  # n-grams of each order
        total = sum(sizes)
        names = (("counts", "<u2", total - sizes[-1]), ("ids", "<u2", total), ("costs", "u1", total))
        columns: dict[str, np.ndarray] = {}
        offset = 0
        for name, kind, length in (*names, ("backoffs", "i1", total - sizes[-1])):
            columns[name] = np.frombuffer(body, kind, length, offset)
            offset += columns[name].nbytes
        counts, ids = columns["counts"].astype(np.int64), columns["ids"].astype(np.int64)
        suffixes, contexts = _link(counts, ids, sizes)
        starts = sizes[0] + np.concatenate([[0], np.cumsum(counts)])
        self._starts = array("i", starts.astype(np.int32).tobytes())
        self._ids = array("H", ids.astype(np.uint16).tobytes())
        self._costs = array("B", columns["costs"].tobytes())
        self._backoffs = array("b", columns["backoffs"].tobytes())
        self._suffixes = array("i", suffixes.astype(np.int32).tobytes())
        self._contexts = array("i", contexts.astype(np.int32).tobytes())
        self._sounds: list[str] = [graphone[1:] for graphone in header["graphones"]]
        letters = [graphone[0] for graphone in header["graphones"]]  # the first two: beginning and end
        self._ranges = {
            letter: (letters.index(letter), len(letters) - letters[::-1].index(letter)) for letter in set(letters)
        }
        self._arcs = functools.lru_cache(maxsize=_MAX_STATES)(self._find_arcs)

    def read(self, word: str) -> str:
        """The likeliest sounds of a word of the letters a to z, in misaki's notation; "" where every letter is silent.

        One vowel has the main stress: a reading with two is not searched, one without it only if none has it.
        """
        start = self._contexts[0]
        beam: dict[tuple[int, bool], tuple[int, Any, str]] = {(start, False): (0, None, "")}
        for letter in word + END:
            beam = self._advance(beam, letter) or self._advance(
                {(state, False): best for (state, _), best in beam.items()}, letter
            )
        stressed = [best for (_, is_stressed), best in beam.items() if is_stressed]
        best: Any = min(stressed or beam.values(), key=lambda hypothesis: hypothesis[0])
        sounds = []
        while best:
            sounds.append(best[2])
            best = best[1]
        return "".join(reversed(sounds))

    def _advance(
        self, beam: dict[tuple[int, bool], tuple[int, Any, str]], letter: str
    ) -> dict[tuple[int, bool], tuple[int, Any, str]]:
        """The best hypotheses of each state after one more letter."""
        after: dict[tuple[int, bool], tuple[int, Any, str]] = {}
        best = 1 << 30
        ranked = sorted(beam.items(), key=lambda item: item[1][0])[:_MAX_HYPOTHESES]
        for (state, is_stressed), hypothesis in ranked:
            before = hypothesis[0]
            if before > best + _BEAM:
                break
            extra, arcs = self._arcs(state, letter)
            before += extra
            for cost, next_state, sounds in arcs:
                total = before + cost
                if total > best + _BEAM:
                    break
                if STRESS in sounds:
                    if is_stressed:
                        continue
                    key = (next_state, True)
                else:
                    key = (next_state, is_stressed)
                if total < best:
                    best = total
                known = after.get(key)
                if known is None or total < known[0]:
                    after[key] = (total, hypothesis, sounds)
        return after

    def _find_arcs(self, state: int, letter: str) -> tuple[int, list[_Arc]]:
        """How a letter may be read in a state, the likeliest first, and a cost that all these arcs have besides.

        What the state has not seen its suffix may have; a state that has not seen the letter shares its suffix's list.
        """
        first, last = self._ranges[letter]
        if state == _ROOT:
            rows = zip(self._costs[first:last], self._contexts[first:last], self._sounds[first:last], strict=True)
            return 0, sorted(rows)
        end = self._starts[state + 1]
        place = bisect_left(self._ids, first, self._starts[state], end)
        extra, shorter = self._arcs(self._suffixes[state], letter)
        extra += self._backoffs[state]
        if place == end or self._ids[place] >= last:
            return extra, shorter
        stop = bisect_left(self._ids, last, place, end)
        sounds = [self._sounds[graphone] for graphone in self._ids[place:stop]]
        arcs = list(zip(self._costs[place:stop], self._contexts[place:stop], sounds, strict=True))
        most = min(arcs)[0] + _BEAM - extra
        for cost, next_state, sound in shorter:
            if cost > most:
                break
            if sound not in sounds:
                arcs.append((cost + extra, next_state, sound))
        arcs.sort()
        return 0, arcs


def _link(counts: np.ndarray, ids: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """For each n-gram its suffix, without its first graphone, and the state after it: the longest one with successors.

    Args:
        counts: Successors of each n-gram but those of the highest order.
        ids: Last graphone of each n-gram.
        sizes: N-grams of each order.
    """
    num_graphones = sizes[0]
    parents = np.concatenate([np.full(num_graphones, _ROOT), np.repeat(np.arange(len(counts)), counts)])
    suffixes = np.full(len(ids), _ROOT)
    contexts = np.arange(len(ids))
    has_successors = np.append(counts, np.zeros(sizes[-1], np.int64)) > 0
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    contexts[:num_graphones][~has_successors[:num_graphones]] = _ROOT
    for order in range(1, len(sizes)):
        mine = slice(bounds[order], bounds[order + 1])
        shorter = slice(bounds[order - 1], bounds[order])
        keys = suffixes[parents[mine]] * num_graphones + ids[mine]
        known = parents[shorter] * num_graphones + ids[shorter]
        suffixes[mine] = bounds[order - 1] + np.searchsorted(known, keys)
        contexts[mine] = np.where(has_successors[mine], contexts[mine], contexts[suffixes[mine]])
    return suffixes, contexts


@functools.cache
def letter_model() -> LetterModel:
    """The one model of this process."""
    return LetterModel(gzip.decompress(MODEL_FILE.read_bytes()))
