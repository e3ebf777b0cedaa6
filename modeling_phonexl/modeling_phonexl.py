"""PhoneXL: a stock encoder fed with pooled spelling, pooled sound and language, and the heads on top of it.

No backbone is forked or patched: everything enters by `inputs_embeds`. Text is prepared by `processing_phonexl`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedModel
from transformers import initialization as init
from transformers.utils.generic import can_return_tuple

from .backbone_name import check_backbone_name
from .backbones import build_backbone, copy_mlm_head, load_backbone
from .configuration_phonexl import CUSTOM_PIPELINES, SENTENCE_PIPELINES, PhoneXLConfig
from .crf import LinearChainCrf
from .loss_terms import LossTerms
from .mlm_head import MlmHead, masked_rows, piece_vectors
from .outputs import Embedded, PhoneXLClassifierOutput, PhoneXLMaskedLMOutput, PhoneXLModelOutput, present
from .pipeline_phonexl import PhoneXLTokenClassificationPipeline  # noqa: F401  (so that one save carries its file)
from .pipeline_sentences import PhoneXLTextClassificationPipeline  # noqa: F401
from .pooling import only_first, pool_embeddings, pool_words
from .processing_phonexl import PhoneXLProcessor
from .sentence_encoder import IGNORED
from .views import View, stack_views, unit_mask_of, widen_units, word_mask_of

# What a configuration must say for sentence pairs, which neither the released code nor a chain of tags knows.
_OF_SENTENCES: dict[str, Any] = {
    "head": "softmax",
    "align_ignore_first": False,
    "align_pad_to": None,
    "mlm_target": "word",
    "xmlm_boundaries": "own",
    "sentence_language": "own",
    "extra_empty_unit": False,
}
# Adds the argument `return_dict`; cast, since it has no types and would take those of `forward`.
_Forward = TypeVar("_Forward", bound=Callable[..., Any])
_can_return_tuple = cast(Callable[[_Forward], _Forward], can_return_tuple)


class PhoneXLPreTrainedModel(PreTrainedModel):
    """Loading, saving and initialisation of every PhoneXL class."""

    config: PhoneXLConfig
    config_class = PhoneXLConfig
    base_model_prefix = "phonexl"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Initialise one module; only by `transformers.initialization`, which spares loaded weights.

        A tensor is initialised once, by the innermost module that owns it: so our tables are classes of their own.
        """
        config = self.config
        if isinstance(module, PhonemeEmbedding):
            if config.phoneme_init == "xavier":
                init.xavier_uniform_(module.weight)
            elif config.phoneme_init == "zeros":
                init.zeros_(module.weight)
            else:
                init.normal_(module.weight, std=config.phoneme_init_std)
        elif isinstance(module, LanguageEmbedding):
            init.normal_(module.weight, std=0.02 if config.language_init == "normal" else 0.0)
        elif isinstance(module, LinearChainCrf):
            for parameter in module.parameters():
                init.zeros_(parameter)
        elif isinstance(module, PhoneXLClassifier):
            if module.logit_scale is not None:
                value = torch.tensor(config.temperature_init)
                init.copy_(module.logit_scale, value.log() if config.temperature_mode == "exp" else value)
        else:
            super()._init_weights(module)


class PhonemeEmbedding(nn.Embedding):
    """The table of phonemes (PE), small at the start so that it does not drown the spelling."""


class LanguageEmbedding(nn.Embedding):
    """One row per language; zero at the start, so that a row that training never meets adds nothing."""


