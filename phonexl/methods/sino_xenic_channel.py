"""The Sino-Xenic reading as the phonemic channel, ours: a shared word sounds as the target's does.

Nothing is switched: beside its spelling every word has its sound in Latin letters, cut by the tokenizer, with a small
fixed weight; a source word of the shipped dictionaries by sound has that of the target's word. Its rows are copies of
the word pieces' at the start and learn at the encoder's rate. Cost: that of plain, and a second table.
"""

from phonexl.methods.plain import NO_OBJECTIVES
from phonexl.training.method import Method

METHOD = Method(
    name="sino-xenic-channel",
    reference="this project",
    needs="Dict",
    recipe={
        **NO_OBJECTIVES,
        "use_phonemes": True,
        "phoneme_transcription": "sino-xenic",
        "phoneme_vocab": "tokenizer",
        "phoneme_init": "words",
        "phoneme_scale": 0.3,
        "phoneme_learning_rate": None,
    },
)
