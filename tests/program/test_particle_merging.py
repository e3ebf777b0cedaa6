"""Particles joined to the content word before them: which, how often, and what stays the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.schema import UPOS_TAGS
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.training.data import load_data
from phonexl.training.job import Job
from phonexl.training.particle_merging import NOT_CONTENT, PARTICLES, ParticleMerger, TaggedSentence
from phonexl.training.recipe import Recipe, RecipeError

LABELS = list(UPOS_TAGS)


def encode(processor: PhoneXLProcessor, words: str, tags: str) -> EncodedSentence:
    return processor.encode(
        words.split(), "zh", labels=[LABELS.index(tag) if tag != "-" else -100 for tag in tags.split()]
    )


def merge(processor: PhoneXLProcessor, words: str, tags: str, ratio: float = 1.0) -> tuple[EncodedSentence, list[str]]:
    tagged = TaggedSentence("zh", words.split(), encode(processor, words, tags))
    merged = ParticleMerger(processor, LABELS, ratio).merge(np.random.default_rng(1), tagged)
    assert merged.labels is not None
    return merged, [LABELS[label] if label >= 0 else "-" for label in merged.labels]


@pytest.mark.parametrize(
    ("tags", "merged"),
    [
        ("NOUN ADP VERB AUX AUX PUNCT", "NOUN VERB PUNCT"),  # a whole run goes to its word
        ("ADP NOUN", "ADP NOUN"),  # nothing before it
        ("PUNCT PART NOUN SCONJ", "PUNCT PART NOUN"),  # a full stop takes no particle
        ("- ADP NOUN", "- ADP NOUN"),  # context of a window has no tag
        ("NOUN NOUN", "NOUN NOUN"),
    ],
)
def test_runs_of_particles_join_the_content_word_before_them(
    processor: PhoneXLProcessor, tags: str, merged: str
) -> None:
    words = " ".join("我书看他也很"[: len(tags.split())])
    assert merge(processor, words, tags)[1] == merged.split()


def test_a_joined_word_is_cut_as_written_together_and_keeps_all_sounds(processor: PhoneXLProcessor) -> None:
    apart = encode(processor, "苹 京 我", "NOUN ADP PRON")
    merged, _ = merge(processor, "苹 京 我", "NOUN ADP PRON")
    assert merged.pieces == [processor.pieces("苹京"), processor.pieces("我")]
    assert merged.phoneme_pieces[0] == [*apart.phoneme_pieces[0], *apart.phoneme_pieces[1]]
    assert merged.language_ids == apart.language_ids[:2]


def test_unknown_pieces_are_kept_in_a_row(processor: PhoneXLProcessor) -> None:
    """欢 is unknown: its text cannot be read back from its pieces."""
    apart = encode(processor, "欢 看", "NOUN ADP")
    merged, _ = merge(processor, "欢 看", "NOUN ADP")
    assert merged.pieces == [[*apart.pieces[0], *apart.pieces[1]]]


@given(tags=st.lists(st.sampled_from(LABELS), min_size=1, max_size=12), ratio=st.sampled_from([0.0, 0.5, 1.0]))
def test_content_words_and_their_tags_survive_in_order(
    processor: PhoneXLProcessor, tags: list[str], ratio: float
) -> None:
    words = " ".join(np.random.default_rng(len(tags)).choice(list("我书看他也很"), len(tags)))
    merged, found = merge(processor, words, " ".join(tags), ratio)
    assert [tag for tag in found if tag not in PARTICLES] == [tag for tag in tags if tag not in PARTICLES]
    assert len(merged.pieces) == len(merged.phoneme_pieces) == len(merged.language_ids) == len(found)
    if ratio == 0:
        assert found == tags
    if ratio == 1:
        followers = [found[i + 1] for i, tag in enumerate(found[:-1]) if tag not in NOT_CONTENT]
        assert not PARTICLES & set(followers)


def test_about_half_of_the_runs_are_joined_at_one_half(processor: PhoneXLProcessor) -> None:
    merger, generator = ParticleMerger(processor, LABELS, 0.5), np.random.default_rng(3)
    sentence = encode(processor, "我 书 看 他", "NOUN ADP AUX NOUN")
    for _ in range(400):
        merger.merge(generator, TaggedSentence("zh", list("我书看他"), sentence))
    assert merger.num_runs == 400
    assert 160 < merger.num_merged < 240


def test_training_rows_alone_are_merged_and_the_mlm_term_is_refused_beside(
    make_recipe: Callable[..., Recipe], data: Path, tmp_path: Path
) -> None:
    silent = {"align_weight": 0, "mlm_weight": 0, "xmlm_weight": 0}
    recipe = make_recipe(particle_merge_ratio=1.0, eval_strategy="epoch", **silent)
    job = Job(recipe, load_data(recipe, data), tmp_path, 1)
    trainer = job.make_trainer(*job.build(PhoneXLForTokenClassification))
    assert trainer.collator.merger is not None
    row = trainer.train_dataset[0]
    trainer.collator([row])
    trainer.collator([trainer.eval_dataset[0]])
    assert trainer.collator.merger.num_runs == 0  # these sentences have no particles
    refused = make_recipe(particle_merge_ratio=1.0)
    job = Job(refused, load_data(refused, data), tmp_path, 1)
    with pytest.raises(ValueError, match="set them to 0, or mlm_weight=0"):
        job.make_trainer(*job.build(PhoneXLForTokenClassification))
    with pytest.raises(RecipeError, match="expected task udpos"):
        make_recipe(task="panx", particle_merge_ratio=0.5)
