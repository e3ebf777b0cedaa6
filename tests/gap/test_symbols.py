"""Which sounds a phoneme encoder has no symbol for: counted, named, and kept in a file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from modeling_phonexl.phoneme_text import PhonemeRespeller
from modeling_phonexl.transcription import Transcriber
from phonexl import plbert
from phonexl.cli import app
from phonexl.gap.symbols import SymbolCoverage, count_symbols

TEXTS = {"swa": ["Bibi anakula.", "Dada yuko 3."], "vie": ["Việt Nam", "Hà Nội ."]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader needs of the encoder: its config and tokenizer, no weights."""
    made = tmp_path_factory.mktemp("plbert")
    plbert._config().save_pretrained(made)
    plbert._tokenizer().save_pretrained(made)
    return made


def test_every_segment_is_counted_once(folder: Path) -> None:
    found = count_symbols(str(folder), TEXTS)
    assert found.sentences == 2
    for language, lines in TEXTS.items():
        read = Transcriber(language)
        words = [record for line in lines for record in read([line[a:b] for a, b in read.segment(line)])]
        segments = [segment for record in words if record.transcribed for segment in record.segments]
        assert found.rates[language]["segments"] == len(segments)
    assert found.rates["swa"]["unknown"] == 0
    assert found.rates["swa"]["respelled"] > 0  # ɓ and ɗ
    tones = [segment for segment in segments if set(segment) <= set("˥˦˧˨˩ˀ")]
    assert found.rates["vie"]["unknown"] == len(tones)
    assert found.rates["vie"]["respelled"] < PhonemeRespeller(plbert.read_symbols()).unknown_rate([words]).segments


def test_the_command_writes_what_it_prints(folder: Path, tmp_path: Path, checkpoint: Path) -> None:
    for language, lines in TEXTS.items():
        (tmp_path / f"devtest.{language}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    options = ["gap", "symbols", "--data", str(tmp_path), "--languages", "swa,vi", "--out", str(tmp_path / "s.json")]
    done = CliRunner().invoke(app, [*options, "--model", str(folder)])
    assert done.exit_code == 0, done.output
    assert done.stdout == SymbolCoverage.load(tmp_path / "s.json").table().markdown()
    assert "| swa |" in done.stdout
    assert "˨ˀ˩" in done.stdout
    for content in (b"mine", b"\xff", b"[1]", b'{"model": "x"}'):
        (tmp_path / "mine.json").write_bytes(content)
        refused = CliRunner().invoke(app, [*options[:-1], str(tmp_path / "mine.json"), "--model", str(folder)])
        assert (refused.exit_code, (tmp_path / "mine.json").read_bytes()) == (2, content)
        assert "mine.json is no file of phonexl gap symbols: move it away, or choose another --out" in refused.stderr
    assert CliRunner().invoke(app, [*options, "--model", str(folder)]).stdout == done.stdout  # its own is replaced
    refused = CliRunner().invoke(app, [*options, "--model", str(checkpoint)])
    assert refused.exit_code == 2
    assert "reads text; expected a phoneme encoder, for example plbert-kokoro" in refused.stderr
