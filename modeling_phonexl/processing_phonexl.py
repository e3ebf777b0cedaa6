"""Text to tensors: words, their sound and their language, in the shapes that the model reads.

Holds no language: readings and word borders come from `transcription_<iso>.py`, which travel with every checkpoint.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer, BatchFeature, ProcessorMixin
from transformers.utils.hub import cached_file

from .backbone_name import check_backbone_name
from .configuration_phonexl import CHOICES, PhoneXLConfig
from .phoneme_vocabulary import PhonemeVocabulary
from .sentence_encoder import EncodedSentence as EncodedSentence
from .sentence_encoder import SentenceEncoder, check_text, check_words
from .sentence_encoder import Window as Window
from .sound_dictionary import SOUND_DICTIONARY_FILE, SoundDictionary
from .transcription import find_codes, guess_language
from .transcription_ja import transcribe as _ja  # noqa: F401  (a relative import makes the file travel)
from .transcription_ko import transcribe as _ko  # noqa: F401
from .transcription_vi import transcribe as _vi  # noqa: F401
from .transcription_zh import transcribe as _zh  # noqa: F401

_CHOICES = {
    **{name: CHOICES[name] for name in ("unit", "phoneme_transcription")},
    "phoneme_vocab_kind": CHOICES["phoneme_vocab"],
    "token_unit": ("word", "character"),
}
_PLACE = ("cache_dir", "force_download", "proxies", "token", "local_files_only", "revision", "subfolder")


class PhoneXLProcessor(SentenceEncoder, ProcessorMixin):
    """Turns text into model inputs: segments it into words, transcribes them, and looks up their ids.

    Args:
        tokenizer: The backbone's tokenizer.
        phoneme_vocab: Symbols of the phoneme vocabulary; None builds the list for `languages`.
        recipe: Transcription recipe.
        languages: Rows of the model's language table, by any ISO code of each.
        phoneme_vocab_kind: "extended", "tokenizer" or "segments"; the config's `phoneme_vocab`.
        phoneme_transcription: "ipa", "roman" or "sino-xenic".
        use_phonemes: Whether the model has a phonemic input at all.
        unit: "word" or "subword": whether the positions of the backbone limit words or pieces.
        token_unit: "word", or "character" for a model trained on characters (PAN-X zh and ja); for raw text.
        phoneme_prefix_bug: As in the released code; see `PhoneXLConfig`.
        max_pieces: As in the released code; see `PhoneXLConfig`.
        sound_dictionary: What "sino-xenic" reads source words by; saved in a file of its own.
        split_syllables: Whether Vietnamese words written together, as those of XTREME's POS files, are spelled with
            spaces between their syllables.
        drop_spaces: Whether words of languages that write no spaces are cut without the one that tokenizers such as
            XLM-R's put before every word.
        num_word_pieces: How many of the tokenizer's ids, the first of them, are phonemes too: what it has now, if left
            out. It is saved, so that tokens added later move no phoneme.
        **kwargs: Passed to `ProcessorMixin`.

    Raises:
        ValueError: If the tokenizer lacks one of the special tokens that mark a sentence's ends, padding or unknown;
            if "sino-xenic" has no dictionary; for another kind, transcription or unit; for one string of symbols.
        UnknownLanguageError: For a language that the registry lacks.
    """

    # DataCollatorForTokenClassification asks for it before it pads labels to pieces, which the tagger then refuses.
    padding_side = "right"

    def __init__(
        self,
        tokenizer: Any,
        phoneme_vocab: Sequence[str] | None = None,
        recipe: str | None = None,
        languages: Sequence[str] | None = None,
        phoneme_vocab_kind: str = "extended",
        phoneme_transcription: str = "ipa",
        use_phonemes: bool = True,
        unit: str = "word",
        token_unit: str = "word",
        phoneme_prefix_bug: bool = False,
        max_pieces: int | None = None,
        sound_dictionary: SoundDictionary | None = None,
        split_syllables: bool = False,
        drop_spaces: bool = False,
        num_word_pieces: int | None = None,
        **kwargs: Any,
    ) -> None:
        chosen = {"phoneme_vocab_kind": phoneme_vocab_kind, "unit": unit, "token_unit": token_unit}
        for name, value in {**chosen, "phoneme_transcription": phoneme_transcription}.items():
            if value not in _CHOICES[name]:
                raise ValueError(f"{name}={value!r}: expected one of {', '.join(map(repr, _CHOICES[name]))}")
        if isinstance(phoneme_vocab, str):
            raise ValueError(
                f"phoneme_vocab={phoneme_vocab!r}: expected a list of symbols; its kind is phoneme_vocab_kind here"
            )
        for name in ("cls_token", "sep_token", "pad_token", "unk_token"):
            if getattr(tokenizer, name, None) is None:
                raise ValueError(f"the tokenizer has no {name}: PhoneXL needs the tokenizer of a BERT-like encoder")
        # A word longer than the encoder takes, or its sound, is cut in `rows`: it is marked as warned of already.
        tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
        languages = find_codes(("zh", "vi", "ja", "ko") if languages is None else languages)
        if phoneme_vocab is None:
            phonemes = PhonemeVocabulary.build(
                tokenizer, phoneme_vocab_kind, languages, phoneme_prefix_bug, num_word_pieces
            )
        else:
            phonemes = PhonemeVocabulary(
                tokenizer, phoneme_vocab_kind, phoneme_vocab, phoneme_prefix_bug, num_word_pieces
            )
        SentenceEncoder.__init__(
            self,
            tokenizer,
            phonemes,
            recipe=recipe or "default",
            languages=languages,
            phoneme_transcription=phoneme_transcription,
            use_phonemes=use_phonemes,
            unit=unit,
            token_unit=token_unit,
            max_pieces=max_pieces,
            sound_dictionary=sound_dictionary,
            split_syllables=split_syllables,
            drop_spaces=drop_spaces,
        )
        self.phoneme_vocab_kind = phoneme_vocab_kind
        self.phoneme_prefix_bug = phoneme_prefix_bug
        self.phoneme_vocab = list(phonemes.symbols)
        self.num_word_pieces = phonemes.num_word_pieces
        ProcessorMixin.__init__(self, tokenizer, **kwargs)

    @classmethod
    def from_backbone(cls, name_or_path: str, **fields: Any) -> "PhoneXLProcessor":
        """A processor around the tokenizer of any encoder checkpoint.

        Args:
            name_or_path: A repository of the Hub or a folder; for the offline backbone the folder that
                `phonexl.backbone.resolve_backbone("offline")` returns.
            **fields: Arguments of the constructor; `phoneme_vocab` names the kind here, as in `PhoneXLConfig`.

        Raises:
            ValueError: If the name is neither a folder nor a model of the Hub.
        """
        check_backbone_name(name_or_path)
        kind = fields.pop("phoneme_vocab", "extended")
        tokenizer = AutoTokenizer.from_pretrained(name_or_path)
        positions = PhoneXLConfig(AutoConfig.from_pretrained(name_or_path)).max_units
        if positions is not None:  # many tokenizers were saved without a length; `windows` cuts by it
            tokenizer.model_max_length = min(tokenizer.model_max_length, positions)
        return cls(tokenizer, phoneme_vocab_kind=kind, **fields)

    @classmethod
    def get_processor_dict(
        cls, pretrained_model_name_or_path: str | os.PathLike[str], **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read the fields of a saved processor, and for "sino-xenic" the dictionary beside them.

        Raises:
            OSError: If a file is missing.
            ValueError: If the dictionary is not whole.
        """
        place = {name: kwargs[name] for name in _PLACE if name in kwargs}
        # The stock method would give no fields, and so a processor of other sounds than the model was trained on.
        _find_file(
            pretrained_model_name_or_path,
            "processor_config.json",
            place,
            "which says how text is read for the model: save the processor there too, by processor.save_pretrained or "
            "Trainer(processing_class=processor)",
        )
        fields, rest = super().get_processor_dict(pretrained_model_name_or_path, **kwargs)
        if fields.get("phoneme_transcription") == "sino-xenic":
            path = _find_file(
                pretrained_model_name_or_path,
                SOUND_DICTIONARY_FILE,
                place,
                'beside processor_config.json, and phoneme_transcription="sino-xenic" reads source words by it: save '
                "the processor anew, or take the whole folder or repository",
            )
            fields["sound_dictionary"] = SoundDictionary.read(path)
        return fields, rest

    def to_dict(self) -> dict[str, Any]:
        """Fields for JSON; the dictionary is no field."""
        fields: dict[str, Any] = super().to_dict()
        fields.pop("sound_dictionary", None)
        return fields

    def to_json_file(self, json_file_path: str | os.PathLike[str]) -> None:
        """Write the fields, and the dictionary beside them: here, since a push sends what `save_pretrained` writes."""
        super().to_json_file(json_file_path)
        if self.sound_dictionary is not None:
            self.sound_dictionary.save(Path(json_file_path).parent)

    def config_fields(self) -> dict[str, Any]:
        """The fields of `PhoneXLConfig` that must agree with this processor."""
        return {
            "languages": self.languages,
            "use_phonemes": self.use_phonemes,
            "phoneme_vocab": self.phoneme_vocab_kind,
            "phoneme_vocab_size": self.phonemes.size,
            "phoneme_pad_token_id": self.phonemes.pad_id,
            "phoneme_unk_token_id": self.phonemes.unk_id,
            "phoneme_transcription": self.phoneme_transcription,
            "unit": self.unit,
            "phoneme_prefix_bug": self.phoneme_prefix_bug,
            "max_pieces": self.max_pieces,
        }

    def check_config(self, config: PhoneXLConfig) -> None:
        """Refuse a model that was trained on other input than this processor makes.

        Args:
            config: The model's; fields of an input that it does not have count for nothing.

        Raises:
            ValueError: Naming the first field that differs.
        """
        for name, value in self.config_fields().items():
            used = config.use_phonemes if "phoneme" in name else True
            if name == "languages":
                used = config.use_language_embeddings
            if used and getattr(config, name) != value:
                raise ValueError(
                    f"the model has {name}={getattr(config, name)!r}, and the processor {value!r}: load both from one "
                    "folder, into which both were saved"
                )

    def __call__(
        self,
        text: str | Sequence[str] | Sequence[Sequence[str]],
        language: str | None = None,
        *,
        text_pair: str | Sequence[str] | Sequence[Sequence[str]] | None = None,
        is_split_into_words: bool = False,
        labels: Sequence[Sequence[int]] | None = None,
        padding: bool | str = True,
        truncation: bool = False,
        return_tensors: str | None = "pt",
    ) -> BatchFeature:
        """Prepare one sentence or a batch; with `text_pair`, one pair of sentences or a batch of them.

        Args:
            text: Raw text, one string or a list; with `is_split_into_words`, the tokens of one sentence or a list of
                token lists; arrays are taken as lists.
            language: ISO code of all sentences; None guesses each, or each pair, by its script.
            text_pair: Second sentences, in the form of `text`; a pair that is too long loses last words of its longer
                sentence.
            is_split_into_words: Whether `text` holds tokens.
            labels: Tag ids of each sentence's tokens; pairs have none.
            padding: True or "longest": to the longest sentence of the batch, which is the only way.
            truncation: Take only the first words of a sentence, as many as the backbone has positions for; the model
                refuses a longer one, and the pipeline reads it in windows. Pairs always lose words.
            return_tensors: "pt", for padded PyTorch tensors; None is the same.

        Returns:
            `input_ids`, `word_ids`, `phoneme_ids`, `phoneme_word_ids`, `language_ids` and, if given, `labels`, as
            padded tensors; of pairs `sentence_ids`, too.

        Raises:
            UnknownLanguageError: For a language without transcription.
            MissingToolError: If a reading tool is not installed.
            ValueError: If there is nothing to encode, or what is no text or no list of words, a sentence has other
                than one label per token, there is not one second sentence for each first, a sentence of a pair has no
                word, or other tensors or padding are asked for.
        """
        _check_padding(padding, return_tensors)
        sentences = _as_batch(text, is_split_into_words)
        if not sentences:
            raise ValueError("nothing to encode: the list of sentences is empty")
        if text_pair is not None:
            seconds = _as_batch(text_pair, is_split_into_words)
            if labels is not None or len(seconds) != len(sentences):
                found = "labels of words" if labels is not None else f"{len(seconds)} second sentences"
                raise ValueError(f"{found} for {len(sentences)} pairs: pass one text_pair for each text, and no labels")
            pairs = zip(sentences, seconds, strict=True)
            return self.pad([self.encode_pair(*pair, language, is_split_into_words) for pair in pairs])
        if labels is not None and len(labels) != len(sentences):
            raise ValueError(f"{len(labels)} lists of labels for {len(sentences)} sentences: pass one for each")
        encoded = []
        for index, sentence in enumerate(sentences):
            tokens = sentence if is_split_into_words else self.words(sentence, language)
            code = language or guess_language("".join(tokens))
            ids = self.encode(tokens, code, labels=None if labels is None else labels[index])
            encoded.append(ids.cut(0, self.count_fitting(ids.pieces)) if truncation else ids)
        return self.pad(encoded)

    def encode_pair(
        self, first: Any, second: Any, language: str | None = None, is_split_into_words: bool = False
    ) -> EncodedSentence:
        """Look up the ids of a pair; arguments as in `__call__`, of one pair."""
        check: Callable[[Any], Any] = check_words if is_split_into_words else check_text
        first, second = check(first), check(second)
        if language is None:
            language = guess_language("".join([*first, *second]))
        texts = [text if is_split_into_words else self.words(text, language) for text in (first, second)]
        return self.join(*(self.encode(tokens, language) for tokens in texts))

    def pad(
        self,
        sentences: Sequence[EncodedSentence | Mapping[str, Any]],
        *,
        padding: bool | str = True,
        max_length: None = None,
        pad_to_multiple_of: None = None,
        return_tensors: str | None = "pt",
    ) -> BatchFeature:
        """Pad a batch: tensors as `PhoneXLModel.forward` describes them.

        Args:
            sentences: Sentences, which get specials; or what `rows` gives of each, a dict by name, as a
                `datasets.Dataset` holds it and `DataCollatorWithPadding(processor)` passes it. A class of a whole
                sentence is a number.
            padding: True or "longest": to the longest sentence of the batch, which is the only way.
            max_length: None; this and the next are what stock collators pass.
            pad_to_multiple_of: None.
            return_tensors: "pt", for PyTorch tensors; None is the same.

        Raises:
            ValueError: If there is no sentence, some are single sentences and some are pairs, or other tensors or
                padding are asked for.
        """
        _check_padding(padding, return_tensors)
        for name, value in (("max_length", max_length), ("pad_to_multiple_of", pad_to_multiple_of)):
            if value is not None:
                raise ValueError(f"{name}={value!r}: a batch is padded to its longest sentence, expected None")
        batch: Sequence[Any] = sentences
        if not batch:
            raise ValueError("nothing to pad: the list of sentences is empty")
        of_dicts = isinstance(batch[0], Mapping)
        rows = {name: [row[name] for row in batch] for name in batch[0]} if of_dicts else self.rows(batch)
        return BatchFeature({name: pad_rows(values, self.fill(name)) for name, values in rows.items()})


