"""xTune: plain without its terms, two views in one pass, a teacher for copies alone, settings that fit the task."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pair_models import FAMILIES, as_plain, as_second, make_batch, make_tagger, random_targets, unpadded
from torch import Tensor

from modeling_phonexl.views import unit_mask_of, word_mask_of
from phonexl.methods.xtune import METHOD, XTuneSettings, XTuneTagger
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.run import train

MakeRecipe = Callable[..., Recipe]
LENGTHS = (5, 3, 7)


def with_views(batch: dict[str, Tensor], second: dict[str, Tensor], copies: tuple[bool, ...]) -> dict[str, Tensor]:
    """A batch as `TwoViewCollator` makes it, of rows with as many words in both views."""
    words = [list(range(1, length + 1)) for length in LENGTHS]
    pairs = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor([[word, word] for word in row]) for row in words], batch_first=True, padding_value=-1
    )
    mask = word_mask_of(unit_mask_of(batch["word_ids"], batch["labels"].size(1))) & torch.tensor(copies).unsqueeze(1)
    return batch | as_second(second) | {"pairs": pairs, "teacher_logits": random_targets(batch), "teacher_mask": mask}


def make_xtune(family: str, view: float = 0.5, teacher: float = 0.25, **fields: Any) -> XTuneTagger:
    tagger = make_tagger(XTuneTagger, family, **fields)
    tagger.term_weights = {"view": view, "teacher": teacher}
    return tagger


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_alone_it_is_the_plain_tagger(family: str) -> None:
    tagger, batch = make_xtune(family), make_batch(LENGTHS)
    ours, plain = tagger(**batch), as_plain(tagger)(**batch)
    assert torch.allclose(ours.logits, plain.logits, atol=1e-5)
    assert torch.allclose(ours.loss, plain.loss, atol=1e-5)
    assert torch.equal(ours.unit_mask, plain.unit_mask)


def test_weights_of_0_give_plains_loss(family: str) -> None:
    """On the same batch, second views and teacher's scores in it."""
    tagger, batch = make_xtune(family, 0.0, 0.0), make_batch(LENGTHS)
    ours = tagger(**with_views(batch, make_batch(LENGTHS, seed=1), (False, True, True)))
    assert torch.allclose(ours.loss, as_plain(tagger)(**batch).loss, atol=1e-5)
    assert ours.view_loss > 1e-3
    assert ours.teacher_loss > 0.1


@pytest.mark.parametrize("unit", ["subword", "word"])
def test_both_views_are_read_as_if_alone(family: str, unit: str) -> None:
    """One pass reads both, padded to one width; neither sees the other."""
    tagger = make_xtune(family, unit=unit)
    batch, second = make_batch(LENGTHS), make_batch(LENGTHS, seed=1, pad=4)
    plain = as_plain(tagger)
    views = [plain(**{**side, "labels": None}) for side in (batch, second)]
    together = tagger(**with_views(batch, second, (True, True, True)))
    assert torch.allclose(together.logits, views[0].logits, atol=1e-5)
    width = batch["labels"].size(1)
    words = word_mask_of(views[0].unit_mask)
    logs = [view.logits[:, :width][words].log_softmax(-1) for view in views]
    expected = sum(((a.exp() * (a - b)).sum() for a, b in (logs, logs[::-1])), torch.zeros(()))
    assert together.view_loss.item() == pytest.approx(expected.item() / sum(LENGTHS), rel=1e-4)
    parts = together.task_loss + 0.5 * together.view_loss + 0.25 * together.teacher_loss
    assert torch.allclose(together.loss, parts, atol=1e-5)


def test_equal_views_have_no_loss_between_them(family: str) -> None:
    batch = make_batch(LENGTHS)
    assert make_xtune(family)(**with_views(batch, batch, (False,) * 3)).view_loss.abs() < 1e-5


def test_the_teacher_touches_copies_alone(family: str) -> None:
    """Another teacher of an original changes nothing, and no gradient of the term reaches an original's words."""
    tagger, batch = make_xtune(family), make_batch(LENGTHS)
    given = with_views(batch, batch, (False, True, False))
    before = tagger(**given)
    others = given["teacher_logits"].clone()
    others[[0, 2]] += random_targets(batch, seed=9)[[0, 2]]
    assert torch.equal(tagger(**{**given, "teacher_logits": others}).loss, before.loss)
    others[1] += random_targets(batch, seed=9)[1]
    assert not torch.equal(tagger(**{**given, "teacher_logits": others}).loss, before.loss)
    (gradient,) = torch.autograd.grad(before.teacher_loss, before.logits, retain_graph=True)
    assert gradient[[0, 2]].abs().max() == 0
    assert gradient[1].abs().max() > 0
    nobody = tagger(**with_views(batch, batch, (False,) * 3))
    assert nobody.teacher_loss == 0
    assert torch.isfinite(nobody.loss)


