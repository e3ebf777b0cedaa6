"""Which sounds of the alphabetic languages of the gap study are the same, whoever writes them: folds of IPA.

Korean, which is one of them, has its fold in `phoneme_error_cjkv.py`. A fold removes differences of notation and of
predictable allophony; where it merges more than that, the comment of the language says so.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from phoneme_error import TIES, split_phonemes

_MODIFIERS = "ʰʱʲʷˠˤᵝˀːˑ˞ⁿˡᵊ"
_UNWRITTEN = "ˈˌ'’ʼ.-‿,|~\u200b\u200c\u200d\u0300\u0301\u0302\u030c"
# Unreleased, dental, raised, lowered, advanced, retracted, rounded, unrounded, mid-centralised, non-syllabic, voiceless
# (twice), apical, voiced, minus sign, creaky, centralised, tongue root (twice), weak articulation, half length.
_NARROW = (
    "\u031a\u032a\u031d\u031e\u031f\u0320\u0339\u031c\u033d\u032f\u0325\u030a\u033a\u032c\u0331\u0330\u0308\u0318\u0319"
    "\u0349ˑ"
)
_LETTERS = str.maketrans(
    {
        **{"ʧ": "t͡ʃ", "ʤ": "d͡ʒ", "ʦ": "t͡s", "ʣ": "d͡z", "ʨ": "t͡ɕ", "ʥ": "d͡ʑ", "g": "ɡ", ":": "ː", "ǝ": "ə"},
        **dict.fromkeys("ˣ()⁽⁾[]/", ""),
    }
)
_OFF_GLIDES = (("i\u032f", "j"), ("ɪ\u032f", "j"), ("u\u032f", "w"), ("ʊ\u032f", "w"))
_PRENASAL = str.maketrans({"ᵐ": "m", "ⁿ": "n", "ᵑ": "ŋ", "ᶮ": "ɲ"})
_VOWELS = frozenset("aeiouyøœɶɪʏʊɛɔæɐɑɒɯɨʉəɘɜɞɤɵʌɚɝᵻ")
_AFFRICATES = frozenset("ts dz tɕ dʑ tʃ dʒ tʂ dʐ ʈʂ ɖʐ".split())
_WITHOUT_DETAIL = {"ɫ": "l", "ɭ": "l"}
_RETROFLEX = {"ʈʂ": "tʂ", "ɖʐ": "dʐ"}
_TILDE, _SYLLABIC, _BREATHY = "\u0303", "\u0329\u030d", "\u0324"

Rules = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LanguageFold:
    """What is the same in one language, in the order in which it is applied.

    Attributes:
        letters: Base letters and what they count as, "" for those left out; their marks stay.
        rules: Patterns over the phonemes, with a space around each, and what they become.
        has_length: Whether long vowels contrast; else the length mark is dropped.
        has_glides: Whether i̯ u̯ are the consonants j w.
        prenasal: Whether a superscript nasal is a consonant.
        same: Pairs (predicted, gold) that count as equal.
    """

    letters: Mapping[str, str] = field(default_factory=dict)
    rules: Rules = ()
    has_length: bool = False
    has_glides: bool = False
    prenasal: bool = False
    same: frozenset[tuple[str, str]] = frozenset()

    def __call__(self, ipa: str) -> list[str]:
        """Phonemes of IPA in any notation.

        >>> FOLDS["hun"]("hɑːz"), FOLDS["fra"]("ʁɑ")
        (['h', 'aː', 'z'], ['ʁ', 'a'])
        """
        phonemes = _broad(ipa.translate(_PRENASAL) if self.prenasal else ipa, self.has_glides)
        if not self.has_length:
            phonemes = [phoneme.replace("ː", "") for phoneme in phonemes]
        line = f" {' '.join(filter(None, (_replace_letter(phoneme, self.letters) for phoneme in phonemes)))} "
        for pattern, sound in self.rules:
            line = re.sub(pattern, sound, line)
        return line.split()


def raw(ipa: str) -> list[str]:
    """Phonemes as written: NFD alone is applied, and stress is left out."""
    return split_phonemes(unicodedata.normalize("NFD", ipa), _UNWRITTEN, _MODIFIERS)


def _broad(ipa: str, has_glides: bool) -> list[str]:
    """Phonemes without narrow detail; affricates are one phoneme, long consonants and tied vowels two."""
    text = unicodedata.normalize("NFD", ipa)
    for written, glide in _OFF_GLIDES if has_glides else ():
        text = text.replace(written, glide)
    found: list[str] = []
    for written in raw(text.translate(_LETTERS)):
        phoneme = "".join(_WITHOUT_DETAIL.get(char, char) for char in written if char not in _NARROW)
        if not phoneme:
            continue
        untied = "".join(char for char in phoneme if char not in TIES)
        if untied != phoneme and untied[0] in _VOWELS:
            found += raw(untied)
            continue
        untied = _RETROFLEX.get(untied, untied)
        is_single = len(untied) - sum(map(_is_mark, untied)) == 1
        if is_single and found and len(found[-1]) == 1 and found[-1] + untied[0] in _AFFRICATES:
            found[-1] += untied
        else:
            found.append(untied)
    return _double(found)


def _double(phonemes: list[str]) -> list[str]:
    """Long consonants as two; the stop before an affricate that begins with it as an affricate too."""
    found: list[str] = []
    for phoneme in phonemes:
        is_long = "ː" in phoneme and phoneme[0] not in _VOWELS
        found += [phoneme.replace("ː", "")] * 2 if is_long else [phoneme]
    for place, (this, following) in enumerate(zip(found, found[1:], strict=False)):
        if len(following) > 1 and following[:2] in _AFFRICATES and following[0] == this:
            found[place] = following
    return found


def _is_mark(char: str) -> bool:
    return char in _MODIFIERS or "\u0300" <= char <= "\u036f"


def _replace_letter(phoneme: str, letters: Mapping[str, str]) -> str:
    """The phoneme with its base letters replaced; "" where these have no sound."""
    length = next((place for place, char in enumerate(phoneme) if _is_mark(char)), len(phoneme))
    base = letters.get(phoneme[:length], phoneme[:length])
    return base + phoneme[length:] if base or not length else ""


def _pairs(table: str) -> dict[str, str]:
    """Make a mapping of "a=b c="; what has nothing behind the sign is left out."""
    return {left: right for left, _, right in (item.partition("=") for item in table.split())}


_FINAL_RULES: dict[str, Rules] = {
    # Length dropped; r is ɹ, flapped ɾ t, ʍ w; ɒ ɑ, ɐ ə, ᵻ ɪ; rhotic vowels and syllabic consonants as ə and consonant;
    # before ɹ the vowels e i o u as ɛ ɪ ɔ ʊ; diphthongs as two vowels (merger: ʌɹ and əɹ).
    "eng": (
        (r" ɜ(?=[ ˞])", " ə˞"),
        ("˞˞", "˞"),
        (" ɜ", " ə"),
        (r" ([^ ˞]+)˞([^ ]*)", r" \1\2 ɹ"),
        (rf" ([^ {_SYLLABIC}]+)[{_SYLLABIC}]([^ ]*)", r" ə \1\2"),
        (_TILDE, ""),
        (r" (a|e|o|ɔ) j ", r" \1 ɪ "),
        (r" (a|o) w ", r" \1 ʊ "),
        (r" əʰ ", " ə "),
        (r" e (?=ɹ )", " ɛ "),
        (r" i (?=(ə )?ɹ )", " ɪ "),
        (r" o (?=ɹ )", " ɔ "),
        (r" u (?=(ə )?ɹ )", " ʊ "),
        (r" ([ɪɛʊɔɑ]) ə ɹ ", r" \1 ɹ "),
        (r" h w ", " w "),
        (r" ɹ ɹ ", " ɹ "),
        (r" ʌ ɹ ", " ə ɹ "),
        (r" ə ʊ ", " o ʊ "),
        (r" e (?!ɪ )", " e ɪ "),
        (r" o (?!ʊ )", " o ʊ "),
        (r" a(?= ɹ )", " ɑ"),
        (r" o ʊ ɪ ", " ɔ ɪ "),
    ),
    # Any r is ʁ; length dropped; n j is ɲ; final ə dropped (mergers of most speakers: ɑ a, œ̃ ɛ̃).
    "fra": (
        (r"(?<= )ɑ(?= )", "a"),
        (rf"(?<= )[œæe]{_TILDE}(?= )", f"ɛ{_TILDE}"),
        (rf"(?<= )ɒ{_TILDE}(?= )", f"ɑ{_TILDE}"),
        (rf"(?<= )o{_TILDE}(?= )", f"ɔ{_TILDE}"),
        (r" [nɲ] j ", " ɲ "),
        (r" ə $", " "),
    ),
    # Vowel length dropped; ʃ ʒ are ʂ ʐ, ɣ ɡ, ŋ n; t͡ɕ ɕ j are soft without a mark; ʂ before ɕ as long ɕ. The reduction
    # of vowels is scored.
    "rus": (
        ("ʲʲ", "ʲ"),
        (r"(?<= )((?:tɕ|dʑ|[ɕʑj])[^ ʲ]*)ʲ", r"\1"),
        (r" ʂ t?ɕ ", " ɕ ɕ "),
    ),
    # Vowel length dropped; ʎ ɲ ʃ ts dz are long by nature; the open and close e and o are scored.
    "ita": ((r" (ʎ|ɲ|ʃ|ts|dz) \1 ", r" \1 "), (r" ʎ j ", " ʎ ")),
    # Short a is ɒ; voicing and palatal assimilation are scored.
    "hun": (
        (r"(?<= )[ɑa](?= )", "ɒ"),
        (r"(?<= )ɑː(?= )", "aː"),
        (r"(?<= )ɛː(?= )", "eː"),
        (r"(?<= )œ(ː?)(?= )", r"ø\1"),
        (r" c c ", " c c "),
    ),
    # ʋ w v are one phoneme, h and ɦ; soft labials, velars and hushers count as hard, which are not soft by themselves.
    "ukr": (
        ("ʲʲ", "ʲ"),
        (r"(?<= )((?:p|b|m|f|ʋ|k|ɡ|x|ɦ|ʃ|ʒ|tʃ|dʒ|j)[^ ʲ]*)ʲ", r"\1"),
        (r"(?<= )(ts|dz|[tdsznlr]) (?=\1ʲ )", r"\1ʲ "),
        (r"(?<= )([tdsznlr]|ts|dz)ʲ (?=i )", r"\1 "),
    ),
    # k and ɡ have palatal allophones, l a dark one; the soft g is length or nothing.
    "tur": (
        ("[ʰʲ]", ""),
        (r" (ɰ|ɣ) (?=\1 )", " "),
        (r"([aeiouøyɯ])ː? [ɰɣ](?= [^aeiouøyɯ]| $)", r"\1ː"),
        (r"([aeiouøyɯ]) [ɰɣ] \1 ", r"\1ː "),
        (r" [ɰɣ] ", " "),
        (r" ([aeiouøyɯ]) \1 ", r" \1ː "),
        (r"([aeo]) i ", r"\1 j "),
    ),
    # Long vowels as one letter with a mark; the glottal stop at borders dropped.
    "fin": ((r" ([ɑeiouyæø]) \1 ", r" \1ː "),),
    # Length and aspiration dropped, implosives as plain stops, a nasal has the place of the stop after it.
    "swa": (
        ("[\u0329ʰ]", ""),
        (r" n (?=[kɡ] )", " ŋ "),
        (r" ɲ (?=tʃ|dʒ)", " n "),
        (r" ([aeiou]) \1 ", r" \1 "),
    ),
}
_ENG = "r=ɹ ɒ=ɑ ɐ=ə ᵻ=ɪ ɾ=t ʍ=w ɚ=ə˞ ɝ=ə˞ x=k"
_FRA = "r=ʁ ʀ=ʁ ɹ=ʁ χ=ʁ ɐ=a"
_RUS = "æ=a ɑ=a ɵ=o ʉ=u ʊ=u ɛ=e ɪ=i ᵻ=ɨ y=ɨ ɐ=ə ʌ=ə ʃ=ʂ ʒ=ʐ tʃ=tɕ ɲ=nʲ ʎ=lʲ ɔ=o ɣ=ɡ ŋ=n w=v ʝ=j h=x ɦ=x"
_UKR = (
    "ɐ=a ɑ=a æ=a o=ɔ ɵ=ɔ ɤ=ɔ ʊ=u ʉ=u w=ʋ v=ʋ β=ʋ ʍ=ʋ ʐ=ʒ ʂ=ʃ tʂ=tʃ dʐ=dʒ ɕ=sʲ ʑ=zʲ tɕ=tsʲ dʑ=dzʲ c=tʲ ɟ=dʲ ɲ=nʲ ʎ=lʲ "
    "ŋ=n ɱ=m h=ɦ ɣ=ɦ ɾ=r"
)
_TUR = "ɑ=a ɐ=a ɛ=e æ=e œ=ø ʊ=u ɪ=i ʏ=y c=k ɟ=ɡ r=ɾ ɹ=ɾ β=v w=v ʋ=v ŋ=n ɔ=o ɨ=ɯ x=h ɸ=f ɱ=m ʎ=l ɲ=n"
_SWA = "ɓ=b ɗ=d ɠ=ɡ ʄ=dʒ ɟ=dʒ ɑ=a ɛ=e ɔ=o ɾ=r ʊ=u ɪ=i ɹ=r ɦ=h tɕ=tʃ"


# ---- Hindi and Urdu ----

_INDIC_VOWELS = {"ɑ": "a", "a": "a", "æ": "a", "ə": "ə", "ɐ": "ə", "ʌ": "ə"}
_INDIC_CONSONANTS = {
    **{"ɦ": "h", "r": "ɾ", "ɹ": "ɾ", "v": "ʋ", "w": "ʋ", "ʂ": "ʃ", "ʔ": ""},
    **{palatal + h: sound + h for h in ("", "ʰ") for palatal, sound in (("ɟ", "dʒ"), ("tɕ", "tʃ"), ("dʑ", "dʒ"))},
    **{"c": "tʃ", "cʰ": "tʃʰ"},
}
_INDIC_RULES: Rules = (
    (r" i(?= )", " ɪ"),
    (r" u(?= )", " ʊ"),
    (r" [ɲɳŋ] (?=tʃ|dʒ|ʈ|ɖ|k|ɡ)", " n "),
    (r" m (?=tʃ|dʒ|t |d |k )", " m "),
    (rf" ə{_TILDE} (?=[kɡtdʈɖpb])", " ə n "),
    (r" ɪ $", " iː "),
    (r" ʊ $", " uː "),
    (r" t (?=tʃʰ? )", " tʃ "),
)


def fold_indic(ipa: str) -> list[str]:
    """Hindi and Urdu: long aː iː uː and short ə ɪ ʊ, other vowels without length; breathy stops as aspirated ones.

    A short a without a length mark is ə, as Epitran and espeak-ng write it, unless it is nasal. A nasal has the place
    of the stop after it; final ɪ and ʊ are long.
    """
    phonemes = filter(None, map(_indic_phoneme, _broad(ipa, has_glides=False)))
    line = f" {' '.join(phonemes)} "
    for pattern, sound in _INDIC_RULES:
        line = re.sub(pattern, sound, line)
    return line.split()


def _indic_phoneme(written: str) -> str:
    nasal = _TILDE if _TILDE in written else ""
    is_breathy = _BREATHY in written
    phoneme = "".join(char for char in written if char not in f"ᵊ{_TILDE}{_BREATHY}")
    if not phoneme:
        return ""
    first, is_long = phoneme[0], "ː" in phoneme
    if first in "iɪuʊ":
        sound = {"ɪ": "i", "ʊ": "u"}.get(first, first) + "ː" if is_long else first
    elif first in "eoɛɔ":
        sound = first
    elif first in _INDIC_VOWELS and (first != "æ" or is_long):
        is_a = _INDIC_VOWELS[first] == "a"
        sound = "aː" if is_a and (is_long or nasal) else "ə"
    else:
        sound = phoneme.replace("ʱ", "ʰ")
        sound += "ʰ" * (is_breathy and "ʰ" not in sound)
        sound = _INDIC_CONSONANTS.get(sound, sound)
    return sound + nasal if sound else ""


FOLDS = {
    "eng": LanguageFold(_pairs(_ENG), _FINAL_RULES["eng"]),
    "fra": LanguageFold(_pairs(_FRA), _FINAL_RULES["fra"]),
    "rus": LanguageFold(_pairs(_RUS), _FINAL_RULES["rus"], has_glides=True),
    "ita": LanguageFold(_pairs("ŋ=n ɱ=m ɪ=i ʊ=u ɾ=r"), _FINAL_RULES["ita"], has_glides=True),
    "hun": LanguageFold(_pairs("ɦ=h x=h ŋ=n ɱ=m ʝ=j ɣ=h ɾ=r"), _FINAL_RULES["hun"], has_length=True),
    # Gold writes the unstressed letters и and е alike, as e: either phoneme is right there.
    "ukr": LanguageFold(_pairs(_UKR), _FINAL_RULES["ukr"], has_glides=True, same=frozenset({("ɪ", "e"), ("ɛ", "e")})),
    "tur": LanguageFold(_pairs(_TUR), _FINAL_RULES["tur"], has_length=True),
    "fin": LanguageFold(_pairs("ʔ= ɦ=h x=h ɾ=r v=ʋ w=ʋ ʊ=u ɪ=i a=ɑ ɛ=e ɔ=o œ=ø"), _FINAL_RULES["fin"], has_length=True),
    "swa": LanguageFold(_pairs(_SWA), _FINAL_RULES["swa"], prenasal=True),
}
