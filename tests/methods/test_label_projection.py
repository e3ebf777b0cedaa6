"""Tags on translations: each word that is aligned has its source's tag, and no entity is lost in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.schema import UPOS_TAGS, Sentence
from evaluate_metrics.tagging_f1.chunks import find_spans
from modeling_phonexl import PhoneXLProcessor
from phonexl.training.dataset import TaggingDataset
from phonexl.training.label_projection import Projection, project_entities, project_tags

ENTITIES = ["B-PER", "I-PER", "O", "B-LOC", "O"]
KINDS = st.lists(st.tuples(st.sampled_from(["O", "PER", "LOC"]), st.integers(1, 3)), min_size=1, max_size=6)


def spread(spans: list[tuple[str, int]]) -> list[list[str]]:
    """IOB2 tags of each span."""
    return [["O"] * size if kind == "O" else [f"B-{kind}", *[f"I-{kind}"] * (size - 1)] for kind, size in spans]


def test_words_get_the_tag_of_their_source_and_others_none(processor: PhoneXLProcessor) -> None:
    """What is not aligned is read, and no loss touches it."""
    found = project_tags(["PRON", "VERB", "NOUN"], ((0, 2), (2, 0)), 4)
    assert found == Projection(("NOUN", "", "PRON", ""))
    copy = Sentence("1", "vi", ("sách", "đẹp", "tôi", "."), found.tags or ())
    [row] = TaggingDataset([copy], processor, UPOS_TAGS)
    assert row.sentence.labels == [UPOS_TAGS.index("NOUN"), -100, UPOS_TAGS.index("PRON"), -100]


def test_a_word_for_several_has_the_tag_of_the_first() -> None:
    """As code switching has it, whatever the order of the pairs."""
    for alignment in (((0, 0), (1, 0)), ((1, 0), (0, 0))):
        assert project_tags(["B-LOC", "I-LOC"], alignment, 1).tags == ("B-LOC",)


def test_an_entity_covers_its_images_and_begins_with_the_first() -> None:
    found = project_entities(ENTITIES, ((0, 3), (1, 2), (3, 0), (4, 1)), 5)
    assert found == Projection(("B-LOC", "O", "B-PER", "I-PER", "O"))


@pytest.mark.parametrize(
    ("alignment", "reason"),
    [
        (((0, 0), (3, 1)), "unaligned"),  # the second word of PER
        (((0, 0), (1, 1)), "unaligned"),  # LOC whole: it would silently become O
        (((0, 0), (1, 2), (3, 1)), "scattered"),  # LOC between the words of PER
        (((0, 0), (1, 2), (3, 3)), "scattered"),
        (((0, 0), (1, 1), (3, 1)), "merged"),  # one word for both
        (((0, 0), (1, 1), (1, 2), (3, 1)), "merged"),  # LOC within PER: as many B- and strict spans as before
    ],
)
def test_each_filter_drops_its_counter_example(alignment: tuple[tuple[int, int], ...], reason: str) -> None:
    assert project_entities(ENTITIES, alignment, 4) == Projection(None, reason)


def test_a_sentence_without_entities_needs_no_alignment() -> None:
    assert project_entities(["O", "O"], (), 3) == Projection(("O", "O", "O"))


@given(KINDS)
def test_word_for_word_all_stays(spans: list[tuple[str, int]]) -> None:
    tags = [tag for span in spread(spans) for tag in span]
    same = tuple((index, index) for index in range(len(tags)))
    assert project_entities(tags, same, len(tags)).tags == tuple(tags)
    assert project_tags(tags, same, len(tags)).tags == tuple(tags)


@given(KINDS, st.randoms())
def test_entities_move_whole_and_none_is_lost(spans: list[tuple[str, int]], random) -> None:
    """Spans in another order, the words of each backwards: as many of each type and length."""
    groups = spread(spans)
    order = random.sample(range(len(groups)), len(groups))
    starts = [sum(map(len, groups[:index])) for index in range(len(groups))]
    sources = [starts[group] + place for group in order for place in reversed(range(len(groups[group])))]
    tags = [tag for group in groups for tag in group]
    found = project_entities(tags, tuple((source, target) for target, source in enumerate(sources)), len(tags))
    assert found.tags == tuple(tag for group in order for tag in groups[group])
    shapes = [sorted((kind, end - begin) for kind, _, begin, end in find_spans([each])) for each in (tags, found.tags)]
    assert shapes[0] == shapes[1]
