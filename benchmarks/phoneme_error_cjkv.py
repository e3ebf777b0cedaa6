"""Which sounds of Chinese, Vietnamese, Japanese and Korean are the same, whoever writes them: folds of IPA.

A fold removes differences of notation and of predictable allophony. It merges no two phonemes of a language, but for
Korean ɛ e and ø we, and Japanese dz z, which the standards of pronunciation let fall together.
"""

import re
import unicodedata

from phoneme_error import TIES, TONES, split_phonemes

_MODIFIERS = "ʰʱʲʷˠˤᵝˀː˞ⁿˡ"
_UNWRITTEN = "ˈˌ'ʼ.-‿ˑ|,;!?()[]/\u200b\u200c\u200d"
# Unreleased, dental, raised, lowered, advanced, retracted, rounded, unrounded, centralised (twice), syllabic (twice),
# voiced, minus sign, breathy, creaky: narrow detail that no language here contrasts.
_NARROW = "\u031a\u032a\u031d\u031e\u031f\u0320\u0339\u031c\u033d\u0308\u0329\u030d\u032c\u0331\u0324\u0330"
_LIGATURES = str.maketrans({"ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ", "g": "ɡ", "ǝ": "ə"})
_AFFRICATES = frozenset("ts dz tɕ dʑ tʃ dʒ ʈʂ ɖʐ tʂ dʐ".split())
_VOWELS = frozenset("aeiouyøœɶɪʏʊɛɔæɐɑɒɯɨʉəɘɜɞɤɵʌɚɝɿʅ")
_RING = "\u0325\u030a"  # voiceless, below and above
_TENSE, _TILDE = "\u0348", "\u0303"


def raw(ipa: str, tones: bool = False) -> list[str]:
    """Phonemes as written: NFD alone is applied; tones are left out unless `tones`."""
    text = unicodedata.normalize("NFD", ipa).replace("c\u0327", "ç")
    return [p for p in split_phonemes(text, _UNWRITTEN, _MODIFIERS) if tones or p[0] not in TONES]


def _broad(ipa: str) -> list[str]:
    """Phonemes without narrow detail, an affricate as one phoneme with or without its tie bar."""
    found: list[str] = []
    before = ""
    for written in raw(unicodedata.normalize("NFD", ipa).translate(_LIGATURES), tones=True):
        phoneme = _without(written, _NARROW + TIES)
        if not phoneme:
            continue
        # `before` is the stop as written: an unreleased one never starts an affricate.
        if len(before) == 1 and found[-1] == before and before + phoneme[0] in _AFFRICATES:
            found[-1] += phoneme
        else:
            found.append(phoneme)
        before = written
    return found


def _without(text: str, chars: str) -> str:
    return "".join(char for char in text if char not in chars)


def _is_vowel(phoneme: str) -> bool:
    return phoneme[:1] in _VOWELS and phoneme != ""


# ---- Chinese ----

_ZH_SYLLABLE = re.compile(rf"[^\s.{TONES}]+[{TONES}]*|[{TONES}]+")
_ZH_TONES = {
    **dict.fromkeys(("˥", "˥˥"), "1"),
    **dict.fromkeys(("˧˥", "˨˦", "˨˥"), "2"),
    **dict.fromkeys(("˨˩˦", "˧˩˧", "˨˩", "˨˩˨", "˨˩˩", "˨˩˧"), "3"),
    **dict.fromkeys(("˥˩", "˥˧"), "4"),
}
_ZH_INITIALS = {"ɻ": "ʐ", "r": "ʐ", "tʂ": "ʈʂ", "tʂʰ": "ʈʂʰ"}
_ZH_SIBILANTS = ("s", "ts", "tsʰ", "ʂ", "ʐ", "ʈʂ", "ʈʂʰ")
_ZH_APICAL = "ɨɯɹzɻɿʅɚ"
_ZH_LETTERS = str.maketrans("ɪʊɑɔœɛæwjɥ", "iuaoeeeuiy", "ʌ")
_ZH_RIMES = {
    **{"un": "uən", "ui": "uei", "iu": "iou", "o": "uo", "ieu": "iou", "ian": "ien", "iəŋ": "iŋ", "iən": "in"},
    **{"yan": "yen", "yuen": "yen", "yən": "yn", "yŋ": "iuŋ", "yuŋ": "iuŋ", "oŋ": "uŋ", "ioŋ": "iuŋ"},
    **{"ɤŋ": "əŋ", "ɤn": "ən", "uɤŋ": "uəŋ"},
}


