"""Sino-Xenic readings as the phonemic channel of a recipe: its dictionary, the shuffled control, the method."""

import importlib
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dataset_scripts.readers import to_tsv
from dataset_scripts.schema import Sentence
from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor
from phonexl.methods import lay_over
from phonexl.training.dictionaries import find_dictionary, find_sound_dictionary
from phonexl.training.job import build_model
from phonexl.training.recipe import Recipe
from phonexl.training.run import train

MakeRecipe = Callable[..., Recipe]
PAIRS = {("zh", "vi"): ("行动", "hành động"), ("ja", "ko"): ("設定", "설정")}


@pytest.mark.parametrize(("pair", "entry"), PAIRS.items())
def test_words_are_those_of_the_shipped_dictionaries_in_the_targets_script(
    pair: tuple[str, str], entry: tuple[str, str]
) -> None:
    source, target = pair
    dictionary = find_sound_dictionary(Recipe("name", "udpos", source, target))
    assert (dictionary.source, dictionary.target) == pair
    assert dictionary.find([entry[0], "的"]) == [entry[1], None]
    assert len(dictionary.words) > 4000


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_shuffled_control_changes_what_is_heard_and_not_which_words(source: str, target: str) -> None:
    """Fewer words, or none that stays foreign, would make the control another system."""
    recipe = Recipe("name", "udpos", source, target)
    words = find_sound_dictionary(recipe).words
    shuffled = find_sound_dictionary(recipe.override({"shuffle_dictionary": True})).words
    assert shuffled.keys() == words.keys()
    assert Counter(shuffled.values()) == Counter(words.values())
    assert sum(shuffled[word] == words[word] for word in words) < 0.01 * len(words)
    again, other = (recipe.override({"shuffle_dictionary": True, "limit_seed": seed}) for seed in (0, 1))
    assert find_sound_dictionary(again).words == shuffled != find_sound_dictionary(other).words


def test_a_switched_word_is_heard_as_it_was_before(tmp_path: Path) -> None:
    """Channel and switch at once, shuffled or not: two targets for one word would contradict each other."""
    for shuffle in (False, True):
        settings = {"dictionary": "sound", "shuffle_dictionary": shuffle}
        recipe = Recipe("name", "udpos", "zh", "vi").override(settings)
        switched, heard = find_dictionary(recipe, tmp_path, ""), find_sound_dictionary(recipe)
        assert {word: targets[0] for word, targets in switched.items()} == heard.words


def test_the_count_takes_words_with_letters_whole_and_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Punctuation, which every language shares, would be counted as transfer."""
    monkeypatch.setattr(sys, "path", [str(Path(__file__).resolve().parents[2] / "benchmarks"), *sys.path])
    share = importlib.import_module("sound_channel").share
    found = share(
        ["ab", "c", ".", "."], ["ab", "bc", "d", ".", "12"], lambda strings: [ord(char) for char in strings[0]]
    )
    assert found == {"words": 33.3, "pieces": 80.0, "pieces_per_word": 1.67}


def test_a_pair_without_dictionary_is_refused(make_recipe: MakeRecipe) -> None:
    channel = {"phoneme_transcription": "sino-xenic", "phoneme_vocab": "tokenizer"}
    with pytest.raises(ValueError, match="no dictionary by sound ko-zh; shipped: "):
        build_model(make_recipe(source="ko", target="zh", **channel))


@pytest.mark.medium
def test_the_method_hears_and_changes_nothing_else(
    make_recipe: MakeRecipe,
    data: Path,
    tmp_path: Path,
    draw_sentences: Callable[[str, int, int], list[Sentence]],
) -> None:
    """Beside plain it must have the channel alone; the labels of the target, if there are any, are heard too."""
    folder = tmp_path / "data"
    folder.mkdir()
    for file in data.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "train-vi.tsv").write_text(to_tsv(draw_sentences("vi", 12, 6)), encoding="utf-8", newline="\n")
    settings: dict[str, object] = {"few_shot": 3, "max_steps": 1}
    plain, channel = (lay_over(make_recipe(), name, settings) for name in ("plain", "sino-xenic-channel"))
    differing = {key for key, value in channel[1].values().items() if plain[1].values().get(key) != value}
    assert differing == {
        *("method", "use_phonemes", "phoneme_transcription", "phoneme_vocab", "phoneme_init", "phoneme_scale"),
        *({"phoneme_learning_rate"} & plain[1].values().keys()),
    }
    (result,) = train(channel[1], folder, tmp_path / "run", method=channel[0])
    assert result.training["needs"] == "Dict"
    model = PhoneXLForTokenClassification.from_pretrained(tmp_path / "run")
    processor = PhoneXLProcessor.from_pretrained(tmp_path / "run")
    assert (model.config.phoneme_scale, model.config.align_weight) == (0.3, 0)
    assert processor.transcribe(["行动"], "zh") == processor.transcribe(["Hành động"], "vi") == [("hànhđộng",)]
