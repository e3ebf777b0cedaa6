"""The recipe "released": against the authors' files, and in its known oddities. Skips where its tools are missing."""

import ctypes
import gzip
import importlib.util
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_phonexl.transcription import REASONS, MissingToolError, Transcriber
from modeling_phonexl.transcription_released import reader

pytestmark = pytest.mark.released
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["あ国", "값은", "được", "'", "一 二"])
TOOLS = {"zh": ["dragonmapper"], "vi": [], "ja": ["pykakasi"], "ko": ["korean_romanizer"]}


def has_flite() -> bool:
    try:
        ctypes.CDLL("libflite_cmulex.so.1")
    except OSError:
        return False
    return True


def read(code: str) -> Transcriber:
    missing = [tool for tool in TOOLS[code] if importlib.util.find_spec(tool) is None]
    if missing or code in ("ja", "ko") and not has_flite():
        pytest.skip(f"the extra 'released', or libflite, is not installed: {missing}")
    return Transcriber(code, "released")


@pytest.mark.parametrize(
    ("code", "tokens", "ipa", "romanized"),
    [
        ("zh", "他 昨天 去 北京 。", "tʰa˥|tswɔ˧˥ tʰjɛn˥|tɕʰy˥˩|peɪ˧˩˧ tɕiŋ˥|。", "tā|zuótiān|qù|běijīng|。"),
        # Joined pinyin is cut greedily: ránér has no third syllable "er".
        ("zh", "然而 公安", "ra˧˥ nɤ˧˥ ɻ|gó˥nkan˥", "ránér|gōngān"),
        # Without tones; the sentence's first vowel has a glottal stop, its last -ew is -eo.
        ("vi", "anh anh vèo .", "ʔɛɲ|ɛɲ|veo|.", "anh|anh|vèo|."),
        # The first item of the reading alone, read as if it were English.
        ("ja", "大きな 、 東京", "ʊki|,|tkju", "ooki|,|toukyou"),
        ("ko", "한국 사람", "hɑŋək|sɹæm", "hanguk|saram"),
    ],
)
def test_oddities_of_the_authors_files_are_kept(code: str, tokens: str, ipa: str, romanized: str) -> None:
    records = read(code)(tokens.split(" "))
    assert unicodedata.normalize("NFC", "|".join(record.ipa for record in records)) == unicodedata.normalize("NFC", ipa)
    assert "|".join(record.romanized for record in records) == romanized


@pytest.mark.parametrize("code", TOOLS)
@pytest.mark.parametrize("task", ["udpos", pytest.param("panx", marks=pytest.mark.slow)])
def test_the_authors_files_come_out(code: str, task: str, shared: Path) -> None:
    """IPA and romanisation of 99.9 % of the tokens; what was lost upstream ("None", empty cells) is left out."""
    transcriber = read(code)
    path = shared / "data" / "phonexl_released" / f"{task}_dev_{code}.tsv.gz"
    right = {"ipa": 0, "romanized": 0}
    total = 0
    for block in gzip.decompress(path.read_bytes()).decode().split("\n\n"):
        rows = [line.split("\t") for line in block.split("\n") if line]
        for row, record in zip(rows, transcriber([row[0] for row in rows]), strict=True):
            if row[0] == "None" or not row[2] or not row[3]:
                continue
            total += 1
            right["ipa"] += unicodedata.normalize("NFD", row[2]) == record.ipa
            right["romanized"] += row[3] == record.romanized
    assert total > 10_000
    assert min(right.values()) / total >= 0.999, right


@pytest.mark.parametrize("code", TOOLS)
@given(
    tokens=st.lists(st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["あ国", "값은", "được", "'"]))
)
def test_any_text_gives_one_sound_per_token(code: str, tokens: list[str]) -> None:
    """The tools raise on much of Unicode; a lost record would shift every label after it."""
    records = read(code)(tokens)
    assert len(records) == len(tokens)
    for record in records:
        assert record.ipa
        assert "".join(record.segments) == record.ipa
        assert unicodedata.is_normalized("NFD", record.ipa)
        assert unicodedata.is_normalized("NFC", record.romanized)
        assert record.reason in REASONS
        assert record.transcribed == (record.reason == "read")


def test_other_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="recipe 'released' has no 'fra'; it has: zh, vi, ja, ko"):
        reader("fra")


@pytest.mark.parametrize(
    ("code", "tool", "cure"),
    [
        ("zh", "dragonmapper", "pip install '.[released]'"),
        ("ja", "pykakasi", "pip install '.[released]'"),
        ("ko", "korean_romanizer", "pip install '.[released]'"),
        ("ko", "libflite", "apt-get install libflite1"),
    ],
)
def test_a_missing_tool_is_named_with_its_cure(code: str, tool: str, cure: str) -> None:
    """In a process of its own: the tool may be installed here."""
    script = f"""
import ctypes, sys, types
sys.modules[{tool!r}] = None
if {tool!r} == "libflite":
    from modeling_phonexl import transcription_released
    transcription_released._revised = str
    ctypes.CDLL = lambda *a, **k: (_ for _ in ()).throw(OSError("no such library"))
from modeling_phonexl.transcription import Transcriber
Transcriber({code!r}, "released")(["a"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert MissingToolError.__name__ in done.stderr
    assert tool in done.stderr
    assert cure in done.stderr
