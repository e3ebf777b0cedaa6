"""Makes the tables that read Urdu without vowel marks: Hindi words, read by our rules, in Urdu spelling; and a model.

    python -m dataset_scripts.make_urd_bridge TEXT.txt.gz

The model is an n-gram model of (letter, reading), compiled to an automaton. The shipped tables were made from the Hindi
sentences of Common Voice (CC0; mozilla/voice-web at e0bfbc4be9eb, server/data/hi). Only pronunciations and how often
each occurs leave the text: no sentence, no spelling.
"""

import argparse
import gzip
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from modeling_phonexl.transcription_hin import phonemes
from modeling_phonexl.transcription_hin_table import VOWELS
from modeling_phonexl.transcription_urd_bridge import COSTS, END, FIRST_COST, FIRST_TOKEN, MODEL, START, WORDS

Spelled = list[tuple[str, str]]

ORDER = 4  # tokens of an n-gram; this and the next two give the fewest errors on dictionary words
DISCOUNT = 0.8
TOO_UNLIKELY = 6.0  # nats below the best token after the same context
UNSEEN = 1e-5  # probability of a token that no word has
# Log penalties of what Urdu avoids and n-grams do not see: a cluster at the beginning or of three consonants, and a
# long consonant, which the learned words have oftener than the unknown ones.
CLUSTER = -3.0
LONG = -1.2
# What the penalties ask of the end of a context: an open consonant is one without a vowel.
OPEN, FIRST_OPEN, TWO_OPEN, CLOSED, NOTHING = "ABCDE"
_VOWEL_LETTERS = "AMWYEHG" + END

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


class NgramModel:
    """Probabilities of tokens after others: interpolated absolute discounting (Ney, Essen and Kneser 1994).

    Args:
        words: Of each word type its (letter, reading) in order; a type counts once, for frequent words do not say more
            about the others.

    Attributes:
        follows: Of each context of up to ORDER - 1 tokens, one character each: how often each token follows it.
        names: Letter and reading of each token.
    """

    def __init__(self, words: Iterable[Sequence[tuple[str, str]]]) -> None:
        spelled = [[letter + reading for letter, reading in word] for word in words]
        tokens = {name: chr(FIRST_TOKEN + i) for i, name in enumerate(sorted({END, *(n for w in spelled for n in w)}))}
        self.names = {token: name for name, token in tokens.items()}
        self.follows: dict[str, Counter[str]] = defaultdict(Counter)
        for word in spelled:
            text = START + "".join(tokens[name] for name in [*word, END])
            for place in range(1, len(text)):
                for first in range(max(place - ORDER + 1, 0), place + 1):
                    self.follows[text[first:place]][text[place]] += 1
        self._found: dict[tuple[str, str], dict[str, float]] = {}

    def probabilities(self, context: str, letter: str) -> dict[str, float]:
        """Of each token of a letter after a context; one that was not seen says nothing."""
        key = context, letter
        if key not in self._found:
            seen: Mapping[str, int] = self.follows.get(context, {})
            if context:
                found = self.probabilities(context[1:], letter)
            else:
                found = {token: UNSEEN for token, name in self.names.items() if name[0] == letter}
            if seen:
                total, rest = sum(seen.values()), self.rest(context)
                found = {t: max(seen.get(t, 0) - DISCOUNT, 0) / total + rest * p for t, p in found.items()}
            self._found[key] = found
        return self._found[key]

    def rest(self, context: str) -> float:
        """Share of the probability that a context leaves to the shorter one."""
        seen = self.follows.get(context)
        return DISCOUNT * len(seen) / seen.total() if seen else 1.0

    def letters(self, context: str) -> list[str]:
        """Letters that follow a context."""
        return sorted({self.names[token][0] for token in self.follows[context]})

    def next_class(self, before: str, token: str) -> str:
        """Class of a context that ends in a token, from the class of what is before it."""
        name = self.names[token]
        if name[0] in _VOWEL_LETTERS or name[1:] not in ("", "2"):
            return CLOSED
        if before == NOTHING:
            return OPEN if name[0] == "स" else FIRST_OPEN
        return OPEN if before == CLOSED else TWO_OPEN

    def context_class(self, context: str) -> str:
        """Class of a whole context."""
        found = CLOSED
        for token in context:
            found = NOTHING if token == START else self.next_class(found, token)
        return found

    def penalty(self, context_class: str, token: str) -> float:
        """Log penalty of a token after a context: see CLUSTER and LONG."""
        letter, reading = self.names[token][0], self.names[token][1:]
        if letter in _VOWEL_LETTERS or reading == "~":
            return 0.0
        is_cluster = context_class == TWO_OPEN or (context_class == FIRST_OPEN and letter not in "रल")
        return CLUSTER * is_cluster + LONG * reading.startswith("2")