def fold_zh(ipa: str, tones: bool = False) -> list[str]:
    """Chinese: one way of writing each initial, apical vowel, rime, suffix r and, if asked for, tone.

    >>> fold_zh("sɹ̩˥˩", True), fold_zh("ɕjɑʊ˧˩˧", True)
    (['s', 'ɨ', 'T4'], ['ɕ', 'i', 'a', 'u', 'T3'])
    """
    syllables = _ZH_SYLLABLE.findall(unicodedata.normalize("NFD", ipa))
    return [phoneme for syllable in syllables for phoneme in _fold_syllable(syllable, tones)]


def _fold_syllable(syllable: str, tones: bool) -> list[str]:
    phonemes = [phoneme for phoneme in _broad(syllable) if phoneme[0] not in TONES]
    cut = 0
    while cut < len(phonemes) and not (
        _is_vowel(phonemes[cut]) or phonemes[cut][0] in "jwɥ" or phonemes[cut] in ("ɹ", "z", "ɻ")
    ):
        cut += 1
    initial, rime = "".join(phonemes[:cut]), "".join(phonemes[cut:])
    if not initial and len(rime) > 1 and rime[0] in "ɻɹ":
        initial, rime = "ʐ", rime[1:]
    initial = _ZH_INITIALS.get(initial, initial)
    if len(initial) > 1 and initial[-1] == "ʐ" and initial[:-1] in ("ʐ", "ʂ", "ʈʂ", "ʈʂʰ"):  # apical ʐ̩
        initial, rime = initial[:-1], "ɨ"
    suffix = ""
    if initial in _ZH_SIBILANTS and rime and rime[0] in _ZH_APICAL:
        rime = "ɨ" + rime[1:]
    else:
        rime, suffix = _fold_rime(rime)
    found = [*([initial] if initial else []), *re.findall("[^ŋn][\u0300-\u036f]*|ŋ|n", rime)]
    tone = _ZH_TONES.get("".join(char for char in syllable if char in TONES))
    return [*found, *([suffix] if suffix else []), *([f"T{tone}"] if tones and tone else [])]


def _fold_rime(rime: str) -> tuple[str, str]:
    """One spelling of a rime, and the suffix r that it ends in."""
    suffix = ""
    if rime in ("ɑɻ", "aɻ", "əɻ", "ɚ", "aɚ", "ɑɚ"):
        rime = "ɚ"
    elif re.fullmatch(".*[^ɻɚ][ɻɚ]", rime):
        rime, suffix = rime[:-1], "ɻ"
    rime = rime.translate(_ZH_LETTERS)
    return _ZH_RIMES.get(rime, rime), suffix


# ---- Vietnamese ----

_HEAVY = "˩˩˩"  # nặng here, whatever was written
_VI_HEAVY = re.compile("˧˨ ʔ|˧˨ʔ|˨˩ˀ|˨˩ʔ|˧˨ˀ|˨ˀ˩ʔ|˨ˀ˩|˧ˀ˨")
_VI_SCHWAS = (("ɤ\u0306", "ə"), ("ə\u0306", "ə"), ("əː", "ɤ"))
_VI_TONES = {
    **dict.fromkeys(("˧", "˧˧"), "1"),
    **dict.fromkeys(("˨˩", "˧˨", "˩"), "2"),
    **dict.fromkeys(("˧˦", "˨˦", "˦˥", "˧˥", "˥"), "3"),
    **dict.fromkeys(("˧˩", "˧˩˨", "˧˩˧", "˨˩˥", "˨˩˦"), "4"),
    _HEAVY: "6",
}
_VI_LETTERS = {
    **{"ɓ": "b", "ɗ": "d", "ɯ": "ɨ", "kp": "k", "ŋm": "ŋ", "kʰ": "x", "ʂ": "s", "ʔ": ""},
    **dict.fromkeys(("tɕ", "tʃ", "ʈ", "ʈʂ", "tʂ"), "c"),
    **dict.fromkeys(("ʐ", "ɹ", "r"), "z"),
}
_VI_CODAS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("(?<= )c (?=T|$)", "k "),
        ("(?<= )ɲ (?=T|$)", "ŋ "),
        (" i(?: j)? (?=[ŋk] T)", " i "),
        (" (?:a|ɔ) w (?=[ŋk] T)", " ɔ "),
        (" (?:ə|o) w (?=[ŋk] T)", " o "),
        (" [uʊ] w (?=[ŋk] T)", " u "),
        (" ʊ ", " w "),
        (" (?:aː?|ɛ) j (?=[ŋk] T)", " ɛ "),
        (" (?:ə|e) j (?=[ŋk] T)", " e "),
    )
)