def _check_padding(padding: bool | str, return_tensors: str | None) -> None:
    if padding not in (True, "longest"):
        raise ValueError(f"padding={padding!r}: a batch is padded to its longest sentence, expected True or 'longest'")
    if return_tensors not in ("pt", None):
        raise ValueError(f"return_tensors={return_tensors!r}: PhoneXL reads PyTorch tensors, expected 'pt' or None")


def _find_file(name_or_path: str | os.PathLike[str], name: str, place: Mapping[str, Any], cure: str) -> Path:
    """A file of a saved processor, downloaded where it is on the Hub."""
    try:
        return Path(str(cached_file(name_or_path, name, **place)))
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise FileNotFoundError(f"{name_or_path}: no {name} {cure} ({reason})") from error


def _as_batch(text: Any, is_split_into_words: bool) -> list[Any]:
    """A list of sentences, of one or of many: each a text, or a list of words."""
    given = text.tolist() if hasattr(text, "tolist") else text  # an array is neither true nor false
    several = isinstance(given, Iterable) and not isinstance(given, (str, Mapping))
    sentences = list(given) if several else [given]
    if not is_split_into_words:
        return [check_text(sentence) for sentence in sentences]
    if several and sentences and isinstance(sentences[0], str):
        sentences = [sentences]
    return [check_words(sentence) for sentence in sentences]


def pad_rows(rows: Sequence[Any], value: int) -> torch.Tensor:
    """Rows of different length as one tensor, shape (rows, longest); of numbers, shape (rows,)."""
    if torch.as_tensor(rows[0]).dim() == 0:
        return torch.tensor(rows)
    width = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows], dtype=torch.long)