def pack_model(model: NgramModel) -> str:
    """The table of the automaton, in three blocks with a blank line between.

    Tokens; of each state the cost of a shorter one, and that; of each state with a letter a row: per token, the best
    first, the token, its cost, and how many tokens the next state keeps, or the class of a state of one token. Costs
    are negative log scores.
    """
    shorter: dict[str, str] = {}
    rows: dict[str, str] = {}
    for context in model.follows:
        for state, kind in _states(model, context):
            below = context[1:] if len(context) > 2 else kind + context[1:] * (len(state) == len(context))
            shorter[state] = _pack_score(math.log(model.rest(context))) + (below or kind)
            for letter in model.letters(context):
                rows[state + letter] = _pack_row(model, context, kind, letter)
    tokens = " ".join(name for _, name in sorted(model.names.items()))
    return "\n\n".join([tokens, *("\n".join(f"{k}\t{v}" for k, v in sorted(b.items())) for b in (shorter, rows))])


def _states(model: NgramModel, context: str) -> list[tuple[str, str]]:
    """States with the tokens of a context, each with its class; those of less than two tokens are named after it."""
    kind = model.context_class(context)
    if len(context) > 1 or context == START:
        return [(context, kind)]
    if not context:
        return [(kind, kind) for kind in (OPEN, FIRST_OPEN, TWO_OPEN, CLOSED, NOTHING)]
    kinds = {model.next_class(before, context) for before in (CLOSED, NOTHING, OPEN)}
    return [(kind + context, kind) for kind in sorted(kinds)]


def _pack_row(model: NgramModel, context: str, kind: str, letter: str) -> str:
    """A row of `pack_model`; without the tokens that are too unlikely, but marks may ask for any in the last resort."""
    scores = {
        token: math.log(probability) + model.penalty(kind, token)
        for token, probability in model.probabilities(context, letter).items()
    }
    least = max(scores.values()) - TOO_UNLIKELY if context else -math.inf
    ranked = sorted((-score, token) for token, score in scores.items() if score >= least)
    return "".join(token + _pack_score(-cost) + _keeps(model, context + token, kind) for cost, token in ranked)


def _keeps(model: NgramModel, path: str, kind: str) -> str:
    """Of the state after a path: how many tokens it keeps, as many as were seen together; or its class, for one."""
    for length in (3, 2):
        if len(path) >= length and path[-length:] in model.follows:
            return str(length)
    return model.next_class(kind, path[-1])


def _pack_score(score: float) -> str:
    return chr(FIRST_COST + round(-score * COSTS))


def main() -> None:
    """Write the tables from the text that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path, help="running Hindi text, UTF-8, gzip, a sentence per line")
    with gzip.open(parser.parse_args().text, "rt", encoding="utf-8", newline="\n") as lines:
        counts = read_text(lines)
    for path, table in ((WORDS, "".join(rows(counts))), (MODEL, pack_model(NgramModel(counts)))):
        path.write_bytes(gzip.compress(table.encode(), 9, mtime=0))
        print(f"{len(table.splitlines())} lines -> {path}")


if __name__ == "__main__":
    main()
