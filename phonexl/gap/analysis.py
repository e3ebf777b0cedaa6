"""An encoder from parallel sentences to one `Analysis`, which is one JSON; tables are made from it alone.

Not here: the vectors (`representations.py`), what is measured of them (`measures.py`, `distances.py`), the tables
(`analysis_tables.py`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from modeling_phonexl.transcription import find_language
from phonexl.backbone import resolve_backbone
from phonexl.gap.measures import ROUNDING, measure_answers, measure_vectors
from phonexl.gap.phonexl_vectors import embed_words, is_phonexl, load_phonexl, name_of_input
from phonexl.gap.readers import open_reader
from phonexl.gap.reading import depends_on_transcription, read_sentences
from phonexl.gap.representations import Floats, SentenceVectors, class_names, embed_sentences, load_encoder
from phonexl.gap.sentence_map import map_sentences
from phonexl.gap.signs import sign_shares
from phonexl.gap.tokenizer_reader import TokenizerReader
from phonexl.gap.vector_store import (
    check_analysis,
    check_vectors,
    digest_model,
    digest_transcription,
    key_of,
    load_vectors,
    save_vectors,
)
from phonexl.gap.word_reader import WordReader
from phonexl.json_file import read_json, write_json
from phonexl.results import RESULT_FILE, Result, describe_command, describe_hardware, describe_versions

Report = Callable[[str], None]
# Length and shares of digits and punctuation of two languages are 39 columns to take out, which needs 98.
LEAST_SENTENCES = 100
_FIGURES = ("cka", "retrieval", "sinkhorn", "h_divergence")


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found of one encoder.

    Attributes:
        command: The command line.
        model: Name of the encoder.
        spelling: What it read: "text", "romanized" or "ipa"; "character" of CANINE, "phoneme" of a phoneme encoder, of
            an encoder of `phonexl pretrain` its representation, of a PhoneXL model "words with ipa" or the like.
        languages: Codes, in order.
        sentences: Number of parallel sentences.
        sha256: Digest of each language's sentences.
        texts: Of each language mean pieces, share of unknown pieces, truncated sentences.
        features: Of each kind of vectors ("layer -1", "words only", "positions only") its figures; see
            `measure_vectors`.
        versions: Packages that can change a figure.
        hardware: The machine.
        model_digest: Hash of the checkpoint's files, or its repository with the commit.
        answers: Of a classifier on top of the encoder; see `measure_answers`. None without one.
        maps: Of each layer, sentences in the plane; see `map_sentences`.
        run: `name`, `seed`, `task` and `recipe_digest` of the run that made the model, where its folder has a
            `result.json`; else None.
        seconds: Wall time of each step.
    """

    command: str
    model: str
    spelling: str
    languages: list[str]
    sentences: int
    sha256: dict[str, str]
    texts: dict[str, dict[str, float]]
    features: dict[str, dict[str, Any]]
    versions: dict[str, str]
    hardware: dict[str, Any]
    model_digest: str = ""
    answers: dict[str, Any] | None = None
    maps: dict[str, dict[str, Any]] = field(default_factory=dict)
    run: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the JSON, whole or not at all."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> Analysis:
        """Read an analysis.

        Raises:
            ValueError: If the file is none of this program.
        """
        try:
            found = cls(**read_json(path))
        except TypeError as error:
            raise ValueError(f"{path}: expected the analysis.json of phonexl gap analyze, but {error}") from error
        for name, figures in found.features.items():
            missing = [key for key in _FIGURES if key not in figures]
            if missing:
                raise ValueError(f"{path}: {name!r} has no {', '.join(missing)}: made before; run its command again")
        return found


def layers_of(found: Analysis) -> list[str]:
    """Names of the analyzed layers from the input on; negative ones count from the end."""
    names = [name for name in found.features if name.startswith("layer ")]
    return sorted(names, key=lambda name: (int(name.split()[1]) < 0, int(name.split()[1])))


