"""The data sets that can be built, by name."""

from __future__ import annotations

from dataset_scripts import cjkv, dictionaries, linguistic_gap
from dataset_scripts.corpus import Corpus

CORPORA: dict[str, Corpus] = {
    "phonexl-samples": cjkv.SAMPLES,
    "cjkv-udpos": cjkv.UDPOS,
    "cjkv-panx": cjkv.PANX,
    "cjkv-dictionaries": dictionaries.BY_PIVOT,
    "cjkv-sound-dictionaries": dictionaries.BY_SOUND,
    "linguistic-gap-ner": linguistic_gap.NER,
    "linguistic-gap-pos": linguistic_gap.POS,
    "linguistic-gap-xnli": linguistic_gap.XNLI,
    "flores-ipa": linguistic_gap.FLORES,
}
ALIASES = {"samples": "phonexl-samples"}


def find_corpus(name: str) -> tuple[str, Corpus]:
    """A data set and its full name.

    Raises:
        ValueError: For an unknown name.
    """
    full = ALIASES.get(name, name)
    if full not in CORPORA:
        raise ValueError(f"unknown data set {name!r}; known: {', '.join(CORPORA)}")
    return full, CORPORA[full]
