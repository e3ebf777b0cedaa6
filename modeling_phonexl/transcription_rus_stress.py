"""Russian stress by silero-stress: of a word by itself, and of homographs (замок) in their sentence.

Holds no sounds. The package and torch load when the first word is asked for.
"""

import functools
import importlib.util
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .transcription import import_tool
from .transcription_words import CACHE_SIZE

STRESS = "\u0301"  # stands after the stressed vowel
_VOWELS = re.compile("[аеёиоуыэюя]")
_SENTENCES = 1 << 14
# Всё is neuter singular; before these endings of the plural only все can stand.
_PLURAL = re.compile(r"\W+[а-яё]*(?:ые|ие|ли|ют|ут|ят)\b", re.IGNORECASE)
_LETTER = re.compile("[а-яё]", re.IGNORECASE)
_LOCK = threading.Lock()

_Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class _Model:
    """The parts of silero-stress 1.5, its network as arrays.

    Attributes:
        fixed: Word to (index of the stressed letter, index of the е that is ё, or -1).
        ngrams: Row of each n-gram of a word in angle brackets.
        longest: Letters of the longest n-gram.
        vectors: Shape (n-grams, 16).
        stress: Layers that give a score to each vowel of a word, at most 10.
        yo: Layers that give a score to "no ё" and to each е of a word.
        homographs: Words whose stress or ё depends on the sentence.
        one_stress: Those of them whose readings differ in ё alone (все).
        resolve: Puts + before the stressed vowel of each homograph of a sentence, and ё where it belongs.
    """

    fixed: Mapping[str, tuple[int, int]]
    ngrams: Mapping[str, int]
    longest: int
    vectors: NDArray[np.float32]
    stress: _Layers
    yo: _Layers
    homographs: frozenset[str]
    one_stress: frozenset[str]
    resolve: Callable[[str], str]


@functools.cache
def _model() -> _Model:
    """The model, loaded once whatever the number of threads."""
    with _LOCK:
        return _load()


@functools.cache
def _load() -> _Model:
    torch = cast(Any, import_tool("torch", "torch", "the stress of Russian words"))
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    try:
        package = import_tool("silero_stress", "silero-stress", "the stress of Russian words", "lexicons")
        silero = cast(Any, package).load_accentor("ru")
    finally:  # it sets one thread and switches gradients off for good: no model could be trained after it
        torch.set_num_threads(threads)
        torch.set_grad_enabled(grad)
    network, solver = silero.accentor.model, silero.homosolver
    ngrams = dict(network.embedding.ngram_dict)
    readings: dict[str, list[str]] = solver.homodict
    return _Model(
        fixed=silero.accentor.exceptions,
        ngrams=ngrams,
        longest=max(map(len, ngrams)),
        vectors=network.embedding.weight.detach().float().numpy(),
        stress=_layers(network.stress_clf),
        yo=_layers(network.yo_clf),
        homographs=frozenset(readings) | frozenset(solver.compiled_phrases),
        one_stress=frozenset(word for word, forms in readings.items() if len({f.index("+") for f in forms}) == 1),
        resolve=functools.partial(_resolve, torch, solver),
    )


def _layers(network: Any) -> _Layers:
    """Weights and biases of linear layers with ReLU between them."""
    named = {name: value.detach().float().numpy() for name, value in network.named_parameters()}
    names = sorted({name.split(".")[0] for name in named}, key=int)
    return [(named[f"{name}.weight"], named[f"{name}.bias"]) for name in names]


def _resolve(torch: Any, solver: Any, text: str) -> str:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the package does; with more, a forked process waits for threads it does not have
    try:
        with torch.no_grad():
            return cast(str, solver(text))
    finally:
        torch.set_num_threads(threads)


def homographs() -> frozenset[str]:
    """Words that must be read in their sentence; none where silero-stress is not installed."""
    return _model().homographs if _is_installed() else frozenset()


