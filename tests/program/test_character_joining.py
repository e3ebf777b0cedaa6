"""Characters joined to words: where words may end, what keeps its tag, and what stays as it is."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_scripts.readers import to_tsv
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.training.character_joining import CharacterJoiner
from phonexl.training.data import load_data
from phonexl.training.job import Job
from phonexl.training.particle_merging import TaggedSentence
from phonexl.training.recipe import Recipe, RecipeError

LABELS = ["B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O"]


def tag(processor: PhoneXLProcessor, tokens: Sequence[str], tags: Sequence[str], lang: str = "ja") -> TaggedSentence:
    ids = [LABELS.index(tag) if tag != "-" else -100 for tag in tags]
    return TaggedSentence(lang, tokens, processor.encode(tokens, lang, labels=ids))


def join(processor: PhoneXLProcessor, tagged: TaggedSentence, ratio: float = 1.0, seed: int = 1) -> EncodedSentence:
    return CharacterJoiner(processor, LABELS, "ja", ratio).merge(np.random.default_rng(seed), tagged)


def expected(processor: PhoneXLProcessor, words: str, tags: str) -> EncodedSentence:
    return tag(processor, words.split(), tags.split()).sentence


@pytest.mark.parametrize(
    ("tokens", "tags", "words", "word_tags"),
    [
        # Two words of one name, and the word behind it
        (
            "日 産 自 動 車 、 資 本 参 加 。",
            "B-ORG I-ORG I-ORG I-ORG I-ORG O O O O O O",
            "日産 自動車 、 資本 参加 。",
            "B-ORG I-ORG O O O O",
        ),
        # 東京都 is one word, of which the annotators took two characters
        ("東 京 都", "B-LOC I-LOC O", "東京 都", "B-LOC O"),
        # Two names in a row
        ("東 京 大 阪", "B-LOC I-LOC B-LOC I-LOC", "東京 大阪", "B-LOC B-LOC"),
        # Names of one character each (Japan, China), of which the segmenter makes one word
        ("日 中", "B-LOC B-LOC", "日 中", "B-LOC B-LOC"),
        # Tags that do not follow each other: a name begins where its kind does
        ("東 京 東 京", "O I-LOC B-PER I-LOC", "東 京 東 京", "O I-LOC B-PER I-LOC"),
        # What is no single character stays alone
        ("1 9 7 5 年 abc FM 東 京", "O O O O O O O B-LOC I-LOC", "1975 年 abc FM 東京", "O O O O B-LOC"),
        # Words of a window's context have no tag, and stay apart from those that have
        ("東 京 東 京", "- - B-LOC I-LOC", "東京 東京", "- B-LOC"),
    ],
)
def test_characters_become_the_words_of_the_segmenter_inside_names_and_outside(
    processor: PhoneXLProcessor, tokens: str, tags: str, words: str, word_tags: str
) -> None:
    made = join(processor, tag(processor, tokens.split(), tags.split()))
    assert made == expected(processor, words, word_tags)


def test_half_of_the_particles_join_the_word_before_them_a_name_too(processor: PhoneXLProcessor) -> None:
    tagged = tag(processor, "東 京 に 。".split(), "B-LOC I-LOC O O".split())
    apart, joined = (expected(processor, *pair) for pair in (("東京 に 。", "B-LOC O O"), ("東京に 。", "B-LOC O")))
    made = [join(processor, tagged, seed=seed) for seed in range(200)]
    assert all(sentence in (apart, joined) for sentence in made)
    assert 75 < made.count(joined) < 125


def test_no_particle_joins_a_sign_or_is_taken_from_a_name(processor: PhoneXLProcessor) -> None:
    for words, tags in (("、 に", "O O"), ("東京 の", "B-LOC I-LOC")):
        tagged = tag(processor, list(words.replace(" ", "")), tags.split()[:1] + tags.split()[-1:] * (len(words) - 2))
        assert {len(join(processor, tagged, seed=seed).pieces) for seed in range(20)} == {2}


texts = st.lists(st.sampled_from("日産自動車東京都にはのをがカル、。19年大学"), min_size=1, max_size=20)


@given(characters=texts, seed=st.integers(0, 9), data=st.data())
def test_names_and_letters_survive_in_order(
    processor: PhoneXLProcessor, characters: list[str], seed: int, data: st.DataObject
) -> None:
    """However names are cut: each begins with one B- of its own, and no word is of two."""
    kinds = data.draw(st.lists(st.sampled_from(["O", "O", "LOC", "PER"]), min_size=len(characters), max_size=20))
    tags = [
        kind if kind == "O" else f"{'I' if place and kinds[place - 1] == kind else 'B'}-{kind}"
        for place, kind in zip(range(len(characters)), kinds, strict=False)
    ]
    joiner = CharacterJoiner(processor, LABELS, "ja", 1.0)
    tagged = tag(processor, characters, tags)
    groups = joiner._join_particles(
        np.random.default_rng(seed), characters, tagged.labels, list(joiner._group(characters, tagged.labels))
    )
    assert [place for group in groups for place in group] == list(range(len(characters)))
    made = join(processor, tagged, seed=seed)
    assert made.labels is not None
    begins = [LABELS[label] for label in made.labels if LABELS[label].startswith("B-")]
    assert begins == [tag for tag in tags if tag.startswith("B-")]
    for group in groups:
        inside = {tags[place] for place in group if tags[place] != "O"}
        assert len({tag[2:] for tag in inside}) <= 1
        assert tags[group.start] != "O" or not inside


def test_other_languages_and_the_other_half_stay_as_they_are(processor: PhoneXLProcessor) -> None:
    joiner = CharacterJoiner(processor, LABELS, "ja", 0.5)
    foreign = tag(processor, ["서울", "에"], ["B-LOC", "O"], "ko")
    own = tag(processor, list("東京"), ["B-LOC", "I-LOC"])
    generator = np.random.default_rng(1)
    assert all(joiner.merge(generator, foreign) is foreign.sentence for _ in range(10))
    same = sum(joiner.merge(generator, own) is own.sentence for _ in range(400))
    assert 160 < same < 240
    assert joiner.describe() == {"joined_sentences": 1 - same / 400}


def test_training_rows_alone_are_joined_and_what_does_not_go_with_it_is_refused(
    make_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    sentence = Sentence("1", "zh", tuple("他在北京"), ("O", "O", "B-LOC", "I-LOC"))
    for place in ("train-zh", "dev-zh", "test-zh", "test-vi"):
        (tmp_path / f"{place}.tsv").write_text(to_tsv([sentence]), encoding="utf-8", newline="\n")
    settings = {"task": "panx", "character_join_ratio": 1.0, "align_weight": 0, "xmlm_weight": 0}
    recipe = make_recipe(**settings, mlm_weight=0, eval_strategy="epoch")
    job = Job(recipe, load_data(recipe, tmp_path), tmp_path / "out", 1)
    trainer = job.make_trainer(*job.build(PhoneXLForTokenClassification))
    trained, scored = (
        [job.task.labels[label] for label in trainer.collator([rows[0]])["labels"][0, 1:-1]]
        for rows in (trainer.train_dataset, trainer.eval_dataset)
    )
    assert trained == ["O", "O", "B-LOC"]
    assert scored == ["O", "O", "B-LOC", "I-LOC"]
    masked = make_recipe(**settings, mlm_weight=0.1)
    job = Job(masked, load_data(masked, tmp_path), tmp_path / "out", 1)
    with pytest.raises(ValueError, match="character_join_ratio change: set them to 0, or mlm_weight=0"):
        job.make_trainer(*job.build(PhoneXLForTokenClassification))
    with pytest.raises(RecipeError, match="goes by the borders of names; expected task panx"):
        make_recipe(character_join_ratio=0.5)
    with pytest.raises(RecipeError, match="set task_switch_ratio=0"):
        make_recipe(task="panx", character_join_ratio=0.5, task_switch_ratio=0.5)
    with pytest.raises(RecipeError, match="expected a value from 0 to 1"):
        make_recipe(task="panx", character_join_ratio=1.5)
