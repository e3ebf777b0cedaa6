"""The card of a data set: what it says is what it was given, and nothing may be missing in silence."""

import dataclasses

import jinja2
import pytest
from huggingface_hub import DatasetCard, DatasetCardData

from hub_cards import render
from hub_cards.render import DatasetFacts, Source, SplitFacts, render_dataset_card
from modeling_phonexl.transcription import REASONS

CORPUS = Source("Corpus A", "CC BY-SA 4.0", "https://example.org/a", ("cc-by-sa-4.0",))
FACTS = DatasetFacts(
    title="Test set",
    summary="A summary.",
    columns="Rows have columns.",
    command="phonexl data build test",
    config="zh",
    recipe="default",
    tools={"phonexl": "1.0", "pypinyin": "0.5"},
    digests={"train-zh.tsv": "abc"},
    splits=(
        SplitFacts("zh", "train", 1200, 0, {"read": 3000, "punctuation": 1000}, 3000),
        SplitFacts("zh", "test", 10, 3, {"read": 30, "latin": 5, "passed": 5}, 35, repeated=2),
    ),
    sources=(("zh", CORPUS), ("vi", CORPUS)),
    defects=("Tokens are cut.",),
)


def render_facts(**changes: object) -> DatasetCard:
    data = DatasetCardData(language=["zh"], license=["cc-by-sa-4.0"], pretty_name="Test: set")
    return DatasetCard(render_dataset_card(data, dataclasses.replace(FACTS, **changes)))


def test_front_matter_survives():
    card = render_facts()
    assert (card.data.language, card.data.license, card.data.pretty_name) == (["zh"], ["cc-by-sa-4.0"], "Test: set")


def test_tables_hold_every_split_and_reason():
    lines = render_facts().text.split("\n")
    assert "| zh | train | 1,200 | 4,000 | 100.0% |  | 0 |" in lines
    assert "| zh | test | 10 | 40 | 87.5% | 3 | 2 |" in lines
    header = lines.index("| table | split | read | latin | passed | punctuation |")
    assert lines[header + 1 : header + 5] == [
        "|---|---|---:|---:|---:|---:|", "| zh | train | 3,000 | 0 | 0 | 1,000 |", "| zh | test | 30 | 5 | 5 | 0 |", "",
    ]  # fmt: skip
    assert "- `latin`: Latin letters in a language of another script." in lines
    assert not any("`jukujikun`" in line for line in lines)


def test_sources_defects_and_paper_are_named():
    text = render_facts().text
    parts = (
        "| zh, vi | [Corpus A](https://example.org/a) | CC BY-SA 4.0 |",
        "- Tokens are cut.",
        "phonexl data build test",
        "Enhancing Cross-lingual Transfer via Phonemic Transcription Integration",
        "9163--9175",
        'load_dataset("PATH_OR_REPOSITORY", "zh")',
    )
    for part in parts:
        assert part in text
    assert "{{" not in text
    assert "\n\n\n" not in text


def test_tools_and_source_files_are_named():
    text = render_facts().text
    assert "recipe of transcription `default` and phonexl 1.0, pypinyin 0.5.\n\n| source file |" in text
    assert "| `train-zh.tsv` | `abc` |\n" in text


def test_orphan_tags_have_a_column_where_there_are_any():
    assert "orphan" not in render_facts().text
    splits = (dataclasses.replace(FACTS.splits[0], orphans=1234), FACTS.splits[1])
    lines = render_facts(splits=splits).text.split("\n")
    assert "| zh | train | 1,200 | 4,000 | 100.0% |  | 0 | 1,234 |" in lines
    assert "| zh | test | 10 | 40 | 87.5% | 3 | 2 | 0 |" in lines


def test_every_reason_of_the_transcribers_is_described():
    counts = dict.fromkeys(REASONS, 1)
    text = render_facts(splits=(SplitFacts("zh", "test", 1, 0, counts, 7),)).text
    for reason in REASONS:
        assert f"- `{reason}`: " in text
    with pytest.raises(ValueError, match="no description of the reason sung"):
        render_facts(splits=(SplitFacts("zh", "test", 1, 0, {"sung": 1}, 1),))


@pytest.mark.parametrize("splits", [(), (SplitFacts("zh", "test", 0, 0, {}, 0),)])
def test_a_card_without_tokens_is_refused(splits):
    with pytest.raises(ValueError, match="'Test set' needs at least one split"):
        render_facts(splits=splits)


def test_a_name_that_the_template_misses_is_an_error():
    """Jinja's default would render nothing in silence."""
    with pytest.raises(jinja2.UndefinedError, match="metadata"):
        render.render_template("dataset.md.jinja", facts=FACTS, reasons=[], texts={})
