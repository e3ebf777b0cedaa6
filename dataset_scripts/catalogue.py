"""The data sets that can be built, by name or by the content of their files."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from dataset_scripts import cjkv, dictionaries, linguistic_gap
from dataset_scripts.corpus import Corpus
from dataset_scripts.provenance import digest
from dataset_scripts.remotes import REMOTES

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


def find_origin(path: Path) -> str | None:
    """The data set whose public or shipped file this is, by its content, plain or .gz; None for any other file.

    A file that cannot be read is none of ours: who reads its sentences says what is wrong with it.
    """
    try:
        content = path.read_bytes()
        found = hashlib.sha256(gzip.decompress(content) if path.suffix == ".gz" else content).hexdigest()
    except (OSError, EOFError, zlib.error):
        return None
    for name, corpus in CORPORA.items():
        shipped = Path(__file__).parent / corpus.shipped / path.name
        if any(remote.sha256 == found for remote in REMOTES.get(corpus.collection, ())):
            return name
        if corpus.shipped and shipped.is_file() and digest(shipped) == found:
            return name
    return None
