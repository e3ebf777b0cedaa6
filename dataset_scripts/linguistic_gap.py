"""What the data sets of the linguistic-gap study are made of; facts only.

Sizes are those of the files that the study of this project uses, not the paper's (its Table 4).
"""

from __future__ import annotations

from dataset_scripts.corpus import Corpus, Table
from hub_cards.render import Source

LANGUAGES = ("eng", "fra", "rus", "ita", "hun", "ukr", "kor", "tur", "fin", "hin")
XNLI_LANGUAGES = ("eng", "fra", "rus", "tur", "hin", "swa", "urd", "zho", "vie")
FLORES_LANGUAGES = (*LANGUAGES, "swa", "urd", "zho", "vie", "jpn")
_UD = "https://github.com/UniversalDependencies"


def _treebank(name: str, version: str, licence: str, hub_id: str = "") -> Source:
    url = f"{_UD}/UD_{name}/tree/r{version}"
    return Source(f"UD {name} v{version}", licence, url, (hub_id or licence.lower().replace(" ", "-"),))


_WIKIANN = Source(
    "WikiAnn, splits of Rahimi et al. 2019",
    "ODC-BY; text from Wikipedia, CC BY-SA 3.0",
    "https://aclanthology.org/P17-1178",
    ("odc-by", "cc-by-sa-3.0"),
)
_XNLI = Source("XNLI", "CC BY-NC 4.0", "https://aclanthology.org/D18-1269", ("cc-by-nc-4.0",))
_FLORES = Source("FLORES-200 devtest", "CC BY-SA 4.0", "https://github.com/facebookresearch/flores", ("cc-by-sa-4.0",))

NER = Corpus(
    title="Linguistic gap, NER: ten languages with sound",
    summary="Named entities in ten languages, WikiAnn: the same number of sentences in each.",
    tables=tuple(Table(code, code, "panx", f"{{split}}-{code}") for code in LANGUAGES),
    sources=dict.fromkeys(LANGUAGES, (_WIKIANN,)),
    collection="wikiann10",
    defects={
        "": "Tags were projected from Wikipedia's links, not written by hand. Sentences repeat within and between "
        "splits.",
        "hin": "32 % of the test sentences of hin occur word for word in train.",
    },
)
POS = Corpus(
    title="Linguistic gap, POS: ten languages with sound",
    summary="Parts of speech in ten languages, one treebank each, of Universal Dependencies.",
    tables=tuple(Table(code, code, "udpos", f"{{split}}-{code}") for code in LANGUAGES),
    sources={
        "eng": (_treebank("English-EWT", "2.5", "CC BY-SA 4.0"),),
        "fra": (_treebank("French-Sequoia", "2.5", "LGPL-LR", "lgpl-lr"),),
        "rus": (_treebank("Russian-Taiga", "2.7", "CC BY-SA 4.0"),),
        "ita": (
            _treebank("Italian-ParTUT", "2.5", "CC BY-NC-SA 4.0"),
            _treebank("Italian-ISDT", "2.5", "CC BY-NC-SA 3.0"),
        ),
        "hun": (_treebank("Hungarian-Szeged", "2.5", "CC BY-NC-SA 3.0"),),
        "ukr": (_treebank("Ukrainian-IU", "2.7", "CC BY-NC-SA 4.0"),),
        "kor": (_treebank("Korean-Kaist", "2.5", "CC BY-SA 4.0"),),
        "tur": (_treebank("Turkish-IMST", "2.5", "CC BY-NC-SA 3.0"),),
        "fin": (_treebank("Finnish-TDT", "2.5", "CC BY-SA 4.0"),),
        "hin": (
            _treebank("Hindi-HDTB", "2.5", "CC BY-NC-SA 4.0"),
            _treebank("Hindi-HDTB", "2.7", "CC BY-NC-SA 4.0"),
        ),
    },
    collection="udpos10",
    defects={
        "": "Treebanks differ in size, genre and annotation: compare languages on the first 900 train sentences too. "
        "Tokens are syntactic words (French du is de + le), without inner spaces.",
        "ita": "ita: train is ParTUT, validation and test are ISDT.",
        "fin": "fin: train keeps multi-word tokens fused, validation and test do not (about 1 % of the sentences).",
        "hin": "hin: train is the treebank's development set (v2.5), validation and test are parts of its test set "
        "(v2.7).",
    },
)
XNLI = Corpus(
    title="Linguistic gap, XNLI: nine languages with sound",
    summary="Pairs of sentences, entailed, neutral or contradicting, the same pair in every language in each row.",
    tables=tuple(Table(code, code, "xnli", f"{{split}}-{code}", ("validation", "test")) for code in XNLI_LANGUAGES),
    sources=dict.fromkeys(XNLI_LANGUAGES, (_XNLI,)),
    collection="xnli",
    defects={"": "No train split. Labels were given to the English text; a translation may have lost them."},
)
FLORES = Corpus(
    title="FLORES-200 devtest with sound: fifteen languages",
    summary="Parallel sentences: row n says the same in every language. For evaluation only: never train on it.",
    tables=tuple(Table(code, code, "text", f"devtest.{code}", ("test",)) for code in FLORES_LANGUAGES),
    sources=dict.fromkeys(FLORES_LANGUAGES, (_FLORES,)),
    collection="flores",
    defects={"": "Words are cut by the language's segmenter, so that their number depends on it."},
)
