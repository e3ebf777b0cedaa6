"""Numerals of Russian, and how numerals of Russian and Ukrainian are put together: the two languages build them alike.

Holds no case forms but the nominative, masculine; stress is written with U+0301.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Numerals:
    """The words that numbers below 10**12 are made of.

    Attributes:
        units: Of 0 to 19.
        feminine: Of 1 and 2 before a feminine noun, as the word for 1,000 is.
        tens: Of 20 to 90.
        hundreds: Of 100 to 900.
        scales: Of 1,000, 1,000,000 and 1,000,000,000, each after 1, after 2 to 4, and after any other number.
    """

    units: tuple[str, ...]
    feminine: tuple[str, str]
    tens: tuple[str, ...]
    hundreds: tuple[str, ...]
    scales: tuple[tuple[str, str, str], ...]

    def cardinal(self, number: int) -> str:
        """Words of a number from 0 to 10**12 - 1; a scale that stands for one of its kind has no "one" before it."""
        if number == 0:
            return self.units[0]
        words: list[str] = []
        for power in range(len(self.scales), 0, -1):
            count = number // 1000**power % 1000
            if count:
                words += [] if count == 1 else self._below_thousand(count, is_feminine=power == 1)
                words.append(self.scales[power - 1][_form(count)])
        return " ".join(words + self._below_thousand(number % 1000, is_feminine=False))

    def _below_thousand(self, number: int, *, is_feminine: bool) -> list[str]:
        words = [self.hundreds[number // 100 - 1]] if number >= 100 else []
        rest = number % 100
        if rest >= 20:
            words.append(self.tens[rest // 10 - 2])
            rest %= 10
        if rest:
            words.append(self.feminine[rest - 1] if is_feminine and rest <= 2 else self.units[rest])
        return words


def _form(count: int) -> int:
    """Which form of a counted noun follows: that of 1, of 2 to 4, or of the others (11 to 14 among them)."""
    if count % 100 in range(11, 15) or count % 10 == 0 or count % 10 > 4:
        return 2
    return 0 if count % 10 == 1 else 1


RUSSIAN = Numerals(
    units=(
        "но\u0301ль",
        "оди\u0301н",
        "два\u0301",
        "три\u0301",
        "четы\u0301ре",
        "пя\u0301ть",
        "ше\u0301сть",
        "се\u0301мь",
        "во\u0301семь",
        "де\u0301вять",
        "де\u0301сять",
        "оди\u0301ннадцать",
        "двена\u0301дцать",
        "трина\u0301дцать",
        "четы\u0301рнадцать",
        "пятна\u0301дцать",
        "шестна\u0301дцать",
        "семна\u0301дцать",
        "восемна\u0301дцать",
        "девятна\u0301дцать",
    ),
    feminine=("одна\u0301", "две\u0301"),
    tens=(
        "два\u0301дцать",
        "три\u0301дцать",
        "со\u0301рок",
        "пятьдеся\u0301т",
        "шестьдеся\u0301т",
        "се\u0301мьдесят",
        "во\u0301семьдесят",
        "девяно\u0301сто",
    ),
    hundreds=(
        "сто\u0301",
        "две\u0301сти",
        "три\u0301ста",
        "четы\u0301реста",
        "пятьсо\u0301т",
        "шестьсо\u0301т",
        "семьсо\u0301т",
        "восемьсо\u0301т",
        "девятьсо\u0301т",
    ),
    scales=(
        ("ты\u0301сяча", "ты\u0301сячи", "ты\u0301сяч"),
        ("миллио\u0301н", "миллио\u0301на", "миллио\u0301нов"),
        ("миллиа\u0301рд", "миллиа\u0301рда", "миллиа\u0301рдов"),
    ),
)
