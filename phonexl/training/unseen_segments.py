"""After training: rows of the phoneme table that no training sentence met become those of the nearest segment met.

A learned table leaves what no text of the training has, such as Vietnamese tones where no word is switched, at its
random start. Needs panphon.
"""

import numpy as np
import torch
from torch import Tensor

from modeling_phonexl import PhoneXLProcessor
from modeling_phonexl.articulation import feature_array, has_features
from modeling_phonexl.modeling_phonexl import PhoneXLClassifier
from modeling_phonexl.outputs import present


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


def fill_unseen_segments(tagger: PhoneXLClassifier, processor: PhoneXLProcessor, start: Tensor) -> dict[str, str]:
    """Copy rows of the table of segments.

    Args:
        tagger: Trained with `phoneme_vocab="segments"`.
        processor: Its processor.
        start: The table before the first step, shape (segments, hidden). A row that is still bit-equal to it met no
            gradient, of tagged, switched or second sentences, in any process or before any interruption; with weight
            decay every row would differ.

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
    met = (table.weight.detach().cpu() != start.cpu()).any(dim=1).tolist()
    known = [index for index, symbol in enumerate(vocabulary.symbols) if has_features(symbol)]
    seen = [index for index in known if met[first + index]]
    features = feature_array(vocabulary.symbols)
    filled: dict[str, str] = {}
    with torch.no_grad():
        for index in known:
            alike = [other for other in seen if features[other, -1] == features[index, -1]]  # the last column: a tone
            if met[first + index] or not alike:
                continue
            distances = np.abs(features[alike] - features[index]).sum(axis=1)
            nearest = alike[int(distances.argmin())]
            table.weight[first + index] = table.weight[first + nearest]
            filled[vocabulary.symbols[index]] = vocabulary.symbols[nearest]
    return filled
