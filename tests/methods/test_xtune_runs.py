"""Runs of xTune: two stages that resume, what the result says, and whom the teacher teaches."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast, TrainerCallback

import phonexl.methods.xtune as xtune_module
from dataset_scripts.readers import load_split
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.methods.xtune import METHOD, XTuneSettings
from phonexl.results import Result
from phonexl.training.evaluation import score, tag_sentences
from phonexl.training.job import Job
from phonexl.training.recipe import Recipe
from phonexl.training.run import train
from phonexl.training.teacher import Teacher
from phonexl.training.trainer import PhoneXLTrainer

pytestmark = pytest.mark.medium

MakeRecipe = Callable[..., Recipe]
# SGD without clipping shows the gradient itself.
PLAIN_STEP = {"optim": "sgd", "learning_rate": 0.1, "lr_scheduler_type": "constant", "max_grad_norm": 0.0}


@pytest.fixture
def run(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Result, list[PhoneXLTrainer]]]:
    """Train by `run.train`; keywords are the keys of a recipe. Gives the Trainers of the stages beside the result."""

    def go(out: str = "run", resume: bool = False, callbacks: Any = (), **settings: Any) -> Any:
        trainers: list[PhoneXLTrainer] = []
        make_trainer = Job.make_trainer

        def keep(self: Job, *args: Any, **kwargs: Any) -> PhoneXLTrainer:
            trainers.append(make_trainer(self, *args, **kwargs))
            return trainers[-1]

        monkeypatch.setattr(Job, "make_trainer", keep)
        recipe = make_recipe(**METHOD.overrides(), **settings)
        try:
            (result,) = train(recipe, data, tmp_path / out, method=METHOD, resume=resume, callbacks=callbacks)
        finally:
            monkeypatch.setattr(Job, "make_trainer", make_trainer)
        return result, trainers

    return go


@pytest.fixture(scope="module")
def unigram_backbone(tmp_path_factory: pytest.TempPathFactory, sentences: list[Sentence]) -> Path:
    """A random BERT whose tokenizer can cut words in several ways, as that of XLM-R and e5."""
    words = sorted({token for sentence in sentences for token in sentence.tokens})
    letters = sorted({letter for word in words for letter in word})
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(letter, -4.0) for letter in letters] + [(word, -5.0) for word in words if len(word) > 1]
    model = Tokenizer(models.Unigram([*pieces, ("<mask>", 0.0)], unk_id=3, byte_fallback=False))
    model.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    names = {f"{name}_token": f"<{name}>" for name in ("unk", "pad", "mask")}
    folder = tmp_path_factory.mktemp("unigram")
    PreTrainedTokenizerFast(
        tokenizer_object=model, model_max_length=64, cls_token="<s>", sep_token="</s>", **names
    ).save_pretrained(folder)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(BertConfig(vocab_size=len(pieces) + 1, max_position_embeddings=64, **shape), False).save_pretrained(
            folder
        )
    return folder


@pytest.mark.parametrize(("copies", "cure"), [("gn", "xtune.views=cs"), ("ss", "xtune.views=cs and xtune.copies=cs")])
def test_a_tokenizer_that_cuts_one_way_is_refused_with_the_settings_that_work(
    run: Any, backbone: Path, tmp_path: Path, copies: str, cure: str
) -> None:
    """Those of mmBERT and RoBERTa are of byte pairs."""
    folder = tmp_path / "pairs"
    shutil.copytree(backbone, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Tokenizer(models.BPE(tokenizer.get_vocab(), [], unk_token="[UNK]"))
    PreTrainedTokenizerFast(
        tokenizer_object=model,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")},
    ).save_pretrained(folder)
    with pytest.raises(ValueError, match=f"tiny: a BPE tokenizer has no sub-word sampling.*: set {cure}, which"):
        run(backbone=str(folder), **{"xtune.copies": copies})


def test_a_run_has_two_stages_and_says_what_ran(run: Any, data: Path, tmp_path: Path) -> None:
    result, trainers = run(num_train_epochs=2)
    stages = result.training["stages"]
    assert [stages[name]["steps"] for name in ("stage-1", "stage-2")] == [6, 12]
    assert "teacher_loss" not in stages["stage-1"]["last_log"]
    assert {"task_loss", "view_loss", "teacher_loss"} <= set(stages["stage-2"]["last_log"])
    facts = result.training
    assert facts["xtune"]["copies"] == "mt"
    assert facts["xtune"]["label_mean"] is True
    assert (facts["xtune"]["teacher_weight"], facts["xtune"]["hard_labels"]) == (0.3, False)
    assert facts["num_labels"] == 17
    assert facts["term_weights"] == pytest.approx({"view": 5 / 17, "teacher": 0.3 / 17})
    assert 0 < facts["translator"]["coverage"] < 1
    assert facts["needs"] == "dict-as-MT"
    assert facts["augmentations"]["ss"]["kind"] == "sub-word sampling (MaxMatch-dropout)"
    model = PhoneXLForTokenClassification.from_pretrained(tmp_path / "run")
    assert not (tmp_path / "run" / "method.safetensors").exists()
    sentences = load_split(data, "udpos", "vi", "test")
    tags = tag_sentences(model, PhoneXLProcessor.from_pretrained(tmp_path / "run"), sentences, 8, bf16=False)
    assert score(tags, sentences) == result.scores["vi"]["test"]


@pytest.mark.parametrize(
    ("settings", "weights", "needs"),
    [
        ({"xtune.views": "gn", "xtune.copies": "gn"}, {"view": 5 / 17, "teacher": 0.3 / 17}, "none"),
        ({"xtune.views": "cs", "xtune.copies": "cs", "xtune.label_mean": False}, {"view": 5, "teacher": 0.3}, "Dict"),
        ({"xtune.copies": "ss", "xtune.hard_labels": True}, {"view": 5 / 17, "teacher": 0.3}, "none"),
    ],
    ids=["gn", "cs", "ss"],
)
def test_other_versions_run(run: Any, settings: dict[str, Any], weights: dict[str, float], needs: str) -> None:
    """Hard labels are a mean over words alone, so the number of labels does not divide them."""
    result, _ = run(max_steps=2, **settings)
    assert result.training["term_weights"] == pytest.approx(weights)
    assert result.training["needs"] == needs
    assert result.training["last_log"]["view_loss"] > 0
    assert "translator" not in result.training


def test_without_terms_there_is_no_teacher_and_no_second_view(run: Any) -> None:
    """A zero weight costs nothing."""
    result, (trainer,) = run(max_steps=1, **{"xtune.view_weight": 0, "xtune.teacher_weight": 0})
    assert trainer.collator.view is None
    assert not {"view_loss", "teacher_loss"} & set(result.training["last_log"])
    assert "stages" not in result.training


def test_versions_that_change_nothing_are_warned_of(run: Any, data: Path, tmp_path: Path) -> None:
    """Characters of Chinese are words of their own to WordPiece: there is nothing to cut, and R1 sees dropout alone."""
    (tmp_path / "zh-vi.tsv").write_text("無\tkhông\n", encoding="utf-8")
    result, _ = run(max_steps=1, dictionary=str(tmp_path / "zh-vi.tsv"))
    assert result.warnings == [
        "xtune: sub-word sampling (MaxMatch-dropout) changed no word: the two views differed by dropout alone",
        "xtune: dictionary changed no word: the copies were the originals again",
    ]


def test_the_data_of_stage_2_are_originals_and_as_many_copies(run: Any) -> None:
    _, (first, second) = run(max_steps=1)
    assert (len(first.train_dataset), len(second.train_dataset)) == (24, 48)
    assert (first.collator.copy, first.collator.teacher) == (None, None)
    rows = [second.train_dataset[index] for index in range(48)]
    batch = second.collator(rows)
    assert batch["teacher_mask"].any(1).tolist() == [False] * 24 + [True] * 24
    assert torch.equal(batch["labels"][:24], batch["labels"][24:]), "word by word, tags stay true"
    assert not torch.equal(batch["input_ids"][:24], batch["input_ids"][24:])


def test_the_teacher_is_stage_1_and_stays_as_it_is(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in no optimizer, and the student starts from the backbone's weights again."""
    made: list[tuple[Teacher, dict[str, Tensor]]] = []

    class _Kept(Teacher):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append((self, {name: value.clone() for name, value in self.tagger.state_dict().items()}))

    monkeypatch.setattr(xtune_module, "Teacher", _Kept)
    starts: list[Tensor] = []

    class _Start(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            starts.append(model.phonexl.backbone.encoder.layer[0].attention.self.query.weight.detach().clone())

    _, (first, second) = run(callbacks=[_Start()])
    ((teacher, before),) = made
    after = teacher.tagger.state_dict()
    trained = first.tagger.state_dict()
    assert all(torch.equal(value, after[name]) and torch.equal(value, trained[name]) for name, value in before.items())
    assert not teacher.tagger.training
    optimized = {id(p) for group in second.optimizer.param_groups for p in group["params"]}
    assert not optimized & {id(parameter) for parameter in teacher.tagger.parameters()}
    assert optimized == {id(parameter) for parameter in second.tagger.parameters()}
    assert torch.equal(*starts)
    assert second.collator.teacher is teacher


def test_a_step_is_the_same_for_1_x_8_8_x_1_and_4_x_2(run: Any, still_backbone: Path) -> None:
    """Batches without a copy, or of copies alone, must not change the share of the terms."""
    steps = [
        run(
            out=f"{size}",
            backbone=str(still_backbone),
            per_device_train_batch_size=size,
            gradient_accumulation_steps=count,
            max_steps=1,
            **PLAIN_STEP,
            **{"xtune.views": "cs"},
        )
        for size, count in ((8, 1), (1, 8), (4, 2))
    ]
    logs = [result.training["last_log"] for result, _ in steps]
    weights = [trainers[-1].tagger.state_dict() for _, trainers in steps]
    for log, weight in zip(logs[1:], weights[1:], strict=True):
        for name in ("loss", "grad_norm", "task_loss", "view_loss", "teacher_loss"):
            assert log[name] == pytest.approx(logs[0][name], rel=1e-5), name
        assert all(torch.allclose(value, weight[name], atol=1e-6) for name, value in weights[0].items())


class _StopIn(TrainerCallback):
    """Raises at a step of a stage; notes the stages and steps that were trained."""

    def __init__(self, stage: str = "", step: int = 0) -> None:
        self.stop = (stage, step)
        self.trained: list[tuple[str, int]] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trained.append((Path(args.output_dir).name, state.global_step))
        if self.trained[-1] == self.stop:
            raise InterruptedError


@pytest.mark.parametrize("version", ["ss", pytest.param("cs", marks=pytest.mark.slow)])
def test_a_run_stopped_in_stage_2_ends_as_if_it_had_not_been(
    run: Any, tmp_path: Path, unigram_backbone: Path, version: str
) -> None:
    """Cuts, switches and the teacher's scores are drawn again as they were; stage 1 is not trained again."""
    settings = {"backbone": str(unigram_backbone), "save_strategy": "steps", "save_steps": 2}
    settings |= {"xtune.copies": version, "xtune.views": version}
    whole, _ = run("whole", **settings)
    with pytest.raises(InterruptedError):
        run("stopped", callbacks=[_StopIn("stage-2", 5)], **settings)
    rest = _StopIn()
    result, _ = run("stopped", resume=True, callbacks=[rest], **settings)
    assert whole.training["augmentations"][version]["changed"] > 0.05
    assert rest.trained == [("stage-2", 5), ("stage-2", 6)]
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "stopped"))
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert result.scores == whole.scores
    assert result.training["stages"]["stage-1"]["steps"] == 3


def test_its_original_setting_is_theirs(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(**METHOD.overrides(original=True))
    values = recipe.values()
    assert (values["learning_rate"], values["num_train_epochs"], values["warmup_steps"]) == (2e-5, 10, 0.1)
    assert values["per_device_train_batch_size"] * values["gradient_accumulation_steps"] == 32
    assert METHOD.settings_of(recipe) == XTuneSettings()