def test_the_teacher_itself_has_nothing_to_learn(family: str) -> None:
    tagger, batch = make_xtune(family), make_batch(LENGTHS)
    with torch.no_grad():
        scores = tagger(**{**batch, "labels": None}).logits
    given = with_views(batch, batch, (True, True, True)) | {"teacher_logits": scores}
    assert tagger(**given).teacher_loss.abs() < 1e-5
    tagger.hard_labels = True
    best = -scores.log_softmax(-1).amax(-1)[given["teacher_mask"]].mean()
    assert tagger(**given).teacher_loss.item() == pytest.approx(best.item(), rel=1e-4)


def test_terms_are_divided_by_the_counts_of_the_step(family: str) -> None:
    """As the Trainer counts them from the batch, over accumulated micro-batches."""
    tagger, batch = make_xtune(family), make_batch(LENGTHS)
    batch["labels"][2] = -100  # a translation without tags
    given = with_views(batch, make_batch(LENGTHS, seed=1), (False, True, True))
    counts = tagger.count_terms(given)
    assert {name: count.item() for name, count in counts.items()} == {"task": 8, "view": 15, "teacher": 10}
    alone, counted = tagger(**given), tagger(**given, num_items_in_batch={n: 2 * c for n, c in counts.items()})
    for name in ("loss", "task_loss", "view_loss", "teacher_loss"):
        assert torch.allclose(2 * counted[name], alone[name]), name
    assert set(tagger.count_terms(batch)) == {"task"}


@pytest.mark.parametrize("unit", ["subword", "word"])
def test_noise_moves_the_embeddings_of_its_view(family: str, unit: str) -> None:
    tagger, batch = make_xtune(family, unit=unit), make_batch(LENGTHS)
    real = unpadded(batch) if unit == "subword" else batch["language_ids"] >= 0
    noise = torch.randn(*real.shape, 32, generator=torch.Generator().manual_seed(3)) * real.unsqueeze(-1)
    given = with_views(batch, batch, (False,) * 3)
    still = tagger(**given)
    silent = tagger(**given, noise=0 * noise, second_noise=0 * noise)
    assert torch.equal(silent.logits, still.logits)
    second = tagger(**given, second_noise=noise)
    assert torch.allclose(second.logits, still.logits, atol=1e-5)
    assert second.view_loss > 1e-3
    both = tagger(**given, noise=noise, second_noise=noise)
    assert both.view_loss.abs() < 1e-5
    assert (both.logits - still.logits).abs().max() > 1e-3


def test_noise_that_bfloat16_would_round_away_arrives(family: str) -> None:
    tagger, batch = make_xtune(family), make_batch(LENGTHS)
    seen: list[Tensor] = []
    tagger.phonexl.backbone.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["inputs_embeds"]), with_kwargs=True
    )
    noise = torch.full((*batch["input_ids"].shape, 32), 1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        tagger(**batch, noise=noise)
        tagger(**batch)
    assert seen[0].dtype == torch.float32
    assert torch.allclose(seen[0] - seen[1], noise, atol=1e-7)


def test_settings_default_to_the_authors_for_the_task() -> None:
    udpos, panx = (XTuneSettings().filled(task) for task in ("udpos", "panx"))
    assert (udpos.teacher_weight, udpos.hard_labels) == (0.3, False)
    assert (panx.teacher_weight, panx.hard_labels) == (1.0, True)
    assert XTuneSettings(copies="ss").filled("panx").teacher_weight == 5.0
    given = XTuneSettings(teacher_weight=0.0, hard_labels=True).filled("udpos")
    assert (given.teacher_weight, given.hard_labels) == (0.0, True)
    ratios = [XTuneSettings().ratio_of(name, task) for name in ("ss", "cs") for task in ("udpos", "panx")]
    assert ratios == [0.5, 0.3, 0.3, 0.3]
    assert XTuneSettings(ratio=0.1).ratio_of("cs", "udpos") == 0.1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"xtune.views": "mt"}, "views is 'mt'; expected one of ss, gn, cs"),
        ({"xtune.copies": "no"}, "copies is 'no'"),
        ({"xtune.ratio": 1.5}, "ratio is 1.5; expected a number from 0 to 1"),
        ({"xtune.view_weight": -1}, "view_weight is -1; expected a number from 0"),
        ({"xtune.teacher_weight": "much"}, "teacher_weight is 'much'"),
        ({"xtune.label_mean": "no"}, "label_mean is 'no'; expected true or false"),
        ({"xtune.lambda": 1}, "unknown key xtune.lambda; xtune has xtune.views"),
    ],
)
def test_bad_settings_are_said_before_any_data_are_read(
    make_recipe: MakeRecipe, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    recipe = make_recipe(**METHOD.overrides(), **settings)
    with pytest.raises(RecipeError, match=said):
        train(recipe, tmp_path / "nowhere", tmp_path / "run", method=METHOD)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mlm_weight": 0.1}, "set mlm_weight=0"),
        ({"head": "crf"}, "head 'crf' gives no distributions"),
        ({"task_switch_ratio": 0.5}, "set task_switch_ratio=0"),
        ({"particle_merge_ratio": 0.5}, "set particle_merge_ratio=0"),
        ({"dataloader_num_workers": 1}, "set dataloader_num_workers=0"),
    ],
)
def test_what_it_does_not_compute_is_refused(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        train(make_recipe(**{**METHOD.overrides(), **settings}), data, tmp_path / "run", method=METHOD)
