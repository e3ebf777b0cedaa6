"""Romanised contrast: its second view, its tagger, and that it is plain without contrasts."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
    TrainerCallback,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from dataset_scripts.schema import UPOS_TAGS, Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from modeling_phonexl.transcription import Transcriber
from phonexl.methods import find_method
from phonexl.methods.romanised_contrast import METHOD, RomanisedContrastSettings, RomanisedContrastTagger
from phonexl.training.collator import PhoneXLCollator
from phonexl.training.contrast import sentence_contrast, word_contrast
from phonexl.training.dataset import Row, TaggingDataset
from phonexl.training.job import Job
from phonexl.training.masking import draw_generator
from phonexl.training.recipe import Recipe, RecipeError
from phonexl.training.romanised_view import RomanisedView, strip_marks
from phonexl.training.run import load_data, train

pytestmark = pytest.mark.usefixtures("one_thread")

MakeRecipe = Callable[..., Recipe]
NONE = {"sentence_weight": 0.0, "word_weight": 0.0}
LAYER = {"romanised-contrast.layer": 1}


# ---- the second view ----


LETTERS = "abcdefghijklmnopqrstuvwxyzāáǎàēéěèīíǐìōóǒòūúǔùǚ"


def save_encoder(folder: Path, family: str, sentences: list[Sentence]) -> Path:
    """A tiny encoder without dropout, whose tokenizer knows the letters of pinyin."""
    own = sorted({char for sentence in sentences for token in sentence.tokens for char in token})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *own, *LETTERS, *(f"##{char}" for char in [*own, *LETTERS])]
    tokenizer = Tokenizer(models.WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **names).save_pretrained(folder)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    shape |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "pad_token_id": 0}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if family == "bert":
            BertModel(BertConfig(vocab_size=len(pieces), **shape)).save_pretrained(folder)
        else:
            config = XLMRobertaConfig(vocab_size=len(pieces), max_position_embeddings=514, **shape)
            XLMRobertaModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(sentences: list[Sentence], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_encoder(tmp_path_factory.mktemp("bert"), "bert", sentences)


@pytest.fixture(scope="module", params=["bert", "xlm-roberta"])
def place(
    request: pytest.FixtureRequest, bert: Path, sentences: list[Sentence], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return bert if request.param == "bert" else save_encoder(tmp_path_factory.mktemp("x"), request.param, sentences)


@pytest.fixture(scope="module")
def plain_processor(bert: Path) -> PhoneXLProcessor:
    return PhoneXLProcessor.from_backbone(str(bert), use_phonemes=False, unit="subword")


def read(processor: PhoneXLProcessor, *sentences: Sentence) -> list[Row]:
    return [*iter(TaggingDataset(sentences, processor, UPOS_TAGS, draws=True))]


def sentence(language: str, tokens: str) -> Sentence:
    words = tuple(tokens.split())
    return Sentence("1", language, words, ("NOUN",) * len(words))


@pytest.mark.parametrize(
    ("language", "tokens", "spelling", "strip", "expected"),
    [
        ("zh", "我 看 书 。", "romanised", False, "wǒ kàn shū 。"),
        ("zh", "我 看 书 。", "romanised", True, "wo kan shu 。"),
        ("vi", "tôi thích đọc", "romanised", False, "tôi thích đọc"),
        ("vi", "tôi thích đọc", "romanised", True, "toi thich doc"),
        ("ko", "한국", "romanised", False, "hanguk"),
        ("vi", "tôi", "ipa", False, "toj˧˧"),
    ],
)
def test_words_are_spelled_as_asked_for(
    plain_processor: PhoneXLProcessor, language: str, tokens: str, spelling: str, strip: bool, expected: str
) -> None:
    view = RomanisedView(plain_processor, spelling, strip)
    assert view.spell(tokens.split(), language) == expected.split()
    [row] = read(plain_processor, sentence(language, tokens))
    found = view(row, draw_generator(0, 0, 0)).sentence
    assert found.pieces == [plain_processor.pieces(word) for word in expected.split()]
    assert (found.labels, found.language_ids) == (None, row.sentence.language_ids)


@given(st.text(max_size=20))
def test_stripped_text_has_no_marks_and_letters_stay(text: str) -> None:
    assert strip_marks(strip_marks(text)) == strip_marks(text)
    assert strip_marks(text.encode("ascii", "ignore").decode()) == text.encode("ascii", "ignore").decode()


def test_vietnamese_spelled_in_latin_letters_is_its_own_view(plain_processor: PhoneXLProcessor) -> None:
    """The trap: the pair (x, x) teaches dropout only; so the share of such words is told."""
    dataset = TaggingDataset([sentence("vi", "tôi thích phim .")], plain_processor, UPOS_TAGS, draws=True)
    assert RomanisedView(plain_processor, "romanised", False).read_all(dataset)["same_words"] == 1.0
    assert RomanisedView(plain_processor, "romanised", True).read_all(dataset)["same_words"] == 0.5


def test_a_view_longer_than_the_encoder_loses_its_last_words(plain_processor: PhoneXLProcessor) -> None:
    """Pinyin has more pieces than Chinese; the encoder would refuse the batch."""
    [row] = read(plain_processor, sentence("zh", " ".join(["我"] * 400)))
    found = RomanisedView(plain_processor, "romanised", False)(row, draw_generator(0, 0, 0)).sentence
    assert (len(row.tokens), len(found.pieces)) == (400, 255)  # two pieces each, and the two specials


# ---- the tagger ----


@pytest.fixture
def made(make_recipe: MakeRecipe, data: Path, place: Path, tmp_path: Path) -> Callable[..., Any]:
    """The tagger with its batch of eight sentences, for a recipe of this method."""

    def make(recipe_fields: dict[str, Any] | None = None, **settings: Any) -> tuple[Any, dict[str, Tensor]]:
        recipe = make_recipe(**METHOD.overrides(), backbone=str(place)).override(recipe_fields or {})
        chosen = RomanisedContrastSettings(**{"layer": 1, **settings})
        job = Job(recipe, load_data(recipe, data), tmp_path / "job", 1, chosen)
        tagger, processor = job.build(RomanisedContrastTagger)
        tagger.set_up(chosen)
        view = RomanisedView(processor, chosen.view, chosen.strip_marks)
        rows = read(processor, *job.data.train[:8])
        return tagger, PhoneXLCollator(processor, tagger.config, 1, second_view=view)(rows)

    return make


def by_hand(tagger: Any, batch: dict[str, Tensor], unit: str) -> tuple[list[Tensor], list[Tensor]]:
    """Vectors of sentences and words of both views, row by row, without padding."""
    sentences: list[list[Tensor]] = [[], []]
    words: list[list[Tensor]] = [[], []]
    for side, prefix in enumerate(("", "second_")):
        for row in range(len(batch["input_ids"])):
            owners = batch[f"{prefix}word_ids"][row]
            ids = batch[f"{prefix}input_ids"][row][owners >= 0]
            owners = owners[owners >= 0]
            count = int(owners.max()) + 1
            languages = batch[f"{prefix}language_ids"][row][:count]
            inputs = {"input_ids": ids[None], "word_ids": owners[None], "language_ids": languages[None]}
            outputs = tagger.phonexl(**inputs, output_hidden_states=True)
            hidden = outputs.hidden_states[1][0]
            pieces = range(1, count - 1) if unit == "word" else [p for p, u in enumerate(owners) if 0 < u < count - 1]
            sentences[side].append(hidden[list(pieces)].mean(0))
            for word in range(1, count - 1):
                words[side].append(hidden[word] if unit == "word" else hidden[owners == word].mean(0))
    return [torch.stack(side) for side in sentences], [torch.stack(side) for side in words]


@pytest.mark.parametrize("unit", ["subword", "word"])
def test_terms_are_those_of_the_rows_alone(made: Callable[..., Any], sentences: list[Sentence], unit: str) -> None:
    """Whatever the padding: vectors by hand, and forms compared as texts."""
    tagger, batch = made({"unit": unit}, temperature=0.2)
    tagger.eval()
    result = tagger(**batch)
    means, words = by_hand(tagger, batch, unit)
    texts = [sentence.tokens for sentence in sentences[:8]]
    same = torch.tensor([[a == b for b in texts] for a in texts])
    flat = [token for tokens in texts for token in tokens]
    latin = [t.romanized for tokens in texts for t in Transcriber("zh")(tokens)]
    pairs = [*zip(flat, latin, strict=True)]
    shared = torch.tensor([[bool({*a} & {*b}) for b in pairs] for a in pairs])
    losses, bounds = sentence_contrast(*means, same, 0.2)
    torch.testing.assert_close(result.sentence_loss, losses.mean(), atol=1e-5, rtol=0)
    torch.testing.assert_close(result.sentence_bound, bounds.mean())
    torch.testing.assert_close(result.word_loss, word_contrast(*words, shared, 0.2).mean(), atol=1e-5, rtol=0)
    torch.testing.assert_close(result.loss, result.task_loss + 0.1 * (result.sentence_loss + result.word_loss))
    counts = tagger.count_terms(batch)
    assert counts["sentence"] == 16
    assert counts["word"] == counts["task"] == len(flat)
    again = tagger(**batch, num_items_in_batch={name: 2 * count for name, count in counts.items()})
    torch.testing.assert_close(again.loss, result.loss / 2)
    assert result.hidden_states is None


@pytest.mark.parametrize("drop", ["weights", "view", "labels"])
def test_without_contrasts_it_is_plain(
    made: Callable[..., Any], make_recipe: MakeRecipe, data: Path, place: Path, tmp_path: Path, drop: str
) -> None:
    tagger, batch = made(**(NONE if drop == "weights" else {}))
    plain = Job(make_recipe(**METHOD.overrides(), backbone=str(place)), load_data(make_recipe(), data), tmp_path, 1)
    other, _ = plain.build(PhoneXLForTokenClassification)
    first = {name: value for name, value in batch.items() if not name.startswith("second_")}
    if drop != "weights":
        batch = first if drop == "view" else {name: value for name, value in batch.items() if name != "labels"}
    expected = other.eval()(**{name: value for name, value in first.items() if name in batch})
    result = tagger.eval()(**batch)
    torch.testing.assert_close(result.logits, expected.logits, atol=1e-6, rtol=0)
    if drop == "labels":
        assert result.loss is None
    else:
        torch.testing.assert_close(result.loss, expected.loss, atol=1e-6, rtol=0)
    assert set(tagger.state_dict()) == set(other.state_dict())


def test_a_word_that_the_second_view_has_lost_is_not_compared(made: Callable[..., Any]) -> None:
    tagger, batch = made()
    kept = batch["second_word_ids"] <= 2  # [CLS], the first word, and what ends the sentence
    batch["second_input_ids"] = batch["second_input_ids"].where(kept, torch.tensor(0))
    batch["second_word_ids"] = batch["second_word_ids"].where(kept, torch.tensor(-1))
    counts = tagger.count_terms(batch)
    assert counts["word"] == 8
    result = tagger.eval()(**batch)
    halved = tagger(**batch, num_items_in_batch={name: 2 * count for name, count in counts.items()})
    torch.testing.assert_close(halved.word_loss, result.word_loss / 2)


def test_both_terms_reach_the_encoder_up_to_their_layer(made: Callable[..., Any]) -> None:
    tagger, batch = made()
    result = tagger.train()(**batch)
    layers = tagger.phonexl.backbone.encoder.layer
    for term in (result.sentence_loss, result.word_loss):
        parameters = [layers[0].output.dense.weight, layers[1].output.dense.weight]
        below, above = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
        assert below.abs().sum() > 0
        assert above is None


def test_bfloat16_changes_no_more_than_its_last_bits(made: Callable[..., Any]) -> None:
    """At T 0.1 a cosine that is rounded to eight bits is off by a third of a nat."""
    tagger, batch = made()
    whole = tagger.eval()(**batch)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = tagger(**batch)
    assert rounded.sentence_loss.dtype == rounded.word_loss.dtype == torch.float32
    torch.testing.assert_close(rounded.sentence_loss, whole.sentence_loss, atol=0.1, rtol=0)
    torch.testing.assert_close(rounded.word_loss, whole.word_loss, atol=0.1, rtol=0)


# ---- runs ----


class _Watch(TrainerCallback):
    """Notes the steps and the logs, and stops after a step."""

    def __init__(self, stop: int | None = None) -> None:
        self.stop = stop
        self.trained: list[int] = []
        self.logs: dict[int, dict[str, float]] = {}

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trained.append(state.global_step)
        if state.global_step == self.stop:
            raise InterruptedError

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if "loss" in logs:
            self.logs[state.global_step] = dict(logs)


def test_a_run_logs_terms_bound_and_cosines_and_says_what_it_read(
    make_recipe: MakeRecipe, data: Path, bert: Path, tmp_path: Path
) -> None:
    watch = _Watch()
    recipe = make_recipe(**METHOD.overrides(), **LAYER, backbone=str(bert), log_gradient_cosines=True)
    (result,) = train(recipe, data, tmp_path / "run", method=METHOD, callbacks=[watch])
    log = watch.logs[1]
    assert {"task_loss", "sentence_loss", "word_loss", "sentence_cosine", "word_cosine"} <= set(log)
    assert log["sentence_bound"] == pytest.approx(math.log(15), abs=1e-4)
    assert log["loss"] == pytest.approx(log["task_loss"] + 0.1 * (log["sentence_loss"] + log["word_loss"]), abs=1e-3)
    facts = result.training["second_view"]
    assert facts["spelling"] == "romanised"
    assert 0 < facts["same_words"] < 0.5
    assert facts["length"] > 1
    tagger = PhoneXLForTokenClassification.from_pretrained(tmp_path / "run")
    assert type(tagger) is PhoneXLForTokenClassification
    assert not (tmp_path / "run" / "method.safetensors").exists()


def test_prediction_and_dev_read_the_text_alone(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No romaniser is called, for neither dev nor test."""
    spelled: list[str] = []
    spell = RomanisedView.spell

    def keep(self: RomanisedView, tokens: Any, language: str) -> list[str]:
        spelled.append(" ".join(tokens))
        return spell(self, tokens, language)

    monkeypatch.setattr(RomanisedView, "spell", keep)
    train(make_recipe(**METHOD.overrides(), **LAYER, eval_strategy="epoch"), data, tmp_path, method=METHOD)
    assert len(spelled) == 24  # once each, however many epochs


