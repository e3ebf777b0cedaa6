"""Hungarian: Epitran, then what neighbouring consonants do to each other, hiatus j, numbers, letter names.

Compounds and prefixes are not cut: letters that meet at their joints are read as one (egészség, but also község).
"""

import functools
import re

from .transcription_epitran import epitran
from .transcription_words import Numbers, Reading, WordReader, replace_foreign, segment

__all__ = ["INVENTORY", "segment", "transcribe"]

_SINGLE = "p b t d c ɟ k ɡ t͡s d͡z t͡ʃ d͡ʒ f v s z ʃ ʒ h j m n ɲ l r".split()
INVENTORY = (
    *_SINGLE,
    *(f"{sound}ː" for sound in _SINGLE),
    *"ɦ x c\u0327 ʝ ŋ ɱ ɒ aː ɛ eː i iː o oː ø øː u uː y yː".split(),
)

# Letters that Hungarian lacks, by its own spelling of their sound.
_LETTERS = {"ß": "sz", "ø": "ö", "œ": "ö", "õ": "ő", "ô": "ó", "û": "ű", "æ": "e", "ä": "e", "đ": "d", "ð": "d"}
_LETTERS |= {"þ": "t", "ł": "l", "ı": "i", "ŋ": "ng", "š": "s", "ś": "s", "ş": "s", "č": "cs", "ç": "sz", "ž": "zs"}
_NOT_HUNGARIAN = re.compile("[^a-záéíóöőúüű']")
_HAS_VOWEL = re.compile("[aeiouyáéíóöőúüű]")
_NAMES = dict(
    zip(
        "bcdfghjklmnpqrstvwxz",
        "bé cé dé ef gé há jé ká el em en pé kú er es té vé dupla iksz zé".split(),
        strict=True,
    )
)

# In front of Epitran: old spellings of names, letters of loans, h that is heard at the end of a syllable, zs across a
# suffix, and the numeral egy, whose gy is long. Epitran passes χ through.
_SPELLING = re.compile(
    "(?<=sz[eé])ch(?=eny)|(?<=mad[aá])ch|(?<=forg[aá])ch|^ch(?=[aeiouáéíóöőúüű])|(?<=.)th$|(?<=.)thy|sch|x|q(?!u)"
    "|(?<![glnt])y(?=[aeiouáéíóöőúüű])|(?<=[^s])z(?=s[áé]g)"
    "|(?P<heard>ch|(?<=^[dm]o)h|(?<=^i)h|(?<=potro)h|(?<=alla)h)"
    "|(?<=^e)gy(?=$|es$|es[et]|ik|etért|ez)|(?<=minde)gy(?=ik)|(?<=száze)gy|(?<=ezere)gy"
    "|(?<=tizene|uszone|rmince|gyvene|ötvene|atvane|etvene|lcvane|ncvene)gy"
)
_RESPELLED = {"ch": "cs", "th": "t", "thy": "t'i", "sch": "s", "x": "ksz", "q": "k", "y": "j", "z": "z'", "gy": "ggy"}

# Behind it, in a group of consonants one letter stands for one consonant, doubled where it is long.
_SOUND_OF = {"ʦ": "t͡s", "ʣ": "d͡z", "ʧ": "t͡ʃ", "ʤ": "d͡ʒ", "ç": "c\u0327"}
_DEVOICED = dict(zip("bdɟɡʣʤvzʒ", "ptckʦʧfsʃ", strict=True))
_VOICED = {voiceless: voiced for voiced, voiceless in _DEVOICED.items()}
_PART = re.compile("([ɒaɛeioøuy]ː?)|[^ɒaɛeioøuy]+")
_LONG_LETTER = re.compile("(.)ː")
_DOUBLED = re.compile(r"(.)\1+")
_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _compile(*rules: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern), result) for pattern, result in rules)


_BEFORE_VOICING = _compile(
    ("ŋ(?![ɡk])", "ŋɡ"), ("(?:n+|ɲ+)j", "ɲɲ"), ("l+j", "jj"), ("(?:t+|c+)j", "cc"), ("(?:d+|ɟ+)j", "ɟɟ")
)
_AFTER_VOICING = _compile(
    ("t+(?:s+|ʦ+)", "ʦʦ"),
    ("t+(?:ʃ+|ʧ+)", "ʧʧ"),
    ("d+ʣ+", "ʣʣ"),
    ("d+ʤ+", "ʤʤ"),
    ("sʃ+", "ʃʃ"),
    ("ʃs+", "ss"),
    ("zʒ+", "ʒʒ"),
    ("ʒz+", "zz"),
    ("n+(?=[cɟ])", "ɲ"),
    ("n+(?=[pbm])", "m"),
    ("[nm]+(?=[fv])", "ɱ"),
    ("n+(?=[kɡ])", "ŋ"),
    ("l+(?=r)", "r"),
    ("(?<=[mnlr])[hχ]$", "ɦ"),
)


