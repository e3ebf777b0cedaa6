"""What the dictionary data sets are made of, by way of English and by sound; facts only."""

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
_UNIHAN = Source(
    "Character readings of Unihan 15.0.0, completed by sound laws; words that occur in free text",
    "Unicode licence; words: Apache-2.0",
    "https://www.unicode.org/license.txt",
    ("apache-2.0",),
)
_LOANS = Source(
    "Borrowed words found by phoneme distance among words of free text and of wordfreq 3.1.1",
    "CC BY-SA 4.0",
    "https://pypi.org/project/wordfreq",
    ("cc-by-sa-4.0",),
)
BY_SOUND = Corpus(
    title="CJKV dictionaries by sound",
    summary="Word pairs that sound alike because both languages took the word from the same source: Chinese characters "
    "(行动 hành động), or a third language (カメラ 카메라). Made without any bilingual text, and free to use.",
    tables=tuple(
        Table(pair, pair[:2], "cognates", pair, ("train",), target=pair[3:])
        for pair in ("zh-vi", "ja-ko", "zh-ko", "ja-vi", "zh-ja", "vi-ko")
    ),
    sources={language: (_UNIHAN, *((_LOANS,) if language in ("ja", "ko") else ())) for language in LANGUAGES},
    collection="sound",
    shipped=".",
    defects={
        "": "Cognates, not translations: most mean the same, some do not (便宜, cheap; tiện nghi, comfort). "
        "Precision, coverage and known wrong entries are measured in the project's results/dictionaries.",
    },
)
