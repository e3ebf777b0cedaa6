"""Tokenizers of the compared encoders: one that looks symbols up, and one that learns subwords.

What the symbols are is decided in `representations.py`.
"""

from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

PADDING, UNKNOWN, START, END, MASK = SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def make_symbol_tokenizer(symbols: Sequence[str]) -> PreTrainedTokenizerFast:
    """Looks up symbols that stand between spaces.

    Args:
        symbols: In the order of their ids, which begin behind those of `SPECIALS`.
    """
    made = Tokenizer(models.WordLevel({symbol: i for i, symbol in enumerate([*SPECIALS, *symbols])}, UNKNOWN))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return _finish(made)


def train_subword_tokenizer(words: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Learn a unigram language model of subwords (Kudo 2018), as SentencePiece has it: ▁ begins a word.

    Args:
        words: Of the training text, as often as they occur, without white space.
        vocab_size: With the special ones; a small text yields fewer.
    """
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=vocab_size, special_tokens=list(SPECIALS), unk_token=UNKNOWN, show_progress=False
    )
    made.train_from_iterator(words, trainer)
    return _finish(made)


def _finish(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    ends = [(token, SPECIALS.index(token)) for token in (START, END)]
    tokenizer.post_processor = processors.TemplateProcessing(f"{START} $A {END}", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PADDING, unk_token=UNKNOWN, cls_token=START, sep_token=END,
        mask_token=MASK, clean_up_tokenization_spaces=False,
    )  # fmt: skip
