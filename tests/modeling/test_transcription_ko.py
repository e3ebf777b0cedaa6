"""Korean: the articles of the Standard Pronunciation, numbers, Latin letters, romanization, and words of raw text."""

import gzip
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_phonexl import transcription_ko
from modeling_phonexl.transcription import REASONS
from modeling_phonexl.transcription_ko import INVENTORY, segment, transcribe
from modeling_phonexl.transcription_ko_table import CODAS, EXCEPTIONS

MAX_PER = 0.9  # percent, folded
MIN_F1 = 99.8  # percent, words of the UDPOS development text

# The first example loads tables and models; a deadline would measure how busy the machine is.
texts = st.text(st.characters(codec="utf-8"), max_size=20)
hangul = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=8)
mixed = st.text(st.sampled_from("가값않희밟닭ㅋㅏㄳ각ᆞABCdeghlmnorst129.,%-~日ж😀é "), max_size=15)


def ipa(token: str) -> str:
    return transcribe([token])[0].ipa


def sentences(path: Path) -> list[list[str]]:
    blocks = gzip.decompress(path.read_bytes()).decode().split("\n\n")
    return [[line.split("\t")[0] for line in block.split("\n") if line] for block in blocks if block.strip()]


@given(st.lists(texts | hangul | mixed, max_size=5))
def test_any_text_gives_one_sound_per_token(tokens: list[str]) -> None:
    """A lost or empty record would shift every label after it."""
    records = transcribe(tokens)
    assert len(records) == len(tokens)
    for found in records:
        assert found.ipa
        assert found.segments
        assert "".join(found.segments) == found.ipa
        assert unicodedata.is_normalized("NFD", found.ipa)
        assert not any(char.isspace() for char in found.ipa)
        assert unicodedata.is_normalized("NFC", found.romanized)
        assert found.reason in REASONS
        assert found.transcribed == (found.reason not in ("passed", "punctuation"))


@given(hangul | mixed)
def test_segments_are_of_the_inventory(token: str) -> None:
    """A segment outside the inventory has no row in the phoneme vocabulary."""
    found = transcribe([token])[0]
    if found.transcribed:
        assert set(found.segments) <= {*INVENTORY, "日", "ж", "ᆞ"}


@given(hangul)
def test_every_syllable_of_modern_hangul_is_heard(token: str) -> None:
    """One vowel for each syllable: nothing is dropped, nothing is added."""
    vowels = [s for s in transcribe([token])[0].segments if s in ("a", "ɛ", "e", "ʌ", "o", "u", "ɯ", "i")]
    assert len(vowels) == len(token)


@given(texts | st.text(st.sampled_from("가나다ABc\n\t ​.,?!~-12%́ᄀ"), max_size=40))
def test_words_cover_every_character_but_spaces(text: str) -> None:
    """A word that does not slice the text cannot be highlighted in it."""
    spans = segment(text)
    ends = [0, *(end for _, end in spans)]
    for end, (start, next_end) in zip(ends, spans, strict=False):
        assert text[end:start].strip() == ""
        assert end <= start < next_end
        assert not any(char.isspace() for char in text[start:next_end])
    assert text[ends[-1] :].strip() == ""


@pytest.mark.parametrize(
    ("article", "spelled", "heard"),
    [
        (5, "가져", "가저"),
        (5, "희망", "히망"),
        (5, "띄어쓰기", "띠어쓰기"),
        (8, "값", "갑"),
        (9, "꽃", "꼳"),
        (9, "부엌", "부억"),
        (9, "앞", "압"),
        (10, "넋", "넉"),
        (10, "앉다", "안따"),
        (10, "여덟", "여덜"),
        (10, "밟다", "밥따"),
        (10, "밟는", "밤는"),
        (10, "밟아", "발바"),
        (10, "넓죽하다", "넙쭈카다"),
        (10, "넓다", "널따"),
        (11, "닭", "닥"),
        (11, "삶", "삼"),
        (11, "읊고", "읍꼬"),
        (12, "놓고", "노코"),
        (12, "많고", "만코"),
        (12, "닳지", "달치"),
        (12, "각하", "가카"),
        (12, "밝히다", "발키다"),
        (12, "맏형", "마텽"),
        (12, "꽂히다", "꼬치다"),
        (12, "앉히다", "안치다"),
        (12, "닿소", "다쏘"),
        (12, "놓는", "논는"),
        (12, "뚫는", "뚤른"),
        (12, "낳은", "나은"),
        (12, "않은", "아는"),
        (13, "깎아", "까까"),
        (13, "옷이", "오시"),
        (14, "넋이", "넉씨"),
        (14, "앉아", "안자"),
        (14, "없어", "업써"),
        (15, "겉옷", "거돋"),
        (15, "값어치", "가버치"),
        (15, "첫인상", "처딘상"),
        (17, "굳이", "구지"),
        (17, "밭이", "바치"),
        (17, "벼훑이", "벼훌치"),
        (17, "굳히다", "구치다"),
        (18, "먹는", "멍는"),
        (18, "흙만", "흥만"),
        (18, "있는", "인는"),
        (18, "없는", "엄는"),
        (19, "담력", "담녁"),
        (19, "강릉", "강능"),
        (19, "막론", "망논"),
        (19, "협력", "혐녁"),
        (20, "난로", "날로"),
        (20, "칼날", "칼랄"),
        (20, "의견란", "의견난"),
        (23, "국밥", "국빱"),
        (23, "값지다", "갑찌다"),
        (24, "닮다", "담따"),
        (25, "핥다", "할따"),
        (26, "갈등", "갈뜽"),
        (26, "천칠십", "천칠씹"),
        (27, "갈수록", "갈쑤록"),
        (28, "문고리", "문꼬리"),
        (29, "솜이불", "솜니불"),
        (29, "색연필", "생년필"),
        (29, "물약", "물략"),
        (29, "꽃잎", "꼰닙"),
    ],
)
def test_standard_pronunciation(article: int, spelled: str, heard: str) -> None:
    """Each example stands in its article with this reading, which must itself read as it is spelled."""
    assert ipa(spelled) == ipa(heard), article