def analyze(
    model_name: str,
    texts: Mapping[str, Sequence[str]],
    *,
    spelling: str = "text",
    layers: Sequence[int] = (0, -1),
    batch_size: int = 32,
    vectors_folder: Path | None = None,
    analysis_file: Path | None = None,
    report: Report = lambda line: None,
) -> Analysis:
    """Embed parallel sentences with an encoder, and compare languages.

    Args:
        model_name: "offline", "plbert-kokoro", "mbert", "xlmr", a Hub id or a folder.
        texts: Sentences by language, the same in each.
        spelling: What the encoder reads: "text", "romanized" or "ipa"; see `open_reader`. A PhoneXL model reads words
            with their sounds.
        layers: Indices into `hidden_states`.
        batch_size: Sentences at once.
        vectors_folder: Where each language's vectors are kept and, if made from the same, taken from; None keeps none.
        analysis_file: Where the caller will write; what is there must be an older analysis of the same encoder.
        report: Called with a line for each step.

    Raises:
        ValueError: For fewer than two languages or 100 sentences, a layer that does not exist, another spelling.
        UnknownLanguageError: For a language without transcription, unless a tokenizer of text cuts its sentences.
        FileExistsError: Before anything is embedded, for files of another encoder or of another origin.
        MissingToolError: If a backbone that is converted here, or a reading tool, is not installed.
    """
    count = len(next(iter(texts.values()), ()))
    if len(texts) < 2 or count < LEAST_SENTENCES:
        raise ValueError(
            f"{len(texts)} languages with {count} sentences; expected two or more with {LEAST_SENTENCES}, "
            "for length, digits and punctuation to be taken out"
        )
    place = resolve_backbone(model_name)
    names = class_names(place)
    read = _Words(place) if is_phonexl(place) else _Text(place, open_reader(model_name, spelling))
    if isinstance(read, _Words) and spelling != "text":
        raise ValueError(f"{model_name} is a PhoneXL model, which reads {read.name}: leave out --spelling")
    for language in texts if read.is_transcribed else ():
        find_language(language)  # is refused before minutes of other languages
    reading = _Reading(read, digest_model(place), layers, batch_size)
    if analysis_file is not None:
        check_analysis(analysis_file, model_name, reading.digest, read.name)
    if vectors_folder is not None:
        check_vectors(_vectors_file(vectors_folder, language) for language in texts)
    seconds: dict[str, float] = {}
    vectors = _embed(reading, texts, vectors_folder, report, seconds)
    lengths = {language: found.lengths for language, found in vectors.items()}
    signs = {language: sign_shares(lines) for language, lines in texts.items()}
    features: dict[str, dict[str, Any]] = {}
    maps = {}
    for name, rows in _kinds(vectors, layers, report).items():
        with _timed(f"comparing {name}", seconds, report):
            features[name] = measure_vectors(rows, lengths, signs)
            if name.startswith("layer "):
                maps[name] = map_sentences(rows)
    answers = {lang: found.probabilities for lang, found in vectors.items() if found.probabilities is not None}
    return Analysis(
        command=describe_command(),
        model=model_name,
        spelling=reading.of.name,
        languages=list(texts),
        sentences=count,
        sha256={lang: hashlib.sha256("\n".join(lines).encode()).hexdigest() for lang, lines in texts.items()},
        texts={language: _text_facts(found) for language, found in vectors.items()},
        features=features,
        versions=describe_versions(),
        hardware=describe_hardware(),
        model_digest=reading.digest,
        answers=measure_answers(answers, names) if answers else None,
        maps=maps,
        run=_run_of(Path(place)),
        seconds=seconds,
    )


class _Text:
    """An encoder that is given ids by a reader of words."""

    unit = "pieces"

    def __init__(self, place: str, reader: WordReader) -> None:
        self.place, self.reader, self.name = place, reader, reader.name
        self.is_transcribed = depends_on_transcription(reader)
        self._model: PreTrainedModel | None = None

    def told(self, language: str) -> dict[str, str]:
        """The name by which an encoder is told the language, where it is."""
        name = self.reader.name_of(language) if isinstance(self.reader, TokenizerReader) else None
        return {} if name is None else {"language": name}

    def embed(self, sentences: Sequence[str], language: str, layers: Sequence[int], batch_size: int) -> SentenceVectors:
        """Vectors of one language; the encoder is loaded when the first are asked for."""
        self._model = self._model or _on_device(load_encoder(self.place))
        encoded = read_sentences(self.reader, sentences, language)
        return embed_sentences(self._model, self.reader, encoded, layers, batch_size)


