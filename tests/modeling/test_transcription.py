"""What holds for every language and recipe: the record, the registry, processes, threads and pickles."""

import gzip
import importlib
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, disable_progress_bars
from hypothesis import given, settings
from hypothesis import strategies as st

import modeling_phonexl.transcription
from modeling_phonexl.transcription import (
    LANGUAGES,
    REASONS,
    RECIPES,
    MissingToolError,
    Transcriber,
    Transcription,
    UnknownLanguageError,
    find_language,
    load_language,
    script,
)
from modeling_phonexl.transcription_words import Numbers, Reading, WordReader, cut_runs, segment, split_ipa

CODES = [language.code for language in LANGUAGES]
SENTENCES = {
    "zh": "他昨天去北京大学 2024 OK。",
    "vi": "Tôi học ở Hà Nội 15 .",
    "ja": "東京へ行く。大人が3人いる。",
    "ko": "서울에 3번 간다 .",
    "eng": "The king didn't read 12 books .",
    "fra": "L'ami n'a pas lu 12 livres .",
    "rus": "Молоко стоит 12 рублей , сказал он .",
    "ita": "Gli amici hanno letto 12 libri .",
    "hun": "A gyógyszer 12 forintba kerül .",
    "ukr": "П'ять книжок і щука коштують 12 гривень .",
    "tur": "İstanbul'da 12 ağaç var .",
    "fin": "Kenkä maksaa 12 euroa .",
    "hin": "हिन्दी समझना १२ बार .",
    "swa": "Ng'ombe 12 wanakula nyasi .",
    "urd": "پاکستان میں ۱۲ کتابیں ہیں ۔",
}
WRITTEN = st.text(st.characters(codec="utf-8"), max_size=12)


def read(code: str) -> list[Transcription]:
    """The sample sentence of a language; skips where an optional tool is missing."""
    tokens = SENTENCES[code].split()
    try:
        return Transcriber(code)(tokens)
    except MissingToolError as error:
        pytest.skip(str(error))


def check(tokens: list[str], records: list[Transcription]) -> None:
    """The contract of the record."""
    assert len(records) == len(tokens)
    for record in records:
        assert record.ipa
        assert record.segments
        assert all(record.segments)
        assert "".join(record.segments) == record.ipa
        assert unicodedata.is_normalized("NFD", record.ipa)
        assert not any(char.isspace() for char in record.ipa)
        assert unicodedata.is_normalized("NFC", record.romanized)
        assert record.reason in REASONS
        assert record.transcribed == (record.reason not in ("passed", "punctuation"))


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_is_read_word_by_word(code: str) -> None:
    records = read(code)
    check(SENTENCES[code].split(), records)
    assert records[0].transcribed
    assert any(record.reason in ("number", "split") for record in records)
    for record in records:
        if record.transcribed:  # no spelling of another script is left over in what was read
            assert {script(char) for char in record.ipa} <= {"latin", "other"}, record


@pytest.mark.parametrize("code", CODES)
@settings(max_examples=40)
@given(tokens=st.lists(WRITTEN, max_size=4))
def test_any_text_keeps_the_contract(code: str, tokens: list[str]) -> None:
    read(code)
    check(tokens, Transcriber(code)(tokens))


@pytest.mark.parametrize("code", CODES)
def test_half_a_character_stops_no_reader(code: str) -> None:
    read(code)
    check(["a\ud800b", "\udc00"], Transcriber(code)(["a\ud800b", "\udc00"]))
    assert Transcriber(code).segment("a \ud83d b")[0] == (0, 1)


@pytest.mark.parametrize(
    ("code", "tokens"),
    [
        ("ja", "ジ ャ ズ ガ ー デ ン"),  # tokens of one character, as in PAN-X
        ("ja", "がっこう へ 行く"),
        *[("fra", "1ère 2ème été"), ("rus", "всё-таки йод"), ("vi", "Việt Nam thưở"), ("ko", "독립문 값이")],
        *[("urd", "آدمی جاؤ"), ("tur", "ağaç"), ("ukr", "її")],
    ],
)
def test_both_unicode_forms_of_a_word_are_read_alike(code: str, tokens: str) -> None:
    """Names of files on a Mac, and what is copied from a PDF, come decomposed."""
    composed = unicodedata.normalize("NFC", tokens).split()
    decomposed = unicodedata.normalize("NFD", tokens).split()
    assert composed != decomposed
    assert Transcriber(code)(decomposed) == Transcriber(code)(composed)


@pytest.mark.parametrize("code", ["hin", "rus", "ukr", "urd", "ko", "zh", "ja"])
def test_romanisations_are_latin(code: str) -> None:
    for record in read(code):
        if record.reason in ("read", "lexicon"):
            assert {script(char) for char in record.romanized} <= {"latin", "other"}, record


