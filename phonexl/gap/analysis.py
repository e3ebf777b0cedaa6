"""How alike an encoder's vectors of the same sentences are over languages, with everything that could feign it.

One `Analysis` is one JSON; tables are made from it alone.
"""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoModel, AutoTokenizer

from dataset_scripts.readers import DataError, read_lines
from evaluate_metrics.cka.pairwise import pairwise_cka
from modeling_phonexl.transcription import find_language
from phonexl.backbone import resolve_backbone
from phonexl.gap.representations import Floats, SentenceVectors, embed_sentences, spell
from phonexl.gap.retrieval import precision_at_1
from phonexl.json_file import write_json
from phonexl.results import Table, describe_hardware, describe_versions

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found of one encoder.

    Attributes:
        command: The command line.
        model: Name of the encoder.
        spelling: What it read: "text", "romanized" or "ipa".
        languages: Codes, in order.
        sentences: Number of parallel sentences.
        sha256: Digest of each language's sentences.
        texts: Of each language mean pieces, share of unknown pieces, truncated sentences.
        features: Of each kind of vectors ("layer -1", "words", "positions") its figures; see `_measure`.
        versions: Packages that can change a figure.
        hardware: The machine.
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

    def save(self, path: Path) -> None:
        """Write the JSON, whole or not at all."""
        write_json(path, asdict(self))


def read_parallel(folder: Path, languages: Sequence[str], limit: int | None = None) -> dict[str, list[str]]:
    """Lines of `devtest.LANG.txt[.gz]` (FLORES) or `LANG.txt[.gz]`; line n says the same in every language.

    Args:
        folder: Holds the files, or a folder `flores` that does.
        languages: Codes, two or three letters.
        limit: Take the first ones only.

    Raises:
        DataError: If a file is missing, or two have different numbers of lines.
        UnknownLanguageError: For a language without transcription.
    """
    place = folder / "flores" if (folder / "flores").is_dir() else folder
    found: dict[str, list[str]] = {}
    for language in languages:
        code = find_language(language).iso639_3
        names = [f"{stem}{end}" for stem in (f"devtest.{code}", code) for end in (".txt", ".txt.gz")]
        path = next((place / name for name in names if (place / name).is_file()), None)
        if path is None:
            raise DataError(place, None, None, f"a file {names[0]}[.gz]", "Name the folder of the parallel sentences.")
        found[code] = [line for _, line in read_lines(path)]
        first = next(iter(found))
        if len(found[code]) != len(found[first]):
            expected = f"{len(found[first])} lines as {first} has, not {len(found[code])}"
            raise DataError(path, None, None, expected, "Line n must be the same sentence in every language.")
    return {code: lines[:limit] for code, lines in found.items()}


def analyze(
    model_name: str,
    texts: Mapping[str, Sequence[str]],
    *,
    spelling: str = "text",
    layers: Sequence[int] = (0, -1),
    batch_size: int = 32,
    report: Report = lambda line: None,
) -> Analysis:
    """Embed parallel sentences with an encoder, and compare languages.

    Args:
        model_name: "offline", "mbert", "xlmr", a Hub id or a folder.
        texts: Sentences by language, the same in each.
        spelling: What the encoder reads: "text", "romanized" or "ipa".
        layers: Indices into `hidden_states`.
        batch_size: Sentences at once.
        report: Called with a line for each step.

    Raises:
        ValueError: For fewer than two languages or five sentences, a layer that does not exist, another spelling.
        MissingToolError: If the offline backbone or a reading tool is not installed.
    """
    count = len(next(iter(texts.values()), ()))
    if len(texts) < 2 or count < 5:
        raise ValueError(f"{len(texts)} languages with {count} sentences; at least two with five are needed")
    place = resolve_backbone(model_name)
    tokenizer = AutoTokenizer.from_pretrained(place)
    model = AutoModel.from_pretrained(place)
    vectors: dict[str, SentenceVectors] = {}
    for language, sentences in texts.items():
        vectors[language] = embed_sentences(model, tokenizer, spell(sentences, language, spelling), layers, batch_size)
        report(f"{language}: {vectors[language].lengths.mean():.1f} pieces a sentence")
    lengths = {language: found.lengths for language, found in vectors.items()}
    features = {}
    for name, rows in _kinds(vectors, layers).items():
        report(f"comparing {name}")
        features[name] = _measure(rows, lengths)
    return Analysis(
        command=shlex.join(["phonexl", *sys.argv[1:]]),
        model=model_name,
        spelling=spelling,
        languages=list(texts),
        sentences=count,
        sha256={lang: hashlib.sha256("\n".join(lines).encode()).hexdigest() for lang, lines in texts.items()},
        texts={
            language: {
                "mean_pieces": float(found.lengths.mean()),
                "unknown_rate": float(found.unknown_rate),
                "truncated": found.truncated,
            }
            for language, found in vectors.items()
        },
        features=features,
        versions=describe_versions(),
        hardware=describe_hardware(),
    )


