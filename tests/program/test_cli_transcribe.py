"""`phonexl transcribe`: every line and token in its place, in three formats, with and without given tokens."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from command_line import ENVIRONMENT, PHONEXL, example_of, invoke, refuse, run_child, succeed
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling_phonexl.transcription import Transcriber

TEXT = {
    "zh": ("他昨天去北京。", "他 昨天 去 北京 。"),
    "vi": ("Tôi học ở Huế.", "Tôi học ở Huế ."),
    "ja": ("東京へ行く。", "東京 へ 行く 。"),
    "ko": ("서울에 간다.", "서울에 간다 ."),
}


def test_the_example_of_transcribe_runs_as_it_is_typed() -> None:
    """Copied into a shell, with the installed command first on the path; bytes, in whatever locale."""
    environment = {**ENVIRONMENT, "PATH": f"{PHONEXL.parent}:{os.environ['PATH']}", "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(example_of("transcribe"), shell=True, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode("utf-8").split("\n")
    assert [line.split("\t")[0] for line in lines] == ["他", "昨天", "去", "北京", "。", "", ""]


def test_a_mistyped_option_does_not_wait_for_torch() -> None:
    """`--help` and `transcribe` take half a second, not five."""
    check = (
        "import atexit; atexit.register(lambda: print(*sorted({'torch', 'transformers', 'pyarrow'} & {*sys.modules})))"
    )
    child = run_child(check, ["transcribe", "--language", "zh"])
    assert (*child.communicate(), child.returncode) == (b"\n", b"", 0)


@pytest.mark.parametrize("pretokenized", [False, True], ids=["raw", "pretokenized"])
@pytest.mark.parametrize("language", TEXT)
def test_transcribe_writes_each_token_with_its_sound(language: str, pretokenized: bool) -> None:
    tokens = TEXT[language][1].split()
    records = Transcriber(language)(tokens)
    options = ("--language", language, *(["--pretokenized"] if pretokenized else []))
    text = f"{TEXT[language][pretokenized]}\n\n"
    rows = [
        f"{token}\t{r.ipa}\t{r.romanized}\t{int(r.transcribed)}\n" for token, r in zip(tokens, records, strict=True)
    ]
    assert succeed("transcribe", *options, text=text) == "".join(rows) + "\n\n"
    first, second, end = succeed("transcribe", *options, "--format", "jsonl", text=text).split("\n")
    assert [entry["token"] for entry in json.loads(first)] == tokens
    assert [tuple(entry["segments"]) for entry in json.loads(first)] == [record.segments for record in records]
    assert (json.loads(second), end) == ([], "")
    page = succeed("transcribe", *options, "--format", "html", text=text)
    assert page.startswith("<!doctype html>")
    assert page.count(f'lang="{language}"') == 1
    for record in records:
        assert not record.transcribed or f">{record.ipa}</span>" in page


@pytest.mark.parametrize("language", TEXT)
@given(lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n")), max_size=3))
@settings(max_examples=25)
def test_transcribe_answers_every_line_with_four_fields_a_token(language: str, lines: list[str]) -> None:
    """A tab or a line separator inside a token would shift all columns and sentences after it."""
    text = "".join(f"x{line}\n" for line in lines)
    *sentences, end = succeed("transcribe", "--language", language, text=text.encode()).split("\n\n")
    assert end == ""
    assert len(sentences) == len(lines)
    for line, sentence in zip(lines, sentences, strict=True):
        rows = [row.split("\t") for row in sentence.split("\n")]
        assert {len(row) for row in rows} == {4}
        assert "".join(row[0] for row in rows).replace(" ", "") == "".join(f"x{line}".split())


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\x0c", "\r"])
def test_only_lf_ends_a_sentence(separator: str) -> None:
    text = f"Tôi{separator}học\nanh\r\n".encode()
    for options in ([], ["--pretokenized"]):
        output = succeed("transcribe", "--language", "vi", *options, text=text)
        assert [[row.split("\t")[0] for row in block.split("\n")] for block in output.split("\n\n")] == [
            ["Tôi", "học"],
            ["anh"],
            [""],
        ]


def test_white_space_inside_a_word_becomes_a_space() -> None:
    """Vietnamese words have spaces; a tab among them would be a fifth column."""
    assert succeed("transcribe", "--language", "vi", text="Hà\tNội\n").startswith("Hà Nội\t")


def test_a_byte_order_mark_is_no_token() -> None:
    assert succeed("transcribe", "--language", "zh", text=b"\xef\xbb\xbf\xe4\xbb\x96\n").startswith("他\t")


def test_three_letter_codes_are_taken() -> None:
    assert succeed("transcribe", "--language", "zho", text="他\n") == succeed(
        "transcribe", "--language", "zh", text="他\n"
    )


def test_a_reader_that_leaves_ends_the_command_quietly() -> None:
    """`phonexl transcribe | head -1` must not end in a stack, nor in code 141 or 120."""
    for text, read in ((b"\xe4\xbb\x96\n" * 20_000, True), (b"\xe4\xbb\x96\n", False)):
        command = [str(PHONEXL), "transcribe", "--language", "zh"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
        ) as child:
            assert child.stdin
            assert child.stdout
            assert child.stderr
            if not read:
                child.stdout.close()
            child.stdin.write(text)
            child.stdin.close()
            if read:
                assert child.stdout.readline().startswith("他\t".encode())
                child.stdout.close()
            assert (child.stderr.read(), child.wait()) == (b"", 0)


def test_a_missing_tool_is_named_with_the_command_that_installs_it() -> None:
    with run_child(
        "sys.modules['sudachipy'] = None", ["transcribe", "--language", "ja"], stdin=subprocess.PIPE
    ) as child:
        output, errors = child.communicate("東京\n".encode())
    assert (child.returncode, output) == (4, b"")
    assert re.fullmatch(
        r"phonexl: .*'sudachipy', which is not installed: run pip install sudachipy.*\n", errors.decode()
    )


def test_transcribe_refuses_what_it_cannot_read() -> None:
    refuse(
        2,
        r"unknown language 'jp'; known: zh, vi, ja, ko, eng, .*, urd\. Did you mean 'j",
        "transcribe",
        "--language",
        "jp",
    )
    refuse(2, "unknown recipe 'best'; known: default", "transcribe", "--language", "ja", "--recipe", "best")
    result = invoke("transcribe", "--language", "vi", text=b"anh\nt\xf4i\n")
    assert result.exit_code == 3
    assert result.stdout.startswith("anh\t")
    assert re.fullmatch(r'phonexl: standard input:2: expected UTF-8, found "t\\+xf4i"\. .*iconv.*\n', result.stderr)


def test_coverage_counts_every_token_by_reason(tmp_path: Path) -> None:
    """Whoever transcribes a corpus must see what was not read, and what it was."""
    options = ("--language", "vi", "--pretokenized", "--coverage", str(tmp_path / "coverage.json"))
    succeed("transcribe", *options, text="anh 3 京 .\n京 anh\n")
    assert json.loads((tmp_path / "coverage.json").read_text(encoding="utf-8")) == {
        "tokens": 6,
        "reasons": {"read": 2, "passed": 2, "number": 1, "punctuation": 1},
        "passed": {"京": 2},
    }
    assert [path.name for path in tmp_path.iterdir()] == ["coverage.json"]


def test_a_page_marks_what_differs_from_the_gold_standard(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text("anh\tajŋ˧˧\nhọc\tx | hawk˨ˀ˩\n\nanh\tæ\n", encoding="utf-8")
    options = ("--language", "vi", "--pretokenized", "--format", "html", "--gold", str(gold))
    page = succeed("transcribe", *options, text="anh học\nanh\n")
    assert "1 of 3 tokens differ" in page
    assert re.findall(r'class="ipa wrong"[^>]*>([^<]+)<', page) == ["ajŋ˧˧"]
    assert re.findall(r'class="ipa expected"[^>]*>([^<]+)<', page) == ["æ"]
    refuse(2, "--gold: the sentence from line 4 has the tokens 'anh'", "transcribe", *options, text="anh học\nem\n")
    refuse(2, "--gold ends before 'em'", "transcribe", *options, text="anh học\nanh\nem\n")
    refuse(2, "--gold goes on in line 4, where standard input ends", "transcribe", *options, text="anh học\n")
    refuse(2, "--gold marks errors in a page", "transcribe", "--language", "vi", "--gold", str(gold), text="")
    gold.write_bytes(b"anh\t\xff\n")
    refuse(3, "gold.tsv:1: expected UTF-8", "transcribe", *options, text="anh\n")
    gold.write_text("anh\n", encoding="utf-8")
    refuse(3, r'gold\.tsv:1: expected token<TAB>ipa, found "anh"', "transcribe", *options, text="anh\n")
