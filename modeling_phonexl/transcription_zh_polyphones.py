"""Readings of Chinese characters that have several: the weights of the package g2pM, run in numpy.

No phrases and no tone sandhi: those are in `transcription_zh.py`. The package's own code is not run.
"""

import functools
import pickle
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from .transcription import import_tool
from .transcription_zh_table import TONE_MARKS

_PURPOSE = "transcription of Chinese"
_UNKNOWN_READING = "xx5"  # of three radicals: so CC-CEDICT, the source of the readings, writes it


class _ArrayUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, numpy: Any) -> None:
        super().__init__(file)
        rebuild = numpy.empty(0).__reduce__()[0]  # its module has another name in numpy 1 and 2
        self._allowed = {
            ("numpy.core.multiarray", "_reconstruct"): rebuild,
            ("numpy", "ndarray"): numpy.ndarray,
            ("numpy", "dtype"): numpy.dtype,
        }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"asks for {module}.{name}; expected plain containers and numpy arrays only")
        return self._allowed[module, name]


def read_pickle(path: Path) -> Any:
    """Read a pickle of plain containers and numpy arrays; no other global is loaded, so that no file can run code.

    Raises:
        pickle.UnpicklingError: If the file holds anything else.
        MissingToolError: If numpy is not installed.
    """
    with path.open("rb") as file:
        try:
            return _ArrayUnpickler(file, import_tool("numpy", "numpy", _PURPOSE)).load()
        except pickle.UnpicklingError as error:
            raise pickle.UnpicklingError(f"{path}: {error}. Reinstall the package it belongs to.") from error


class Polyphones:
    """Chooses the reading of a character from its sentence, with the weights of g2pM (one bi-LSTM, two linear layers).

    Attributes:
        readings: The characters with several readings, each with those that it can get, in pinyin.

    Source: Park and Lee 2020, "g2pM: A Neural Grapheme-to-Phoneme Conversion Package for Mandarin Chinese".
    """

    def __init__(self) -> None:
        self._numpy: Any = import_tool("numpy", "numpy", _PURPOSE)
        package: Any = import_tool("g2pM", "g2pM", _PURPOSE)
        folder = Path(package.__file__).parent
        self._ids: dict[str, int] = read_pickle(folder / "char2idx.pkl")
        classes: dict[str, int] = read_pickle(folder / "class2idx.pkl")
        self._places = {_from_digits(name): place for name, place in classes.items()}
        self.readings: dict[str, tuple[str, ...]] = {}
        for char, names in read_pickle(folder / "digest_cedict.pkl").items():
            if len(known := [name for name in names if name in classes and name != _UNKNOWN_READING]) > 1:
                self.readings[char] = tuple(map(_from_digits, known))
        self._set_weights(read_pickle(folder / "np_ckpt.pkl"))

    def _set_weights(self, weights: dict[str, Any]) -> None:
        stack, suffixes = self._numpy.stack, ("", "_reverse")
        size = weights["lstm.weight_hh_l0"].shape[1]
        # sigmoid(x) = (tanh(x / 2) + 1) / 2: with halved weights one tanh serves all four gates (i f g o).
        scale = self._numpy.full(4 * size, 0.5, dtype="float32")
        scale[2 * size : 3 * size] = 1.0
        inputs = [weights[f"lstm.weight_ih_l0{suffix}"].T * scale for suffix in suffixes]
        biases = [(weights[f"lstm.bias_ih_l0{s}"] + weights[f"lstm.bias_hh_l0{s}"]) * scale for s in suffixes]
        embedding = weights["embedding.weight"]
        # Gate inputs of every known character, one table per direction: (2, characters, 4 * size)
        self._inputs = stack([embedding @ matrix + bias for matrix, bias in zip(inputs, biases, strict=True)])
        self._recurrent = stack([weights[f"lstm.weight_hh_l0{suffix}"].T * scale for suffix in suffixes])
        self._hidden = (weights["logit_layer.0.weight"].T, weights["logit_layer.0.bias"])
        self._output = (weights["logit_layer.2.weight"].T, weights["logit_layer.2.bias"])

    def choose(self, text: str, places: Sequence[int]) -> dict[int, str]:
        """Readings for those of the places in `text` whose character has several."""
        chosen = [place for place in places if text[place] in self.readings]
        if not chosen:
            return {}
        states = self._encode(text)[chosen]  # (chosen, 2 * size)
        hidden = self._numpy.maximum(states @ self._hidden[0] + self._hidden[1], 0)
        logits = hidden @ self._output[0] + self._output[1]  # (chosen, classes)
        return {place: self._best(text[place], row) for place, row in zip(chosen, logits, strict=True)}

    def _best(self, char: str, logits: Any) -> str:
        return max(self.readings[char], key=lambda reading: logits[self._places[reading]])

    def _encode(self, text: str) -> Any:
        """States of both directions for each character, shape (characters, 2 * size)."""
        np, unknown = self._numpy, self._ids["<UNK>"]
        # g2pM's own names for the start and the end of a sentence.
        ids = np.array([self._ids["시"], *(self._ids.get(char, unknown) for char in text), self._ids["끝"]])
        inputs = np.stack([self._inputs[0, ids], self._inputs[1, ids[::-1]]], axis=1)[:, :, None]
        size = self._recurrent.shape[1]
        states = np.zeros((len(ids), 2, 1, size), dtype="float32")
        hidden = cell = np.zeros((2, 1, size), dtype="float32")
        for step, gates in enumerate(inputs):  # (2 directions, 1, 4 * size)
            gates = np.tanh(gates + hidden @ self._recurrent)
            halves = gates * 0.5 + 0.5
            cell = halves[..., size : 2 * size] * cell + halves[..., :size] * gates[..., 2 * size : 3 * size]
            hidden = states[step] = halves[..., 3 * size :] * np.tanh(cell)
        return np.concatenate([states[:, 0, 0], states[::-1, 1, 0]], axis=1)[1:-1]


@functools.cache
def load_polyphones() -> Polyphones:
    """The model of this process, read from g2pM's files at the first call (50 ms).

    Raises:
        MissingToolError: If g2pM or numpy is not installed.
    """
    return Polyphones()


def _from_digits(name: str) -> str:
    """g2pM's "lu:4" as "lǜ", its suffix "r5" as "er"; the fifth tone is the neutral one."""
    plain = {"r": "er"}.get(name[:-1], name[:-1]).replace("u:", "ü")
    return _mark_tone(plain, int(name[-1]))


def _mark_tone(plain: str, tone: int) -> str:
    """Put a tone mark on the vowel that carries it: a, e, the o of ou, else the last vowel."""
    if not 1 <= tone <= 4:
        return plain
    vowels = [place for place, char in enumerate(plain) if char in "aeêiouü"]
    carriers = [place for place in vowels if plain[place] in "aeê" or plain[place : place + 2] == "ou"]
    place = (carriers or vowels[-1:] or [0])[0]
    return unicodedata.normalize("NFC", plain[: place + 1] + TONE_MARKS[tone - 1] + plain[place + 1 :])
