"""Counts how much of the target's test words the source's training words have already met, in each form of the channel.

UDPOS zh-vi and ja-ko, all sentences, words with a letter; pieces are those of the offline backbone's tokenizer.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measurement import use_one_core

from dataset_scripts.readers import load_split
from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.transcription import Transcriber
from phonexl.backbone import resolve_backbone
from phonexl.json_file import write_json
from phonexl.results import Table, describe_versions
from phonexl.training.dictionaries import find_sound_dictionary
from phonexl.training.recipe import Recipe

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "udpos"
PAIRS = (("zh", "vi"), ("ja", "ko"))
Sentences = Sequence[Sequence[str]]
# By name of a form: the strings of the words of sentences in a language.
Channel = Callable[[Sentences, str], list[str]]


def share(source: Sequence[str], target: Sequence[str], cut: Callable[[tuple[str]], Sequence[int]]) -> dict[str, float]:
    """Of the target's strings that have a letter: how many the source has, whole and by their pieces, in percent."""
    strings = set(source)
    known = {piece for string in strings for piece in cut((string,))}
    words = [string for string in target if any(map(str.isalpha, string))]
    pieces = [piece for string in words for piece in cut((string,))]
    return {
        "words": round(100 * sum(string in strings for string in words) / len(words), 1),
        "pieces": round(100 * sum(piece in known for piece in pieces) / len(pieces), 1),
        "pieces_per_word": round(len(pieces) / len(words), 2),
    }


def channels(source: str, target: str, backbone: str) -> tuple[dict[str, Channel], PhoneXLProcessor]:
    """The forms that are compared, and the processor of the one that is used."""
    recipe = Recipe("channel", "udpos", source, target)
    real, shuffled = (
        PhoneXLProcessor.from_backbone(
            backbone,
            phoneme_vocab="tokenizer",
            phoneme_transcription="sino-xenic",
            sound_dictionary=find_sound_dictionary(recipe.override({"shuffle_dictionary": shuffle})),
        )
        for shuffle in (False, True)
    )
    assert real.sound_dictionary is not None
    entries = real.sound_dictionary

    def spell(sentences: Sentences, language: str) -> list[str]:
        return [word for words in sentences for word in words]

    def romanise(sentences: Sentences, language: str) -> list[str]:
        return [record.romanized for words in sentences for record in Transcriber(language)(words)]

    def write_as_target(sentences: Sentences, language: str) -> list[str]:
        if language == target:
            return spell(sentences, language)
        found = [word for words in sentences for word in entries.find(words)]
        return [word or letters for word, letters in zip(found, romanise(sentences, language), strict=True)]

    def hear(processor: PhoneXLProcessor) -> Channel:
        return lambda sentences, language: [
            sound for words in sentences for (sound,) in processor.transcribe(words, language)
        ]

    forms = {
        "spelling": spell,
        "romanised": romanise,
        "entries as the target writes them": write_as_target,
        "sino-xenic": hear(real),
        "sino-xenic, shuffled": hear(shuffled),
    }
    return forms, real


def measure(data: Path) -> dict[str, dict[str, Any]]:
    """By pair of languages: size and reach of the dictionary, and by form what `share` gives."""
    backbone = resolve_backbone("offline", "cjkv")
    figures: dict[str, dict[str, Any]] = {}
    for source, target in PAIRS:
        train = [sentence.tokens for sentence in load_split(data, "udpos", source, "train")]
        test = [sentence.tokens for sentence in load_split(data, "udpos", target, "test")]
        forms, processor = channels(source, target, backbone)
        assert processor.sound_dictionary is not None
        found = [word for words in train for word in processor.sound_dictionary.find(words)]
        figures[f"{source}-{target}"] = {
            "entries": len(processor.sound_dictionary.words),
            "source_tokens_with_entry": round(100 * sum(word is not None for word in found) / len(found), 1),
            "forms": {
                name: share(channel(train, source), channel(test, target), processor.phoneme_pieces)
                for name, channel in forms.items()
            },
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the UDPOS files")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    use_one_core()
    figures = measure(arguments.data)
    rows = [
        [pair, name, *(str(found[key]) for key in ("words", "pieces", "pieces_per_word"))]
        for pair, those in figures.items()
        for name, found in those["forms"].items()
    ]
    print(Table(["pair", "channel", "words met, %", "pieces met, %", "pieces per word"], rows).markdown(), end="")
    if arguments.out:
        facts = {"command": shlex.join(["python", *sys.argv]), "versions": describe_versions()}
        write_json(arguments.out, {**facts, "figures": figures})


if __name__ == "__main__":
    main()