@pytest.mark.parametrize("code", CODES)
@settings(max_examples=40)
@given(text=WRITTEN)
def test_words_of_raw_text_slice_it_and_lose_nothing(code: str, text: str) -> None:
    read(code)
    end = 0
    for left, right in Transcriber(code).segment(text):
        assert end <= left < right
        assert text[end:left].strip() == ""
        end = right
    assert text[end:].strip() == ""


@pytest.mark.parametrize("code", CODES)
def test_threads_read_what_one_thread_reads(code: str) -> None:
    """A tool that is built twice at once, or shared where it may not be, shows here."""
    read(code)
    tokens = [[f"{word}{number % 7}" for word in SENTENCES[code].split()] for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(Transcriber(code), tokens))
    assert together == [Transcriber(code)(sentence) for sentence in tokens]


@pytest.mark.medium
@pytest.mark.parametrize("code", CODES)
def test_a_transcriber_travels_to_other_processes(code: str) -> None:
    """`datasets.map(num_proc=...)` pickles the function and forks after the tools were used here."""
    expected = [[record.ipa for record in read(code)]] * 4
    transcriber = pickle.loads(pickle.dumps(Transcriber(code)))
    assert [[record.ipa for record in transcriber(SENTENCES[code].split())]] == expected[:1]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert [
            [r.ipa for r in records] for records in pool.map(transcriber, [SENTENCES[code].split()] * 4)
        ] == expected


@pytest.mark.enable_socket  # the workers' queues are Unix sockets
def test_a_data_set_is_mapped_in_two_processes(tmp_path: Path) -> None:
    disable_progress_bars()
    tokens = [SENTENCES["vi"].split(), ["anh"]] * 3
    rows = Dataset.from_dict({"tokens": tokens})
    read_vi = Transcriber("vi")
    mapped = rows.map(
        lambda row: {"ipa": [record.ipa for record in read_vi(row["tokens"])]},
        num_proc=2,
        cache_file_name=str(tmp_path / "mapped.arrow"),
    )
    assert mapped["ipa"] == [[record.ipa for record in read_vi(sentence)] for sentence in tokens]