def _kinds(vectors: Mapping[str, SentenceVectors], layers: Sequence[int]) -> dict[str, dict[str, Floats]]:
    """Vectors by kind and language: layers, words without positions, positions without words."""
    kinds = {f"layer {layer}": {lang: found.layers[layer] for lang, found in vectors.items()} for layer in layers}
    kinds["words only"] = {lang: found.words for lang, found in vectors.items()}
    positions = {lang: found.positions for lang, found in vectors.items() if found.positions is not None}
    return {**kinds, "positions only": positions} if positions else kinds


def _measure(rows: Mapping[str, Floats], lengths: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of one kind of vectors.

    Returns:
        `cka`: as published (biased), `expected` of unrelated vectors of this shape, `debiased`, and debiased with
        length partialled out, each the mean over pairs; of the last two the jackknife interval over languages;
        matrices of all pairs; the exact p-value of "not aligned at all". `retrieval`: mean P@1 by cosine and CSLS,
        over both directions of all pairs, the lowest and highest language.
    """
    raw = pairwise_cka(rows, debiased=True)
    partial = pairwise_cka(rows, lengths, debiased=True, null=None)
    upper = np.triu_indices(len(rows), 1)
    scores = {
        csls: np.array([[1.0 if a == b else precision_at_1(rows[a], rows[b], csls=csls) for b in rows] for a in rows])
        for csls in (False, True)
    }
    away = ~np.eye(len(rows), dtype=bool)
    by_language = {
        language: float((scores[True][i][away[i]].mean() + scores[True][:, i][away[i]].mean()) / 2)
        for i, language in enumerate(rows)
    }
    p_values = raw.p_values
    return {
        "dimensions": int(next(iter(rows.values())).shape[1]),
        "participation_ratios": dict(zip(rows, raw.participation_ratios.tolist(), strict=True)),
        "top_dimension_shares": dict(zip(rows, raw.top_dimension_shares.tolist(), strict=True)),
        "cka": {
            "biased": float(raw.biased[upper].mean()),
            "expected": float(raw.expected_biased[upper].mean()),
            "debiased": raw.mean(),
            "length_partialled": partial.mean(),
            "largest_p_value": None if p_values is None else float(p_values[upper].max()),
            "debiased_matrix": raw.debiased.tolist(),
            "length_partialled_matrix": partial.debiased.tolist(),
        },
        "retrieval": {
            "chance": 1 / len(next(iter(rows.values()))),
            "cosine": float(scores[False][away].mean()),
            "csls": float(scores[True][away].mean()),
            "csls_by_language": by_language,
            "csls_matrix": scores[True].tolist(),
        },
    }


def summary(found: Analysis) -> Table:
    """One row for each kind of vectors."""
    columns = ["vectors", "CKA as published", "of unrelated ones", "debiased", "length taken out"]
    columns += ["P@1", "P@1 CSLS", "lowest"]
    rows = []
    for name, figures in found.features.items():
        cka, retrieval = figures["cka"], figures["retrieval"]
        by_language = retrieval["csls_by_language"]
        lowest = min(by_language, key=by_language.__getitem__)
        rows.append([
            name, f"{cka['biased']:.3f}", f"{cka['expected']:.3f}", _with_interval(cka["debiased"]),
            _with_interval(cka["length_partialled"]), f"{retrieval['cosine']:.3f}", f"{retrieval['csls']:.3f}",
            f"{lowest} {by_language[lowest]:.3f}",
        ])  # fmt: skip
    return Table(columns, rows)


def _with_interval(mean: Mapping[str, Any]) -> str:
    interval = mean["interval"]
    return f"{mean['mean']:.3f}" + ("" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]")


def by_language(found: Analysis, features: str) -> Table:
    """One row for each language: how its text is cut, and how well it is found and finds.

    Raises:
        ValueError: If there are no such features.
    """
    if features not in found.features:
        raise ValueError(f"no features {features!r}; there are: {', '.join(found.features)}")
    figures = found.features[features]
    partialled = np.array(figures["cka"]["length_partialled_matrix"])
    rows = []
    for i, language in enumerate(found.languages):
        others = np.delete(partialled[i], i)
        text = found.texts[language]
        rows.append([
            language, f"{text['mean_pieces']:.1f}", f"{text['unknown_rate']:.2%}", f"{others.mean():.3f}",
            f"{figures['retrieval']['csls_by_language'][language]:.3f}",
        ])  # fmt: skip
    return Table(["language", "pieces", "unknown", f"CKA, length taken out ({features})", "P@1 CSLS"], rows)
