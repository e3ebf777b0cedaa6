"""A map of sentences in the plane (t-SNE), as the paper's Figure 2 has on both sides.

Distances on it mean nothing, and groups may be made by the method: a picture beside P@1, not instead of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.decomposition import PCA  # type: ignore[import-untyped]
from sklearn.manifold import TSNE  # type: ignore[import-untyped]

from phonexl.gap.distances import draw_sentences
from phonexl.gap.representations import Floats

LANGUAGES = ("eng", "fra", "rus", "kor", "hin")  # the paper shows five and does not say which
SENTENCES, PERPLEXITY, COMPONENTS, SEED = 200, 30, 50, 0
SIDE = 1000


def choose_languages(languages: Sequence[str]) -> list[str]:
    """The languages of a map: `LANGUAGES` where all are there, else the first five."""
    return list(LANGUAGES) if set(LANGUAGES) <= set(languages) else list(languages[: len(LANGUAGES)])


def map_sentences(rows: Mapping[str, Floats]) -> dict[str, Any]:
    """Places of sentences in the plane, every map fitted alike.

    Args:
        rows: Of each language, shape (sentences, d).

    Returns:
        `method`, in words; `sentences`; `points`: of each chosen language, places as whole numbers from 0 to `SIDE`.
    """
    languages = choose_languages(list(rows))
    chosen = draw_sentences(len(next(iter(rows.values()))), SENTENCES)
    stacked = np.concatenate([rows[language][chosen] for language in languages]).astype(np.float64)
    components = min(COMPONENTS, *stacked.shape)
    perplexity = min(PERPLEXITY, (len(stacked) - 1) / 3)
    reduced = PCA(components, svd_solver="full").fit_transform(stacked)
    places = TSNE(perplexity=perplexity, init="pca", random_state=SEED).fit_transform(reduced)
    low, high = places.min(axis=0), places.max(axis=0)
    scaled = np.rint((places - low) / np.maximum(high - low, 1e-12).max() * SIDE).astype(int)
    parts = np.split(scaled, len(languages))
    return {
        "method": f"PCA to {components} dimensions, t-SNE, perplexity {perplexity:g}, seed {SEED}",
        "sentences": len(chosen),
        "points": {language: part.tolist() for language, part in zip(languages, parts, strict=True)},
    }
