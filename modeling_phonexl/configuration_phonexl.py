"""Configuration of PhoneXL: every fact of the model that is needed to rebuild it, checked where it is set.

Training facts (learning rates, batch sizes) are not here; recipes hold them.
"""

import difflib
import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import AutoConfig, PretrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from .transcription import find_codes

# `save_pretrained` of a single class would write only that class's entry; a folder must open by every Auto class.
AUTO_MAP = {
    "AutoConfig": "configuration_phonexl.PhoneXLConfig",
    "AutoModel": "modeling_phonexl.PhoneXLModel",
    "AutoModelForTokenClassification": "modeling_phonexl.PhoneXLForTokenClassification",
    "AutoModelForSequenceClassification": "modeling_phonexl.PhoneXLForSequenceClassification",
    "AutoModelForMaskedLM": "modeling_phonexl.PhoneXLForMaskedLM",
    "AutoProcessor": "processing_phonexl.PhoneXLProcessor",
}
CUSTOM_PIPELINES = {
    "token-classification": {
        "impl": "pipeline_phonexl.PhoneXLTokenClassificationPipeline",
        "pt": ["AutoModelForTokenClassification"],
        "type": "text",
    }
}
SENTENCE_PIPELINES = {
    "text-classification": {
        "impl": "pipeline_sentences.PhoneXLTextClassificationPipeline",
        "pt": ["AutoModelForSequenceClassification"],
        "type": "text",
    }
}
CHOICES = {
    "unit": ("word", "subword"),
    "pooling": ("mean", "first"),
    "phoneme_vocab": ("extended", "tokenizer", "segments"),
    "phoneme_transcription": ("ipa", "roman", "sino-xenic"),
    "phoneme_init": ("normal", "xavier", "words", "zeros"),
    "language_init": ("zeros", "normal"),
    "head": ("softmax", "crf"),
    "temperature_mode": ("exp", "raw"),
    "align_normalize": ("hidden", "sequence"),
    "mlm_target": ("word", "position"),
    "xmlm_boundaries": ("own", "source"),
    "switch_match": ("longest", "word"),
    "sentence_language": ("own", "last_word"),
}
_LEAST = {
    "align_weight": 0,
    "mlm_weight": 0,
    "xmlm_weight": 0,
    "phoneme_init_std": 0,
    "phoneme_scale": 0,
    "initializer_range": 0,
    "phoneme_vocab_size": 0,
    "align_pad_to": 1,
    "max_pieces": 3,  # one piece between two specials
}
# RoBERTa and who follows it number positions from padding_idx + 1.
_POSITIONS_AFTER_PADDING = frozenset(
    "camembert data2vec-text esm ibert longformer luke mpnet roberta roberta-prelayernorm xlm-roberta xlm-roberta-xl "
    "xmod".split()
)
# What `PretrainedConfig` takes beside its own attributes.
_PASSED_ON = frozenset(
    "attn_implementation auto_map custom_pipelines experts_implementation name_or_path num_labels output_attentions "
    "per_layer_config tie_word_embeddings torch_dtype".split()
)
# What the authors' released code does where it departs from their paper (nhhoang96/phonemic_xlingual, 20d5cba).
_OFFICIAL: dict[str, Any] = {
    "head": "softmax",
    "phoneme_init": "xavier",
    "language_init": "normal",
    "temperature_mode": "raw",
    "temperature_init": 2.6592600345611572,
    "align_normalize": "sequence",
    "align_ignore_first": True,
    "align_pad_to": 128,
    "mlm_target": "position",
    "xmlm_boundaries": "source",
    "share_mlm_head": False,
    "tie_mlm_decoder": False,
    "phoneme_prefix_bug": True,
    "max_pieces": 128,
    "static_masks": True,
    "switch_match": "word",
    "sentence_language": "last_word",
}


