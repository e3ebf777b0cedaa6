"""Floating-point operations of a forward pass, by formula: PhoneXL's on a real batch, and the released code's.

A multiplication and an addition are two. Counted are the matrix products; look-ups, norms and activations are left
out, as `torch.utils.flop_counter` leaves them out.
"""

from torch import Tensor
from transformers import PretrainedConfig

from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.sentence_encoder import IGNORED

RELEASED_PASSES, RELEASED_POSITIONS, RELEASED_DECODINGS = 3, 128, 2


def encoder_flops(encoder: PretrainedConfig, rows: int, width: int) -> int:
    """A stack of transformer layers over `rows` sequences padded to `width`."""
    hidden, inner = encoder.hidden_size, encoder.intermediate_size
    projections = 4 * 2 * width * hidden * hidden  # query, key, value, output
    attention = 2 * 2 * width * width * hidden  # scores, and the mean of the values
    feed_forward = 2 * 2 * width * hidden * inner
    return int(encoder.num_hidden_layers * rows * (projections + attention + feed_forward))


def mlm_head_flops(encoder: PretrainedConfig, vectors: int) -> int:
    """Transform and decoder over the whole vocabulary, for so many vectors."""
    return int(2 * vectors * encoder.hidden_size * (encoder.hidden_size + encoder.vocab_size))


def forward_flops(config: PhoneXLConfig, batch: dict[str, Tensor]) -> dict[str, int]:
    """What one training forward on a collated batch costs: the padding that it really has, all terms of the config.

    Args:
        config: Of the model.
        batch: From `PhoneXLCollator`.

    Returns:
        Operations of the whole batch in the "encoder", the "vocabulary" decoder, and the "rest": classifier and
        alignment.
    """
    rows, units = batch["language_ids"].shape
    views = ["", *(name for name in ("mlm_", "xmlm_") if f"{name}targets" in batch)]
    axis = "language_ids" if config.unit == "word" else "input_ids"
    width = max(batch[f"{view}{axis}"].size(1) for view in views if f"{view}{axis}" in batch)
    masked = sum(int((batch[f"{view}targets"] != IGNORED).sum()) for view in views[1:])
    similarity = 2 * rows * (units - 1) ** 2 * config.hidden_size if config.align_weight > 0 else 0
    return {
        "encoder": encoder_flops(config.encoder_config, rows * len(views), width),
        "vocabulary": mlm_head_flops(config.encoder_config, masked),
        "rest": 2 * rows * units * config.hidden_size * len(config.id2label or ()) + similarity,
    }


def released_flops(encoder: PretrainedConfig, num_labels: int) -> dict[str, int]:
    """What the released code does for one sentence, however short: three passes padded to 128, two full decodings.

    Source: nhhoang96/phonemic_xlingual, 20d5cba. Sentences that it cuts in two count once here, in its favour.
    """
    positions = RELEASED_POSITIONS
    return {
        "encoder": encoder_flops(encoder, RELEASED_PASSES, positions),
        "vocabulary": mlm_head_flops(encoder, RELEASED_DECODINGS * positions),
        "rest": 2 * positions * encoder.hidden_size * (num_labels + positions),
    }
