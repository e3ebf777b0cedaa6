"""Building: whole or not at all, the same bytes, and what `load_dataset` and `load_split` read back."""

import dataclasses
import gzip
import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import datasets
import pyarrow.parquet
import pytest
from huggingface_hub import DatasetCard

from dataset_scripts import build as module
from dataset_scripts import shards
from dataset_scripts.build import Options, build
from dataset_scripts.catalogue import CORPORA
from dataset_scripts.dictionary import BilingualDictionary
from dataset_scripts.readers import DataError, load_split, read_released, read_tsv, to_tsv
from dataset_scripts.rows import KINDS
from dataset_scripts.schema import TASKS, features
from modeling_phonexl.transcription import Transcriber, Transcription, passed, record

WORDS = {
    "zh": ("北京", "是", "城市"),
    "vi": ("Hà Nội", "là", "phố"),
    "ja": ("東京", "は", "都市"),
    "ko": ("서울은", "큰", "도시"),
}


def fake(language: str) -> Callable[[Sequence[str]], list[Transcription]]:
    """Reads every character as itself, `.` not at all."""
    return lambda tokens: [passed(token) if token == "." else record(tuple(token), token) for token in tokens]


def write_samples(folder: Path, splits: Sequence[str] = ("train", "validation", "test")) -> Path:
    folder.mkdir()
    for language, words in WORDS.items():
        for number, split in enumerate(splits):
            rows = [(word, "NOUN", "B-LOC" if at == 0 else "O") for at, word in enumerate(words)]
            rows += [(".", "PUNCT", "O")] * (number or 1)
            text = "".join(
                f"{at}\t{word}\t_\t{tag}\t_\t_\t0\troot\t_\tNER={ner}\n" for at, (word, tag, ner) in enumerate(rows, 1)
            )
            (folder / f"{split}-{language}.conllu").write_text(f"# sent_id = {language}-{split}\n{text}", "utf-8")
    return folder


