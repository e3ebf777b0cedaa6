"""All fifteen languages: what holds for the record of any token, on a hundred thousand random ones of each.

What is read, and how well, is in the tests of the languages; the same claims by hypothesis in `test_transcription.py`.
A language whose tool is not installed is skipped.
"""

import gzip
import random
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from modeling_phonexl.transcription import LANGUAGES, REASONS, MissingToolError, find_language, load_language
from modeling_phonexl.transcription_words import split_ipa

NUM_TOKENS = 100_000
LONGEST_SENTENCE = 30
# Blocks of letters, first and last code point; a language draws half of its letters from its own.
SCRIPTS = {
    "latin": ((0x41, 0x5A), (0x61, 0x7A), (0x61, 0x7A), (0x61, 0x7A), (0xC0, 0x17F), (0x1EA0, 0x1EF9)),
    "han": (
        (0x4E00, 0x6FFF),
        (0x4E00, 0x9FFF),
        (0x3400, 0x4DBF),
        (0x3005, 0x3007),
        (0x20000, 0x2A6DF),
        (0xF900, 0xFAD9),
    ),
    "kana": ((0x3041, 0x309F), (0x30A0, 0x30FF), (0x4E00, 0x9FFF), (0x31F0, 0x31FF), (0xFF61, 0xFF9F)),
    "hangul": ((0xAC00, 0xD7A3), (0xAC00, 0xD7A3), (0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C)),
    "cyrillic": ((0x430, 0x45F), (0x410, 0x42F), (0x400, 0x52F), (0x2DE0, 0xA69F), (0x1C80, 0x1C8A)),
    "devanagari": ((0x900, 0x97F), (0x900, 0x97F), (0xA8E0, 0xA8FF), (0x1CD0, 0x1CFF)),
    "arabic": ((0x621, 0x6D5), (0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFEFC)),
    "others": ((0x370, 0x3FF), (0x531, 0x5F4), (0xE01, 0xE4E), (0x980, 0xDF4), (0x10A0, 0x10FF), (0x1E00, 0x1EFF)),
}
OWN = {"zh": "han", "ja": "kana", "ko": "hangul", "rus": "cyrillic", "ukr": "cyrillic"}
OWN |= {"hin": "devanagari", "urd": "arabic"}
# Digits and numerals, punctuation and symbols, spaces and format characters, emoji, marks, controls, private use.
REST = (
    *((0x30, 0x39), (0x660, 0x669), (0x966, 0x96F), (0xFF10, 0xFF19), (0xB2, 0xBE), (0x2150, 0x218B), (0x2460, 0x24FF)),
    *((0x20, 0x40), (0x5B, 0x60), (0x7B, 0xBF), (0x2000, 0x206F), (0x2010, 0x2044), (0x20A0, 0x23FF), (0x3000, 0x303F)),
    *((0xFF01, 0xFF65), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1F64F), (0x1F3FB, 0x1F3FF), (0x200C, 0x200F), (0xFE0E, 0xFE0F)),
    *(
        (0x300, 0x36F),
        (0x20D0, 0x20F0),
        (0xE0020, 0xE007F),
        (0x0, 0x1F),
        (0x7F, 0x9F),
        (0xE000, 0xF8FF),
        (0x0, 0x10FFFF),
    ),
)

every_language = pytest.mark.parametrize("code", [language.code for language in LANGUAGES])


def check(code: str, tokens: Sequence[str]) -> None:
    """One full record for each token, in the one form of stored IPA."""
    module = load_language(code)
    try:
        records = module.transcribe(tokens)
    except MissingToolError as error:
        pytest.skip(str(error))
    assert len(records) == len(tokens)
    for token, found in zip(tokens, records, strict=True):
        assert found.ipa, [token]
        assert all(found.segments), [token]
        assert "".join(found.segments) == found.ipa, [token]
        assert unicodedata.is_normalized("NFD", found.ipa), [token]
        assert not any(char.isspace() for char in found.ipa), [token]
        assert unicodedata.is_normalized("NFC", found.romanized), [token]
        assert found.reason in REASONS, [token]
        assert found.transcribed == (found.reason not in ("passed", "punctuation")), [token]