def test_weights_of_zero_train_as_plain(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    recipe = make_recipe(**METHOD.overrides(), **LAYER, limit_train=8, limit_eval=2)
    zero = recipe.override({f"romanised-contrast.{name}": 0 for name in NONE})
    (result,) = train(zero, data, tmp_path / "zero", method=METHOD)
    assert "second_view" not in result.training  # nothing was spelled
    plain = recipe.override({"method": "plain"})
    train(plain, data, tmp_path / "plain", method=find_method("plain"))
    weights, others = (load_file(tmp_path / name / "model.safetensors") for name in ("zero", "plain"))
    assert all(torch.equal(weight, others[name]) for name, weight in weights.items())


@pytest.mark.medium
def test_a_stopped_run_ends_as_if_it_had_not_been(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    steps = {"num_train_epochs": 2, "save_strategy": "steps", "save_steps": 2, "limit_train": 16, "limit_eval": 2}
    recipe = make_recipe(**METHOD.overrides(), **LAYER, **steps)
    whole, rest = _Watch(), _Watch()
    (first,) = train(recipe, data, tmp_path / "whole", method=METHOD, callbacks=[whole])
    with pytest.raises(InterruptedError):
        train(recipe, data, tmp_path / "stopped", method=METHOD, callbacks=[_Watch(3)])
    (second,) = train(recipe, data, tmp_path / "stopped", method=METHOD, resume=True, callbacks=[rest])
    assert rest.trained == [3, 4]
    for step in rest.trained:
        for name in ("loss", "sentence_loss", "word_loss", "sentence_bound"):
            assert rest.logs[step][name] == whole.logs[step][name]
    assert first.scores == second.scores


@pytest.mark.medium
def test_a_view_that_teaches_nothing_is_told(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    """The tokenizer of the other tests lacks most letters of pinyin, and no letter of Vietnamese."""
    folder = tmp_path / "data"
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "train-vi.tsv").write_bytes((data / "test-vi.tsv").read_bytes())
    recipe = make_recipe(**METHOD.overrides(), **LAYER, max_steps=1, limit_eval=2)
    (result,) = train(recipe, folder, tmp_path / "zh", method=METHOD)
    [warning] = result.warnings
    assert "% of the second view's pieces are unknown" in warning
    (result,) = train(recipe.override({"source": "vi", "target": "zh"}), folder, tmp_path / "vi", method=METHOD)
    [warning] = result.warnings
    assert "the second view was the text itself" in warning


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"view": "pinyin"}, "view 'pinyin'; expected one of romanised, ipa"),
        ({"view": "ipa", "strip_marks": True}, "marks are part of IPA"),
        ({"temperature": 0}, "temperature 0; expected a number > 0"),
        ({"layer": -1}, "layer -1; expected a number >= 0"),
        ({"sentence_weight": -0.1}, "sentence_weight -0.1"),
        ({"word_weight": -0.1}, "word_weight -0.1"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    recipe = make_recipe(
        **METHOD.overrides(), **{f"romanised-contrast.{key}": value for key, value in settings.items()}
    )
    with pytest.raises(RecipeError, match=message):
        train(recipe, data, tmp_path, method=METHOD)


def test_a_layer_that_the_backbone_lacks_is_named(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="layer 8: this backbone has hidden states 0 to 2"):
        train(make_recipe(**METHOD.overrides()), data, tmp_path, method=METHOD)


@pytest.mark.parametrize("name", ["task_switch_ratio", "particle_merge_ratio"])
def test_words_that_would_lose_their_pair_are_refused(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, name: str
) -> None:
    recipe = make_recipe(**METHOD.overrides(), **{name: 0.5})
    with pytest.raises(ValueError, match=f"romanised-contrast pairs words, which {name} changes: set {name}=0"):
        train(recipe, data, tmp_path, method=METHOD)
