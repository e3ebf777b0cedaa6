"""Builders of `datasets`: the rows of `build`, in Python, in one process and in two, and streamed."""

from pathlib import Path

import datasets
import pytest

from dataset_scripts import builders
from dataset_scripts.build import build
from dataset_scripts.catalogue import CORPORA
from dataset_scripts.readers import DataError

CLASSES = {
    cls.CORPUS: cls
    for cls in vars(builders).values()
    if isinstance(cls, type) and issubclass(cls, builders.AlignedBuilder) and cls is not builders.AlignedBuilder
}


def test_every_data_set_has_a_builder_with_its_configurations():
    assert set(CLASSES) == set(CORPORA)
    for name, cls in CLASSES.items():
        assert tuple(cls.builder_configs) == CORPORA[name].configs


@pytest.mark.enable_socket  # the queues of several processes are Unix sockets
def test_a_builder_gives_the_rows_of_a_build(tmp_path: Path):
    build("phonexl-samples", tmp_path / "out", config="vi-udpos")
    built = datasets.load_dataset(str(tmp_path / "out"), "vi-udpos", cache_dir=str(tmp_path / "cache"))
    made = {}
    for num_proc in (1, 2):
        builder = builders.PhoneXLSamples(config_name="vi-udpos", cache_dir=str(tmp_path / str(num_proc)))
        builder.download_and_prepare(num_proc=num_proc)
        made[num_proc] = builder.as_dataset()
    for found in made.values():
        assert found["test"].features == built["test"].features
        assert {split: list(found[split]) for split in found} == {split: list(built[split]) for split in built}


def test_a_pair_streams(tmp_path: Path):
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}-zh.tsv").write_text(f"北\tB-LOC\n{split}\tO\n", "utf-8")
        (tmp_path / f"{split}-vi.tsv").write_text(f"Hà\tB-LOC\n{split}\tO\n", "utf-8")
    builder = builders.CjkvPanx(config_name="zh-vi", source=tmp_path, cache_dir=str(tmp_path / "cache"))
    rows = {split: next(iter(stream)) for split, stream in builder.as_streaming_dataset().items()}
    assert list(rows) == ["train", "validation", "test", "validation_target", "test_target"]
    assert rows["validation_target"]["tokens"] == ["Hà", "dev"]
    assert rows["train"]["ipa"][0] == "pei˨˩˦"


def test_a_changed_file_is_read_anew(tmp_path: Path):
    """The cache knows a source by its path: rows of the file as it was before would come back, without a word."""

    def tokens() -> list[list[str]]:
        builder = builders.CjkvPanx(config_name="zh", source=tmp_path, cache_dir=str(tmp_path / "cache"))
        builder.download_and_prepare()
        return list(builder.as_dataset(split="train")["tokens"])

    (tmp_path / "train-zh.tsv").write_text("北\tB-LOC\n", "utf-8")
    assert tokens() == [["北"]]
    (tmp_path / "train-zh.tsv").write_text("南\tB-LOC\n", "utf-8")
    assert tokens() == [["南"]]
    assert len(list((tmp_path / "cache").rglob("*.arrow"))) == 2
    assert tokens() == [["南"]]
    assert len(list((tmp_path / "cache").rglob("*.arrow"))) == 2


def test_faults_of_the_user_are_named(tmp_path: Path):
    with pytest.raises(ValueError, match="name their folder as the source"):
        builders.CjkvPanx(config_name="zh", cache_dir=str(tmp_path)).download_and_prepare()
    with pytest.raises(ValueError, match="Config name is missing"):
        builders.CjkvPanx(cache_dir=str(tmp_path))
    with pytest.raises(ValueError, match="BuilderConfig 'xx' not found"):
        builders.CjkvPanx(config_name="xx", cache_dir=str(tmp_path))
    with pytest.raises(
        DataError, match=r"nowhere: expected files of cjkv-panx, for example train-zh\.tsv.*no such folder"
    ):
        builders.CjkvPanx(config_name="zh", source=tmp_path / "nowhere", cache_dir=str(tmp_path)).download_and_prepare()
    (tmp_path / "train-zh.tsv").write_text("x\tB-MISC\n", "utf-8")
    with pytest.raises(DataError, match=r"train-zh.tsv:1: expected a known tag"):
        builders.CjkvPanx(config_name="zh", source=tmp_path, cache_dir=str(tmp_path / "c")).download_and_prepare()