def long_a(ipa: str) -> str:
    """Vietnamese of a writer who has a and ă, in the notation of the gold, which has aː and a.

    Whether a writer has ă can only be seen from all that he wrote, so it is for the caller to decide.
    """
    text = unicodedata.normalize("NFD", ipa).replace("aː", "a")
    return re.sub("a(\u0306?)", lambda match: "a" if match[1] else "aː", text)


def fold_vi(ipa: str, tones: bool = False) -> list[str]:
    """Vietnamese: northern mergers, codas and the vowels that they colour, tones by their number if asked for.

    Where no tone is written, white space is the border of the syllables, which the codas need.

    >>> fold_vi("ʔ ɓ a w ŋ͡m ˧˧", True) == fold_vi("ɓɔŋ˧˧", True)
    True
    """
    text = unicodedata.normalize("NFD", ipa)
    for written, plain in _VI_SCHWAS:
        text = text.replace(written, plain)
    if "a\u0306" in text:
        text = long_a(text)
    text = _VI_HEAVY.sub(_HEAVY, text)
    if any(char in TONES for char in text):
        phonemes = _broad(text)
    else:
        phonemes = [phoneme for syllable in text.split() for phoneme in [*_broad(syllable), "T"]]
    sounds = [
        "T" + _vi_tone(phoneme) * tones if phoneme[0] in TONES else _VI_LETTERS.get(phoneme, phoneme)
        for phoneme in phonemes
    ]
    line = f" {' '.join(filter(None, sounds))} "
    for pattern, sound in _VI_CODAS:
        line = pattern.sub(sound, line)
    return [sound for sound in line.split() if sound != "T"]


def _vi_tone(tone: str) -> str:
    return "5" if "ˀ" in tone or "ʔ" in tone else _VI_TONES.get(tone, tone)


# ---- Japanese ----

_JA_CONSONANTS = {
    **{"z": "z", "dz": "z", "ʃ": "ɕ", "tʃ": "tɕ", "ɴ": "N", "ɰ": "N"},
    **dict.fromkeys(("ʑ", "dʒ", "ʒ"), "dʑ"),
    **dict.fromkeys(("r", "ɹ", "l", "ɽ"), "ɾ"),
}
_JA_DOUBLED = ("p", "t", "k", "b", "d", "ɡ", "s", "ɕ", "h", "ɸ", "ɾ")
_JA_PALATAL = {"ç": "h", "ɲ": "n"}


def fold_ja(ipa: str) -> list[str]:
    """Japanese: N for the nasal mora, Q for the first half of a long consonant, ː for the second of a long vowel.

    ei and ou are not taken for long vowels.

    >>> fold_ja("k o̞ː s o̞ ɸ ɯ̟ᵝ"), fold_ja("teppai")
    (['k', 'o', 'ː', 's', 'o', 'h', 'u'], ['t', 'e', 'Q', 'p', 'a', 'i'])
    """
    phonemes = [phoneme for phoneme in map(_ja_letter, _broad(ipa)) if phoneme not in ("", "ʔ", "˕", "%", "ː")]
    found: list[str] = []
    for phoneme, after in zip(phonemes, [*phonemes[1:], ""], strict=False):
        if not _is_vowel(phoneme):
            found += _ja_consonant(phoneme, after)
            continue
        repeats = bool(found) and found[-1] == phoneme
        found += ["ː"] if repeats else [phoneme[0], *(["ː"] if "ː" in phoneme else [])]
    return found


def _ja_letter(phoneme: str) -> str:
    """A phoneme without devoicing, nasality, rounding; ɰ̃ is the nasal mora."""
    narrow = _RING + ("ᵝ" + _TENSE + "\u034d" if _is_vowel(phoneme) or phoneme[0] in "wɰ" else "")
    plain = _without(phoneme, narrow + _TILDE)
    if plain[:1] == "ɰ":
        return "N" if _TILDE in phoneme else "w"
    return "u" + plain[1:] if plain and plain[0] in "ɯɨʉ" else plain


