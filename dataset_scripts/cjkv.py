"""What the CJKV data sets are made of: tasks, sources, licences, known defects, sentences that may not be rebuilt.

Facts only; `build.py` turns them and the token files into a repository.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub_cards.render import Source


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a data set is made of.

    Attributes:
        title: Heading of the card and `pretty_name`.
        summary: First paragraph of the card.
        tasks: Keys of `schema.TASKS`; with more than one, a configuration is LANG-TASK instead of LANG.
        licences: Hub licence ids.
        sources: Corpora by language.
        defects: Known defects by language; those of "" concern all.
    """

    title: str
    summary: str
    tasks: tuple[str, ...]
    licences: tuple[str, ...]
    sources: dict[str, tuple[Source, ...]]
    defects: dict[str, str]


@dataclass(frozen=True, slots=True)
class Omission:
    """Sentences of a known file whose licence forbids a derived work.

    Attributes:
        content: SHA-256 of the `token TAB tag` file (`readers.to_tsv`), by which it is recognised.
        first: Index of the first sentence to leave out.
        stop: Index of the first sentence after them.
        name: Treebank and licence.
    """

    content: str
    first: int
    stop: int
    name: str


def _treebank(language: str, name: str, licence: str = "CC BY-SA 4.0") -> Source:
    """A treebank of Universal Dependencies v2.5."""
    url = f"https://github.com/UniversalDependencies/UD_{language}-{name}/tree/r2.5"
    return Source(f"UD {language}-{name} v2.5", licence, url)


_PUD = "CC BY-SA 3.0"
_WIKIANN = Source(
    "WikiAnn (PAN-X), splits of Rahimi et al. 2019",
    "ODC-BY; text from Wikipedia, CC BY-SA 3.0",
    "https://aclanthology.org/P17-1178",
)
_OWN = Source("Sentences written for this project", "CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/")
LANGUAGES = ("zh", "vi", "ja", "ko")

CORPORA = {
    "samples": Corpus(
        title="PhoneXL samples: Chinese, Vietnamese, Japanese, Korean with sound",
        summary="Hand-made sentences with parts of speech and entities, for a first run and for tests, not for scores.",
        tasks=("udpos", "panx"),
        licences=("cc0-1.0",),
        sources=dict.fromkeys(LANGUAGES, (_OWN,)),
        defects={
            "": "Too small to measure anything: it shows the format and lets every command run. Annotated once, by one "
            "annotator. The four languages say the same sentence by sentence, so a model that has seen one "
            "language's train split has seen the meaning of the others'.",
        },
    ),
    "cjkv-udpos": Corpus(
        title="CJKV UDPOS with sound: Chinese, Vietnamese, Japanese, Korean",
        summary="Parts of speech in four languages: Universal Dependencies v2.5 as XTREME cuts it.",
        tasks=("udpos",),
        licences=("cc-by-sa-4.0", "cc-by-sa-3.0"),
        sources={
            "zh": (
                *(_treebank("Chinese", name) for name in ("GSD", "GSDSimp", "CFL", "HK")),
                _treebank("Chinese", "PUD", _PUD),
            ),
            "vi": (_treebank("Vietnamese", "VTB"),),
            "ja": (_treebank("Japanese", "GSD"), _treebank("Japanese", "PUD", _PUD)),
            "ko": (*(_treebank("Korean", name) for name in ("GSD", "Kaist")), _treebank("Korean", "PUD", _PUD)),
        },
        defects={
            "zh": "GSD and GSDSimp are the same sentences in traditional and simplified characters: in train, dev and "
            "test each occurs twice. Two tokens of train are a lone combining mark.",
            "vi": "XTREME deletes the space inside a word (`chiến tranh` becomes `chiếntranh`), in about 20 % of the "
            "tokens; such a token is read with its syllables guessed.",
            "ko": "115 of the 4,276 test sentences also occur in train.",
        },
    ),
    "cjkv-panx": Corpus(
        title="CJKV PAN-X with sound: Chinese, Vietnamese, Japanese, Korean",
        summary="Named entities in four languages: WikiAnn as XTREME cuts it.",
        tasks=("panx",),
        licences=("odc-by", "cc-by-sa-3.0"),
        sources=dict.fromkeys(LANGUAGES, (_WIKIANN,)),
        defects={
            "": "Tags were projected from Wikipedia's links, not written by hand. Sentences repeat within and between "
            "splits: 7 to 29 % of dev and test also occur in train.",
            "zh": "zh has one token per character, `#` for a white space, and `I-` tags that continue nothing (896 in "
            "train), each after a `#` inside an entity. Traditional and simplified characters are mixed.",
            "ja": "ja has one token per character, `#` for a white space, and `I-` tags that continue nothing (1,014 "
            "in train), each after a `#` inside an entity.",
            "ko": "ko has one token per word with its particles; the PhoneXL release cuts these into characters.",
        },
    ),
}
OMISSIONS = {
    ("cjkv-udpos", "ja", "test"): Omission(
        content="6108c24096cd5856749adb560e62f309a82bd9949fc6affecb101fbd8888d4b2",
        first=550,
        stop=1372,
        name="UD Japanese-Modern (CC BY-NC-ND 3.0)",
    ),
}
