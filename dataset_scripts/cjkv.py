"""What the CJKV data sets are made of: tables, pairs, sources, licences, known defects, what may not be published.

Facts only; `build.py` turns them and the token files into a repository.
"""

from __future__ import annotations

from dataset_scripts.corpus import Corpus, Omission, Table, pair_views
from hub_cards.render import Source


def _treebank(language: str, name: str, licence: str = "CC BY-SA 4.0") -> Source:
    """A treebank of Universal Dependencies v2.5."""
    url = f"https://github.com/UniversalDependencies/UD_{language}-{name}/tree/r2.5"
    return Source(f"UD {language}-{name} v2.5", licence, url, (licence.lower().replace(" ", "-"),))


_PUD = "CC BY-SA 3.0"
_WIKIANN = Source(
    "WikiAnn (PAN-X), splits of Rahimi et al. 2019",
    "ODC-BY; text from Wikipedia, CC BY-SA 3.0",
    "https://aclanthology.org/P17-1178",
    ("odc-by", "cc-by-sa-3.0"),
)
_OWN = Source(
    "Sentences written for this project",
    "CC0-1.0",
    "https://creativecommons.org/publicdomain/zero/1.0/",
    ("cc0-1.0",),
)
_MODERN = Source(
    "UD Japanese-Modern v2.5",
    "CC BY-NC-ND 3.0",
    "https://github.com/UniversalDependencies/UD_Japanese-Modern/tree/r2.5",
    ("cc-by-nc-nd-3.0",),
)
LANGUAGES = ("zh", "vi", "ja", "ko")

SAMPLES = Corpus(
    title="PhoneXL samples: Chinese, Vietnamese, Japanese, Korean with sound",
    summary="Hand-made sentences with parts of speech and entities, for a first run and for tests, not for scores.",
    tables=tuple(
        Table(f"{language}-{task}", language, task, f"{{split}}-{language}")
        for language in LANGUAGES
        for task in ("udpos", "panx")
    ),
    sources=dict.fromkeys(LANGUAGES, (_OWN,)),
    collection="samples",
    shipped="samples",
    defects={
        "": "Too small to measure anything: it shows the format and lets every command run. Annotated once, by one "
        "annotator. The four languages say the same sentence by sentence, so a model that has seen one "
        "language's train split has seen the meaning of the others'.",
    },
)
UDPOS = Corpus(
    title="CJKV UDPOS with sound: Chinese, Vietnamese, Japanese, Korean",
    summary="Parts of speech in four languages: Universal Dependencies v2.5 as XTREME cuts it.",
    tables=(
        *(Table(language, language, "udpos", f"{{split}}-{language}") for language in LANGUAGES),
        Table("vi-spaced", "vi", "udpos", "spaced-{split}-vi"),
    ),
    sources={
        "zh": (
            *(_treebank("Chinese", name) for name in ("GSD", "GSDSimp", "CFL", "HK")),
            _treebank("Chinese", "PUD", _PUD),
        ),
        "vi": (_treebank("Vietnamese", "VTB"),),
        "ja": (_treebank("Japanese", "GSD"), _treebank("Japanese", "PUD", _PUD)),
        "ko": (*(_treebank("Korean", name) for name in ("GSD", "Kaist")), _treebank("Korean", "PUD", _PUD)),
    },
    collection="udpos",
    views=pair_views([("zh", "vi"), ("ja", "ko"), ("zh", "vi-spaced")]),
    defects={
        "zh": "GSD and GSDSimp are the same sentences in traditional and simplified characters: in train, dev and "
        "test each occurs twice. Two tokens of train are a lone combining mark.",
        "vi": "XTREME deletes the space inside a word (`chiến tranh` becomes `chiếntranh`), in about 20 % of the "
        "tokens; such a token is read with its syllables guessed. `vi-spaced` has the same sentences with the spaces.",
        "ko": "115 of the 4,276 test sentences also occur in train.",
    },
    omissions=(
        Omission(
            table="ja",
            split="test",
            content="6108c24096cd5856749adb560e62f309a82bd9949fc6affecb101fbd8888d4b2",
            first=550,
            stop=1372,
            source=_MODERN,
        ),
    ),
)
PANX = Corpus(
    title="CJKV PAN-X with sound: Chinese, Vietnamese, Japanese, Korean",
    summary="Named entities in four languages: WikiAnn as XTREME cuts it.",
    tables=(
        *(Table(language, language, "panx", f"{{split}}-{language}") for language in LANGUAGES),
        Table("ko-char", "ko", "panx", "{split}-ko", characters=True),
    ),
    sources=dict.fromkeys(LANGUAGES, (_WIKIANN,)),
    collection="panx",
    views=pair_views([("zh", "vi"), ("ja", "ko"), ("ja", "ko-char")]),
    defects={
        "": "Tags were projected from Wikipedia's links, not written by hand. Sentences repeat within and between "
        "splits: 7 to 29 % of dev and test also occur in train.",
        "zh": "zh has one token per character, `#` for a white space, and `I-` tags that continue nothing (896 in "
        "train), each after a `#` inside an entity. Traditional and simplified characters are mixed.",
        "ja": "ja has one token per character, `#` for a white space, and `I-` tags that continue nothing (1,014 "
        "in train), each after a `#` inside an entity.",
        "ko": "ko has one token per word with its particles; `ko-char` cuts these into characters as the PhoneXL "
        "release does (`B-` stays on the first), each with its share of the word's sound.",
    },
)
