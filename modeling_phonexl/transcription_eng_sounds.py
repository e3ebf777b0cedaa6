"""English sounds: from misaki's notation, in which the lexicon and the learned letters are written, to segments.

Diphthongs are two segments, rhotic vowels one; stress is not written. Holds no words.
"""

import re

_PLAIN = str.maketrans({"ɾ": "t", "ʔ": "t", "ᵊ": "ə", "ᵻ": "ɪ"})
_UNSTRESSED = str.maketrans("", "", "ˈˌ")
_SEGMENTS = {
    "A": ("e", "ɪ"),
    "I": ("a", "ɪ"),
    "O": ("o", "ʊ"),
    "W": ("a", "ʊ"),
    "Y": ("ɔ", "ɪ"),
    "ʤ": ("d͡ʒ",),
    "ʧ": ("t͡ʃ",),
    "əɹ": ("ɚ",),
    "ɜɹ": ("ɝ",),
    "ɜ": ("ɝ",),
}
INVENTORY: tuple[str, ...] = tuple(
    "p b t d k ɡ m n ŋ f v θ ð s z ʃ ʒ h l ɹ j w t͡ʃ d͡ʒ i ɪ e ɛ æ ə ʌ ɑ ɔ o ʊ u a ɚ ɝ".split()
)
_UNITS = re.compile("[əɜ]ɹ|.")
SOUND = re.compile("[ˈˌ]?[^ˈˌ]")  # one sound, a vowel with its stress
_VOWEL = re.compile("[əɪiɛæɑOAIʌɔuɜʊWY]")

_SILENT_E = re.compile("(?<=[^aeiou])e(?=[sd]?$)")
_CONSONANT_LETTER = re.compile("^y|(?<=[aeiou])y(?=[aeiou])|(?<=q)u")
_SYLLABIC_M = re.compile("(?<=s)m(?=s?$)")
_ONE_VOWEL = re.compile("[aeiouy]+|@")
_TWO_VOWELS = re.compile("[eiuy](?=[aeou])|[aeiouy]+|@")
_WEAK_PREFIX = re.compile("(?:b|d|r|s|pr)?e(?=[^aeiouyr])")


def plain_sounds(listed: str) -> str:
    """A pronunciation of misaki's lexicon without allophones: flap and glottal stop are t, reduced vowels whole."""
    return listed.translate(_PLAIN)


def weak_vowels(word: str, sounds: str) -> str:
    """Write an unstressed vowel spelled i, or e in a prefix, as ɪ, which misaki merges with ə.

    Args:
        word: In lower case.
        sounds: As `plain_sounds` writes them.

    >>> weak_vowels("medical", "mˈɛdəkəl"), weak_vowels("become", "bəkˈʌm")
    ('mˈɛdɪkəl', 'bɪkˈʌm')
    """
    if "ə" not in sounds:
        return sounds
    places = [found.start() for found in _VOWEL.finditer(sounds)]
    letters = _SYLLABIC_M.sub("@", _CONSONANT_LETTER.sub("'", word))
    without_e = _SILENT_E.sub("'", letters)
    for pattern, spelling in (
        (_ONE_VOWEL, letters),
        (_ONE_VOWEL, without_e),
        (_TWO_VOWELS, letters),
        (_TWO_VOWELS, without_e),
    ):
        groups = list(pattern.finditer(spelling))
        if len(groups) == len(places):
            break
    else:
        return sounds
    prefix = _WEAK_PREFIX.match(word)
    written = list(sounds)
    for group, place in zip(groups, places, strict=True):
        is_weak = group[0] == "i" and word[group.end() : group.end() + 1] != "r"
        if written[place] == "ə" and (is_weak or prefix and group.end() == prefix.end()):
            written[place] = "ɪ"
    return "".join(written)


def segments(sounds: str) -> list[str]:
    """Segments of a pronunciation in misaki's notation.

    >>> segments("ʧˈAnʤəɹ")
    ['t͡ʃ', 'e', 'ɪ', 'n', 'd͡ʒ', 'ɚ']
    """
    bare = sounds.translate(_UNSTRESSED)
    return [segment for unit in _UNITS.findall(bare) for segment in _SEGMENTS.get(unit, (unit,))]
