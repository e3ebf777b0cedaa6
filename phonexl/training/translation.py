"""What stands for machine translation: word by word with a dictionary, from a file, or by a model.

The model is in `model_translation.py`; aligning words by an encoder in `word_alignment.py`.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import DataError, read_lines
from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.processing_phonexl import EncodedSentence
from phonexl.training.code_switching import LONGEST_MATCH
from phonexl.training.dictionaries import find_dictionary, folds_case, match_of
from phonexl.training.recipe import Recipe, RecipeError

Alignment = tuple[tuple[int, int], ...]

_SHOWN = 80  # characters of a sentence that a message quotes


@dataclass(frozen=True)
class Translation:
    """A translated sentence.

    Attributes:
        tokens: Its words.
        languages: Language of each word: the source's where the word was left as it is.
        alignment: Pairs (source word, target word) as far as the translator knows them; None where it does not.
        coverage: Share of the source's words that were translated.
    """

    tokens: tuple[str, ...]
    languages: tuple[str, ...]
    alignment: Alignment | None
    coverage: float


class Translator(Protocol):
    """Translates the words of a sentence; the same sentence always into the same words."""

    def translate(self, tokens: Sequence[str]) -> Translation:
        """Translate one sentence."""

    def translate_all(self, sentences: Sequence[Sequence[str]]) -> list[Translation]:
        """Translate many: one by one, unless a model does it faster."""
        return [self.translate(tokens) for tokens in sentences]

    def describe(self) -> dict[str, Any]:
        """What belongs into a result: its kind, and the share of words translated so far."""


class DictionaryTranslator(Translator):
    """Replaces each word that has an entry by the first of its targets; the others stay, in their own language.

    A target of several syllables is written together, as XTREME's files have it: a word stays one word.

    Args:
        dictionary: From source to target words.
        source: Language code of what is translated.
        target: Language code of the targets.
        match: "word", or "longest" for data of single characters.
    """

    def __init__(self, dictionary: BilingualDictionary, source: str, target: str, match: str = "word") -> None:
        self.dictionary = dictionary
        self.source = source
        self.target = target
        self.match = match
        self._num_tokens = 0
        self._num_covered = 0

    def translate(self, tokens: Sequence[str]) -> Translation:
        """Translate one sentence; its alignment is complete, and one to one but for joined characters."""
        words: list[str] = []
        languages: list[str] = []
        alignment: list[tuple[int, int]] = []
        covered, start = 0, 0
        longest = LONGEST_MATCH if self.match == "longest" else 1
        while start < len(tokens):
            length, targets = self.dictionary.longest_match(tokens, start, longest)
            words.append(targets[0].replace(" ", "") if length else tokens[start])
            languages.append(self.target if length else self.source)
            alignment += [(position, len(words) - 1) for position in range(start, start + max(1, length))]
            covered += length
            start += max(1, length)
        self._num_tokens += len(tokens)
        self._num_covered += covered
        return Translation(tuple(words), tuple(languages), tuple(alignment), covered / max(1, len(tokens)))

    def describe(self) -> dict[str, Any]:
        """Its kind, direction, entries, and the share of words translated so far."""
        coverage = self._num_covered / self._num_tokens if self._num_tokens else None
        return {
            "kind": "dictionary",
            "direction": f"{self.source}-{self.target}",
            "entries": len(self.dictionary),
            "coverage": coverage,
        }


class CachedTranslator(Translator):
    """Looks sentences up in a file that any program may have written.

    One JSON object a line, `{"tokens": ["我", "看", "书"], "translation": ["tôi", "đọc", "sách"]}`, of which only the
    first with the same tokens counts; where it is known, with `"alignment": [[0, 0], [1, 1], [2, 2]]`.

    Args:
        path: The file, plain or .gz.
        source: Language code of what is translated.
        target: Language code of the translations.

    Raises:
        DataError: For a line of another form, or a file without lines.
    """

    def __init__(self, path: Path, source: str, target: str) -> None:
        self.path = path
        self.source = source
        self.target = target
        self._found: dict[tuple[str, ...], Translation] = {}
        for tokens, translation in _read_translations(path, target):
            self._found.setdefault(tokens, translation)
        if not self._found:
            raise DataError(path, None, None, "at least one translation", "The file is empty.")

    def translate(self, tokens: Sequence[str]) -> Translation:
        """Look one sentence up.

        Raises:
            DataError: If it is not there.
        """
        (found,) = self.translate_all([tokens])
        return found

    def translate_all(self, sentences: Sequence[Sequence[str]]) -> list[Translation]:
        """Look sentences up.

        Raises:
            DataError: If some are not there; they are listed in a new file beside, in the form of this one.
        """
        missing = [tokens for tokens in dict.fromkeys(map(tuple, sentences)) if tokens not in self._found]
        if missing:
            shown = _cut(json.dumps(missing[0], ensure_ascii=False))
            expected = (
                f"a line for every sentence of {self.source} and, of one longer than the encoder's input, for every "
                f'part of it that is read alone, but {len(missing)} have none, the first "tokens": {shown}'
            )
            listed = self._list(missing)
            which = "them" if listed is None else f"those listed in {listed}"
            raise DataError(
                self.path, None, None, expected, f"Translate {which} and add them, or set another translator."
            )
        return [self._found[tuple(tokens)] for tokens in sentences]

    def _list(self, missing: Sequence[Sequence[str]]) -> Path | None:
        """The file that lists them, where one can be written; another one keeps what was filled in."""
        lines = "".join(f"{json.dumps({'tokens': tokens}, ensure_ascii=False)}\n" for tokens in missing)
        names = (f"{self.source}-{self.target}.missing-{number}.jsonl" for number in count(1))
        path = next(path for name in names if not (path := self.path.with_name(name)).exists())
        with suppress(OSError):
            path.write_text(lines, encoding="utf-8", newline="\n")
            return path
        return None

    def describe(self) -> dict[str, Any]:
        """Its kind, file, direction and size; every word counts as translated."""
        return {
            "kind": "cached",
            "file": self.path.name,
            "direction": f"{self.source}-{self.target}",
            "entries": len(self._found),
            "coverage": 1.0,
        }


def encode_translation(processor: PhoneXLProcessor, translation: Translation) -> EncodedSentence:
    """Ids of a translation, each word read in its own language."""
    words = [
        processor.encode([token], language)
        for token, language in zip(translation.tokens, translation.languages, strict=True)
    ]
    return EncodedSentence(
        [pieces for word in words for pieces in word.pieces],
        [sound for word in words for sound in word.phoneme_pieces],
        [row for word in words for row in word.language_ids],
        words[0].sentence_language,
    )


def make_translator(recipe: Recipe, folder: Path, source: str, target: str) -> Translator:
    """The translator of a recipe for one of its two directions.

    Args:
        recipe: Its `translator` says which: "dictionary"; a file as `CachedTranslator` reads it, or a folder with one
            for each direction, SOURCE-TARGET.jsonl; or a sequence-to-sequence model, by name or as a folder.
        folder: The data, near which a dictionary is looked for.
        source: Language to translate from: the recipe's source or target.
        target: The other one.

    Raises:
        DataError: If dictionary or translations are missing or malformed.
        RecipeError: For a file or folder that does not exist.
        ValueError: If a model is none of translation, or not between these languages.
        MissingToolError: If the tokenizer of a model needs a package that is not installed.
    """
    if recipe.translator == "dictionary":
        dictionary = find_dictionary(recipe, folder, "name translations or a model: --set translator=FILE.jsonl")
        if source == recipe.target:
            dictionary = _invert(dictionary, folds_case(source))
        return DictionaryTranslator(dictionary, source, target, match_of(recipe))
    place = Path(recipe.translator).expanduser()
    if place.is_file():
        return CachedTranslator(place, source, target)
    if place.is_dir() and not (place / "config.json").is_file():
        return CachedTranslator(_find_translations(place, source, target), source, target)
    if not place.is_dir() and _looks_like_file(recipe.translator):
        raise RecipeError(
            f"{recipe.name}: translator {recipe.translator!r} is neither file nor folder; expected dictionary, "
            "translations as JSON lines, or a model"
        )
    from phonexl.training.model_translation import ModelTranslator

    return ModelTranslator(str(place) if place.is_dir() else recipe.translator, source, target, recipe.task)


def read_words(recipe: Recipe, folder: Path, *, translates: bool) -> dict[str, list[Any]]:
    """Pairs of the dictionary that a run may read and, where its translator is a file, the lines of that.

    What is not there, or malformed, is left out: who uses it says what is wrong.

    Args:
        recipe: Says where they are.
        folder: The data, near which a dictionary is looked for.
        translates: Whether the method has a translator.
    """
    found: dict[str, list[Any]] = {}
    if translates or recipe.config.get("xmlm_weight", 1) or recipe.task_switch_ratio:
        with suppress(ValueError):
            found["dictionary"] = list(find_dictionary(recipe, folder, "").pairs())
    place = Path(recipe.translator).expanduser()
    if translates and place.exists() and not (place / "config.json").is_file():
        for source, target in ((recipe.source, recipe.target), (recipe.target, recipe.source)):
            with suppress(DataError):
                path = _find_translations(place, source, target) if place.is_dir() else place
                name = f"translations {source}-{target}" if place.is_dir() else "translations"
                found[name] = [line for _, line in read_lines(path)]
    return found


def _find_translations(folder: Path, source: str, target: str) -> Path:
    name = f"{source}-{target}.jsonl"
    found = next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
    if found is None:
        cure = "Name the folder that has it, or that of a model, with its config.json."
        raise DataError(folder, None, None, f"{name} (or .gz), the translations from {source} to {target}", cure)
    return found


def _looks_like_file(name: str) -> bool:
    """Whether no Hub id can be meant: an id is "name" or "owner/name"."""
    return name.startswith((".", "/", "~")) or name.endswith((".jsonl", ".gz", "/")) or name.count("/") > 1


def _read_translations(path: Path, target: str) -> Iterator[tuple[tuple[str, ...], Translation]]:
    """Tokens and translation of each line."""
    form = 'a JSON object with "tokens" and "translation", lists of words that are not empty'
    for number, line in read_lines(path):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(path, number, line, form, f"It is no JSON: {error}.") from error
        if not isinstance(entry, dict) or not all(_are_words(entry.get(key)) for key in ("tokens", "translation")):
            raise DataError(path, number, line, form, "Correct the line.")
        tokens, translated = entry["tokens"], entry["translation"]
        alignment = entry.get("alignment")
        if alignment is not None and not _is_alignment(alignment, len(tokens), len(translated)):
            expected = '"alignment" as pairs of positions from 0 in "tokens" and "translation"'
            raise DataError(path, number, line, expected, "Correct it, or leave it out: an encoder will align them.")
        pairs = None if alignment is None else tuple((i, j) for i, j in alignment)
        yield tuple(tokens), Translation(tuple(translated), (target,) * len(translated), pairs, 1.0)


def _are_words(words: object) -> bool:
    return isinstance(words, list) and bool(words) and all(isinstance(word, str) and word for word in words)


def _is_alignment(pairs: Any, num_source: int, num_target: int) -> bool:
    return isinstance(pairs, list) and all(
        isinstance(pair, list)
        and [type(index) for index in pair] == [int, int]
        and 0 <= pair[0] < num_source
        and 0 <= pair[1] < num_target
        for pair in pairs
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _invert(dictionary: BilingualDictionary, fold_case: bool) -> BilingualDictionary:
    """From target words to source words; a word of several syllables is found with and without its spaces."""
    pairs = list(dictionary.pairs())
    spaced = ((target, source) for source, target in pairs)
    joined = ((target.replace(" ", ""), source) for source, target in pairs)
    return BilingualDictionary([*spaced, *joined], fold_case)
