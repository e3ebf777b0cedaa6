"""Facts of a made run, the card that they give, and where real results lie."""

import dataclasses
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

from hub_cards.model_card import (
    DICTIONARY,
    TRANSLATIONS,
    UNLABELLED,
    Evaluation,
    ModelFacts,
    RunFacts,
    Score,
    render_model_card,
)
from hub_cards.reading_errors import ReadingError
from hub_cards.render import Source

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "results" / "udpos-2000" / "udpos-zh-vi-offline"
METHODS = ROOT / "results" / "udpos-2000-methods" / "zh-vi"
FREE = Source("Corpus A", "CC0-1.0", "https://example.org/a", ("cc0-1.0",))
SHARED = Source("Corpus B", "CC BY-SA 4.0", "https://example.org/b", ("cc-by-sa-4.0",))
OURS = Source("Corpus C", "Apache-2.0", "https://example.org/c", ("apache-2.0",))
BENCHMARK = ("google/xtreme", "udpos.Vietnamese")
BESIDE = (DICTIONARY, TRANSLATIONS, UNLABELLED)
RUN = RunFacts(
    recipe="test-recipe",
    source="zh",
    target="vi",
    seed=2,
    seeds=(1, 2, 3),
    settings={"learning_rate": 1e-4, "unit": "word"},
    num_sentences=1234,
    dataset="cjkv-udpos",
    hub_dataset="google/xtreme",
    sources=(("zh", SHARED), ("vi", FREE)),
    evaluations=(
        Evaluation("zh", "test", {"xtreme_f1": Score(0.8, (0.8,))}, 1500, 0.25),
        Evaluation(
            "vi",
            "test",
            {"xtreme_f1": Score(0.5, (0.4, 0.5, 0.6)), "accuracy": Score(0.625, (0.5, 0.625, 0.75))},
            800,
            0.375,
            benchmark=BENCHMARK,
        ),
        Evaluation("vi", "test", {"xtreme_f1": Score(0.6, (0.6,))}, 798, only_new=True, benchmark=BENCHMARK),
    ),
    coverage={"vi.test": {"read": 90, "passed": 10, "punctuation": 20}},
    warnings=("the dictionary switched no word",),
    versions={"phonexl": "1.0", "torch": "2.13"},
)
FACTS = ModelFacts(
    repo="user/zh-vi",
    task="parts of speech",
    labels=("NOUN", "VERB"),
    languages={"zh": "Chinese", "vi": "Vietnamese"},
    example='Tôi nói "chào".',
    tools={"zh": "pypinyin rjieba", "vi": ""},
    base_model="intfloat/multilingual-e5-small",
    base_licence="MIT",
    transcription="default",
    run=RUN,
    reading_errors={"vi": (ReadingError("joined words", 11555, 0.451, 0.9),)},
)


def render(run: dict[str, Any] | None = None, **changes: Any) -> ModelCard:
    facts = dataclasses.replace(FACTS, **{"run": dataclasses.replace(RUN, **(run or {})), **changes})
    return ModelCard(render_model_card(facts))