class PhoneXLConfig(PretrainedConfig):
    """Configuration of a PhoneXL model: a stock encoder that reads pooled spelling, pooled sound and language.

    Args:
        backbone_config: Configuration of the encoder, an object or its dict. Required for a model; the default of
            None exists because `transformers` builds configurations without arguments.
        unit: "word" feeds one vector per word to the encoder (paper, footnote 3); "subword" feeds the pieces, each
            with the pooled sound of its word.
        pooling: How pieces become a word, "mean" or "first": of embeddings for `unit="word"`, of output states
            for `unit="subword"`.
        languages: Rows of the language table, in order, by any ISO code of each; kept by our own. A language that is
            not listed gets the zero vector.
        use_phonemes: Whether the phonemic embedding (PE) exists.
        use_language_embeddings: Whether the language embedding exists.
        phoneme_vocab: "extended" (the tokenizer and the symbols that it lacks), "tokenizer" (Table 6 of the paper,
            without extension) or "segments" (a closed list of IPA segments).
        phoneme_vocab_size: Rows of the phoneme table; the processor knows it.
        phoneme_pad_token_id: Padding id of phonemes.
        phoneme_unk_token_id: Id of an unknown phoneme.
        phoneme_transcription: "ipa", "roman" (Table 6, PhoneXL-Romanized) or "sino-xenic" (ours): Latin letters as
            "roman", and a source word that the target shares by sound is read as the target's word.
        phoneme_init: "normal" (std `phoneme_init_std`), "xavier", "words" (copies of the word-piece rows) or "zeros".
        phoneme_init_std: The authors' xavier table has std 0.004; a larger one drowns the spelling.
        phoneme_scale: Fixed weight of the pooled sound beside the pooled spelling; 0 leaves the sound out.
        language_init: "zeros", so that a row that training never meets adds nothing, or "normal" (std 0.02).
        head: "softmax" or "crf".
        classifier_dropout: Dropout before the classifier; None takes the backbone's hidden dropout.
        align_weight: λ of the alignment loss (Eq. 4-6). 0 switches term and parameter off; so for the next two.
        mlm_weight: β of the masked-language-modelling loss (Eq. 7).
        xmlm_weight: γ of the loss on code-switched text (Eq. 8).
        mask_ratio: µ, share of words that the collator masks; kept here for the record.
        code_switch_ratio: r, probability with which the collator switches a word; kept here for the record.
        mask_replace: Shares of masked words that become the mask token, random pieces, or stay; they sum to 1.
        temperature_init: τ at the start.
        temperature_mode: "exp" stores ln τ as CLIP does; "raw" stores τ.
        align_normalize: "hidden" (each vector) or "sequence" (each feature over the words; the released code).
        align_ignore_first: Leave the first word out as a target (released code).
        align_pad_to: Columns of logit 0 up to this length stay in the softmax (released code).
        align_mask_duplicates: Leave other words with the same vectors out of the candidates.
        mlm_target: "word" scores every piece of a masked word against that word's vector; "position" scores
            piece i against unit i (released code).
        xmlm_boundaries: "own" word boundaries of the switched text, or those of the "source" (released code).
        share_mlm_head: One head for both MLM terms.
        tie_mlm_decoder: Tie the decoder to the word-piece embeddings.
        phoneme_prefix_bug: Put "##" before every later phoneme piece, known or not (released code, BERT).
        max_pieces: Cut sentences at this number of pieces, specials included (released code); None cuts at units.
        static_masks: Draw masks and switches once, not anew each epoch (released code).
        switch_match: "longest" match over up to eight tokens, or exact "word" (released code).
        sentence_language: Language id of a sentence: its "own" or its "last_word"'s after switching (released code).
        extra_empty_unit: Attend one empty unit after the last (released code, XLM-R).
        initializer_range: Std of new linear layers.
        **kwargs: Passed to `PretrainedConfig`: `id2label`, `label2id`, ...; from a file whatever stands there, since
            another version may have written it.

    Raises:
        TypeError: For a field that neither we nor `PretrainedConfig` have.
        ValueError: For a value outside its range, naming field, value and what is allowed; for labels that are none,
            empty or twice the same.
        UnknownLanguageError: For a language that the registry lacks.
    """

    model_type = "phonexl"
    sub_configs = {"backbone_config": AutoConfig}
    # Of the fields of `PhoneXLClassifierOutput`; what is left for a stock Trainer's metrics are the logits.
    keys_to_ignore_at_inference = [
        "task_loss",
        "align_loss",
        "mlm_loss",
        "xmlm_loss",
        "spelling_norm",
        "sound_norm",
        "language_norm",
        "unit_mask",
    ]

    def __init__(
        self,
        backbone_config: PretrainedConfig | Mapping[str, Any] | None = None,
        *,
        unit: str = "word",
        pooling: str = "mean",
        languages: Sequence[str] = ("zh", "vi", "ja", "ko"),
        use_phonemes: bool = True,
        use_language_embeddings: bool = True,
        phoneme_vocab: str = "extended",
        phoneme_vocab_size: int = 0,
        phoneme_pad_token_id: int = 0,
        phoneme_unk_token_id: int = 1,
        phoneme_transcription: str = "ipa",
        phoneme_init: str = "normal",
        phoneme_init_std: float = 0.004,
        phoneme_scale: float = 1.0,
        language_init: str = "zeros",
        head: str = "softmax",
        classifier_dropout: float | None = None,
        align_weight: float = 0.01,
        mlm_weight: float = 0.01,
        xmlm_weight: float = 0.01,
        mask_ratio: float = 0.15,
        code_switch_ratio: float = 0.3,
        mask_replace: Sequence[float] = (1.0, 0.0, 0.0),
        temperature_init: float = 1 / 0.07,
        temperature_mode: str = "exp",
        align_normalize: str = "hidden",
        align_ignore_first: bool = False,
        align_pad_to: int | None = None,
        align_mask_duplicates: bool = False,
        mlm_target: str = "word",
        xmlm_boundaries: str = "own",
        share_mlm_head: bool = True,
        tie_mlm_decoder: bool = True,
        phoneme_prefix_bug: bool = False,
        max_pieces: int | None = None,
        static_masks: bool = False,
        switch_match: str = "longest",
        sentence_language: str = "own",
        extra_empty_unit: bool = False,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        self.backbone_config = _as_config(backbone_config)
        self.unit = unit
        self.pooling = pooling
        self.languages = find_codes(languages)
        self.use_phonemes = use_phonemes
        self.use_language_embeddings = use_language_embeddings
        self.phoneme_vocab = phoneme_vocab
        self.phoneme_vocab_size = phoneme_vocab_size
        self.phoneme_pad_token_id = phoneme_pad_token_id
        self.phoneme_unk_token_id = phoneme_unk_token_id
        self.phoneme_transcription = phoneme_transcription
        self.phoneme_init = phoneme_init
        self.phoneme_init_std = phoneme_init_std
        self.phoneme_scale = phoneme_scale
        self.language_init = language_init
        self.head = head
        self.classifier_dropout = classifier_dropout
        self.align_weight = align_weight
        self.mlm_weight = mlm_weight
        self.xmlm_weight = xmlm_weight
        self.mask_ratio = mask_ratio
        self.code_switch_ratio = code_switch_ratio
        self.mask_replace = list(mask_replace)
        self.temperature_init = temperature_init
        self.temperature_mode = temperature_mode
        self.align_normalize = align_normalize
        self.align_ignore_first = align_ignore_first
        self.align_pad_to = align_pad_to
        self.align_mask_duplicates = align_mask_duplicates
        self.mlm_target = mlm_target
        self.xmlm_boundaries = xmlm_boundaries
        self.share_mlm_head = share_mlm_head
        self.tie_mlm_decoder = tie_mlm_decoder
        self.phoneme_prefix_bug = phoneme_prefix_bug
        self.max_pieces = max_pieces
        self.static_masks = static_masks
        self.switch_match = switch_match
        self.sentence_language = sentence_language
        self.extra_empty_unit = extra_empty_unit
        self.initializer_range = initializer_range
        if "transformers_version" not in kwargs:  # which every file has
            _check_given(kwargs)
        kwargs["auto_map"] = {**AUTO_MAP, **(kwargs.get("auto_map") or {})}
        kwargs.setdefault("custom_pipelines", CUSTOM_PIPELINES)
        kwargs["tie_word_embeddings"] = tie_mlm_decoder
        self._check()
        super().__init__(**kwargs)

    @classmethod
    def official(
        cls, backbone_config: PretrainedConfig | Mapping[str, Any] | None = None, **overrides: Any
    ) -> "PhoneXLConfig":
        """The arithmetic of the authors' released code; two language rows, 0 the source and 1 the target.

        Over XLM-R it attends one empty unit more; over BERT, or without a backbone, it does not.
        """
        config = cls(backbone_config, **{**_OFFICIAL, **overrides})
        if "extra_empty_unit" not in overrides and config.backbone_config is not None:
            config.extra_empty_unit = config.backbone_config.model_type == "xlm-roberta"
        return config

    @property
    def encoder_config(self) -> PretrainedConfig:
        """`backbone_config`, which every model needs.

        Raises:
            AttributeError: If it is not set; so that `transformers`, which asks a configuration without arguments for
                its `vocab_size`, finds that it has none.
        """
        if self.backbone_config is None:
            raise AttributeError("PhoneXLConfig.backbone_config is not set: pass the configuration of an encoder")
        return self.backbone_config

    @property
    def num_languages(self) -> int:
        """Rows of the language table."""
        return len(self.languages)

    @property
    def hidden_size(self) -> int:
        """D, the width of the backbone."""
        return int(self.encoder_config.hidden_size)

    @property
    def vocab_size(self) -> int:
        """Rows of the word-piece table."""
        return int(self.encoder_config.vocab_size)

    @vocab_size.setter
    def vocab_size(self, value: int) -> None:
        self.encoder_config.vocab_size = value

    @property
    def max_units(self) -> int | None:
        """Units that fit the backbone's positions, specials included; None where positions are not absolute."""
        backbone = self.encoder_config
        positions = getattr(backbone, "max_position_embeddings", None)
        if positions is None or getattr(backbone, "position_embedding_type", "absolute") != "absolute":
            return None
        offset = backbone.pad_token_id + 1 if backbone.model_type in _POSITIONS_AFTER_PADDING else 0
        return int(positions) - offset

    def _check(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r}: expected one of {', '.join(map(repr, allowed))}")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name}={value!r}: expected a number >= {least}")
        for name in ("mask_ratio", "code_switch_ratio", "classifier_dropout"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{name}={value!r}: expected a number from 0 to 1")
        if self.temperature_init <= 0:
            raise ValueError(f"temperature_init={self.temperature_init!r}: expected a number > 0")
        if len(set(self.languages)) != len(self.languages):
            raise ValueError(f"languages={self.languages!r}: expected a list of codes, each of them once")
        if len(self.mask_replace) != 3 or min(self.mask_replace) < 0 or abs(sum(self.mask_replace) - 1) > 1e-6:
            raise ValueError(f"mask_replace={self.mask_replace!r}: expected three shares >= 0 that sum to 1")
        if self.align_weight > 0 and not self.use_phonemes:
            raise ValueError(
                "align_weight > 0 aligns spelling with sound and needs use_phonemes=True; set align_weight=0"
            )
        if self.phoneme_transcription == "sino-xenic" and self.phoneme_vocab == "segments":
            raise ValueError(
                'phoneme_transcription="sino-xenic" gives words, and phoneme_vocab="segments" has IPA alone: '
                'set phoneme_vocab="tokenizer"'
            )
        if self.unit == "subword" and self.mlm_target == "position":
            raise ValueError('mlm_target="position" is the released code\'s rule for unit="word" only')


def _check_given(kwargs: Mapping[str, Any]) -> None:
    """Refuse fields that nobody reads, and labels that cannot be told apart."""
    ours = set(inspect.signature(PhoneXLConfig.__init__).parameters) - {"self", "kwargs"}
    theirs = _PASSED_ON | set(vars(PretrainedConfig()))
    for name in kwargs:
        if name not in theirs and not name.startswith("_"):
            near = difflib.get_close_matches(name, ours | {"id2label", "label2id"}, 1)
            cure = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(ours))}"
            raise TypeError(f"PhoneXLConfig has no field {name!r}: {cure}")
    if kwargs.get("id2label") is None:
        return
    labels = list(kwargs["id2label"].values())
    if not labels or not all(str(label).strip() for label in labels):
        raise ValueError(f"labels={labels!r}: expected at least one, none of them empty; name each")
    label, count = Counter(labels).most_common(1)[0]
    if count > 1:
        raise ValueError(f"label {label!r} stands {count} times among the {len(labels)} labels: name each once")


def _as_config(backbone_config: PretrainedConfig | Mapping[str, Any] | None) -> PretrainedConfig | None:
    if backbone_config is None or not isinstance(backbone_config, Mapping):
        return backbone_config
    fields = dict(backbone_config)
    model_type = fields.pop("model_type", None)
    if model_type not in CONFIG_MAPPING:
        raise ValueError(
            f"backbone_config has model_type {model_type!r}, which this version of transformers does not know: "
            "pass the dict of an encoder's configuration, or update transformers"
        )
    config: PretrainedConfig = CONFIG_MAPPING[model_type](**fields)
    return config