@pytest.mark.parametrize(
    ("token", "segments"),
    [
        ("가다", "k a d a"),
        ("바보", "p a b o"),
        ("감자", "k a m d͡ʑ a"),
        ("국가", "k u k k͈ a"),
        ("주의", "t͡ɕ u ɰ i"),
        ("문의", "m u n ɰ i"),
        ("예의", "j e ɰ i"),
        ("나라", "n a ɾ a"),
        ("달리", "t a l l i"),
        ("물", "m u l"),
        ("독립문", "t o ŋ n i m m u n"),
        ("왜", "w ɛ"),
        ("외", "w e"),
        ("강아지", "k a ŋ a d͡ʑ i"),
        ("ㅋㅋ", "kʰ ɯ kʰ ɯ"),
        ("ㅠ", "j u"),
        ("\u1100\u1161\u11a8", "k a k"),
        ("\u1100", "k ɯ"),
    ],
)
def test_segments(token: str, segments: str) -> None:
    assert " ".join(transcribe([token])[0].segments) == segments


@pytest.mark.parametrize(
    ("token", "romanized"),
    [
        ("구미", "gumi"),
        ("옥천", "okcheon"),
        ("합덕", "hapdeok"),
        ("벚꽃", "beotkkot"),
        ("울릉", "ulleung"),
        ("백마", "baengma"),
        ("종로", "jongno"),
        ("왕십리", "wangsimni"),
        ("신라", "silla"),
        ("학여울", "hagyeoul"),
        ("같이", "gachi"),
        ("좋고", "joko"),
        ("압구정", "apgujeong"),
        ("낙동강", "nakdonggang"),
        ("팔당", "paldang"),
        ("광희문", "gwanghuimun"),
        ("갈등", "galdeung"),
        ("않았다", "anatda"),
        ("값이", "gapsi"),
        ("의정부", "uijeongbu"),
    ],
)
def test_revised_romanization(token: str, romanized: str) -> None:
    """The examples of the official rules of 2000 and words that tensing would spoil."""
    assert transcribe([token])[0].romanized == romanized


@pytest.mark.parametrize(
    ("token", "heard"),
    [
        ("0", "영"),
        ("10", "십"),
        ("16", "십뉵"),
        ("101", "백일"),
        ("1,234", "천이백삼십사"),
        ("2006", "이천뉵"),
        ("10000", "만"),
        ("110000", "십일만"),
        ("100000000", "일억"),
        ("3.5", "삼쩜오"),
        ("50%", "오십퍼센트"),
        ("007", "공공칠"),
        ("010-12", "공일공십이"),
        ("１２", "십이"),
        ("٣", "삼"),
    ],
)
def test_numbers(token: str, heard: str) -> None:
    found = transcribe([token])[0]
    assert found.ipa == ipa(heard)
    assert found.reason == "number"


def value(reading: str) -> int:
    """The number that a Sino-Korean reading below a hundred million names: an independent way back."""
    total = group = digit = 0
    for char in reading.replace("뉵", "육"):
        if char in "일이삼사오육칠팔구":
            digit = "일이삼사오육칠팔구".index(char) + 1
        elif char == "만":
            total, group, digit = (group + digit or 1) * 10000, 0, 0
        else:
            group, digit = group + (digit or 1) * {"십": 10, "백": 100, "천": 1000}[char], 0
    return total + group + digit


@given(st.integers(1, 10**8 - 1))
def test_numbers_can_be_understood(number: int) -> None:
    assert value(transcription_ko._cardinal(str(number))) == number