def _fold(word: str) -> str:
    folded = replace_foreign(word.lower(), _NOT_HUNGARIAN, _LETTERS)
    if word.isupper() and not _HAS_VOWEL.search(folded):
        return "'".join(_NAMES.get(letter, letter) for letter in folded)
    return folded


def _respell(match: re.Match[str]) -> str:
    return "χ" if match["heard"] else _RESPELLED[match[0]]


def _read_word(word: str) -> Reading:
    segments: list[str] = []
    ipa = epitran("hun-Latn")(_SPELLING.sub(_respell, word))
    after = ""  # the vowel before
    for part in _PART.finditer(ipa):
        if vowel := part[1]:
            if after and (after[0] == "i" or vowel[0] in "ie"):
                segments.append("j")
            segments.append(vowel)
            after = vowel
        else:
            segments += _consonants(part[0], after[:1], part.end() == len(ipa))
            after = ""
    return Reading(segments) if segments else Reading(tuple(word), "passed")


@functools.lru_cache(maxsize=1 << 14)
def _consonants(group: str, vowel: str, is_last: bool) -> tuple[str, ...]:
    """Segments of a group of consonants after a vowel, given by its first letter, "" at the start of the word."""
    for letter, sound in _SOUND_OF.items():
        group = group.replace(sound, letter)
    group = _LONG_LETTER.sub(r"\1\1", group.replace("'", ""))
    if vowel and group[:1] == "h" and (is_last or len(group) > 1):
        group = group[1:]  # méh, méhben
    if vowel and group in ("ʣ", "ʤ"):
        group *= 2
    for pattern, result in _BEFORE_VOICING:
        group = pattern.sub(result, group)
    group = _assimilate(group)
    if vowel and not is_last and group in ("h", "χ"):
        group = "ɦ"
    for pattern, result in () if is_last and group[-1:] == "h" else _AFTER_VOICING:
        group = pattern.sub(result, group)
    short = _DOUBLED.sub(r"\1", group)
    if is_last and len(short) > 1 and short[-1] == "j":
        short = short[:-1] + ("ç" if short[-2] in _VOICED else "ʝ")
    short = short.replace("χ", "ç" if vowel in ("i", "y") else "x")
    sounds = [_SOUND_OF.get(letter, letter) for letter in short]
    if len(short) == 1 and len(group) > 1:  # beside another consonant none is long
        sounds = [sounds[0] + "ː"]
    return tuple(sound for sound in sounds if sound in INVENTORY)


def _assimilate(group: str) -> str:
    """Obstruents take the voice of the obstruent after them; v takes but does not give, h gives but does not take."""
    letters = list(group)
    for place in reversed(range(len(letters) - 1)):
        following = letters[place + 1]
        if following in _VOICED or following in "hχ":
            letters[place] = _DEVOICED.get(letters[place], letters[place])
        elif following in _DEVOICED and following != "v":
            letters[place] = _VOICED.get(letters[place], letters[place])
    return "".join(letters)


_ONES = "nulla egy kettő három négy öt hat hét nyolc kilenc".split()
_TENS = "- tizen huszon harminc negyven ötven hatvan hetven nyolcvan kilencven".split()
_GROUPS = ((10**9, "milliárd"), (10**6, "millió"), (1000, "ezer"))


def _cardinal(number: int) -> str:
    """Words of a whole number below 10**12: kétezer háromszáznegyvenöt."""
    if number == 0:
        return _ONES[0]
    words = []
    for size, name in _GROUPS:
        count, number = divmod(number, size)
        if count == 1 and name == "ezer":
            words.append(name)
        elif count:
            before = _below_1000(count)
            words.append((before.removesuffix("kettő") + "két" if before.endswith("kettő") else before) + name)
    return " ".join([*words, _below_1000(number)] if number else words)


def _below_1000(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    word = "száz" if hundreds == 1 else (_ONES[hundreds] if hundreds != 2 else "két") + "száz" if hundreds else ""
    if not ones and tens in (1, 2):
        return word + ("tíz", "húsz")[tens - 1]
    return word + (_TENS[tens] if tens else "") + (_ONES[ones] if ones else "")


_READER = WordReader("LATIN", _fold, _read_word, Numbers(_cardinal, "egész", ","))
transcribe = _READER.transcribe