def check_words(code: str, tokens: Sequence[str]) -> None:
    """The same, and of words that are read whole: segments of the inventory, cut as IPA is cut elsewhere."""
    check(code, tokens)
    module = load_language(code)
    for token, found in zip(tokens, module.transcribe(tokens), strict=True):
        if found.reason in ("read", "lexicon", "number"):
            assert {*found.segments} <= {*module.INVENTORY}, [token]
            assert split_ipa(found.ipa) == found.segments, [token]


def draw_char(draw: random.Random, blocks: Sequence[tuple[int, int]]) -> str:
    char = chr(draw.randint(*draw.choice(blocks)))
    return "x" if unicodedata.category(char) == "Cs" else char  # a lone surrogate is no text


def draw_token(draw: random.Random, own: str) -> str:
    """A word of one script; or one with other letters, digits, signs, marks, emoji in it; or nothing but those."""
    kind, length = draw.random(), draw.randint(0, 12)
    blocks = SCRIPTS[own if draw.random() < 0.6 else draw.choice([*SCRIPTS])]
    share_of_rest = 0.0 if kind < 0.4 else 0.3 if kind < 0.8 else 1.0
    return "".join(draw_char(draw, REST if draw.random() < share_of_rest else blocks) for _ in range(length))


def draw_sentences(code: str, num_tokens: int) -> Iterator[list[str]]:
    draw = random.Random(f"every language: {code}")
    while num_tokens > 0:
        length = min(num_tokens, draw.randint(1, LONGEST_SENTENCE))
        yield [draw_token(draw, OWN.get(code, "latin")) for _ in range(length)]
        num_tokens -= length


def read_text(shared: Path, code: str) -> list[list[str]]:
    """Sentences of running text: words, or characters where words have no spaces between them."""
    language = find_language(code)
    content = gzip.decompress((shared / f"data/flores/devtest.{language.iso639_3}.txt.gz").read_bytes())
    words = [line.split() for line in content.decode("utf-8").split("\n") if line]
    return words if language.spaced else [[*"".join(line)] for line in words]


def change(draw: random.Random, token: str, letters: Sequence[str], blocks: Sequence[tuple[int, int]]) -> str:
    """A token with a letter lost, doubled, marked, swapped with the next, or another one in its place."""
    place = draw.randrange(len(token))
    letter = token[place]
    other = draw.choice([draw.choice(letters), draw_char(draw, blocks), draw_char(draw, REST)])
    changed = draw.choice(["", letter * 2, letter + "\u0301", token[place + 1 : place + 2] + letter, other])
    return token[:place] + changed + token[place + 1 :]


def test_random_tokens_are_of_every_kind() -> None:
    """A mix that lacks a kind of character would pass whatever the readers do with it."""
    for code in ("eng", "zh", "hin"):
        sentences = [*draw_sentences(code, 2_000)]
        assert sentences == [*draw_sentences(code, 2_000)]
        tokens = [token for sentence in sentences for token in sentence]
        assert (len(tokens), max(map(len, sentences))) == (2_000, LONGEST_SENTENCE)
        categories = {unicodedata.category(char) for token in tokens for char in token}
        assert categories >= {*"Lu Ll Lo Lm Mn Mc Nd No Nl Po Pd Sm Sc So Sk Zs Cc Cf Co Cn".split()}
        assert "Cs" not in categories
        assert "" in tokens
        assert sum(token.isalpha() for token in tokens) > 250


@pytest.mark.slow
@every_language
def test_a_hundred_thousand_random_tokens(code: str) -> None:
    """A builder of data meets every kind of text: a lost, empty or mis-joined record shifts every label after it."""
    for tokens in draw_sentences(code, NUM_TOKENS):
        check_words(code, tokens)


@pytest.mark.slow
@every_language
def test_running_text_with_changed_letters(code: str, shared: Path) -> None:
    """Near words of the language more rules fire than in random letters."""
    draw = random.Random(f"changed letters: {code}")
    text = read_text(shared, code)
    letters = sorted({char for sentence in text for token in sentence for char in token})
    blocks = SCRIPTS[OWN.get(code, "latin")]
    num_tokens = 0
    while num_tokens < NUM_TOKENS // 2:
        sentence = draw.choice(text)
        tokens = [change(draw, token, letters, blocks) if draw.random() < 0.7 else token for token in sentence]
        check_words(code, tokens)
        num_tokens += len(tokens)
