"""Tags for sentences, and what they are worth: scores with and without sentences that the train file repeats.

The metrics themselves are in `evaluate_metrics/tagging_f1`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import PretrainedConfig

from dataset_scripts.schema import Sentence
from evaluate_metrics.tagging_f1.bootstrap import sentence_counts
from evaluate_metrics.tagging_f1.tagging_scores import accuracy, macro_f1, tagging_scores, xtreme_f1
from modeling_phonexl.modeling_phonexl import PhoneXLForTokenClassification
from modeling_phonexl.processing_phonexl import PhoneXLProcessor
from modeling_phonexl.sentence_encoder import IGNORED
from phonexl.training.collator import SecondView, pad_second
from phonexl.training.dataset import TaggingDataset, batches
from phonexl.training.masking import draw_generator
from phonexl.training.precision import gains_from_bf16


@torch.no_grad()
def tag_sentences(
    model: PhoneXLForTokenClassification,
    processor: PhoneXLProcessor,
    sentences: Sequence[Sentence],
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
    bf16: bool | None = None,
    second_view: SecondView | None = None,
) -> list[list[str]]:
    """Tag the tokens of sentences; every token gets a tag, however long the sentence.

    Args:
        model: The tagger.
        processor: Its processor.
        sentences: Tokens and language; their tags are only looked up as a check of the tag set.
        batch_size: Windows per forward, taken in order of length.
        progress: Called after each batch with its number of windows.
        bf16: Compute in bfloat16, as the model was trained; None: where the hardware is faster in it.
        second_view: What each window is read beside (translate-test), for a tagger that takes second sentences.

    Returns:
        One list of tags per sentence.

    Raises:
        ValueError: If the sentences have tags that the model does not have.
    """
    labels = label_names(model.config)
    check_labels(labels, sentences)
    dataset = TaggingDataset(sentences, processor, labels)
    tags: list[list[str]] = [[] for _ in sentences]
    found: list[list[str]] = [[] for _ in range(len(dataset))]
    was_training = model.training
    model.eval()
    order = sorted((dataset[index] for index in range(len(dataset))), key=lambda row: len(row.tokens))
    if bf16 is None:
        bf16 = gains_from_bf16(model.device.type)
    for rows in batches(order, batch_size):
        inputs = processor.pad([row.sentence for row in rows]).to(model.device)
        del inputs["labels"]
        if second_view is not None:
            seconds = [second_view(row, draw_generator(0, 0, row.index)) for row in rows]
            inputs |= {name: value.to(model.device) for name, value in pad_second(processor, seconds).items()}
        with torch.autocast(model.device.type, torch.bfloat16, enabled=bf16):
            outputs = model(**inputs)
        for row, ids in zip(rows, model.decode(outputs.logits, outputs.unit_mask).tolist(), strict=True):
            scored = [position for position, label in enumerate(row.sentence.labels or (), 1) if label != IGNORED]
            found[row.index] = [labels[ids[position]] for position in scored]
        if progress is not None:
            progress(len(rows))
    model.train(was_training)
    for index in range(len(dataset)):  # windows of a sentence follow each other
        tags[dataset[index].source] += found[index]
    return tags


def label_names(config: PretrainedConfig) -> list[str]:
    """Names of a model's labels in the order of their ids."""
    names = {int(index): name for index, name in (config.id2label or {}).items()}
    return [names[index] for index in sorted(names)]


def check_labels(labels: Sequence[str], sentences: Sequence[Sentence]) -> None:
    """Refuse data of another tag set than the model's.

    Raises:
        ValueError: Naming the tags that the model lacks.
    """
    unknown = sorted({tag for sentence in sentences for tag in sentence.tags} - set(labels))
    if unknown:
        raise ValueError(
            f"the model has {len(labels)} tags ({', '.join(labels[:4])}, ...) and not {', '.join(unknown[:6])} of this "
            "data: use a model of the matching task, or train anew"
        )


def score(predicted: Sequence[Sequence[str]], sentences: Sequence[Sentence]) -> dict[str, Any]:
    """All scores of one split.

    Returns:
        The keys of `tagging_scores`; `majority`, the accuracy of always answering the most frequent tag;
        `num_sentences`, `num_tokens`; `sentence_counts`, by score the correct, predicted and gold of each sentence as
        one text of numbers, from which intervals of a difference are drawn; and `new_sentences` with the main scores
        of the sentences that do not occur in the train file of the same language, where there are any repeated ones.
    """
    gold = [list(sentence.tags) for sentence in sentences]
    tags = [list(row) for row in predicted]
    counts = Counter(tag for row in gold for tag in row)
    total = sum(counts.values())
    scores: dict[str, Any] = dict(tagging_scores(tags, gold))
    scores |= {"majority": max(counts.values()) / total, "num_sentences": len(gold), "num_tokens": total}
    tables = sentence_counts(tags, gold)
    scores["sentence_counts"] = {name: " ".join(map(str, table.flatten())) for name, table in tables.items()}
    new = [index for index, sentence in enumerate(sentences) if not sentence.in_train]
    if 0 < len(new) < len(sentences):
        some, some_gold = [tags[index] for index in new], [gold[index] for index in new]
        scores["new_sentences"] = {
            "accuracy": accuracy(some, some_gold),
            "xtreme_f1": xtreme_f1(some, some_gold),
            "macro_f1": macro_f1(some, some_gold),
            "num_sentences": len(new),
        }
    return scores
