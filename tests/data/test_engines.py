"""Rows are a pure function of their source: another engine makes the same ones from the same Parquet."""

import json
from pathlib import Path

import pytest

from dataset_scripts.build import build
from dataset_scripts.catalogue import CORPORA
from dataset_scripts.rows import KINDS
from modeling_phonexl.transcription import Transcriber

SAMPLES = {table.label: table for table in CORPORA["phonexl-samples"].tables}


@pytest.mark.slow
@pytest.mark.parametrize("label", ["zh-udpos", "ja-panx", "ko-panx", "vi-udpos"])
def test_duckdb_makes_the_rows_that_build_makes(tmp_path: Path, label: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    build("phonexl-samples", tmp_path / "out", config=label)
    table = SAMPLES[label]

    def sound(raw: str) -> str:
        columns, _ = KINDS[table.kind].sound(table, json.loads(raw), Transcriber)
        return json.dumps(columns["ipa"], ensure_ascii=False)

    connection = duckdb.connect()
    connection.create_function("sound", sound, [str], str)
    rows = connection.execute(
        "SELECT ipa, sound(to_json({'lang': lang, 'tokens': tokens})::VARCHAR) "
        f"FROM read_parquet('{tmp_path}/out/{label}/train-*.parquet')"
    ).fetchall()
    assert len(rows) == 100
    for ipa, made in rows:
        assert json.loads(made) == ipa
