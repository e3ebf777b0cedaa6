"""Translate-train: the source's sentences and their translations, onto which the tags are projected.

Each source sentence is translated by the recipe's translator; a translator that knows no alignment is helped by the
backbone's own (`training/word_alignment.py`, its equations). POS tags go to aligned words, the other words are read and
not trained on; entities pass the three filters of Ebing & Glavaš (ACL 2025), or their sentence is left out. Tests are
read as they are. Needs translations into the target. Cost: twice plain's steps in an epoch, less what is left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accelerate import PartialState

from dataset_scripts.readers import repair_orphan_tags
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.transcription import find_language
from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.dataset import UNTAGGED
from phonexl.training.job import Job
from phonexl.training.label_projection import FILTERS, Projection, project_entities, project_tags
from phonexl.training.method import Method, Trained
from phonexl.training.recipe import Recipe
from phonexl.training.translation import Alignment, Translation, make_translator
from phonexl.training.word_alignment import WordAligner, expand, group_characters


@dataclass(frozen=True)
class TranslateTrainSettings:
    """Settings of the alignment, where the translator gives none; chosen on zh and ja, both source languages.

    Attributes:
        layer: Whose vectors are compared; 8 differs by at most 0.4 points, 12 loses a fifth to a third of the pairs.
        threshold: Least cosine of an aligned pair.
    """

    layer: int = 6
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.layer < 0:
            raise ValueError(f"layer {self.layer}; expected a number >= 0")
        if not -1 <= self.threshold <= 1:
            raise ValueError(f"threshold {self.threshold}; expected a cosine, from -1 to 1")


def train(job: Job) -> Trained:
    """Translate, align, project, and train on both.

    Raises:
        ValueError: If the backbone has no such layer.
        DataError: If dictionary or translations are missing or malformed.
    """
    recipe = job.recipe
    tagger, processor = job.build(PhoneXLForTokenClassification)
    settings: TranslateTrainSettings = job.settings
    depth = tagger.phonexl.backbone.config.num_hidden_layers
    if settings.layer > depth:
        raise ValueError(
            f"translate-train.layer {settings.layer}: this backbone has hidden states 0 to {depth}; set another"
        )
    aligner = WordAligner(tagger.phonexl.backbone, processor.tokenizer, settings.layer, settings.threshold)
    translator = make_translator(recipe, job.data.folder, recipe.source, recipe.target)
    sources = repair_orphan_tags(sentence for sentence in job.data.train if sentence.lang == recipe.source)
    translations = translator.translate_all([sentence.tokens for sentence in sources])
    tagger.to(PartialState().device)
    alignments, num_aligned = _align(aligner, recipe, sources, translations)
    copies, facts = project_all(recipe, sources, translations, alignments)
    facts |= {"translator": translator.describe(), "aligned_by_encoder": num_aligned}
    trainer = job.run(job.make_trainer(tagger, processor, sentences=[*job.data.train, *copies]))
    warnings = [] if copies else ["no translation carried a tag: training was plain"]
    return Trained(trainer.tagger, processor, facts=facts, warnings=warnings)


def _align(
    aligner: WordAligner, recipe: Recipe, sources: Sequence[Sentence], translations: Sequence[Translation]
) -> tuple[list[Alignment], int]:
    """The translator's alignments or, where it knows none, the encoder's, and how many are the encoder's."""
    unknown = [number for number, translation in enumerate(translations) if translation.alignment is None]
    groups = [
        (
            _group(recipe, sources[number].tokens, recipe.source),
            _group(recipe, translations[number].tokens, recipe.target),
        )
        for number in unknown
    ]
    pairs = [
        (_join(sources[number].tokens, first), _join(translations[number].tokens, second))
        for number, (first, second) in zip(unknown, groups, strict=True)
    ]
    alignments = [translation.alignment or () for translation in translations]
    found = aligner.align(pairs, recipe.source, recipe.target)
    for number, alignment, (first, second) in zip(unknown, found, groups, strict=True):
        alignments[number] = expand(alignment, first, second)
    return alignments, len(unknown)


def _group(recipe: Recipe, tokens: Sequence[str], language: str) -> list[range]:
    """The words of a sentence, of several tokens each where those are characters."""
    if recipe.task == "panx" and not find_language(language).spaced:
        return group_characters(tokens, language)
    return [range(place, place + 1) for place in range(len(tokens))]


def _join(tokens: Sequence[str], groups: Sequence[range]) -> list[str]:
    return ["".join(tokens[place] for place in group) for group in groups]


def project_all(
    recipe: Recipe, sources: Sequence[Sentence], translations: Sequence[Translation], alignments: Sequence[Alignment]
) -> tuple[list[Sentence], dict[str, Any]]:
    """The translations as tagged sentences of the target.

    Args:
        recipe: Says task and target.
        sources: Tagged sentences.
        translations: Of each of them.
        alignments: Of each of them, (source word, target word).

    Returns:
        The sentences that carry tags, and facts: how many, what left the others out, and the share of their words that
        has a tag.
    """
    project = project_entities if recipe.task == "panx" else project_tags
    copies: list[Sentence] = []
    dropped = Counter[str]()
    for source, translation, alignment in zip(sources, translations, alignments, strict=True):
        found: Projection = project(source.tags, alignment, len(translation.tokens))
        if found.tags is None or not any(found.tags):
            dropped[found.dropped_by or "untagged"] += 1
            continue
        copies.append(Sentence(f"{source.id}-{recipe.target}", recipe.target, translation.tokens, found.tags))
    tags = [tag for copy in copies for tag in copy.tags]
    facts = {
        "projected": len(copies),
        "left_out": {reason: dropped[reason] for reason in (*FILTERS, "untagged")},
        "tagged_words": sum(tag != UNTAGGED for tag in tags) / max(1, len(tags)),
    }
    return copies, facts


METHOD = Method(
    name="translate-train",
    reference="label projection as in SimAlign (EMNLP Findings 2020); filters of Ebing & Glavaš, ACL 2025",
    needs="MT",
    recipe={**NO_OBJECTIVES, "unit": "subword"},
    settings=TranslateTrainSettings,
    tags_only=True,
    train=train,
)
