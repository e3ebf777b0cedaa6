"""After training: rows of the phoneme table that no training sentence met become those of the nearest segment met.

A learned table leaves what only the target has, such as all tones of Vietnamese, at its random start. Needs panphon.
"""

from collections.abc import Iterable

import numpy as np
import torch

from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.articulation import feature_array, has_features
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from modeling_phonexl.outputs import present
from phonexl.training.dataset import Row


def check_fillable(tagger: PhoneXLClassifier, processor: PhoneXLProcessor) -> None:
    """Refuse what `fill_unseen_segments` would refuse, before anything is trained.

    Raises:
        ValueError: For a tagger without a table of segments.
        MissingToolError: If panphon is not installed.
    """
    if tagger.phonexl.phoneme_embeddings is None or processor.phonemes.kind != "segments":
        raise ValueError(
            "fill_unseen needs a table of segments: set phoneme_vocab=segments and use_phonemes=true, or "
            "fill_unseen=false"
        )
    has_features("a")


def fill_unseen_segments(tagger: PhoneXLClassifier, processor: PhoneXLProcessor, rows: Iterable[Row]) -> dict[str, str]:
    """Copy rows of the table of segments.

    Args:
        tagger: Trained with `phoneme_vocab="segments"`.
        processor: Its processor.
        rows: What it was trained on.

    Returns:
        Each filled segment and the one that it was filled from; a segment without features, or without a seen segment
        of its kind (tones beside tones), is left alone.

    Raises:
        ValueError: For a tagger without a table of segments.
        MissingToolError: If panphon is not installed.
    """
    check_fillable(tagger, processor)
    table, vocabulary = present(tagger.phonexl.phoneme_embeddings), processor.phonemes
    first = vocabulary.size - len(vocabulary.symbols)
    met = {sound for row in rows for word in row.sentence.phoneme_pieces for sound in word}
    known = [index for index, symbol in enumerate(vocabulary.symbols) if has_features(symbol)]
    seen = [index for index in known if first + index in met]
    features = feature_array(vocabulary.symbols)
    filled: dict[str, str] = {}
    with torch.no_grad():
        for index in known:
            alike = [other for other in seen if features[other, -1] == features[index, -1]]  # the last column: a tone
            if first + index in met or not alike:
                continue
            distances = np.abs(features[alike] - features[index]).sum(axis=1)
            nearest = alike[int(distances.argmin())]
            table.weight[first + index] = table.weight[first + nearest]
            filled[vocabulary.symbols[index]] = vocabulary.symbols[nearest]
    return filled