class PhoneXLModel(PhoneXLPreTrainedModel):
    """The encoder: words (or pieces) with sound and language in, one vector per unit out.

    Args:
        config: Configuration.
        backbone: An encoder to use as it is; None builds one with fresh weights from `config.backbone_config`.

    Raises:
        ValueError: If the backbone has no table of input embeddings (CANINE), or phonemes are used without a
            `phoneme_vocab_size`.
    """

    def __init__(self, config: PhoneXLConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        self.backbone = backbone if backbone is not None else build_backbone(config.encoder_config)
        try:
            table = cast(nn.Embedding, self.backbone.get_input_embeddings())
        except NotImplementedError:
            raise ValueError(
                f"a {config.encoder_config.model_type} encoder has no table of input embeddings, which PhoneXL needs: "
                "choose another backbone (bert, xlm-roberta, ...)"
            ) from None
        width = config.hidden_size
        if table.weight.size(1) != width:
            raise ValueError(
                f"this {config.encoder_config.model_type} encoder embeds words in {table.weight.size(1)} dimensions "
                f"and computes in {width}; PhoneXL adds sound to both alike: choose a backbone where they are equal"
            )
        if config.use_phonemes and config.phoneme_vocab_size < 1:
            raise ValueError("phoneme_vocab_size is not set: take it from PhoneXLProcessor, or set use_phonemes=False")
        self.phoneme_embeddings = PhonemeEmbedding(config.phoneme_vocab_size, width) if config.use_phonemes else None
        self.language_embeddings = (
            LanguageEmbedding(config.num_languages, width) if config.use_language_embeddings else None
        )
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        """The word-piece table of the backbone."""
        return cast(nn.Embedding, self.backbone.get_input_embeddings())

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the word-piece table of the backbone."""
        self.backbone.set_input_embeddings(value)

    @_can_return_tuple
    def forward(
        self,
        input_ids: Tensor,
        word_ids: Tensor | None = None,
        phoneme_ids: Tensor | None = None,
        phoneme_word_ids: Tensor | None = None,
        language_ids: Tensor | None = None,
        sentence_ids: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> PhoneXLModelOutput:
        """Encode a batch.

        Args:
            input_ids: Word pieces with specials, shape (batch, pieces).
            word_ids: Unit of each piece: 0 [CLS], 1..n words, n+1 [SEP], -1 padding, shape (batch, pieces).
            phoneme_ids: Phoneme pieces, shape (batch, phonemes); needed when the model has phonemes.
            phoneme_word_ids: Unit of each phoneme, -1 padding, shape (batch, phonemes).
            language_ids: Row of the language table per unit, shape (batch, units), or per sentence, shape (batch,);
                -1 for a language that the model does not know.
            sentence_ids: Of sentence pairs, 0 or 1 for words of the first or second sentence, -1 for specials and
                padding, shape (batch, units); a backbone with several token types reads them.
            output_attentions: Passed to the backbone; None is as the configuration says.
            output_hidden_states: Passed to the backbone; None is as the configuration says.
            attention_mask: Not looked at: `word_ids` say what is padding; so that what a bare tokenizer gives is
                refused for the `word_ids` that it lacks.
            token_type_ids: Not looked at: `sentence_ids` say which sentence is which.

        Returns:
            The vectors of units and what the alignment loss needs; a tuple of them with `return_dict=False`.

        Raises:
            ValueError: If `word_ids` or the phonemes are missing, or a sentence exceeds the backbone's positions.
        """
        config = self.config
        view = View.make(input_ids, word_ids, language_ids, phoneme_ids, phoneme_word_ids, sentence_ids)
        embedded = self.embed(view)
        outputs = self.backbone(
            inputs_embeds=embedded.inputs,
            attention_mask=embedded.mask.long(),
            output_attentions=config.output_attentions if output_attentions is None else output_attentions,
            output_hidden_states=config.output_hidden_states if output_hidden_states is None else output_hidden_states,
            **self._token_types(view, embedded.mask.size(1)),
        )
        hidden = outputs.last_hidden_state
        return PhoneXLModelOutput(
            last_hidden_state=self.to_units(hidden, view),
            piece_hidden_state=hidden if self.config.unit == "subword" else None,
            spelling=embedded.spelling,
            sound=embedded.sound,
            unit_mask=unit_mask_of(view.word_ids, view.language_ids.size(1)),
            hidden_states=outputs.get("hidden_states"),
            attentions=outputs.get("attentions"),
        )

    def embed(self, view: View) -> Embedded:
        """What the backbone reads of a view, before its own positions.

        Raises:
            ValueError: If phonemes are missing, or a sentence exceeds the backbone's positions.
        """
        num_units = view.language_ids.size(1)
        embedded = (
            self._embed_words(view, num_units) if self.config.unit == "word" else self._embed_pieces(view, num_units)
        )
        limit, length = self.config.max_units, embedded.inputs.size(1)
        if limit is not None and length > limit:
            raise ValueError(
                f"a sentence of {length} {'units' if self.config.unit == 'word' else 'pieces'} exceeds the "
                f"backbone's {limit} positions: cut it with PhoneXLProcessor.windows"
            )
        return embedded

    def to_units(self, hidden: Tensor, view: View) -> Tensor:
        """Vectors of units from what a layer of the backbone gives, shape (batch, units, hidden)."""
        num_units = view.language_ids.size(1)
        if self.config.unit == "word":
            return hidden[:, :num_units]
        word_ids = only_first(view.word_ids) if self.config.pooling == "first" else view.word_ids
        return pool_words(hidden, word_ids, num_units)

    def _embed_words(self, view: View, num_units: int) -> Embedded:
        """One input vector per unit."""
        word_ids = only_first(view.word_ids) if self.config.pooling == "first" else view.word_ids
        weight = self.get_input_embeddings().weight
        spelling = pool_embeddings(weight, view.input_ids, word_ids, num_units)
        sound = self._pool_sound(view, num_units)
        inputs = spelling if sound is None else spelling + sound
        mask = unit_mask_of(view.word_ids, num_units)
        if self.language_embeddings is not None:
            inputs = inputs + self.embed_languages(view.language_ids)
        if self.config.extra_empty_unit:
            # Released code, XLM-R: the mask counts a second </s> that no piece fills; its language row is added.
            inputs, mask = F.pad(inputs, (0, 0, 0, 1)), F.pad(mask, (1, 0), value=True)
            if self.language_embeddings is not None:
                last = mask.sum(1) - 1
                row = self.embed_languages(view.language_ids[:, :1]).squeeze(1)
                inputs = inputs.index_put((torch.arange(len(last), device=last.device), last), row)
        return Embedded(spelling, sound, mask, inputs)

    def _embed_pieces(self, view: View, num_units: int) -> Embedded:
        """One input vector per piece."""
        pieces = self.get_input_embeddings()(view.input_ids)
        mask = view.word_ids >= 0
        unit = view.word_ids.clamp(min=0).unsqueeze(-1).expand(-1, -1, pieces.size(2))
        sound, inputs = self._pool_sound(view, num_units), pieces
        if sound is not None:
            inputs = inputs + sound.gather(1, unit)
        if self.language_embeddings is not None:
            inputs = inputs + self.embed_languages(view.language_ids).gather(1, unit)
        return Embedded(pool_words(pieces, view.word_ids, num_units), sound, mask, inputs)

    def _pool_sound(self, view: View, num_units: int) -> Tensor | None:
        if self.phoneme_embeddings is None:
            return None
        if view.phoneme_ids is None or view.phoneme_word_ids is None:
            raise ValueError("phoneme_ids and phoneme_word_ids are missing: prepare the batch with PhoneXLProcessor")
        weight, scale = self.phoneme_embeddings.weight, self.config.phoneme_scale
        return scale * pool_embeddings(weight, view.phoneme_ids, view.phoneme_word_ids, num_units)

    def _token_types(self, view: View, width: int) -> dict[str, Tensor]:
        """Token types as BERT's tokenizer gives them to a pair: a special has that of the words before it."""
        if view.sentence_ids is None or getattr(self.config.encoder_config, "type_vocab_size", 1) < 2:
            return {}
        types = view.sentence_ids.clamp(min=0).cummax(1).values
        if self.config.unit == "subword":
            types = types.gather(1, view.word_ids.clamp(min=0))
        return {"token_type_ids": F.pad(types, (0, width - types.size(1)))}

    def embed_languages(self, language_ids: Tensor) -> Tensor:
        """Rows of the language table, zero for -1, shape (batch, units, hidden)."""
        known = (language_ids >= 0).unsqueeze(-1)
        rows: Tensor = present(self.language_embeddings)(language_ids.clamp(min=0))
        return rows * known


class PhoneXLClassifier(LossTerms, PhoneXLPreTrainedModel):
    """What tagger and classifier of sentences share: the encoder, a head, and the three unsupervised terms (Eq. 3).

    Args:
        config: Configuration; a weight of 0 leaves a term out, with its parameters and its pass.
        backbone: An encoder to use as it is; see `from_backbone`.
    """

    config: PhoneXLConfig
    phonexl: PhoneXLModel

    # Without this, stock Trainers believe that the loss is divided by their count of labels.
    accepts_loss_kwargs = False

    def __init__(self, config: PhoneXLConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        self.phonexl = PhoneXLModel(config, backbone)
        self.num_labels = present(config.num_labels)
        self.dropout = nn.Dropout(_classifier_dropout(config))
        self.classifier = nn.Linear(config.hidden_size, self.num_labels)
        self.logit_scale = nn.Parameter(torch.zeros(())) if config.align_weight > 0 else None
        two_heads = config.xmlm_weight > 0 and not config.share_mlm_head
        one_head = config.mlm_weight > 0 or (config.xmlm_weight > 0 and config.share_mlm_head)
        self.mlm_head = MlmHead(config) if one_head else None
        self.xmlm_head = MlmHead(config) if two_heads else None
        self._tied_weights_keys = _tied_keys(self, [n for n in ("mlm_head", "xmlm_head") if getattr(self, n)])
        # What is tied is not saved; the Trainer would report it missing when it loads the best checkpoint.
        self._keys_to_ignore_on_save = list(self._tied_weights_keys)

    def classified(self, hidden: Tensor) -> Tensor:
        """The vectors that get labels, from those of the units, shape (batch, units, hidden)."""
        raise NotImplementedError

    def task_term(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Summed loss and count of what is labelled."""
        raise NotImplementedError

    def decode(self, logits: Tensor, unit_mask: Tensor) -> Tensor:
        """Choose the labels; see the classes below."""
        raise NotImplementedError

    @classmethod
    def from_backbone(
        cls,
        name_or_path: str,
        *,
        labels: Sequence[str],
        processor: PhoneXLProcessor | None = None,
        dtype: torch.dtype = torch.float32,
        **config_fields: Any,
    ) -> Self:
        """Start from any encoder checkpoint: its weights are kept, its MLM head too where it has one.

        Args:
            name_or_path: A repository of the Hub or a folder; for the offline backbone the folder that
                `phonexl.backbone.resolve_backbone("offline")` returns.
            labels: Names of the labels in the order of their ids.
            processor: Whose phoneme vocabulary and languages the model gets; None makes
                `PhoneXLProcessor.from_backbone(name_or_path)` with the same fields.
            dtype: Type of the weights.
            **config_fields: Fields of `PhoneXLConfig`.

        Returns:
            A model with a fresh classifier.

        Raises:
            TypeError: For an unknown field.
            ValueError: If the name is neither a folder nor a model of the Hub, for labels that are one string,
                none, empty or twice the same, or a bad value of a field.
        """
        if isinstance(labels, str):
            raise ValueError(f"labels={labels!r}: expected a list of names, of which each letter here would be one")
        check_backbone_name(name_or_path)
        if processor is None:
            processor = PhoneXLProcessor.from_backbone(name_or_path, **_processor_fields(config_fields))
        backbone_config = AutoConfig.from_pretrained(name_or_path)
        if Path(name_or_path).is_dir():
            backbone_config._name_or_path = ""  # a folder of this machine means nothing to who loads the model
        config = PhoneXLConfig(
            backbone_config,
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
            **{**processor.config_fields(), **config_fields},
        )
        backbone = load_backbone(name_or_path, dtype)
        model: Self = cls._from_config(config, dtype=dtype)
        model.phonexl.backbone.load_state_dict(backbone.state_dict())
        sounds = model.phonexl.phoneme_embeddings
        if sounds is not None and config.phoneme_init == "words":
            rows = model.phonexl.get_input_embeddings().weight.data
            sounds.weight.data[: len(rows)] = rows[: len(sounds.weight)]
        heads = [head for head in (model.mlm_head, model.xmlm_head) if head is not None]
        if heads:
            copy_mlm_head(name_or_path, heads)
        return model

    @_can_return_tuple
    def forward(
        self,
        input_ids: Tensor,
        word_ids: Tensor | None = None,
        phoneme_ids: Tensor | None = None,
        phoneme_word_ids: Tensor | None = None,
        language_ids: Tensor | None = None,
        labels: Tensor | None = None,
        mlm_input_ids: Tensor | None = None,
        mlm_targets: Tensor | None = None,
        xmlm_input_ids: Tensor | None = None,
        xmlm_word_ids: Tensor | None = None,
        xmlm_phoneme_ids: Tensor | None = None,
        xmlm_phoneme_word_ids: Tensor | None = None,
        xmlm_language_ids: Tensor | None = None,
        xmlm_targets: Tensor | None = None,
        sentence_ids: Tensor | None = None,
        xmlm_sentence_ids: Tensor | None = None,
        num_items_in_batch: dict[str, Tensor] | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> PhoneXLClassifierOutput:
        """Classify a batch and, with labels, compute the loss.

        Args:
            input_ids: Word pieces; this and the next four as in `PhoneXLModel.forward`.
            word_ids: Unit of each piece.
            phoneme_ids: Phoneme pieces.
            phoneme_word_ids: Unit of each phoneme.
            language_ids: Language of each unit or sentence.
            labels: Tag of each unit, -100 on specials and padding, shape (batch, units); of a classifier of sentences,
                class of each, shape (batch,).
            mlm_input_ids: The same pieces with masked words, shape (batch, pieces); its words, sounds and languages
                are those of the task pass.
            mlm_targets: Original piece where masked, else -100, shape (batch, pieces).
            xmlm_input_ids: Pieces of the switched and masked text; this and the next four have their own widths.
            xmlm_word_ids: Units of these pieces.
            xmlm_phoneme_ids: Sounds of the switched text, never masked.
            xmlm_phoneme_word_ids: Units of these sounds.
            xmlm_language_ids: Languages of these units.
            xmlm_targets: Original piece of the switched text where masked, else -100.
            sentence_ids: Of sentence pairs, the sentence of each unit; see `PhoneXLModel.forward`.
            xmlm_sentence_ids: Of the switched text's units.
            num_items_in_batch: Count of each term ("task", "align", "mlm", "xmlm") over a whole optimizer step; None
                takes the counts of this batch. Terms have different denominators, so one number is not enough.
            output_attentions: Passed to the backbone; this and the next three as in `PhoneXLModel.forward`.
            output_hidden_states: Passed to the backbone.
            attention_mask: Not looked at.
            token_type_ids: Not looked at.

        Returns:
            Loss, its terms and the logits; a tuple of them with `return_dict=False`.

        Raises:
            ValueError: If `word_ids` or the phonemes are missing, a sentence exceeds the backbone's positions, or
                labels of words are not one per unit.
        """
        config = self.config
        views = [View.make(input_ids, word_ids, language_ids, phoneme_ids, phoneme_word_ids, sentence_ids)]
        batch, units = views[0].language_ids.shape
        if labels is None or config.mlm_weight == 0:
            mlm_targets = None
        if labels is None or config.xmlm_weight == 0:
            xmlm_targets = None
        if mlm_targets is not None:
            views.append(replace(views[0], input_ids=present(mlm_input_ids)))
        if xmlm_targets is not None:
            sound = (xmlm_phoneme_ids, xmlm_phoneme_word_ids)
            views.append(View.make(xmlm_input_ids, xmlm_word_ids, xmlm_language_ids, *sound, xmlm_sentence_ids))
        if config.mlm_target == "position" and len(views) > 1:
            # Labels of pieces are scored against units of the same number, so there must be as many units.
            widen_units(views, max(view.input_ids.size(1) for view in views))
        stacked = stack_views(views) if len(views) > 1 else views[0]
        outputs = self.phonexl(
            input_ids=stacked.input_ids,
            word_ids=stacked.word_ids,
            phoneme_ids=stacked.phoneme_ids,
            phoneme_word_ids=stacked.phoneme_word_ids,
            language_ids=stacked.language_ids,
            sentence_ids=stacked.sentence_ids,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        hidden = present(outputs.last_hidden_state)[:batch, :units]
        logits = self.classifier(self.dropout(self.classified(hidden)))
        result = PhoneXLClassifierOutput(logits=logits, unit_mask=unit_mask_of(views[0].word_ids, units))
        result.hidden_states, result.attentions = outputs.hidden_states, outputs.attentions
        if labels is None:
            return result
        if self.training:
            self.measure_parts(result, outputs, views[0])
        terms = {"task": self.task_term(logits, labels)}
        if self.logit_scale is not None:
            terms["align"] = self.align_term(self.logit_scale, outputs, views[0])
        if mlm_targets is not None:
            terms["mlm"] = self.mlm_term(self.mlm_head, outputs, stacked.word_ids, batch, mlm_targets)
        if xmlm_targets is not None:
            head = self.mlm_head if self.xmlm_head is None else self.xmlm_head
            terms["xmlm"] = self.mlm_term(head, outputs, stacked.word_ids, (len(views) - 1) * batch, xmlm_targets)
        # Anew, in the order of the fields: a tuple of them starts with the loss.
        return PhoneXLClassifierOutput(**self.weigh(result, terms, num_items_in_batch))


class PhoneXLForTokenClassification(PhoneXLClassifier):
    """The tagger: a label for each word, independently or as a chain.

    Args:
        config: Configuration; see `PhoneXLClassifier`.
        backbone: An encoder to use as it is; see `from_backbone`.
    """

    def __init__(self, config: PhoneXLConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config, backbone)
        config.custom_pipelines = CUSTOM_PIPELINES
        self.crf = LinearChainCrf(self.num_labels) if config.head == "crf" else None
        self.post_init()

    def classified(self, hidden: Tensor) -> Tensor:
        """The units themselves."""
        return hidden

    def decode(self, logits: Tensor, unit_mask: Tensor) -> Tensor:
        """Choose the tags: the best path of the CRF, or the best tag of each word.

        Args:
            logits: From `forward`, shape (batch, units, labels).
            unit_mask: From `forward`, shape (batch, units).

        Returns:
            Tag ids of the words, -100 on specials and padding, shape (batch, units).
        """
        words = word_mask_of(unit_mask)
        if self.crf is None:
            return logits.argmax(-1).masked_fill(~words, IGNORED)
        tags = logits.new_full(words.shape, IGNORED, dtype=torch.long)
        if words.size(1) > 2:
            tags[:, 1:] = self.crf.decode(logits[:, 1:], words[:, 1:])
        return tags

    def task_term(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Summed loss and count of the labelled words."""
        if labels.shape != logits.shape[:2]:
            raise ValueError(
                f"labels of shape {tuple(labels.shape)} for units of shape {tuple(logits.shape[:2])}: each unit has "
                "one, not each piece; collate with DataCollatorWithPadding(processor)"
            )
        count = (labels != IGNORED).sum().float()
        if self.crf is None:
            total = F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), reduction="sum")
            return total, count
        # The chain holds the labelled words alone, moved to the front of their row: specials, and the context words
        # of a window, have no label.
        order = (labels == IGNORED).long().argsort(dim=1, stable=True)
        labels = labels.gather(1, order)
        emissions = logits.gather(1, order.unsqueeze(-1).expand_as(logits))
        return -self.crf.log_likelihood(emissions, labels, labels != IGNORED).sum(), count


class PhoneXLForSequenceClassification(PhoneXLClassifier):
    """The classifier of sentences and of sentence pairs: one label from the vector of the first unit.

    A pair is one row, its words marked by `sentence_ids`. Alignment has the words of one sentence as candidates for
    each other, MLM and XMLM mask words of both; none of them needs a label.

    Args:
        config: Configuration; see `PhoneXLClassifier`.
        backbone: An encoder to use as it is; see `from_backbone`.

    Raises:
        ValueError: If the configuration is the released code's, which has no pairs, or its head is a CRF.
    """

    def __init__(self, config: PhoneXLConfig, backbone: PreTrainedModel | None = None) -> None:
        for name, only in _OF_SENTENCES.items():
            if getattr(config, name) != only:
                raise ValueError(
                    f"{name}={getattr(config, name)!r} is for tagged sentences: a classifier of sentences has {only!r}"
                )
        super().__init__(config, backbone)
        # A folder with two custom pipelines leaves open which one it is for.
        config.custom_pipelines = SENTENCE_PIPELINES
        self.post_init()

    def classified(self, hidden: Tensor) -> Tensor:
        """The first unit, [CLS], shape (batch, hidden)."""
        return hidden[:, 0]

    def task_term(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Summed loss and count of the labelled sentences."""
        return F.cross_entropy(logits.float(), labels, reduction="sum"), (labels != IGNORED).sum().float()

    def decode(self, logits: Tensor, unit_mask: Tensor) -> Tensor:
        """Choose the best label of each sentence.

        Args:
            logits: From `forward`, shape (batch, labels).
            unit_mask: From `forward`; not looked at.

        Returns:
            Label ids, shape (batch,).
        """
        return logits.argmax(-1)


class PhoneXLForMaskedLM(PhoneXLPreTrainedModel):
    """The encoder with its language-modelling head: predicts masked pieces from spelling and sound (Eq. 7).

    Args:
        config: Configuration.
        backbone: An encoder to use as it is.
    """

    def __init__(self, config: PhoneXLConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        self.phonexl = PhoneXLModel(config, backbone)
        self.mlm_head = MlmHead(config)
        self._tied_weights_keys = _tied_keys(self, ["mlm_head"])
        self.post_init()

    def get_output_embeddings(self) -> nn.Module:
        """The decoder."""
        return self.mlm_head.decoder

    def set_output_embeddings(self, value: nn.Module) -> None:
        """Replace the decoder."""
        self.mlm_head.decoder = cast(nn.Linear, value)

    @_can_return_tuple
    def forward(
        self,
        input_ids: Tensor,
        word_ids: Tensor | None = None,
        phoneme_ids: Tensor | None = None,
        phoneme_word_ids: Tensor | None = None,
        language_ids: Tensor | None = None,
        labels: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> PhoneXLMaskedLMOutput:
        """Predict pieces.

        Args:
            input_ids: Word pieces, some masked; this and the next four as in `PhoneXLModel.forward`.
            word_ids: Unit of each piece.
            phoneme_ids: Phoneme pieces, never masked.
            phoneme_word_ids: Unit of each phoneme.
            language_ids: Language of each unit or sentence.
            labels: Original piece where it is to be predicted, else -100, shape (batch, pieces).
            output_attentions: Passed to the backbone; this and the next three as in `PhoneXLModel.forward`.
            output_hidden_states: Passed to the backbone.
            attention_mask: Not looked at.
            token_type_ids: Not looked at.

        Returns:
            With labels, loss and logits of the labelled pieces alone; else logits of all pieces. A tuple of them with
            `return_dict=False`.
        """
        view = View.make(input_ids, word_ids, language_ids, phoneme_ids, phoneme_word_ids)
        outputs = self.phonexl(
            input_ids=input_ids,
            word_ids=view.word_ids,
            phoneme_ids=phoneme_ids,
            phoneme_word_ids=phoneme_word_ids,
            language_ids=view.language_ids,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        loss = None
        if labels is None:
            logits = self.mlm_head(piece_vectors(outputs, view.word_ids))
        else:
            hidden, targets = masked_rows(self.config, outputs, view.word_ids, 0, labels)
            logits = self.mlm_head(hidden)
            loss = F.cross_entropy(logits.float(), targets, reduction="sum") / max(1, len(targets))
        return PhoneXLMaskedLMOutput(loss, logits, outputs.hidden_states, outputs.attentions)


def _classifier_dropout(config: PhoneXLConfig) -> float:
    if config.classifier_dropout is not None:
        return config.classifier_dropout
    return float(getattr(config.encoder_config, "hidden_dropout_prob", 0.1))


def _tied_keys(model: PhoneXLClassifier | PhoneXLForMaskedLM, heads: list[str]) -> dict[str, str]:
    """Decoder weights and the word-piece table that they share; the table's name depends on the backbone."""
    if not model.config.tie_mlm_decoder:
        return {}
    table = model.get_input_embeddings().weight
    name = next(name for name, parameter in model.named_parameters() if parameter is table)
    return {f"{head}.decoder.weight": name for head in heads}


def _processor_fields(config_fields: dict[str, Any]) -> dict[str, Any]:
    names = {"languages", "use_phonemes", "phoneme_vocab", "phoneme_transcription"}
    names |= {"unit", "max_pieces", "phoneme_prefix_bug"}
    return {name: value for name, value in config_fields.items() if name in names}


__all__ = [
    "PhoneXLClassifier",
    "PhoneXLForMaskedLM",
    "PhoneXLForSequenceClassification",
    "PhoneXLForTokenClassification",
    "PhoneXLModel",
    "PhoneXLPreTrainedModel",
]