def write_tsv(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.tsv").write_text(text, "utf-8")
    return folder


def tree(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_samples_give_one_configuration_per_language_and_task(tmp_path):
    build("phonexl-samples", tmp_path / "out", source=write_samples(tmp_path / "in"), transcriber=fake)
    expected = {f"{language}-{task}/{s}-00000-of-00001.parquet" for language in WORDS for task in TASKS
                for s in ("train", "validation", "test")}  # fmt: skip
    assert set(tree(tmp_path / "out")) == {"README.md"} | expected
    for task in TASKS:
        for split in ("train", "validation", "test"):
            built = load_split(tmp_path / "out", task, "vi", split)
            assert built == load_split(tmp_path / "in", task, "vi", split)
    assert built[0].tokens[0] == "Hà Nội"
    assert [s.in_train for s in load_split(tmp_path / "out", "panx", "ko", "validation")] == [True]
    assert [s.in_train for s in load_split(tmp_path / "out", "panx", "ko", "test")] == [False]


def test_shipped_samples_build_with_the_real_transcribers(tmp_path):
    """The quickstart's first step, with no file but our own."""
    build("phonexl-samples", tmp_path / "out")
    samples = Path(module.__file__).parent / "samples"
    for language in WORDS:
        for task in TASKS:
            for split, size in (("train", 100), ("validation", 20), ("test", 30)):
                sentences = load_split(tmp_path / "out", task, language, split)
                assert sentences == load_split(samples, task, language, split)
                assert len(sentences) == size
    shares = re.findall(
        r"^\| \w\w-\w+ \| \w+ \| [\d,]+ \| [\d,]+ \| ([\d.]+)% \|", (tmp_path / "out/README.md").read_text(), re.M
    )
    assert len(shares) == 24
    assert min(map(float, shares)) > 99.0


def test_two_builds_give_the_same_bytes_and_replace_each_other(tmp_path):
    source = write_samples(tmp_path / "in")
    out = tmp_path / "out"
    build("phonexl-samples", out, source=source, transcriber=fake)
    first = tree(out)
    (source / "test-zh.conllu").write_text((source / "train-zh.conllu").read_text("utf-8"), "utf-8")
    build("phonexl-samples", out, source=source, transcriber=fake)
    changed = tree(out)
    assert {name for name in first if first[name] != changed[name]} == {
        "README.md", "zh-panx/test-00000-of-00001.parquet", "zh-udpos/test-00000-of-00001.parquet",
    }  # fmt: skip
    build("phonexl-samples", tmp_path / "again", source=source, transcriber=fake)
    assert tree(tmp_path / "again") == changed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "in", "out"]


def test_load_dataset_reads_rows_types_and_sizes(tmp_path):
    """The card's sizes are checked by `datasets` while it loads: a wrong one is refused."""
    build("phonexl-samples", tmp_path / "out", source=write_samples(tmp_path / "in"), transcriber=fake)
    loaded = datasets.load_dataset(str(tmp_path / "out"), "vi-panx", cache_dir=str(tmp_path / "cache"))
    assert loaded["test"].features == features("panx")
    row = loaded["test"][0]
    assert [unicodedata.normalize("NFC", ipa) for ipa in row["ipa"]] == ["HàNội", "là", "phố", ".", "."]
    assert row["phonemes"][1] == ["l", "a\u0300"]
    assert row["romanized"][0] == "Hà Nội"
    assert row["transcribed"] == [True, True, True, False, False]
    assert [TASKS["panx"][tag] for tag in row["tags"]] == ["B-LOC", "O", "O", "O", "O"]
    assert (row["id"], row["lang"], row["in_train"]) == ("vi-test", "vi", False)


def test_card_counts_what_was_built(tmp_path):
    build(
        "phonexl-samples", tmp_path / "out", source=write_samples(tmp_path / "in"), config="vi-udpos", transcriber=fake
    )
    card = DatasetCard.load(tmp_path / "out/README.md")
    assert card.data.configs == [
        {"config_name": "vi-udpos", "data_files": [{"split": s, "path": f"vi-udpos/{s}-*"} for s in
                                                   ("train", "validation", "test")]}
    ]  # fmt: skip
    assert card.data.language == ["vi"]
    sizes = {split["name"]: split["num_examples"] for split in card.data.dataset_info["splits"]}
    assert sizes == {"train": 1, "validation": 1, "test": 1}
    assert "| vi-udpos | test | 1 | 5 | 100.0% | 0 |" in card.text
    assert "| vi-udpos | test | 3 | 2 |" in card.text
    stored = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.parquet"))
    assert card.data.dataset_info["download_size"] == stored


def test_no_date_and_no_path_of_this_machine_in_the_card(tmp_path):
    build("phonexl-samples", tmp_path / "out", source=write_samples(tmp_path / "in"), transcriber=fake)
    text = (tmp_path / "out/README.md").read_text("utf-8")
    assert str(tmp_path) not in text
    assert not re.search(r"20[2-9]\d-\d\d", text)


def test_languages_without_files_are_left_out(tmp_path):
    source = write_tsv(tmp_path / "in", train_ko="서울\tB-LOC\n", test_vi="Hà\tB-LOC\nNội\tI-LOC\n")
    build("cjkv-panx", tmp_path / "out", source=source, transcriber=fake)
    assert set(tree(tmp_path / "out")) == {
        "README.md", "ko/train-00000-of-00001.parquet", "ko-char/train-00000-of-00001.parquet",
        "vi/test-00000-of-00001.parquet",
    }  # fmt: skip
    assert list(DatasetCard.load(tmp_path / "out/README.md").data.dataset_info[0]) == [
        "config_name", "features", "splits", "download_size", "dataset_size",
    ]  # fmt: skip
    assert load_split(tmp_path / "out", "panx", "vi", "test")[0].tags == ("B-LOC", "I-LOC")
    with pytest.raises(DataError, match="expected tags of the task 'udpos'"):
        load_split(tmp_path / "out", "udpos", "vi", "test")


def test_many_rows_keep_their_order_over_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "ROWS_PER_GROUP", 6)
    monkeypatch.setattr(shards, "_BATCH", 3)
    source = write_tsv(tmp_path / "in", train_vi="\n".join(f"w{number}\tO\n" for number in range(50)))
    build("cjkv-panx", tmp_path / "out", source=source, transcriber=fake, options=Options(rows_per_shard=20))
    sizes = [
        [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        for file in map(pyarrow.parquet.ParquetFile, sorted((tmp_path / "out/vi").iterdir()))
    ]
    assert sizes == [[6, 6, 6, 2], [6, 6, 6, 2], [6, 4]]
    assert load_split(tmp_path / "out", "panx", "vi", "train") == load_split(source, "panx", "vi", "train")


def test_only_what_repeats_is_stored_by_a_dictionary(tmp_path):
    """A dictionary of words that hardly repeat makes a Korean file a tenth larger."""
    words = "\n".join(f"w{number}\tO\n" for number in range(200))
    source = write_tsv(tmp_path / "in", train_vi=words, train_ko=words)
    build("cjkv-panx", tmp_path / "out", source=source, transcriber=fake)
    stored = {}
    for language in ("vi", "ko-char"):
        group = pyarrow.parquet.ParquetFile(
            tmp_path / f"out/{language}/train-00000-of-00001.parquet"
        ).metadata.row_group(0)
        columns = [group.column(index) for index in range(group.num_columns)]
        stored[language] = {c.path_in_schema.split(".")[0] for c in columns if c.has_dictionary_page}
    assert stored["vi"] == {"lang", "phonemes", "tags"}
    assert {"tokens", "ipa", "romanized", "phonemes"} <= stored["ko-char"]
    assert "id" not in stored["ko-char"]


def omitting(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let sentences 1 and 2 of this file be those that may not be published."""
    known = CORPORA["cjkv-udpos"].omissions[0]
    content = hashlib.sha256(text.encode()).hexdigest()
    changed = dataclasses.replace(known, content=content, first=1, stop=3)
    corpus = dataclasses.replace(CORPORA["cjkv-udpos"], omissions=(changed,))
    monkeypatch.setitem(CORPORA, "cjkv-udpos", corpus)


def test_sentences_without_a_licence_for_derived_works_are_left_out_on_request(tmp_path, monkeypatch):
    """UD_Japanese-Modern is CC BY-NC-ND: a transcribed copy may be used, but not be published."""
    text = "\n".join(f"語{number}\tNOUN\n" for number in range(5))
    source = write_tsv(tmp_path / "in", test_ja=text)
    omitting(monkeypatch, text)
    build("cjkv-udpos", tmp_path / "out", source=source, transcriber=fake)
    assert len(load_split(tmp_path / "out", "udpos", "ja", "test")) == 5
    card = DatasetCard.load(tmp_path / "out/README.md")
    assert "ja test holds 2 sentences of UD Japanese-Modern v2.5 (CC BY-NC-ND 3.0): do not publish" in card.text
    assert card.data.phonexl["unpublishable"] == ["UD Japanese-Modern v2.5 (CC BY-NC-ND 3.0)"]
    assert "cc-by-nc-nd-3.0" in card.data.license

    build("cjkv-udpos", tmp_path / "out", source=source, transcriber=fake, options=Options(publishable=True))
    kept = [sentence.tokens[0] for sentence in load_split(tmp_path / "out", "udpos", "ja", "test")]
    assert kept == ["語0", "語3", "語4"]
    card = DatasetCard.load(tmp_path / "out/README.md")
    assert "ja test lacks the 2 sentences of UD Japanese-Modern" in card.text
    assert "`phonexl data build cjkv-udpos --publishable`" in card.text
    assert card.data.phonexl["unpublishable"] == []
    assert "cc-by-nc-nd-3.0" not in card.data.license

    write_tsv(source, test_ja=text + "\nもう\tADV\n")
    build("cjkv-udpos", tmp_path / "out", source=source, transcriber=fake, options=Options(publishable=True))
    assert "were not looked for" in (tmp_path / "out/README.md").read_text("utf-8")
    assert len(load_split(tmp_path / "out", "udpos", "ja", "test")) == 6


def test_the_omission_is_the_treebank_of_the_real_file(shared):
    sentences = load_split(shared / "data/udpos", "udpos", "ja", "test")
    [omission] = CORPORA["cjkv-udpos"].omissions
    assert hashlib.sha256(to_tsv(sentences).encode()).hexdigest() == omission.content
    assert (omission.first, omission.stop - omission.first) == (550, 822)
    # Words of the classical language, which only the treebank of Meiji magazines has.
    classical = [bool({"其", "之", "ざる", "べし", "國"} & set(sentence.tokens)) for sentence in sentences]
    assert sum(classical[550:1372]) > 300
    assert sum(classical[:550]) + sum(classical[1372:]) == 0


def test_pairs_share_the_files_of_their_languages(tmp_path):
    files = {f"{split}_{code}": f"{WORDS[code][0].replace(' ', '')}\tB-LOC\n"
             for split in ("train", "dev", "test") for code in WORDS}  # fmt: skip
    build("cjkv-panx", tmp_path / "out", source=write_tsv(tmp_path / "in", **files), transcriber=fake)
    assert not (tmp_path / "out/zh-vi").exists()
    cache = str(tmp_path / "cache")
    pair = datasets.load_dataset(str(tmp_path / "out"), "zh-vi", cache_dir=cache)
    assert list(pair) == ["train", "validation", "test", "validation_target", "test_target"]
    assert [pair[split][0]["lang"] for split in pair] == ["zh", "zh", "zh", "vi", "vi"]
    streamed = datasets.load_dataset(str(tmp_path / "out"), "zh-vi", split="test_target", streaming=True)
    assert next(iter(streamed)) == pair["test_target"][0]
    build("cjkv-panx", tmp_path / "one", source=tmp_path / "in", config="ja-ko", transcriber=fake)
    assert {path.split("/")[0] for path in tree(tmp_path / "one")} == {"README.md", "ja", "ko"}
    assert list(datasets.load_dataset(str(tmp_path / "one"), "ja-ko", cache_dir=cache)) == list(pair)
    with pytest.raises(ValueError, match="BuilderConfig 'zh-vi' not found"):
        datasets.load_dataset(str(tmp_path / "one"), "zh-vi", cache_dir=cache)
    (tmp_path / "in/train-vi.tsv").unlink()
    (tmp_path / "in/dev-vi.tsv").unlink()
    (tmp_path / "in/test-vi.tsv").unlink()
    with pytest.raises(DataError, match="both sides of zh-vi: train-vi.tsv"):
        build("cjkv-panx", tmp_path / "one", source=tmp_path / "in", config="zh-vi", transcriber=fake)


def test_korean_words_are_cut_into_characters_with_their_share_of_the_sound(tmp_path):
    source = write_tsv(tmp_path / "in", train_ko="독립문\tB-LOC\n옷이\tI-LOC\n2006년\tO\n", dev_ko="독립문\tB-LOC\n")
    build("cjkv-panx", tmp_path / "out", source=source, config="ko-char")
    [row] = datasets.load_dataset(str(tmp_path / "out"), "ko-char", cache_dir=str(tmp_path / "cache"))["train"]
    assert row["tokens"] == list("독립문옷이2006년")
    assert [TASKS["panx"][tag] for tag in row["tags"]] == ["B-LOC", *["I-LOC"] * 4, *["O"] * 5]
    # 독립문 is read 동님문, and the coda of 옷 opens the next syllable.
    assert row["ipa"][:5] == ["toŋ", "nim", "mun", "o", "si"]
    assert all(row["transcribed"])


@pytest.mark.medium
def test_the_character_rule_is_that_of_the_release(shared):
    """All 10,000 sentences of the authors' development file."""
    table = next(table for table in CORPORA["cjkv-panx"].tables if table.label == "ko-char")
    released = read_released(shared / "data/phonexl_released/panx_dev_ko.tsv.gz", "panx", "ko")
    ours = read_tsv(shared / "data/panx/dev-ko.tsv.gz", "panx", "ko")
    count = 0
    for one, other in zip(ours, released, strict=True):
        raw = {"id": one.id, "lang": "ko", "tokens": one.tokens, "tags": one.tags, "in_train": False}
        row, _ = KINDS["panx"].finish(table, raw, Transcriber)
        assert row["tokens"] == list(other.sentence.tokens)
        assert [TASKS["panx"][tag] for tag in row["tags"]] == list(other.sentence.tags)
        count += 1
    assert count == 10_000


def test_orphan_tags_are_counted_and_repaired_on_request(tmp_path):
    source = write_tsv(tmp_path / "in", train_zh="京\tI-LOC\n都\tI-LOC\n#\tO\n市\tI-LOC\n")
    for options, tags in ((Options(), "I-LOC I-LOC O I-LOC"), (Options(repair_orphans=True), "B-LOC I-LOC O B-LOC")):
        build("cjkv-panx", tmp_path / "out", source=source, transcriber=fake, options=options)
        assert load_split(tmp_path / "out", "panx", "zh", "train")[0].tags == tuple(tags.split())
        orphans = 0 if options.repair_orphans else 2
        assert (f"| 0 | {orphans} |\n" in (tmp_path / "out/README.md").read_text("utf-8")) == (orphans > 0)


def test_files_of_the_release_keep_their_transcription(tmp_path):
    text = "北京\tB-LOC\tpei˨˩˦ tɕiŋ˥\tbeijing\n#\tO\t#\t#\n'\tO\t\t'\n龘\tO\t龘\tda\nNone\tO\tnʌn\tNone\n"
    source = tmp_path / "in"
    source.mkdir()
    (source / "panx_dev_zh.tsv").write_text(text, "utf-8")
    build("cjkv-panx", tmp_path / "out", source=source)
    [row] = datasets.load_dataset(str(tmp_path / "out"), "zh", cache_dir=str(tmp_path / "cache"))["validation"]
    assert row["ipa"] == ["pei˨˩˦tɕiŋ˥", "#", "'", "龘", "None"]
    assert row["phonemes"][0] == ["p", "e", "i", "˨˩˦", "t", "ɕ", "i", "ŋ", "˥"]
    assert row["transcribed"] == [True, False, False, False, False]
    card = DatasetCard.load(tmp_path / "out/README.md")
    assert card.data.phonexl["unpublishable"] == ["files of the PhoneXL release (no licence stated)"]
    assert "| zh | validation | 1 | 2 | 2 |\n" in card.text  # given, passed, punctuation


@pytest.mark.parametrize("content", [{"notes.txt": "mine"}, {"README.md": "# Mine"}])
def test_a_folder_of_somebody_else_is_refused_and_kept(tmp_path, content):
    out = tmp_path / "out"
    out.mkdir()
    for name, text in content.items():
        (out / name).write_text(text)
    before = tree(out)
    with pytest.raises(DataError, match="one that this command made"):
        build("phonexl-samples", out, source=write_samples(tmp_path / "in"), transcriber=fake)
    assert tree(out) == before


def test_our_folder_with_a_file_of_the_user_is_refused(tmp_path):
    source = write_samples(tmp_path / "in")
    build("phonexl-samples", tmp_path / "out", source=source, transcriber=fake)
    (tmp_path / "out/notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"notes.txt"):
        build("phonexl-samples", tmp_path / "out", source=source, transcriber=fake)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="not a file"):
        build("phonexl-samples", tmp_path / "file", source=source, transcriber=fake)


def test_a_failed_build_leaves_the_former_one_and_nothing_else(tmp_path):
    source = write_samples(tmp_path / "in")
    build("phonexl-samples", tmp_path / "out", source=source, transcriber=fake)
    before = tree(tmp_path / "out")
    (source / "test-ko.conllu").write_text("1\tbroken\n", "utf-8")
    with pytest.raises(DataError, match=r"test-ko.conllu:1"):
        build("phonexl-samples", tmp_path / "out", source=source, transcriber=fake)
    assert tree(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_wrong_names_are_refused(tmp_path):
    source = write_samples(tmp_path / "in")
    with pytest.raises(ValueError, match="known: phonexl-samples, cjkv-udpos, cjkv-panx"):
        build("cjkv", tmp_path / "out")
    with pytest.raises(ValueError, match="no configuration 'zh'; known: zh-udpos, zh-panx"):
        build("phonexl-samples", tmp_path / "out", source=source, config="zh")
    with pytest.raises(ValueError, match="name their folder as the source"):
        build("cjkv-panx", tmp_path / "out")
    with pytest.raises(DataError, match="files of cjkv-panx, for example train-zh.tsv"):
        build("cjkv-panx", tmp_path / "out", source=tmp_path)


def test_a_transcriber_that_loses_tokens_is_an_error(tmp_path):
    source = write_tsv(tmp_path / "in", train_vi="a\tO\nb\tO\n")
    with pytest.raises(ValueError, match="2 tokens, but 1 transcriptions: 'a b'"):
        build("cjkv-panx", tmp_path / "out", source=source, transcriber=lambda _: lambda tokens: [passed("a")])
    assert not (tmp_path / "out").exists()


def test_a_damaged_shard_is_a_data_error(tmp_path):
    build("phonexl-samples", tmp_path / "out", source=write_samples(tmp_path / "in"), transcriber=fake)
    shard = tmp_path / "out/ko-panx/test-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(DataError, match="a Parquet file"):
        load_split(tmp_path / "out", "panx", "ko", "test")


def test_dictionaries_by_way_of_english_have_sound_scores_and_the_words_between(tmp_path):
    (tmp_path / "muse").mkdir()
    (tmp_path / "muse/en-ja.txt").write_text("water 水\nwater 海水\nsea 海水\nTV テレビ\n", "utf-8")
    (tmp_path / "muse/en-ko.txt").write_text("water 물\nsea 물\nsea 바다\nTV TV\n", "utf-8")
    build("cjkv-dictionaries", tmp_path / "out", source=tmp_path, config="ja-ko")
    rows = list(datasets.load_dataset(str(tmp_path / "out"), "ja-ko", split="train", cache_dir=str(tmp_path / "cache")))
    assert [(row["source"], row["target"], row["score"], row["via"]) for row in rows] == [
        ("水", "물", 1.0, ["water"]),
        ("海水", "물", 0.75, ["water", "sea"]),  # by water 1/2, by sea 1/2 of 1/2
        ("海水", "바다", 0.25, ["sea"]),
    ]
    assert (rows[0]["source_ipa"], rows[0]["target_ipa"], rows[0]["target_phonemes"]) == (
        "mizɯ",
        "mul",
        ["m", "u", "l"],
    )
    assert BilingualDictionary.locate(tmp_path / "out", "ja", "ko").targets("海水") == ("물", "바다")
    build("cjkv-dictionaries", tmp_path / "all", source=tmp_path, config="ja-ko-all")
    assert BilingualDictionary.read(tmp_path / "all/ja-ko-all").targets("テレビ") == ("TV",)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("pair", "rows", "sha256"),
    [
        ("zh-vi", 25_702, "68a4f878accc24ed74811e180197d2a8b37d7867c9b56f84fbd44214a9d5a48b"),
        ("ja-ko", 18_544, "df00669822e8cb3f364f4ab6ec694eb14c9e51938ee4768fa37c6dfc087ed34e"),
    ],
)
def test_built_dictionaries_are_those_of_the_release_pair_for_pair(tmp_path, shared, pair, rows, sha256):
    """The digests of the pairs of the authors' files; without identical ones too."""
    build("cjkv-dictionaries", tmp_path / "out", source=shared / "data", config=f"{pair}-all", transcriber=fake)
    found = BilingualDictionary.read(tmp_path / f"out/{pair}-all")
    assert len(list(found.pairs())) == rows
    assert found.sha256() == sha256


def test_dictionaries_by_sound_are_shipped(tmp_path):
    build("cjkv-sound-dictionaries", tmp_path / "out", config="ja-ko", transcriber=fake)
    rows = list(datasets.load_dataset(str(tmp_path / "out"), "ja-ko", split="train", cache_dir=str(tmp_path / "cache")))
    found = {(row["source"], row["target"]): row["origin"] for row in rows}
    assert found["設定", "설정"] == "sino-xenic"
    assert found["カメラ", "카메라"] == "loanwords"
    assert all(0 <= row["score"] <= 1 for row in rows)


def test_running_text_and_pairs_are_cut_into_words_with_their_sound(tmp_path):
    (tmp_path / "devtest.vie.txt").write_text("Hà Nội rất đẹp.\n北 a\n", "utf-8")
    (tmp_path / "dev-vie.tsv").write_text(
        "premise\thypothesis\tlabel\tgenre\nTôi học.\tTôi ngủ.\tcontradiction\tfacetoface\n", "utf-8"
    )
    cache = str(tmp_path / "cache")
    build("flores-ipa", tmp_path / "flores", source=tmp_path)
    [first, second] = datasets.load_dataset(str(tmp_path / "flores"), "vie", split="test", cache_dir=cache)
    assert (first["id"], first["text"], second["id"]) == ("test-1", "Hà Nội rất đẹp.", "test-2")
    assert first["tokens"] == ["Hà Nội", "rất", "đẹp", "."]
    assert first["ipa"][1] == "zət˧˦"
    build("linguistic-gap-xnli", tmp_path / "xnli", source=tmp_path)
    [row] = datasets.load_dataset(str(tmp_path / "xnli"), "vie", split="validation", cache_dir=cache)
    assert (row["label"], row["genre"], row["hypothesis_tokens"]) == (2, "facetoface", ["Tôi", "ngủ", "."])
    for name, text, fault in (
        ("devtest.vie.txt", "a\n\nb\n", "txt:2: expected a sentence on every line"),
        ("dev-vie.tsv", "a\tb\n", "tsv:1: expected the header"),
        ("dev-vie.tsv", "premise\thypothesis\tlabel\tgenre\na\tb\tmaybe\tc\n", "tsv:2: expected one of entailment"),
        ("dev-vie.tsv", "premise\thypothesis\tlabel\tgenre\na\tb\tneutral\n", "tsv:2: expected four fields"),
    ):
        (tmp_path / name).write_text(text, "utf-8")
        data_set = "flores-ipa" if name.endswith("txt") else "linguistic-gap-xnli"
        with pytest.raises(DataError, match=fault):
            build(data_set, tmp_path / "bad", source=tmp_path)
        assert not (tmp_path / "bad").exists()


TAGGED = "北京\tB-LOC\nは\tO\n\n東京\tB-LOC\n"


@pytest.mark.parametrize(
    ("raw", "line", "fault"),
    [
        (b"a\tO\tx\n", 1, "not 2 tabs"),
        (b"a\tO\n\nb\n", 3, "not no tab"),
        (b"a\tB-MISC\n", 1, "a known tag instead of"),
        ("a\tO\n你\tO\n".encode("gb18030"), 2, "UTF-8"),
        (b"a\tO\n\xff\xfeb\tO\n", 2, "UTF-8"),
        (b"\xef\xbb\xbfa\tO\n", 1, "byte order mark"),
        (b"a\tO\r\nb\tO\r\n", 1, "ends in LF alone"),
        ("a\tO\nb\u2028c\tO\n".encode(), 2, "a token without a character that ends lines"),
        (b"", None, "at least one sentence"),
    ],
)
def test_corrupt_input_is_refused_with_its_line_and_leaves_nothing(tmp_path, raw, line, fault):
    source = write_tsv(tmp_path / "in", train_ja=TAGGED)
    (source / "test-ja.tsv").write_bytes(raw)
    with pytest.raises(DataError, match=fault) as caught:
        build("cjkv-panx", tmp_path / "out", source=source, transcriber=fake)
    assert (caught.value.path.name, caught.value.line) == ("test-ja.tsv", line)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_cut_off_gzip_and_an_id_given_twice_are_refused(tmp_path):
    source = write_tsv(tmp_path / "in", train_ja=TAGGED)
    text = "".join(f"w{number}\tO\n\n" for number in range(20_000))
    (source / "test-ja.tsv.gz").write_bytes(gzip.compress(text.encode())[:-3000])
    with pytest.raises(DataError, match="a whole gzip file") as caught:
        build("cjkv-panx", tmp_path / "out", source=source, transcriber=fake)
    assert 1000 < caught.value.line < 40_000
    (source / "test-ja.tsv.gz").unlink()
    sentence = "# sent_id = s\n1\ta\t_\tX\t_\t_\t0\troot\t_\tNER=O\n\n"
    (source / "test-ja.conllu").write_text(sentence * 2)
    with pytest.raises(DataError, match="an id that line 1 does not have") as caught:
        build("cjkv-panx", tmp_path / "out", source=source, transcriber=fake)
    assert caught.value.line == 4
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


# What is not read


@pytest.mark.parametrize(
    ("misnamed", "missing"),
    [("vali.tsv", "dev-zh.tsv"), ("tset-vi.txt", "test-vi.tsv"), ("vi/tset.txt", "test-vi.tsv")],
)
def test_a_file_that_may_be_the_one_that_is_missing_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, misnamed: str, missing: str
) -> None:
    """A split would be left out, and nobody be told."""
    text = "a\tNOUN\n"
    source = write_tsv(tmp_path / "source", train_zh=text, dev_zh=text, test_zh=text, dev_vi=text, test_vi=text)
    (source / misnamed).parent.mkdir(exist_ok=True)
    (source / missing).rename(source / misnamed)
    build("cjkv-udpos", tmp_path / "out", source=source, transcriber=fake)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert f"source: not read: {misnamed}; there is no " in record.message
    assert missing in record.message


@pytest.mark.parametrize(
    "beside", ["README.txt", "LICENSE", ".notes.tsv", "en-zh.txt", "zh-vi.tsv", "train-ja.conllu", "table.json"]
)
def test_files_that_are_no_split_are_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture, beside: str) -> None:
    text = "a\tNOUN\n"
    source = write_tsv(tmp_path / "source", train_zh=text, dev_zh=text)
    (source / beside).write_text("1\tb\t_\tNOUN\t_\t_\t_\t_\t_\t_\n", encoding="utf-8")
    build("cjkv-udpos", tmp_path / "out", source=source, config="zh", transcriber=fake)
    assert not caplog.records


def test_files_of_other_languages_are_passed_over_where_nothing_is_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """XTREME's folder has thirty."""
    text = "a\tNOUN\n"
    source = write_tsv(tmp_path / "source", train_zh=text, dev_zh=text, test_zh=text, train_de=text)
    build("cjkv-udpos", tmp_path / "out", source=source, transcriber=fake)
    assert not caplog.records
