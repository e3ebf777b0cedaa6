"""English: names of letters, numbers in words, abbreviations, weak words, letters from elsewhere.

Pronunciations are in misaki's notation (`transcription_eng_sounds`). Holds no ordinary words.
"""

LETTER_NAMES = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            "A bi si di i ɛf ʤi Aʧ I ʤA kA ɛl ɛm ɛn O pi kju ɑɹ ɛs ti ju vi dʌbəlju ɛks wI zi"  # one name each
        ).split(),
        strict=True,
    )
)

# As they stand in running text; dictionaries list them as they are said alone.
WEAK_WORDS = {"a": "ə", "the": "ðə"}
ABBREVIATIONS = {
    "mr": "mister",
    "mrs": "missus",
    "dr": "doctor",
    "st": "saint",
    "vs": "versus",
    "km": "kilometers",
    "kg": "kilograms",
    "cm": "centimeters",
    "mm": "millimeters",
    "ft": "feet",
    "mph": "miles'per'hour",
}
# Contractions are of the language's commonest words, and their letters mislead.
CONTRACTIONS = {
    "don't": "dOnt", "won't": "wOnt", "can't": "kænt", "isn't": "ɪzənt", "aren't": "ɑɹnt", "wasn't": "wʌzənt",
    "weren't": "wɜɹnt", "hasn't": "hæzənt", "haven't": "hævənt", "hadn't": "hædənt", "doesn't": "dʌzənt",
    "didn't": "dɪdənt", "shouldn't": "ʃʊdənt", "wouldn't": "wʊdənt", "couldn't": "kʊdənt", "mustn't": "mʌsənt",
    "needn't": "nidənt", "shan't": "ʃænt", "ain't": "Ant", "o'clock": "əklɑk", "you're": "jʊɹ", "they're": "ðɛɹ",
}  # fmt: skip
# What stands after an apostrophe, after a vowel or sonorant and after another consonant; 's and 'd go by rule.
# n't is a token of treebanks.
CLITICS = {"ll": ("l", "əl"), "ve": ("v", "əv"), "re": ("ɹ", "əɹ"), "m": ("m", "əm"), "t": ("t", "t")}
CLITICS |= {"n't": ("nt", "ənt")}

# Letters that English does not have; other marks are left out.
LETTERS = {"ç": "s", "ñ": "ny", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "å": "o", "ä": "e", "ö": "o", "ü": "u"}
LETTERS |= {"ł": "l", "đ": "d", "ð": "th", "þ": "th", "ı": "i", "š": "sh", "ş": "sh", "č": "ch", "ć": "ch", "ž": "zh"}
LETTERS |= {"ŋ": "ng", "ə": "e", "ħ": "h", "ğ": "g", "ſ": "s", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ɛ": "e", "ɔ": "o"}

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_ORDINALS |= {"twelve": "twelfth"}


def cardinal(number: int) -> str:
    """Words of a whole number below 10**12.

    >>> cardinal(1984)
    'one thousand nine hundred eighty four'
    """
    words = []
    for size, name in _SCALES:
        count, number = divmod(number, size)
        if count:
            words += [*_below_1000(count), name]
    return " ".join(words + _below_1000(number)) or _ONES[0]


def _below_1000(number: int) -> list[str]:
    words = [_ONES[number // 100], "hundred"] if number >= 100 else []
    rest = number % 100
    if rest >= 20:
        words.append(_TENS[rest // 10])
        rest %= 10
    return [*words, _ONES[rest]] if rest else words


def ordinal(number: int) -> str:
    """Words of an ordinal number below 10**12.

    >>> ordinal(20), ordinal(103)
    ('twentieth', 'one hundred third')
    """
    *words, last = cardinal(number).split()
    regular = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return " ".join([*words, _ORDINALS.get(last, regular)])


def plural(words: str) -> str:
    """A number whose last word is in the plural, as a decade is said.

    >>> plural("ninety"), plural("six")
    ('nineties', 'sixes')
    """
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith("x") else "s")
