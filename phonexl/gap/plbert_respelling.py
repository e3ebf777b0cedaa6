"""Our segments in the symbols of `plbert-kokoro`: IPA by single code points, as Kokoro's reading tools write it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from modeling_phonexl.phoneme_text import PhonemeRespeller
from phonexl.plbert import read_symbols

# Kokoro's reading of Chinese: misaki, zh.py. It has no other tones.
_TONES = {"˥": "→", "˧˥": "↗", "˨˩˦": "↓", "˥˩": "↘"}
# ç: decomposed in our form, composed in the table.
_LIGATURES = {"t͡s": "ʦ", "d͡z": "ʣ", "t͡ʃ": "ʧ", "d͡ʒ": "ʤ", "t͡ɕ": "ʨ", "d͡ʑ": "ʥ", "ʈ͡ʂ": "ꭧ", "\u00e7": "\u00e7"}
# Misaki, EN_PHONES.md.
_ENGLISH_DIPHTHONGS = {"eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y", "oʊ": "O", "əʊ": "Q"}
# One feature away, or the same sound by another convention; punctuation as misaki has it.
_NEAREST = {
    "ɫ": "l", "ɦ": "h", "ʱ": "ʰ", "ʑ": "ʒ", "ʐ": "ɻ", "ɱ": "m", "ʍ": "w", "ɝ": "ɜɹ", "g": "ɡ",
    "ɓ": "b", "ɗ": "d", "ʄ": "ɟ", "ɠ": "ɡ", "ɵ": "o", "ʉ": "u", "ء": "ʔ",
    "«": "“", "»": "”", "„": "“", "「": "“", "」": "”", "《": "“", "》": "”", "–": "—", "、": ",", "，": ",", "،": ",",
    "。": ".", "।": ".", "۔": ".", "：": ":", "；": ";", "؛": ";", "？": "?", "؟": "?", "！": "!", "（": "(", "）": ")",
}  # fmt: skip


class PlbertRespeller(PhonemeRespeller):
    """Writes segments in Kokoro's symbols.

    A mark that it lacks (dental, tense, not syllabic) is left out; a segment of which a letter or tone has no symbol is
    unknown as a whole.

    >>> respell = PlbertRespeller()
    >>> respell("t͡ʃː"), respell("t̪ʱ"), respell("˧˦")
    (('ʧ', 'ː'), ('t', 'ʰ'), ())
    """

    def __init__(self) -> None:
        super().__init__(read_symbols())

    def search(self, segment: str) -> tuple[str, ...]:
        """See `PhonemeRespeller`."""
        text = unicodedata.normalize("NFD", segment)
        if text in _TONES:
            return (_TONES[text],)
        for written, symbol in _LIGATURES.items():
            text = text.replace(unicodedata.normalize("NFD", written), symbol)
        if segment in _ENGLISH_DIPHTHONGS:
            text = _ENGLISH_DIPHTHONGS[segment]
        found: list[str] = []
        for char in text:
            known = char if char in self.symbols.values() else _NEAREST.get(char, "")
            if not known and unicodedata.category(char) not in ("Mn", "Lm"):
                return ()
            found += known
        return tuple(found)


def join_diphthongs(segments: Sequence[str]) -> list[str]:
    """Put the two halves of each English diphthong together, which Kokoro writes as one letter.

    >>> join_diphthongs(["t", "a", "ɪ", "m"])
    ['t', 'aɪ', 'm']
    """
    joined: list[str] = []
    for segment in segments:
        if joined and joined[-1] + segment in _ENGLISH_DIPHTHONGS:
            joined[-1] += segment
        else:
            joined.append(segment)
    return joined
