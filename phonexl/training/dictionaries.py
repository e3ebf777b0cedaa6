"""The dictionary of a recipe, and what switches words with it.

Reading and filtering dictionaries is in `dataset_scripts.dictionary`; switching itself in `code_switching.py`.
"""

from pathlib import Path

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import DataError
from modeling_phonexl import PhoneXLConfig, PhoneXLProcessor
from modeling_phonexl.sound_dictionary import SoundDictionary
from modeling_phonexl.transcription import find_language
from phonexl.training.code_switching import CodeSwitcher
from phonexl.training.recipe import Recipe

# There a capital marks a foreign name, which its small like would turn into a word.
_CASELESS = ("zh", "ja", "ko", "hin", "urd")


def folds_case(language: str) -> bool:
    """Whether a word of this language that is no key is looked up without regard to case: where sentences have case."""
    return find_language(language).code not in _CASELESS


def find_dictionary(recipe: Recipe, folder: Path, otherwise: str) -> BilingualDictionary:
    """The dictionary of a recipe from source to target, with its default filter, and folded where the source has case.

    Args:
        recipe: Says where; without a place, it lies near the data.
        folder: The data.
        otherwise: How to do without, "do without X: --set Y", for the message that there is none.

    Raises:
        DataError: If there is none, or it is malformed.
    """
    if recipe.dictionary == "sound":
        dictionary = BilingualDictionary.by_sound(recipe.source, recipe.target)
    elif recipe.dictionary is not None and Path(recipe.dictionary).is_file():
        dictionary = BilingualDictionary.read(Path(recipe.dictionary))
    else:
        place = folder if recipe.dictionary is None else Path(recipe.dictionary)
        try:
            dictionary = BilingualDictionary.locate(place, recipe.source, recipe.target)
        except DataError as error:
            if error.path != place:  # a file that is there, and malformed
                raise
            shipped = BilingualDictionary.has_sound(recipe.source, recipe.target)
            by_sound = "Or take the shipped one by sound, --set dictionary=sound, or" if shipped else "Or"
            cure = f"{error.cure} {by_sound} {otherwise}."
            raise DataError(error.path, error.line, error.text, error.expected, cure) from error
    if not recipe.official:
        dictionary = dictionary.filtered(recipe.target)
    if recipe.shuffle_dictionary:
        dictionary = dictionary.shuffled(recipe.limit_seed)
    return BilingualDictionary(dictionary.pairs(), fold_case=True) if folds_case(recipe.source) else dictionary


def find_sound_dictionary(recipe: Recipe) -> SoundDictionary:
    """What `phoneme_transcription: sino-xenic` reads source words by: the shipped dictionary by sound, first targets.

    With `shuffle_dictionary` every word is read as another entry, as the same switch would write it.

    Raises:
        ValueError: If none is shipped for the pair of languages.
    """
    dictionary = BilingualDictionary.by_sound(recipe.source, recipe.target).filtered(recipe.target)
    if recipe.shuffle_dictionary:
        dictionary = dictionary.shuffled(recipe.limit_seed)
    return SoundDictionary(recipe.source, recipe.target, {word: dictionary[word][0] for word in dictionary})


def make_switcher(
    recipe: Recipe, config: PhoneXLConfig, processor: PhoneXLProcessor, folder: Path
) -> CodeSwitcher | None:
    """Code switching for the XMLM term; None without the term.

    Raises:
        DataError: If there is no dictionary.
    """
    if config.xmlm_weight == 0:
        return None
    dictionary = find_dictionary(recipe, folder, "do without code switching: --set xmlm_weight=0")
    return CodeSwitcher(dictionary, processor, recipe.target, config.code_switch_ratio, config.switch_match)


def make_task_switcher(recipe: Recipe, processor: PhoneXLProcessor, folder: Path) -> CodeSwitcher | None:
    """Code switching of the tagged sentences; None without.

    Raises:
        DataError: If there is no dictionary.
    """
    if recipe.task_switch_ratio == 0:
        return None
    dictionary = find_dictionary(recipe, folder, "leave tagged words as they are: --set task_switch_ratio=0")
    return CodeSwitcher(dictionary, processor, recipe.target, recipe.task_switch_ratio, match_of(recipe))


def match_of(recipe: Recipe) -> str:
    """How words of tagged sentences are looked up.

    Data of words are switched word by word, as CoSDA-ML does: joined words would lose tags. Data of single characters
    need the longest match. A recipe that sets `switch_match` has its way.
    """
    default = "longest" if recipe.token_unit == "character" else "word"
    return str(recipe.config.get("switch_match", default))
