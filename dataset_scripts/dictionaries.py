"""What the dictionary data sets are made of, by way of English or by sound; facts only."""

from __future__ import annotations

import itertools

from dataset_scripts.corpus import Corpus, Table
from hub_cards.render import Source

LANGUAGES = ("zh", "vi", "ja", "ko")
_MUSE = Source(
    "MUSE, en-zh, en-vi, en-ja, en-ko", "CC BY-NC 4.0", "https://github.com/facebookresearch/MUSE", ("cc-by-nc-4.0",)
)
_PAIRS = tuple(itertools.permutations(LANGUAGES, 2))

BY_PIVOT = Corpus(
    title="CJKV dictionaries with sound, by way of English",
    summary="Word pairs that share an English translation in MUSE, with the sound of both sides. Non-commercial, as "
    "MUSE is.",
    tables=(
        *(Table(f"{s}-{t}", s, "dictionary", "en-{language}", ("train",), target=t) for s, t in _PAIRS),
        *(
            Table(f"{s}-{t}-all", s, "dictionary", "en-{language}", ("train",), target=t, selection="all")
            for s, t in (("zh", "vi"), ("ja", "ko"))
        ),
    ),
    sources=dict.fromkeys(LANGUAGES, (_MUSE,)),
    collection="muse",
    defects={
        "": "A common English word does not make a translation: of an ambiguous one the senses mix. Pairs with "
        "equal sides and pairs whose target is not in the target's script are left out, but for `zh-vi-all` and "
        "`ja-ko-all`, which are the PhoneXL release's dictionaries pair for pair. No word has a space.",
        "vi": "91 % of MUSE's Vietnamese side is English left as it is; spelling does not tell a part of it from "
        "Vietnamese.",
    },
)
