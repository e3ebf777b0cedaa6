"""The Trainer and the collators of `transformers`, as someone uses them who has loaded a model and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import (
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    EvalPrediction,
    Trainer,
    TrainingArguments,
)

from modeling_phonexl import PhoneXLForSequenceClassification, PhoneXLForTokenClassification, PhoneXLProcessor

pytestmark = pytest.mark.medium

SENTENCES = [["Tôi", "sống", "ở", "Hà", "Nội", "."], ["Hà", "Nội"], ["sống"], ["Tôi", "sống"], ["ở", "Hà", "Nội"]]
ARGUMENTS: dict[str, Any] = {
    "num_train_epochs": 2,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "per_device_train_batch_size": 2,
    "per_device_eval_batch_size": 2,
    "report_to": "none",
    "disable_tqdm": True,
    "use_cpu": True,
    "dataloader_pin_memory": False,
}


@pytest.fixture
def features(processor: PhoneXLProcessor) -> list[dict[str, Any]]:
    encoded = [processor.encode(words, "vi", labels=[len(word) % 5 for word in words]) for words in SENTENCES]
    return [{name: row[0] for name, row in processor.rows([sentence]).items()} for sentence in encoded]


def train(model: Any, processor: PhoneXLProcessor, features: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """The scores of the best checkpoint, and what the metrics were given."""
    given: list[EvalPrediction] = []

    def score(prediction: EvalPrediction) -> dict[str, float]:
        given.append(prediction)
        scored = prediction.label_ids != -100
        return {"accuracy": float((np.argmax(prediction.predictions, -1) == prediction.label_ids)[scored].mean())}

    trainer = Trainer(
        model,
        TrainingArguments(str(folder), metric_for_best_model="accuracy", **ARGUMENTS),
        train_dataset=features,
        eval_dataset=features,
        data_collator=DataCollatorWithPadding(processor),
        processing_class=processor,
        compute_metrics=score,
    )
    trainer.train()
    assert trainer.state.best_model_checkpoint is not None
    return {"prediction": given[-1], **trainer.evaluate()}


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_a_tagger_is_evaluated_and_its_best_checkpoint_loaded(
    make_tagger: Any, processor: PhoneXLProcessor, features: list[dict[str, Any]], tmp_path: Path, head: str
) -> None:
    """An argument with "label" in its name that a batch lacks would leave out loss and metrics, in silence."""
    tagger = make_tagger(head=head)
    found = train(tagger, processor, features, tmp_path)
    assert found["prediction"].predictions.shape == (5, 8, 5)
    assert found["prediction"].label_ids.shape == (5, 8)
    assert np.isfinite([found["eval_loss"], found["eval_accuracy"]]).all()
    logits = tagger(**processor.pad(features)).logits[0].argmax(-1)
    assert found["prediction"].predictions[0].argmax(-1).tolist() == logits.tolist()
    checkpoint = max(tmp_path.glob("checkpoint-*"))
    assert isinstance(PhoneXLProcessor.from_pretrained(checkpoint), PhoneXLProcessor)
    PhoneXLForTokenClassification.from_pretrained(checkpoint)


def test_a_classifier_of_pairs_is_evaluated(make_config: Any, processor: PhoneXLProcessor, tmp_path: Path) -> None:
    pairs = [processor.encode_pair(" ".join(words), "Hà Nội", "vi") for words in SENTENCES]
    features = [
        {"label": number % 2, **{name: row[0] for name, row in processor.rows([pair]).items()}}
        for number, pair in enumerate(pairs)
    ]
    found = train(PhoneXLForSequenceClassification(make_config()), processor, features, tmp_path)
    assert found["prediction"].predictions.shape == (5, 5)
    assert found["prediction"].label_ids.tolist() == [0, 1, 0, 1, 0]
    assert np.isfinite([found["eval_loss"], found["eval_accuracy"]]).all()


def test_the_collator_of_pieces_is_refused_with_the_right_one(
    tagger: Any, processor: PhoneXLProcessor, features: list[dict[str, Any]]
) -> None:
    batch = DataCollatorForTokenClassification(processor)(features)
    with pytest.raises(ValueError, match=r"collate with DataCollatorWithPadding\(processor\)"):
        tagger(**batch)
