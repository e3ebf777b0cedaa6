"""Makes `modeling_phonexl/eng_letters.gz`: how English letters sound, learned from the lexicon of misaki (Apache-2.0).

Aligns letters with sounds, counts n-grams, drops those that matter least; the search is not here.

    python -m dataset_scripts.make_eng_letters --out modeling_phonexl/eng_letters.gz
"""

import argparse
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modeling_phonexl.transcription_eng import lexicon
from modeling_phonexl.transcription_eng_letters import END, LetterModel
from modeling_phonexl.transcription_eng_sounds import SOUND, plain_sounds, segments, weak_vowels

ORDER = 7
ROUNDS = 6
LEAST_GRAPHONE = 3  # words with a rarer pair of letter and sounds are left out: their spelling is an accident
LEAST_GAIN = 2.0  # nats that an n-gram must save over the whole lexicon
LONGEST_EXCEPTION = 9  # letters of a word that is kept whole if it is misread
STEP = 0.05  # nats of one unit of cost
BEGIN = "^"
FLOOR = 1e-6  # a weight below it is nought
START_WEIGHTS = (0.02, 0.05, 0.0005)  # of no sound, one sound, two sounds: one is the rule

Word = tuple[str, tuple[str, ...]]


def read_pairs() -> list[Word]:
    """Words of the lexicon of the letters a to z alone, with their sounds, sorted; abbreviations in capitals left out.

    Raises:
        MissingToolError: If misaki is not installed.
    """
    pairs = {}
    for spelling, sounds in sorted(lexicon().items(), key=lambda item: item[0].islower()):  # lower case wins
        word = spelling.lower()
        if word.isascii() and word.isalpha() and (len(word) == 1 or not spelling.isupper()):
            pairs[word] = tuple(SOUND.findall(weak_vowels(word, plain_sounds(sounds))))
    return sorted(pairs.items())


@dataclass
class Shape:
    """Words of one length and one number of sounds, and which weight each step of their lattice has.

    Attributes:
        words: Numbers of the words.
        steps: Indices into the weights, of a letter with 0, 1, 2 sounds: shape (words, letters, sounds - k + 1).
    """

    words: list[int]
    steps: list[np.ndarray]

    @property
    def size(self) -> tuple[int, int]:
        """Letters and sounds."""
        return self.steps[0].shape[1], self.steps[0].shape[2] - 1


def index_shapes(pairs: Sequence[Word], inventory: Sequence[str]) -> list[Shape]:
    """Group the words by shape; words with more than two sounds a letter are left out."""
    number = {sound: place for place, sound in enumerate(inventory)}
    num_sounds = len(inventory)
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, (word, sounds) in enumerate(pairs):
        if 0 < len(sounds) <= 2 * len(word):
            groups[len(word), len(sounds)].append(place)
    shapes = []
    for (_, length), words in sorted(groups.items()):
        letters = np.array([[ord(letter) - ord("a") for letter in pairs[word][0]] for word in words])
        heard = np.array([[number[sound] for sound in pairs[word][1]] for word in words])
        none = np.repeat(letters[:, :, None], length + 1, axis=2)
        one = letters[:, :, None] * num_sounds + heard[:, None, :]
        two = one[:, :, :-1] * num_sounds + heard[:, None, 1:]
        shapes.append(Shape(words, [none, 26 + one, 26 + 26 * num_sounds + two]))
    return shapes


def _forward(shape: Shape, weights: np.ndarray) -> np.ndarray:
    """Weight of all ways to a node of the lattice, shape (letters + 1, sounds + 1, words)."""
    num_letters, num_sounds = shape.size
    ahead = np.zeros((num_letters + 1, num_sounds + 1, len(shape.words)))
    ahead[0, 0] = 1
    for letter in range(num_letters):
        for taken in range(min(2, num_sounds) + 1):
            step = weights[shape.steps[taken][:, letter]].T
            ahead[letter + 1, taken:] += ahead[letter, : num_sounds + 1 - taken] * step
    return ahead


def _backward(shape: Shape, weights: np.ndarray) -> np.ndarray:
    """Weight of all ways from a node to the end."""
    num_letters, num_sounds = shape.size
    behind = np.zeros((num_letters + 1, num_sounds + 1, len(shape.words)))
    behind[-1, -1] = 1
    for letter in range(num_letters - 1, -1, -1):
        for taken in range(min(2, num_sounds) + 1):
            step = weights[shape.steps[taken][:, letter]].T
            behind[letter, : num_sounds + 1 - taken] += behind[letter + 1, taken:] * step
    return behind


