"""Phonemes as ids: the tokenizer extended by the symbols it lacks, the tokenizer alone, or a closed list of segments.

Transcription itself is in `transcription.py`; the embedding table in `modeling_phonexl.py`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .transcription import TONE_LETTERS, find_language, load_language

_SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")


def inventory(languages: Iterable[str]) -> list[str]:
    """The segments that the default recipes of these languages produce, and single tone letters, sorted.

    Raises:
        UnknownLanguageError: For a language without transcription.
    """
    segments = set(TONE_LETTERS)
    for language in languages:
        segments.update(load_language(find_language(language).code).INVENTORY)
    return sorted(segments)


class PhonemeVocabulary:
    """Maps the segments of a word to ids.

    Args:
        tokenizer: The backbone's tokenizer.
        kind: "extended": ids of the tokenizer, and above them one for each of `symbols`, which keeps its id wherever
            it stands; "tokenizer": ids of the tokenizer alone; "segments": four specials and one id per symbol.
        symbols: Added symbols ("extended") or the closed list ("segments").
        prefix_bug: "##" before every piece but a word's first, whether the vocabulary has it or not (released code).
        num_word_pieces: How many of the tokenizer's ids are phonemes too, the first of them; None: all. A token that
            was added to the tokenizer later has no row in the phoneme table, and is an unknown sound.

    Attributes:
        size: Rows that the phoneme table needs.
        num_word_pieces: As above, which is the id of the first added symbol; None with "segments".
        pad_id: Padding.
        unk_id: What the vocabulary does not know.
        cls_id: Sound of the unit before the first word.
        sep_id: Sound of the unit after the last word.
    """

    def __init__(
        self,
        tokenizer: Any,
        kind: str,
        symbols: Sequence[str],
        prefix_bug: bool = False,
        num_word_pieces: int | None = None,
    ) -> None:
        self.kind = kind
        self.num_word_pieces: int | None = None
        self.symbols = list(symbols)
        self._tokenizer = tokenizer
        self._prefix_bug = prefix_bug
        if kind == "segments":
            self.pad_id, self.unk_id, self.cls_id, self.sep_id = range(len(_SPECIALS))
            first = len(_SPECIALS)
        else:
            self.pad_id, self.unk_id = tokenizer.pad_token_id, tokenizer.unk_token_id
            self.cls_id, self.sep_id = tokenizer.cls_token_id, tokenizer.sep_token_id
            first = self.num_word_pieces = len(tokenizer) if num_word_pieces is None else num_word_pieces
        self._ids = {symbol: first + index for index, symbol in enumerate(self.symbols)}
        self.size = first + len(self.symbols)
        longest_first = sorted(self.symbols, key=len, reverse=True)
        self._split = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")") if self.symbols else None

    @classmethod
    def build(
        cls,
        tokenizer: Any,
        kind: str,
        languages: Iterable[str],
        prefix_bug: bool = False,
        num_word_pieces: int | None = None,
    ) -> "PhonemeVocabulary":
        """The vocabulary of the given languages' default recipes."""
        symbols: list[str] = []
        if kind == "segments":
            symbols = inventory(languages)
        elif kind == "extended":
            letters = sorted({letter for segment in inventory(languages) for letter in segment})
            symbols = [letter for letter in letters if not _knows(tokenizer, letter)]
        return cls(tokenizer, kind, symbols, prefix_bug, num_word_pieces)

    def encode(self, segments: Sequence[str]) -> list[int]:
        """Ids of a word's sound, at least one.

        With "segments", a segment that is not in the list is read letter by letter: so the tones of languages that
        share no tone run still share tone letters.
        """
        if self.kind != "segments":
            return self._encode_string("".join(segments)) or [self.unk_id]
        ids: list[int] = []
        for segment in segments:
            if segment in self._ids:
                ids.append(self._ids[segment])
            else:
                ids.extend(self._ids.get(letter, self.unk_id) for letter in segment)
        return ids or [self.unk_id]

    def _encode_string(self, ipa: str) -> list[int]:
        if self._prefix_bug:
            return self._encode_as_released(ipa)
        ids: list[int] = []
        for part in self._split.split(ipa) if self._split else [ipa]:
            if part in self._ids:
                ids.append(self._ids[part])
            elif part:
                ids.extend(map(self._known, word_piece_ids(self._tokenizer, part)))
        return ids

    def _known(self, piece: int) -> int:
        """The id of a word piece; unknown for a token added since, whose id here is that of an added symbol."""
        return self.unk_id if self.num_word_pieces is not None and piece >= self.num_word_pieces else piece

    def _encode_as_released(self, ipa: str) -> list[int]:
        """The authors' ids: later pieces get "##", so that an added symbol inside a word is unknown."""
        if ipa.isdigit():
            pieces = [ipa]
        else:
            pieces = []
            for part in self._split.split(ipa.replace("_", " ")) if self._split else [ipa]:
                pieces.extend([part] if part in self._ids else self._tokenizer.tokenize(part))
        vocabulary = self._tokenizer.get_vocab()
        marked = [p if index == 0 or p.startswith("##") else f"##{p}" for index, p in enumerate(pieces)]
        return [self._ids.get(piece, self._known(vocabulary.get(piece, self.unk_id))) for piece in marked]


def word_piece_ids(tokenizer: Any, word: str) -> list[int]:
    """Pieces of one word on its own; a lone word-start mark (SentencePiece's "▁") before other pieces is left out.

    Joined text is never tokenised: BERT's tokenizer would cut it at other places than the words.
    """
    ids: list[int] = tokenizer.encode(word, add_special_tokens=False)
    if len(ids) > 1 and ids[0] == tokenizer.convert_tokens_to_ids("▁") != tokenizer.unk_token_id:
        return ids[1:]
    return ids


def _knows(tokenizer: Any, letter: str) -> bool:
    """Whether the tokenizer keeps a letter: neither unknown nor turned into another (NFKC makes ʰ an h).

    Inside a word too: WordPiece may have a letter without its "##" form, and then drops the whole word.
    """
    for text in (letter, letter * 2):
        ids = tokenizer.encode(text, add_special_tokens=False)
        pieces: list[str] = tokenizer.convert_ids_to_tokens(ids)
        if tokenizer.unk_token_id in ids or "".join(pieces).replace("▁", "").replace("##", "") != text:
            return False
    return True