@pytest.mark.parametrize(
    ("token", "heard", "reason"),
    [
        ("KBS", "케이비에스", "latin"),
        ("FTA", "에프티에이", "latin"),
        ("B", "비", "latin"),
        ("hello", "헬로", "latin"),
        ("Dance", "단스", "latin"),
        ("Boot", "붓", "latin"),
        ("singer", "싱에", "latin"),
        ("café", "캎", "latin"),
        ("2006년", "이천뉵년", "split"),
        ("6월", "유월", "split"),
        ("10월부터", "시월부터", "split"),
        ("１０월에", "시월에", "split"),
        ("2010년10월6일", "이천십년시월육일", "split"),
        ("16월", "십뉵월", "split"),
        ("106월", "백뉵월", "split"),
        ("1,010월", "천십월", "split"),
        ("6일", "육일", "split"),
        ("3시", "세시", "split"),  # native numbers before a counter
        ("오후12시에", "오후열두시에", "split"),
        ("13시", "십삼시", "split"),
        ("2시즌", "이시즌", "split"),
        ("10개", "열개", "split"),
        ("3개월", "삼개월", "split"),
        ("18명이", "열여덟명이", "split"),
        ("24명이", "이십사명이", "split"),
        ("100명", "백명", "split"),
        ("1.5시간", "일쩜오시간", "split"),
        ("3달러", "삼달러", "split"),
        ("20살", "스무살", "split"),
        ("54살에", "쉰네살에", "split"),
        ("1번째", "첫번째", "split"),
        ("21번째", "스물한번째", "split"),
        ("KBS가", "케이비에스가", "split"),
        ("3G", "삼지", "split"),
    ],
)
def test_latin_letters_and_mixed_tokens(token: str, heard: str, reason: str) -> None:
    found = transcribe([token])[0]
    assert (found.ipa, found.reason) == (ipa(heard), reason)


@pytest.mark.parametrize(
    ("token", "reason"),
    [("", "punctuation"), ("…", "punctuation"), ("大統領", "passed"), ("😀", "punctuation"), ("갈등", "lexicon")],
)
def test_reasons(token: str, reason: str) -> None:
    assert transcribe([token])[0].reason == reason


def test_unread_characters_stand_in_a_read_token() -> None:
    found = transcribe(["대통령(大統領)"])[0]
    assert found.segments[-3:] == ("大", "統", "領")
    assert found.reason == "split"


@pytest.mark.parametrize("sign", [".", "·", "ㆍ"])
def test_rules_stop_at_punctuation_inside_a_token(sign: str) -> None:
    """Keyboards give an old vowel, U+318D, for the middle dot."""
    assert ipa(f"국{sign}물") == ipa("국") + ipa("물") != ipa("국물")
    assert transcribe([f"국{sign}물"])[0].reason == "read"


def test_exceptions_are_not_what_the_rules_give_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that changes nothing is dead weight, and hides a mark at the wrong place."""
    words = [word for words in EXCEPTIONS.values() for word in words.split()]
    assert all(len(re.findall("['+~-]", word)) == 1 for word in words)
    spelled = [re.sub("['+~-]", "", word) for word in words]
    assert len(set(spelled)) == len(spelled)
    with_exceptions = [transcription_ko._sounds(word) for word in spelled]
    monkeypatch.setattr(transcription_ko, "_EXCEPTION", re.compile("(?!)"))
    for word, sounds in zip(spelled, with_exceptions, strict=True):
        assert transcription_ko._sounds(word) != sounds, word


def test_seven_codas_are_heard() -> None:
    """Article 8: whatever is written, no other consonant closes a word."""
    heard = {transcribe([chr(ord("가") + index)])[0].segments[2:] for index in range(len(CODAS))}
    assert heard == {(), ("k",), ("n",), ("t",), ("l",), ("m",), ("p",), ("ŋ",)}


def test_words_of_raw_text() -> None:
    text = "나는 1,000원짜리 e-mail.com을 봤다.그래서… 좋아요!!"
    words = [text[start:end] for start, end in segment(text)]
    assert words == ["나는", "1,000원짜리", "e-mail.com을", "봤다", ".", "그래서", "…", "좋아요", "!!"]


def test_error_rate_on_dictionary_words(score_words: Callable[..., Any]) -> None:
    assert score_words("ko", ipa).error < MAX_PER


def test_running_text_is_read(shared: Path) -> None:
    for name, share in (("udpos/dev-ko.tsv.gz", 0.998), ("panx/dev-ko.tsv.gz", 0.97)):
        records = [found for tokens in sentences(shared / "data" / name)[:3000] for found in transcribe(tokens)]
        assert all(found.ipa for found in records)
        spoken = [found for found in records if found.reason != "punctuation"]
        assert sum(found.transcribed for found in spoken) > share * len(spoken)
        unread = {s for found in records if found.transcribed for s in found.segments} - set(INVENTORY)
        assert not any(char.isascii() or "가" <= char <= "힣" for char in unread)


def test_words_of_running_text(shared: Path) -> None:
    right = found = wanted = 0
    for tokens in sentences(shared / "data/udpos/dev-ko.tsv.gz"):
        text, gold = "", set()
        for token in tokens:
            if text and not all(unicodedata.category(char).startswith("P") for char in token):
                text += " "
            gold.add((len(text), len(text) + len(token)))
            text += token
        words = segment(text)
        right, found, wanted = right + len(gold.intersection(words)), found + len(words), wanted + len(gold)
    assert 200 * right / (found + wanted) > MIN_F1