class _Words:
    """A PhoneXL model, which is given words with their sounds."""

    unit = "words"
    is_transcribed = True

    def __init__(self, place: str) -> None:
        self.place, self.name = place, name_of_input(place)
        self._loaded: tuple[Any, Any] | None = None

    def told(self, language: str) -> dict[str, str]:
        """Nothing: the processor's languages are of the model's own."""
        return {}

    def embed(self, sentences: Sequence[str], language: str, layers: Sequence[int], batch_size: int) -> SentenceVectors:
        """Vectors of one language; the model is loaded when the first are asked for."""
        self._loaded = self._loaded or load_phonexl(self.place)
        model, processor = self._loaded
        return embed_words(_on_device(model), processor, sentences, language, layers, batch_size)


def _on_device(model: Any) -> Any:
    """The model on the GPU, where there is one; inputs follow it."""
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(frozen=True, slots=True)
class _Reading:
    """An encoder and how it reads; what vectors depend on beside the sentences."""

    of: _Text | _Words
    digest: str
    layers: Sequence[int]
    batch_size: int


def _embed(
    reading: _Reading,
    texts: Mapping[str, Sequence[str]],
    folder: Path | None,
    report: Report,
    seconds: dict[str, float],
) -> dict[str, SentenceVectors]:
    """Vectors by language, computed or taken from the folder; the encoder is loaded when one has to be computed."""
    vectors: dict[str, SentenceVectors] = {}
    versions = describe_versions()
    if reading.of.is_transcribed:
        versions |= {"reading": digest_transcription()}
    for language, sentences in texts.items():
        told = reading.of.told(language)
        key = key_of(reading.digest, reading.of.name, reading.layers, sentences, versions | told)
        path = None if folder is None else _vectors_file(folder, language)
        found = None if path is None else load_vectors(path, key)
        if found is not None:
            report(f"{language}: kept from before")
        else:
            with _timed(language, seconds):
                found = reading.of.embed(sentences, language, reading.layers, reading.batch_size)
            if path is not None:
                save_vectors(path, key, found)
            report(f"{language}: {found.lengths.mean():.1f} {reading.of.unit} a sentence, {seconds[language]:.0f} s")
        vectors[language] = found
    return vectors


def _vectors_file(folder: Path, language: str) -> Path:
    return folder / f"{language}.safetensors"


def _text_facts(found: SentenceVectors) -> dict[str, float]:
    return {
        "mean_pieces": float(found.lengths.mean()),
        "unknown_rate": float(found.unknown_rate),
        "truncated": found.truncated,
    }


@contextmanager
def _timed(step: str, seconds: dict[str, float], report: Report = lambda line: None) -> Iterator[None]:
    """Note the wall time of a step."""
    start = time.perf_counter()
    report(step)
    yield
    seconds[step] = round(time.perf_counter() - start, 2)


def _run_of(folder: Path) -> dict[str, Any] | None:
    path = folder / RESULT_FILE
    if not path.is_file():
        return None
    result = Result.load(path)
    return {
        "name": result.name,
        "seed": result.seed,
        "task": result.recipe.get("task"),
        "recipe_digest": result.recipe_digest,
    }


def _kinds(
    vectors: Mapping[str, SentenceVectors], layers: Sequence[int], report: Report
) -> dict[str, dict[str, Floats]]:
    """Vectors by kind and language: layers, words without positions, before and with their sound, positions alone.

    A part that is the same in all sentences of a language (of positions, if all are cut at one length) is left out.
    """
    kinds = {f"layer {layer}": {lang: found.layers[layer] for lang, found in vectors.items()} for layer in layers}
    words = {lang: found.words for lang, found in vectors.items() if found.words is not None}
    sounds = {lang: found.sound for lang, found in vectors.items() if found.sound is not None}
    # A mean of sums is the sum of the means.
    heard = {lang: words[lang] + sound for lang, sound in sounds.items()}
    positions = {lang: found.positions for lang, found in vectors.items() if found.positions is not None}
    parts = {"words only": words, "sound only": sounds, "words with sound": heard, "positions only": positions}
    for name, rows in parts.items():
        same = [
            lang for lang, values in rows.items() if np.ptp(values, axis=0).max() <= ROUNDING * np.abs(values).max()
        ]
        if same:
            report(f"{name} is left out: all sentences of {', '.join(same)} have the same vector")
        elif rows:
            kinds[name] = rows
    return kinds