@functools.cache
def _is_installed() -> bool:
    return importlib.util.find_spec("silero_stress") is not None


@functools.lru_cache(maxsize=CACHE_SIZE)
def stress_word(word: str) -> str:
    """Put the stress mark into a word without context, and ё where no other reading exists.

    Args:
        word: Lower-case Russian letters, more than one vowel, no ё.

    Raises:
        MissingToolError: If silero-stress is not installed.
    """
    model = _model()
    if word in model.homographs and (found := stress_in_context(word, [(0, len(word))])[0]):
        return found
    if word in model.fixed:
        stressed, yo = model.fixed[word]
        return _marked(word, stressed, yo)
    vowels = [match.start() for match in _VOWELS.finditer(word)]
    vector = _vector(model, word)
    stressed = vowels[int(np.argmax(_forward(model.stress, vector)[: len(vowels)]))]
    scores = _forward(model.yo, vector)
    place = int(np.argmax(scores))
    letters = [index for index, letter in enumerate(word) if letter == "е"]
    is_yo = 0 < place <= len(letters) and letters[place - 1] == stressed and _share(scores, place) > 0.5
    return _marked(word, stressed, stressed if is_yo else -1)


def _vector(model: _Model, word: str) -> NDArray[np.float32]:
    """Mean of the vectors of all n-grams of the word, shape (16,)."""
    text = f"<{word}>"
    rows = [
        row
        for length in range(1, min(len(text), model.longest) + 1)
        for start in range(len(text) - length + 1)
        if (row := model.ngrams.get(text[start : start + length])) is not None
    ]
    return cast(NDArray[np.float32], model.vectors[rows or [model.ngrams["UNK"]]].mean(axis=0))


def _forward(layers: _Layers, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    for weight, bias in layers[:-1]:
        vector = np.maximum(weight @ vector + bias, 0)
    return layers[-1][0] @ vector + layers[-1][1]


def _share(scores: NDArray[np.float32], place: int) -> float:
    """Softmax at one place."""
    return float(1 / np.exp(scores - scores[place]).sum())


def _marked(word: str, stressed: int, yo: int) -> str:
    """The word with ё at index `yo`, unless -1, and the stress mark after index `stressed`."""
    if yo >= 0:
        word = word[:yo] + "ё" + word[yo + 1 :]
    return word[: stressed + 1] + STRESS + word[stressed + 1 :]


def stress_in_context(text: str, spans: Sequence[tuple[int, int]]) -> list[str | None]:
    """Homographs of a sentence as they are read there.

    Args:
        text: The sentence, without + and stress marks.
        spans: (start, end) of homographs in it.

    Returns:
        For each span the word in lower case with its stress mark, and ё where it belongs; None where the model does
        not say.
    """
    letters = _resolved(text)
    return [_choose(text, start, end, "".join(letters[start:end]).lower()) for start, end in spans]


@functools.lru_cache(maxsize=_SENTENCES)
def _resolved(text: str) -> tuple[str, ...]:
    """The characters of a sentence, stressed vowels with the stress mark; as they are if the model changed the text."""
    marked = re.sub(r"\+(.)", rf"\1{STRESS}", _model().resolve(text), flags=re.DOTALL)
    letters = tuple(re.findall(f"[^{STRESS}]{STRESS}?", marked))
    is_same = "".join(letters).replace(STRESS, "").lower().replace("ё", "е") == text.lower().replace("ё", "е")
    return letters if is_same and len(letters) == len(text) else tuple(text)


def _choose(text: str, start: int, end: int, word: str) -> str | None:
    """The reading, but е as it is written where only the context could tell it from ё and the context says е."""
    if STRESS not in word:
        return None
    written = text[start:end].lower()
    is_alone = not _LETTER.search(text[:start] + text[end:])
    is_plural = written == "все" and _PLURAL.match(text, end)
    if "ё" in word and written in _model().one_stress and (is_alone or is_plural):
        return word.replace("ё", "е")
    return word
