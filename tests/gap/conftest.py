"""A tiny encoder with a tokenizer of characters, one of the RoBERTa family, and hand-made results."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

from phonexl.gap.analysis import Analysis
from phonexl.results import Result

SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    letters = [*"abcdefghijklmnopqrstuvwxyz .", *"가나다라마바사아자차카타파하"]
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **names)


@pytest.fixture(scope="session")
def bert(tokenizer: PreTrainedTokenizerFast) -> BertModel:
    torch.manual_seed(0)
    return BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=66, **SHAPE)).eval()


@pytest.fixture(scope="session")
def roberta(tokenizer: PreTrainedTokenizerFast) -> RobertaModel:
    torch.manual_seed(0)
    config = RobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=70, pad_token_id=0, **SHAPE)
    return RobertaModel(config).eval()


@pytest.fixture(scope="session")
def checkpoint(bert: BertModel, tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def make_run() -> Callable[..., Result]:
    """A hand-made result of `phonexl train`, or with a model and a spelling in its recipe of `phonexl gap run`."""

    def make(
        name: str,
        seed: int,
        scores: dict[str, float],
        *,
        source: str = "eng",
        target: str = "vi",
        task: str = "udpos",
        **recipe: Any,
    ) -> Result:
        recipe = {"task": task, "source": source, "target": target, "seeds": [1, 2, 3], **recipe}
        values = {language: {"test": {"accuracy": score}} for language, score in scores.items()}
        return Result(name, f"phonexl train {name}", recipe, seed, {}, values)

    return make


@pytest.fixture
def make_analysis() -> Callable[..., Analysis]:
    """A hand-made analysis in which every pair of languages is equally near: CKA `near`, distance 1 - `near`."""

    def make(
        languages: list[str],
        near: float = 0.5,
        *,
        model: str = "tiny",
        spelling: str = "text",
        run: dict[str, Any] | None = None,
    ) -> Analysis:
        count = len(languages)
        noise = 0.02 * np.random.default_rng(int(1000 * near)).random((count, count))
        alike = np.where(np.eye(count, dtype=bool), 1.0, near + noise + noise.T).tolist()
        apart = np.where(np.eye(count, dtype=bool), 0.0, 1 - near + noise + noise.T).tolist()
        errors = np.full((count, count), 0.01).tolist()
        mean = {"mean": near, "standard_error": 0.1, "interval": [near - 0.1, near + 0.1], "leave_one_out": None}
        null = {"mean": 0.1, "high": 0.2, "draws": 20}
        cka = {
            "biased": near, "expected": 0.05, "debiased": mean, "length_partialled": mean, "biased_matrix": alike,
            "debiased_matrix": alike, "length_partialled_matrix": alike, "length_partialled_standard_errors": errors,
            "signs_partialled": mean, "signs_partialled_matrix": alike,
        }  # fmt: skip
        found = dict.fromkeys(languages, near)
        bound = {"value": 5.0, "vacuous": True, "samples_needed": {"0.5": 1000}}
        figures = {
            "dimensions": 16,
            "cka": cka,
            "retrieval": {"cosine": near, "csls": near, "csls_by_language": found, "csls_matrix": alike},
            "sinkhorn": {
                "sentences": 30, "distance": 1 - near, "divergence": mean, "distance_matrix": apart,
                "divergence_matrix": apart,
                "different_sentences": {"divergence": mean, "null": null, "divergence_matrix": apart},
            },
            "h_divergence": {
                "sentences": 30, "proxy_a_distance": mean, "null": null, "energy_distance": mean, "bound": bound,
            },
        }  # fmt: skip
        points = {language: [[10 * place, 20 * place + 5] for place in range(5)] for language in languages[:5]}
        texts = {language: {"mean_pieces": 9.0, "unknown_rate": 0.0, "truncated": 0} for language in languages}
        return Analysis(
            command=f"phonexl gap analyze --model {model}",
            model=model,
            spelling=spelling,
            languages=languages,
            sentences=30,
            sha256={},
            texts=texts,
            features={"layer 0": figures, "layer -1": figures},
            versions={},
            hardware={},
            maps={"layer 0": {"points": points}, "layer -1": {"points": points}},
            run=run,
        )

    return make