def test_importing_the_frame_loads_no_tool() -> None:
    """Data builders start many processes; each would pay seconds for a torch that it never uses."""
    check = "import sys, modeling_phonexl.transcription as t; [t.load_language(l.code) for l in t.LANGUAGES];"
    tools = {
        "torch",
        "transformers",
        "pandas",
        "sudachipy",
        "pypinyin",
        "epitran",
        "panphon",
        "segments",
        "underthesea",
    }
    done = subprocess.run(
        [sys.executable, "-c", f"{check} print(*sorted({tools} & {{*sys.modules}}))"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.stdout == "\n"


def test_both_codes_name_a_language() -> None:
    for language in LANGUAGES:
        assert find_language(language.iso639_1) is find_language(language.iso639_3) is language
        assert language.code in (language.iso639_1, language.iso639_3)


@pytest.mark.parametrize("code", [None, ["vi", "zh"], 3])
def test_what_is_no_string_is_an_unknown_language(code: Any) -> None:
    """A list of codes, one for each text, is easily tried."""
    for look_up in (find_language, Transcriber):
        with pytest.raises(UnknownLanguageError, match="expected one code as a string, such as 'vi'"):
            look_up(code)


@pytest.mark.parametrize(("code", "hint"), [("jp", "'ja'"), ("gre", "'"), ("français", "'fra'")])
def test_an_unknown_language_is_answered_with_the_known_ones(code: str, hint: str) -> None:
    with pytest.raises(
        UnknownLanguageError, match=rf"unknown language .*; known: {', '.join(CODES)}\. Did you mean {hint}"
    ):
        Transcriber(code)


def test_a_missing_tool_is_told_across_processes() -> None:
    """A worker's error is pickled; one that cannot be read again hangs the pool."""
    error = pickle.loads(pickle.dumps(MissingToolError("flite", "English", command="apt-get install libflite1")))
    assert "English needs the package 'flite'" in str(error)
    assert str(error).endswith("run  apt-get install libflite1")


def test_an_unknown_recipe_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown recipe 'best'; known: default, released, epitran, espeak"):
        Transcriber("ko", "best")
    assert RECIPES[0] == "default"


def test_a_language_whose_file_did_not_travel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint carries zh vi ja ko; asked for French, its copy of the code must not end in a bare import error."""
    monkeypatch.setitem(sys.modules, "modeling_phonexl.transcription_fra", None)
    load_language.cache_clear()
    try:
        with pytest.raises(MissingToolError, match="French .* run  pip install \\.  in a checkout of PhoneXL"):
            load_language("fra")
    finally:
        load_language.cache_clear()


def test_a_copy_in_a_checkpoint_reads_other_languages_where_the_package_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copied").mkdir()
    shutil.copy(modeling_phonexl.transcription.__file__, tmp_path / "copied")
    monkeypatch.syspath_prepend(tmp_path)
    copied = importlib.import_module("copied.transcription")
    assert [word.ipa for word in copied.Transcriber("hin")(["नमस्ते"])] == [
        word.ipa for word in Transcriber("hin")(["नमस्ते"])
    ]


# --- words of letters ---


def spelled(number: int) -> str:
    return "nul een twee drie vier vijf zes zeven acht negen".split()[number] if number < 10 else f"veel {number % 10}"


@pytest.fixture(scope="module")
def letters() -> WordReader:
    """A toy language that reads every letter as itself."""
    return WordReader("LATIN", str.lower, lambda word: Reading(split_ipa(word)), Numbers(spelled, "komma", ","))


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("7", "zeven"),
        ("3,14", "drie komma een vier"),
        ("1.000", "veel 0"),
        ("1.2.3", "een twee drie"),
        ("007", "nul nul zeven"),
        ("٣", "drie"),
        ("1234567890123", "een twee drie vier vijf zes zeven acht negen nul een twee drie"),
    ],
)
def test_numbers_are_said_by_their_separators(letters: WordReader, digits: str, words: str) -> None:
    assert letters.say(digits) == words


@pytest.mark.parametrize(
    ("token", "ipa", "reason"),
    [
        ("Abc", "abc", "read"),
        ("a-b", "ab", "read"),
        ("a2b", "atweeb", "split"),
        ("2", "twee", "number"),
        ("日本", "日本", "passed"),
        ("a日", "a日", "split"),
        ("--", "--", "punctuation"),
        ("so\u00adft", "soft", "read"),
        ("ｆｕｌｌ", "full", "read"),
    ],
)
def test_tokens_are_read_run_by_run(letters: WordReader, token: str, ipa: str, reason: str) -> None:
    [found] = letters.transcribe([token])
    assert (found.ipa, found.reason) == (ipa, reason)


@given(WRITTEN)
def test_runs_hold_every_visible_character(token: str) -> None:
    plain = unicodedata.normalize("NFKC", token)
    kept = sum(unicodedata.category(char) != "Cf" for char in unicodedata.normalize("NFD", plain))
    assert sum(len(unicodedata.normalize("NFD", run)) for _, run in cut_runs(token, "LATIN")) == kept


def test_a_tone_with_a_creak_is_one_segment() -> None:
    assert split_ipa("ziəŋ˦ˀ˥ma˨ˀ˩p˧˥˩") == (*"ziəŋ", "˦ˀ˥", "m", "a", "˨ˀ˩", "p", "˧˥˩")


@given(WRITTEN)
def test_segments_of_ipa_join_to_its_normal_form(ipa: str) -> None:
    joined = "".join(split_ipa(ipa))
    assert unicodedata.is_normalized("NFD", joined)
    assert "g" not in joined
    assert split_ipa(joined) == split_ipa(ipa)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L'ami, paie 1,50 €!", "L'ami|,|paie|1,50|€|!"),
        ("e-mail.com ... (हिन्दी)", "e-mail.com|...|(|हिन्दी|)"),
        ("п’ять", "п’ять"),
        ("सुप्र\u200dिया ख\u200dुश", "सुप्र\u200dिया|ख\u200dुश"),  # a joiner before the sign of a vowel
        ("vero\u00adäyri kunnallis\u00ad\u00advero\u00ad.", "vero\u00adäyri|kunnallis\u00ad\u00advero|\u00ad|."),
        ("وا\u200fئرس کیل\u200d\u200dئے اوٗرٹ", "وا\u200fئرس|کیل\u200d\u200dئے|اوٗرٹ"),
        ("a\u200bb", "a|\u200b|b"),  # a space without width ends a word
    ],
)
def test_words_of_letters_keep_their_inner_signs(text: str, words: str) -> None:
    assert [text[left:right] for left, right in segment(text)] == words.split("|")


def test_flores_is_cut_without_loss(shared: Path) -> None:
    for code in ("eng", "hin", "urd", "rus"):
        text = gzip.decompress((shared / "data" / "flores" / f"devtest.{code}.txt.gz").read_bytes()).decode()
        for line in text.split("\n")[:200]:
            assert "".join(line[a:b] for a, b in segment(line)) == "".join(line.split())