def _ja_consonant(written: str, after: str) -> list[str]:
    is_long, is_palatal = written.endswith("ː"), "ʲ" in written
    plain = written.rstrip("ʲː").replace("ʲ", "")
    sound = _JA_CONSONANTS.get(plain, plain)
    ends = not (_is_vowel(after) or after[:1] in ("j", "w"))
    if sound == "N":
        return ["N"]
    found = []
    if sound in ("n", "m", "ŋ", "ɲ") and (is_long or ends):
        found = ["N"]
        if not is_long:
            return found
    elif is_long:
        found = ["Q"]
    elif ends and after and sound in _JA_DOUBLED:
        return ["Q"]
    if sound == "ŋ":
        sound = "ɡ"
    elif sound in _JA_PALATAL:
        sound, is_palatal = _JA_PALATAL[sound], True
    elif sound == "ɸ" and after[:1] == "u" and not is_palatal:
        sound = "h"
    glides = is_palatal and after[:1] not in ("i", "j") and sound not in ("ɕ", "tɕ", "dʑ")
    return [*found, sound, *(["j"] if glides else [])]


# ---- Korean ----

_KO_VOWELS = {
    **{"ə": "ʌ", "ɤ": "ʌ", "ɘ": "ʌ", "ɔ": "o", "ɛ": "e", "ɐ": "a", "ɨ": "ɯ", "æ": "e", "ɑ": "a"},
    **{"ø": "we", "œ": "we", "y": "wi"},
}
# Consonant -> plain one, and whether it is palatal, which before a vowel other than i is a glide of its own.
_KO_CONSONANTS = {
    **dict.fromkeys(("ɕ", "ʃ"), ("s", True)),
    **dict.fromkeys(("ç", "ʝ"), ("h", True)),
    **{"ʎ": ("l", True), "ɲ": ("n", True), "ɥ": ("w", False), "ɰ": ("ɯ", False)},
    **dict.fromkeys(("ɦ", "x", "ɸ", "ɣ", "χ", "β"), ("h", False)),
    **dict.fromkeys(("ɾ", "ɭ", "l", "r", "ɽ"), ("l", False)),
    **dict.fromkeys(("tʃ", "dʒ", "dʑ", "ts", "dz"), ("tɕ", False)),
    **{"c": ("k", False), "b": ("p", False), "d": ("t", False), "ɡ": ("k", False)},
}
_KO_TENSE = _TENSE + "\u0349"  # strong, and weak articulation, which some sources write for it
_KO_NARROW = "ː\u0301\u0300\u0303\u0318" + _RING


def fold_ko(ipa: str) -> list[str]:
    """Korean: plain for voiced stops, h and l and glides in one way, ɛ as e; aspirated and tense ones stay apart.

    >>> fold_ko("k ɛ ɲ ʌ̹ n"), fold_ko("n o̞ s s͈ w e̞")
    (['k', 'e', 'n', 'j', 'ʌ', 'n'], ['n', 'o', 't', 's͈', 'w', 'e'])
    """
    phonemes = [_without(phoneme, _KO_NARROW) for phoneme in _broad(ipa) if phoneme[0] not in TONES]
    phonemes = [phoneme for phoneme in phonemes if phoneme not in ("", "~")]
    found: list[str] = []
    place = 0
    while place < len(phonemes):
        phoneme, (after, beyond) = phonemes[place], (*phonemes[place + 1 : place + 3], "", "")[:2]
        if _is_vowel(phoneme):
            found += _KO_VOWELS.get(phoneme[0], phoneme[0])
        elif (
            _without(phoneme, _KO_TENSE + "ʷ") in ("k", "c") and after[:1] in ("x", "ç") and beyond
        ):  # an aspirate with its release
            found += ["kʰ", *(["j"] if after[0] == "ç" and beyond[0] != "i" else [])]
            place += 1
        else:
            sounds = _ko_consonant(phoneme, after)
            if sounds[0] == "s" + _TENSE and found[-1:] == ["s"]:
                found[-1] = "t"  # a coda before s͈, written s
            found += sounds
        place += 1
    return found


def _ko_consonant(written: str, after: str) -> list[str]:
    is_tense = any(mark in written for mark in _KO_TENSE)
    plain = _without(written, _KO_TENSE + "ʷʰ")
    sound, is_palatal = _KO_CONSONANTS.get(plain, (plain, False))
    is_aspirated = "ʰ" in written and sound != "s"
    glides = is_palatal and _is_vowel(after) and after[0] != "i"
    return [
        sound + "ʰ" * is_aspirated + _TENSE * is_tense,
        *(["w"] if "ʷ" in written and after[:1] not in ("o", "u") else []),
        *(["j"] if glides else []),
    ]
