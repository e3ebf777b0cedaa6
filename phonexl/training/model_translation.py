"""Translation by any sequence-to-sequence model of `transformers`: Marian, M2M100, NLLB, mBART.

Words in, words out; which of them belong together is for `word_alignment.py` to find.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer, PreTrainedTokenizerBase

from modeling_phonexl.transcription import MissingToolError, Transcriber, find_language
from phonexl.training.translation import Translation

_BATCH = 16
# Names of our languages in NLLB, mBART-50 (it has no Hungarian) and M2M100; models of one direction have none.
_NAMES = {
    "zh": ("zho_Hans", "zh_CN", "__zh__"),
    "vi": ("vie_Latn", "vi_VN", "__vi__"),
    "ja": ("jpn_Jpan", "ja_XX", "__ja__"),
    "ko": ("kor_Hang", "ko_KR", "__ko__"),
    "eng": ("eng_Latn", "en_XX", "__en__"),
    "fra": ("fra_Latn", "fr_XX", "__fr__"),
    "rus": ("rus_Cyrl", "ru_RU", "__ru__"),
    "ita": ("ita_Latn", "it_IT", "__it__"),
    "hun": ("hun_Latn", "__hu__"),
    "ukr": ("ukr_Cyrl", "uk_UA", "__uk__"),
    "tur": ("tur_Latn", "tr_TR", "__tr__"),
    "fin": ("fin_Latn", "fi_FI", "__fi__"),
    "hin": ("hin_Deva", "hi_IN", "__hi__"),
    "swa": ("swh_Latn", "sw_KE", "__sw__"),
    "urd": ("urd_Arab", "ur_PK", "__ur__"),
}


class ModelTranslator:
    """Translates with a model, each sentence once.

    A sentence that the model answers with nothing stays as it is. What a sentence becomes may hang by a last bit on
    those that it is translated beside, so that a run that is to be repeated must ask for the same ones.

    Args:
        name: A repository of the Hub or a folder.
        source: Language code of what is translated.
        target: Language code of the translations.
        task: Key of `TASKS`, whose files say what a word is.

    Raises:
        ValueError: If the model is none of translation, or does not know one of the languages.
        MissingToolError: If its tokenizer needs a package that is not installed.
    """

    def __init__(self, name: str, source: str, target: str, task: str) -> None:
        config = AutoConfig.from_pretrained(name)
        if not config.is_encoder_decoder:
            raise ValueError(f"translator {name!r} is a {config.model_type} model; expected one that translates (NLLB)")
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(name)
        except ImportError as error:
            raise MissingToolError("sentencepiece", f"the tokenizer of the translator {name!r}") from error
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model: Any = AutoModelForSeq2SeqLM.from_pretrained(name).to(device).eval()
        self.name = name
        self.source = source
        self.target = target
        self.task = task
        self._longest = min(self._tokenizer.model_max_length, getattr(config, "max_position_embeddings", 512))
        self._options: dict[str, Any] = {}
        if hasattr(self._tokenizer, "src_lang"):
            self._tokenizer.src_lang = self._find_name(source).strip("_")
            self._options["forced_bos_token_id"] = self._tokenizer.convert_tokens_to_ids(self._find_name(target))
        self._found: dict[tuple[str, ...], Translation] = {}

    def translate(self, tokens: Sequence[str]) -> Translation:
        """Translate one sentence."""
        return self.translate_all([tokens])[0]

    def translate_all(self, sentences: Sequence[Sequence[str]]) -> list[Translation]:
        """Translate many sentences, those of like length at once."""
        new = sorted({tuple(tokens) for tokens in sentences} - self._found.keys(), key=lambda item: (len(item), item))
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            for tokens, text in zip(batch, self._generate(batch), strict=True):
                self._found[tokens] = self._as_translation(tokens, text)
        return [self._found[tuple(tokens)] for tokens in sentences]

    def describe(self) -> dict[str, Any]:
        """Its kind, name and direction, and the share of words in sentences that were translated so far."""
        total = sum(map(len, self._found))
        covered = sum(len(tokens) * translation.coverage for tokens, translation in self._found.items())
        return {
            "kind": "model",
            "model": self.name,
            "direction": f"{self.source}-{self.target}",
            "coverage": covered / total if total else None,
        }

    @torch.inference_mode()
    def _generate(self, sentences: Sequence[Sequence[str]]) -> list[str]:
        joint = " " if find_language(self.source).spaced else ""
        texts = [joint.join(tokens) for tokens in sentences]
        inputs = self._tokenizer(
            texts, return_tensors="pt", padding=True, truncation=True, max_length=self._longest
        ).to(self._model.device)
        room = min(self._longest - 1, 2 * inputs["input_ids"].size(1) + 16)
        made = self._model.generate(**inputs, **self._options, do_sample=False, max_new_tokens=room)
        decoded: list[str] = self._tokenizer.batch_decode(made, skip_special_tokens=True)
        return decoded

    def _as_translation(self, tokens: tuple[str, ...], text: str) -> Translation:
        words = cut_like_files(text, self.target, self.task)
        if not words:
            same = tuple((index, index) for index in range(len(tokens)))
            return Translation(tokens, (self.source,) * len(tokens), same, 0.0)
        return Translation(tuple(words), (self.target,) * len(words), None, 1.0)

    def _find_name(self, language: str) -> str:
        """What the model calls a language."""
        name = name_in(self._tokenizer, language)
        if name is None:
            listed = ", ".join(_NAMES[find_language(language).code])
            raise ValueError(
                f"translator {self.name!r} has no name for {language} ({listed}): choose a model that has it"
            )
        return name


def name_in(tokenizer: PreTrainedTokenizerBase, language: str) -> str | None:
    """What a tokenizer of many languages calls one of ours; None if it has no name for it.

    Raises:
        UnknownLanguageError: If it is none of ours.
    """
    unknown = tokenizer.unk_token_id
    names = _NAMES[find_language(language).code]
    return next((name for name in names if tokenizer.convert_tokens_to_ids(name) not in (None, unknown)), None)


def cut_like_files(text: str, language: str, task: str) -> list[str]:
    """Cut running text into what the files of a task have for words.

    UDPOS has words, without spaces inside (XTREME's Vietnamese); PAN-X has characters for zh and ja, and for the others
    what stands between spaces, punctuation apart.

    >>> cut_like_files("Hà Nội, 10.17", "vi", "panx")
    ['Hà', 'Nội', ',', '10.17']
    """
    text = unicodedata.normalize("NFC", text)
    if task == "udpos":
        return ["".join(text[start:end].split()) for start, end in Transcriber(language).segment(text)]
    if find_language(language).spaced:
        return re.findall(r"\w+(?:[.,]\d+)*|[^\w\s]", text)
    return [char for char in text if not char.isspace()]