def learn_weights(shapes: Sequence[Shape], num_sounds: int) -> np.ndarray:
    """Probability of 0 to 2 sounds given the letter, by expectation maximisation."""
    sizes = (26, 26 * num_sounds, 26 * num_sounds**2)
    letters = np.concatenate([np.repeat(np.arange(26), size // 26) for size in sizes])
    weights = np.repeat(START_WEIGHTS, sizes)
    for _ in range(ROUNDS):
        counts = np.zeros(sum(sizes))
        for shape in shapes:
            ahead, behind = _forward(shape, weights), _backward(shape, weights)
            whole = ahead[-1, -1]
            share = np.divide(1, whole, out=np.zeros_like(whole), where=whole > 0)
            for letter in range(shape.size[0]):
                for taken in range(min(2, shape.size[1]) + 1):
                    index = shape.steps[taken][:, letter].T
                    reached = ahead[letter, : len(index)] * behind[letter + 1, taken:]
                    np.add.at(counts, index, reached * weights[index] * share)
        totals = np.bincount(letters, weights=counts, minlength=26)
        weights = counts / np.maximum(totals, FLOOR)[letters]
        weights[weights < FLOOR] = 0
    return weights


def align(pairs: Sequence[Word]) -> list[list[str]]:
    """Graphones of each word that can be aligned: every letter, followed by its sounds.

    >>> align([("a", ("ˈA",)), ("at", ("ˈæ", "t"))])[1]
    ['aˈæ', 'tt']
    """
    inventory = sorted({sound for _, sounds in pairs for sound in sounds})
    shapes = index_shapes(pairs, inventory)
    with np.errstate(divide="ignore"):
        logs = np.log(learn_weights(shapes, len(inventory)))
    aligned: dict[int, list[str]] = {}
    for shape in shapes:
        num_letters, num_sounds = shape.size
        best = np.full((num_letters + 1, num_sounds + 1, len(shape.words)), -np.inf)
        taken_at = np.zeros(best.shape, np.int8)
        best[0, 0] = 0
        for letter in range(num_letters):
            ways = np.full((3, *best.shape[1:]), -np.inf)
            for taken in range(min(2, num_sounds) + 1):
                step = logs[shape.steps[taken][:, letter]].T
                ways[taken, taken:] = best[letter, : num_sounds + 1 - taken] + step
            best[letter + 1], taken_at[letter + 1] = ways.max(axis=0), ways.argmax(axis=0)
        for column in np.flatnonzero(np.isfinite(best[-1, -1])):
            word, sounds = pairs[shape.words[column]]
            aligned[shape.words[column]] = _trace(word, sounds, taken_at[:, :, column])
    return [aligned[word] for word in sorted(aligned)]


def _trace(word: str, sounds: tuple[str, ...], taken_at: np.ndarray) -> list[str]:
    graphones, end = [], len(sounds)
    for letter in range(len(word), 0, -1):
        start = end - int(taken_at[letter, end])
        graphones.append(word[letter - 1] + "".join(sounds[start:end]))
        end = start
    return graphones[::-1]


@dataclass
class Order:
    """The n-grams of one order, sorted by context and graphone.

    Attributes:
        parents: The context, as the place of an n-gram in the order below.
        ids: The last graphone.
        suffixes: The n-gram without its first graphone, as a place in the order below.
        counts: In the lexicon.
        is_initial: Whether it begins a word.
        probs: Interpolated probability.
        lower: Probability of the suffix.
        discounts: What the context leaves to shorter ones.
    """

    parents: np.ndarray
    ids: np.ndarray
    suffixes: np.ndarray
    counts: np.ndarray
    is_initial: np.ndarray
    probs: np.ndarray
    lower: np.ndarray
    discounts: np.ndarray


def count_ngrams(words: Sequence[Sequence[int]], num_graphones: int) -> list[Order]:
    """All n-grams up to `ORDER` of words that begin with graphone 0 and end with 1; not yet their probabilities."""
    text = np.concatenate([np.asarray(word) for word in words])
    starts = np.flatnonzero(text == 0)
    offsets = np.arange(len(text)) - np.repeat(starts, np.diff(np.append(starts, len(text))))
    none, everyone = np.zeros(num_graphones), np.arange(num_graphones)
    counts = np.bincount(text, minlength=num_graphones)
    orders = [Order(everyone * 0, everyone, everyone * 0, counts, everyone == 0, none, none, none)]
    node = text
    for order in range(2, ORDER + 1):
        where = np.flatnonzero(offsets >= order - 1)
        keys, first, inverse, counts = np.unique(
            node[where - 1] * num_graphones + text[where], return_index=True, return_inverse=True, return_counts=True
        )
        none = np.zeros(len(keys))
        is_initial = offsets[where[first]] == order - 1
        suffixes = node[where[first]]
        orders.append(
            Order(keys // num_graphones, keys % num_graphones, suffixes, counts, is_initial, none, none, none)
        )
        node = np.full(len(text), -1)
        node[where] = inverse
    return orders


def estimate(orders: list[Order]) -> None:
    """Fill in the probabilities: interpolated Kneser-Ney with three discounts.

    Source: Chen and Goodman, An empirical study of smoothing techniques for language modeling (1998), section 4.1.6.
    """
    for place, order in enumerate(orders):
        counts = order.counts.astype(float)
        if place + 1 < len(orders):  # a shorter n-gram counts once for each graphone before it
            preceded = np.bincount(orders[place + 1].suffixes, minlength=len(counts))
            counts = np.where(order.is_initial, counts, preceded)
        if place == 0:
            counts[0] = 0  # no word has a beginning inside
            kept = np.maximum(counts - 0.5, 0)
            order.probs = (kept + (counts.sum() - kept.sum()) / (len(counts) - 1)) / counts.sum()
            continue
        of_count = [np.count_nonzero(counts == count) for count in (1, 2, 3, 4)]
        base = of_count[0] / (of_count[0] + 2 * of_count[1])
        steps = [0.0] + [count - (count + 1) * base * of_count[count] / of_count[count - 1] for count in (1, 2, 3)]
        taken = np.asarray(steps)[np.minimum(counts, 3).astype(int)]
        num_contexts = len(orders[place - 1].ids)
        totals = np.bincount(order.parents, weights=counts, minlength=num_contexts)
        left = np.bincount(order.parents, weights=taken, minlength=num_contexts)
        order.discounts = (left / np.maximum(totals, 1))[order.parents]
        order.lower = orders[place - 1].probs[order.suffixes]
        order.probs = (counts - taken) / totals[order.parents] + order.discounts * order.lower


def prune(orders: list[Order]) -> list[Order]:
    """Drop n-grams that save less than `LEAST_GAIN`, but for contexts and suffixes of those that stay."""
    keep = [np.ones(len(orders[0].ids), bool)]
    later: np.ndarray | None = None
    for place in range(len(orders) - 1, 0, -1):
        order = orders[place]
        stays = order.counts * np.log(order.probs / (order.discounts * order.lower)) >= LEAST_GAIN
        if later is not None:
            longer = orders[place + 1]
            stays[longer.parents[later]] = True
            stays[longer.suffixes[later]] = True
        keep.insert(1, stays)
        later = stays
    kept = []
    places = [np.cumsum(stays) - 1 for stays in keep]
    for place, (order, stays) in enumerate(zip(orders, keep, strict=True)):
        columns = {name: column[stays] for name, column in vars(order).items()}
        if place:
            columns["parents"] = places[place - 1][columns["parents"]]
            columns["suffixes"] = places[place - 1][columns["suffixes"]]
        kept.append(Order(**columns))
    return kept


def pack(orders: list[Order], graphones: Sequence[str], exceptions: dict[str, str]) -> bytes:
    """The file's content, as `transcription_eng_letters.LetterModel` reads it."""
    counts, backoffs = [], []
    for order, longer in zip(orders, orders[1:], strict=False):
        size = len(order.ids)
        counts.append(np.bincount(longer.parents, minlength=size))
        seen = np.bincount(longer.parents, weights=longer.probs, minlength=size)
        below = np.bincount(longer.parents, weights=order.probs[longer.suffixes], minlength=size)
        backoffs.append(-np.log(np.maximum(1 - seen, FLOOR) / np.maximum(1 - below, FLOOR)))
    costs = -np.log(np.concatenate([order.probs for order in orders]))
    sizes = [len(order.ids) for order in orders]
    header = {"graphones": list(graphones), "sizes": sizes, "exceptions": exceptions}
    columns = (
        np.concatenate(counts).astype("<u2"),
        np.concatenate([order.ids for order in orders]).astype("<u2"),
        np.clip(np.round(costs / STEP), 0, 255).astype("u1"),
        np.clip(np.round(np.concatenate(backoffs) / STEP), -128, 127).astype("i1"),
    )
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return head + b"".join(column.tobytes() for column in columns)


def build() -> bytes:
    """Learn the model from the installed lexicon; the same bytes every time.

    Raises:
        MissingToolError: If misaki is not installed.
    """
    pairs = read_pairs()
    words = align(pairs)
    frequency = Counter(graphone for word in words for graphone in word)
    graphones = [BEGIN, END, *sorted(graphone for graphone, count in frequency.items() if count >= LEAST_GRAPHONE)]
    number = {graphone: place for place, graphone in enumerate(graphones)}
    texts = [
        [0, *(number[graphone] for graphone in word), 1]
        for word in words
        if all(graphone in number for graphone in word)
    ]
    orders = count_ngrams(texts, len(graphones))
    with np.errstate(divide="ignore"):  # the beginning is never predicted
        estimate(orders)
        kept = prune(orders)
        model = LetterModel(pack(kept, graphones, {}))
        misread = {
            word: "".join(sounds)
            for word, sounds in pairs
            if 1 < len(word) <= LONGEST_EXCEPTION and segments(model.read(word)) != segments("".join(sounds))
        }
        return pack(kept, graphones, misread)


def main() -> None:
    """Write the file that `--out` names."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True)
    path: Path = parser.parse_args().out
    path.write_bytes(gzip.compress(build(), 9, mtime=0))


if __name__ == "__main__":
    main()
