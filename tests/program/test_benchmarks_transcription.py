"""The benchmark of transcription: folds and rates against the shared scorers, table, races, peers; never the speed."""

import gzip
import importlib
import importlib.util
import itertools
import json
import random
import sys
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_phonexl.transcription import MissingToolError, Transcriber, Transcription, record

Load = Callable[[str], ModuleType]

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
ALPHABETIC = ("eng", "fra", "rus", "ita", "hun", "ukr", "tur", "fin", "hin", "swa", "urd")
CJKV = {"zh": "zh_ipadict", "vi": "vi_hanoi_wikipron", "ja": "ja_kana", "ko": "ko_wikipron"}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Imports one of the scripts, which find each other as they do when a shell starts them."""
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    return importlib.import_module


def load_tool(shared: Path, name: str) -> ModuleType:
    """One of the scorers beside the checkout: written before ours, by other hands. Skips where it is absent."""
    path = shared / "tools" / f"{name}.py"
    if not path.is_file():
        pytest.skip(f"no scorer {path}")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def write_gold(path: Path, *rows: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join("\t".join(row) + "\n" for row in rows).encode()))


# ---- phonemes and rates ----


@pytest.mark.parametrize(
    ("code", "one", "other", "equal"),
    [
        *[("zh", "ʈʂɚ˥˥", "ʈʂɨ˥", True), ("zh", "kɤ˧", "kɤ", True), ("zh", "kɤ˧", "kɤ˥˩", False)],
        *[("zh", "in", "iŋ", False), ("zh", "ʂʐ̩˥", "ʂɨ˥", True), ("zh", "hwɑɻ", "hwa", False)],
        *[("vi", "m a t̚ ˧˨ ʔ", "mat˨ˀ˩", True), ("vi", "m a t̚ ˧˨ ʔ", "mat˧˦", False), ("vi", "aːn˧˧", "an˧˧", False)],
        *[("ja", "ẽ̞ mː a̠", "eɴma", True), ("ja", "ko", "koː", False), ("ja", "ç a̠ k ɯ̟ᵝ", "hʲakɯ", True)],
        *[("ko", "kʰ o̞ ŋ", "ko̞ŋ", False), ("ko", "c ç i ɭ ɭ o̞", "kʰillo", True), ("ko", "kk", "k͈", False)],
        *[("eng", "bɝd", "bəɹd", True), ("eng", "sɪt", "sit", False), ("fra", "ɲj", "nj", True)],
        *[("rus", "ˈʃʲːit", "ɕːit", False), ("ita", "ɲɲ", "ɲ", True), ("tur", "aɰa", "aː", True)],
        *[("fin", "aa", "ɑː", True), ("hin", "kəmᵊl", "kaml", True), ("urd", "pɪ", "piː", True)],
        *[("swa", "ⁿd", "nd", True), ("ukr", "w", "ʋ", True), ("hun", "ɑ", "a", True)],
    ],
)
def test_folds_remove_notation_and_keep_contrasts(script: Load, code: str, one: str, other: str, equal: bool) -> None:
    """A fold that merges phonemes hides errors; one that keeps notation punishes a tool for its alphabet."""
    fold, _ = script("transcription_gold").fold_of(code, tones=code in ("zh", "vi"))
    assert (fold(one) == fold(other)) == equal


@given(st.text(st.sampled_from("aeiouyəptkbdɡszʃʂɕnŋmlrɾjwhʰʲːˈ˥˧˩\u0361\u0303\u032f .ʔ"), max_size=12))
def test_folds_take_any_text(text: str) -> None:
    """A prediction is what a tool wrote, however odd: it costs its edits but stops nothing."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        gold = importlib.import_module("transcription_gold")
    finally:
        sys.path.remove(str(SCRIPTS))
    for code in (*CJKV, *ALPHABETIC):
        for fold in gold.fold_of(code, tones=True):
            assert all(isinstance(phoneme, str) and " " not in phoneme for phoneme in fold(text))


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edit_distance_is_that_of_its_definition(one: str, other: str) -> None:
    sys.path.insert(0, str(SCRIPTS))
    try:
        distance = importlib.import_module("phoneme_error").edit_distance
    finally:
        sys.path.remove(str(SCRIPTS))

    def slow(left: str, right: str) -> int:
        if not left or not right:
            return len(left) + len(right)
        if left[0] == right[0]:
            return slow(left[1:], right[1:])
        return 1 + min(slow(left[1:], right), slow(left, right[1:]), slow(left[1:], right[1:]))

    assert distance(list(one), list(other)) == slow(one, other)


def test_the_nearest_reading_counts_and_a_missing_word_costs_its_length(script: Load) -> None:
    rate = script("phoneme_error").error_rate({"a": ["ka", "ko"], "b": ["ti"], "c": [""]}, {"a": "ko"}, list)
    assert (rate.edits, rate.phonemes, rate.wrong, rate.words, rate.missing) == (2, 4, 1, 3, 2)
    assert (rate.per, rate.wer) == (50.0, pytest.approx(100 / 3))


def test_a_gold_line_without_ipa_is_named(script: Load, tmp_path: Path) -> None:
    write_gold(tmp_path / "gold.tsv.gz", ["word", "ipa"], ["a\u2028b", "a | b"], ["c"])
    with pytest.raises(ValueError, match=r"gold\.tsv\.gz:3: expected"):
        script("phoneme_error").read_gold(tmp_path / "gold.tsv.gz")
    write_gold(tmp_path / "gold.tsv.gz", ["a\u2028b", "a | b"])
    assert script("phoneme_error").read_gold(tmp_path / "gold.tsv.gz") == {"a\u2028b": ["a", "b"]}


@pytest.mark.medium
@pytest.mark.parametrize("code", [*CJKV, *ALPHABETIC])
def test_folds_equal_those_of_the_shared_scorers(script: Load, shared: Path, code: str) -> None:
    """The issue's bars are stated in the numbers of these scorers: on gold, on real readings, on shuffled phonemes."""
    cjkv = load_tool(shared, "phoneme_error_rate")
    other = load_tool(shared, "pron12_error_rate")
    gold = script("phoneme_error").read_gold(shared / "data" / script("transcription_gold").word_file(code))
    generator = random.Random(0)
    sample = generator.sample(sorted(gold), min(len(gold), 600))
    texts = [reading for word in sample for reading in gold[word]]
    if code in CJKV:
        texts += [word.ipa for word in Transcriber(code)(sample)]
    phonemes = sorted({phoneme for text in texts for phoneme in cjkv.tokens(text)})
    phonemes = [phoneme for phoneme in phonemes if unicodedata.category(phoneme[0]) != "Lm"]  # a lone ᵊ stops theirs
    texts += ["".join(generator.choices(phonemes, k=6)) for _ in range(600)]
    texts += [" ".join(generator.choices(phonemes, k=6)) for _ in range(600)]
    for tones in (False, True) if code in ("zh", "vi") else (False,):
        fold, raw = script("transcription_gold").fold_of(code, tones)
        for text in texts:
            if code in CJKV:
                assert (fold(text), raw(text)) == (cjkv.fold(text, code, tones), cjkv.raw(text, tones)), text
            else:
                assert (fold(text), raw(text)) == (other.fold(text, code), other.tokens(text)), text


@pytest.mark.parametrize("code", ["zh", "vi", "ko", "ukr", "swa"])
def test_rates_equal_those_of_the_shared_scorers(script: Load, shared: Path, code: str) -> None:
    """Whole scores: the choice of the reading, the denominators, words without a prediction."""
    gold = script("phoneme_error").read_gold(shared / "data" / script("transcription_gold").word_file(code))
    gold = dict(itertools.islice(gold.items(), 0, 2000, 2))
    words = list(gold)
    predicted = {word: Transcriber(code)([word])[0].ipa for word in words[5:]}
    if code == "vi":  # a writer of a and ă
        predicted = {word: ipa.replace("a", "ă").replace("ăː", "a") for word, ipa in predicted.items()}
    tones = code in ("zh", "vi")
    score = script("transcription_gold").score_words("words", code, gold, predicted, tones=tones)
    if code in CJKV:
        expected, _ = load_tool(shared, "phoneme_error_rate").score(gold, predicted, code, tones=tones)
        folded, raw, missing = expected["folded"], expected["raw"], expected["missing"]
    else:
        tool = load_tool(shared, "pron12_error_rate")
        folded, raw = (tool.score(gold, predicted, code, kind)[0] for kind in (True, False))
        missing = sum(word not in predicted for word in gold)
    assert score.error == pytest.approx(folded["per"], abs=0.001)
    assert score.word_error == pytest.approx(folded["wer"], abs=0.001)
    if code != "vi":  # there the raw rate of ours sees the notation of the gold
        assert score.raw_error == pytest.approx(raw["per"], abs=0.001)
    assert (score.n, score.missing) == (len(gold), missing)


# ---- the scores of a language ----


def fake(sounds: dict[str, tuple[str, str]]) -> Callable[[Sequence[str]], list[Transcription]]:
    """A reader by table: token to IPA and romanisation."""
    return lambda tokens: [record([sounds[token][0]], sounds[token][1]) for token in tokens]


def test_vietnamese_words_are_read_with_and_without_their_spaces(script: Load, tmp_path: Path) -> None:
    write_gold(
        tmp_path / script("transcription_gold").word_file("vi"), ["word", "ipa"], ["a b", "ta˧˧ ba˧˧"], ["c", "ka˧˧"]
    )
    read = fake({"a b": ("ta˧˧ba˨˩", ""), "ab": ("ta˧˧", ""), "c": ("ka˧˧", "")})
    words, tones, joined = script("transcription").measure_words("vi", tmp_path, read)
    assert (words.n, words.error, tones.n) == (2, 0.0, 2)
    assert tones.error == pytest.approx(100 / 9)
    assert (joined.n, joined.error, joined.word_error) == (1, 50.0, 100.0)


def test_heteronyms_count_the_character_in_its_sentence(script: Load, tmp_path: Path) -> None:
    write_gold(
        tmp_path / "h.tsv.gz",
        ["sentence", "index", "character", "pinyin"],
        ["绿的", "0", "绿", "lu:4"],
        ["的绿", "0", "的", "di4"],
    )
    score = script("transcription").measure_heteronyms(
        tmp_path / "h.tsv.gz", fake({"绿": ("ly", "lǜ"), "的": ("tə", "de")})
    )
    assert (score.n, score.error) == (2, 50.0)


def test_readings_skip_tokens_without_one_and_take_ei_for_a_long_vowel(script: Load, tmp_path: Path) -> None:
    rows = [["1", "1", "先生", "センセー"], ["1", "2", "は", "ワ"], ["1", "3", "。", "_"], ["2", "1", "私", "ワタシ"]]
    write_gold(tmp_path / "r.tsv.gz", ["sent_id", "index", "token", "pron"], *rows)
    sounds = {"先生": ("seɴsei", ""), "は": ("ha", ""), "。": ("。", ""), "私": ("wataɕi", "")}
    kanji, every = script("transcription").measure_readings(tmp_path / "r.tsv.gz", fake(sounds))
    assert (kanji.n, kanji.error, kanji.raw_error) == (2, 0.0, 50.0)
    assert (every.n, every.error) == (3, pytest.approx(100 / 3))


def test_scores_stand_beside_limits_hashes_and_versions(
    script: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A figure without gold and tools cannot be judged; a language without its tool must not stop the others."""
    benchmark = script("transcription")
    write_gold(tmp_path / "pron/ko_wikipron_dev.tsv.gz", ["word", "ipa"], ["가다", "k a d a"])

    def missing(code: str) -> Any:
        if code == "rus":
            raise MissingToolError("silero-stress", "the stress of Russian words", "lexicons")
        return Transcriber(code)

    monkeypatch.setattr(benchmark, "Transcriber", missing)
    out = tmp_path / "out.json"
    command = ["transcription.py", "--data", str(tmp_path), "--languages", "kor,rus,swa", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", command)
    benchmark.main()
    ko, rus, swa = json.loads(out.read_text(encoding="utf-8"))["languages"]
    assert ko["scores"][0] | {"seconds": 0} == {
        **{"measure": "words", "n": 1, "error": 0.0, "raw_error": 0.0, "word_error": 0.0, "seconds": 0, "missing": 0},
        "limit": 0.9,
    }
    assert len(ko["gold"]["pron/ko_wikipron_dev.tsv.gz"]) == 64
    assert "pip install '.[lexicons]'" in rus["missing"]
    assert "swa_dev" in swa["missing"]
    assert "epitran" in swa["engine"]
    table = capsys.readouterr().out
    assert "| ko | words | 1 | 0.00 | 0.00 | 0.00 | 0.9 | own rules |" in table
    assert "missing: the stress of Russian" in table


def test_an_unknown_language_is_refused(script: Load) -> None:
    benchmark = script("transcription")
    assert benchmark.parse_languages("kor, fr") == ["ko", "fra"]
    assert len(benchmark.parse_languages("all")) == 15
    with pytest.raises(benchmark.argparse.ArgumentTypeError, match="unknown language 'jp'"):
        benchmark.parse_languages("zh,jp")


def test_every_language_has_engine_fold_and_limit(script: Load) -> None:
    benchmark = script("transcription")
    limits = {code for code, _ in benchmark.LIMITS}
    assert set(benchmark.ENGINES) == limits == set(benchmark.parse_languages("all"))
    assert all(script("transcription_gold").fold_of(code) for code in limits)


# ---- speed ----


def test_a_race_gives_every_unit_to_both_in_turns(script: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    speed = script("transcription_speed")
    clock = [0.0]
    calls: list[tuple[str, str]] = []

    def task(name: str, seconds: float) -> Callable[[Sequence[str]], None]:
        def run(tokens: Sequence[str]) -> None:
            calls.append((name, tokens[0]))
            clock[0] += seconds

        return run

    monkeypatch.setattr(speed.time, "process_time", lambda: clock[0])
    seconds = speed.race([["a"], ["b"], ["c"]], {"ours": task("ours", 1), "bare": task("bare", 2)}, 2)
    assert seconds == {"ours": 3, "bare": 6}
    assert calls == [("ours", "a"), ("ours", "b"), ("bare", "a"), ("bare", "b"), ("bare", "c"), ("ours", "c")]


def test_units_are_distinct_sentences_or_distinct_tokens(script: Load) -> None:
    """Repeats would measure the cache."""
    speed = script("transcription_speed")
    sentences = [["a", "b"], ["a", "b"], ["b", "c"]]
    assert speed.distinct_units("ja", sentences) == [("a", "b"), ("b", "c")]
    assert speed.distinct_units("ko", sentences) == [("a",), ("b",), ("c",)]


def test_a_language_races_on_its_files_beside_a_tool(
    script: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speed = script("transcription_speed")
    for file in speed.files_of("ko"):
        write_gold(tmp_path / file, ["가다", "VERB"], [""], ["가다", "VERB"], ["물", "NOUN"])
    read: list[str] = []
    monkeypatch.setattr(speed, "bare_tool", lambda code: speed.BareTool("Epitran kor-Hang", False, lambda: read.extend))
    rows = speed.race_language("ko", tmp_path)
    assert read == ["1", *["가다", "물"] * 4]  # cold and warm, of two files
    assert [(row["language"], row["tokens"], row["cold_ratio"] > 0) for row in rows] == [("ko", 2, True)] * 2
    table = script("transcription").speed_table(rows).markdown()
    assert "| ko | udpos/train-ko.tsv.gz | 2 | 2 | peer: Epitran kor-Hang |" in table


def test_a_missing_tool_or_file_is_a_row(script: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks a tool still gets the figures of the other languages, and ours of this one."""
    speed = script("transcription_speed")
    write_gold(tmp_path / speed.files_of("swa")[0], ["moja"], ["mbili"])
    monkeypatch.setitem(sys.modules, "epitran", None)
    monkeypatch.setattr(
        speed, "Transcriber", lambda code: fake({"1": ("1", ""), "moja": ("a", ""), "mbili": ("b", "")})
    )
    [row] = speed.race_language("swa", tmp_path)
    assert (row["cold_ratio"], row["warm_ratio"]) == (None, None)
    assert row["cold_tokens_per_second"] > 0
    assert "epitran" in row["bare_missing"]
    [missing] = speed.measure_speed(["vi"], tmp_path)
    table = script("transcription").speed_table([row, missing])
    assert table.rows[0][4:7:2] == ["under: Epitran swa-Latn (missing)", ""]
    assert "train-vi" in table.rows[1][1]


def test_every_language_has_a_tool_beside_it(script: Load) -> None:
    """A speed alone says nothing of a machine; only a tool under ours may be taken off the start-up."""
    speed = script("transcription_speed")
    under = {code for code in script("transcription").ENGINES if speed.bare_tool(code).is_under}
    assert under == {"zh", "ja", "rus", "hun", "tur", "fin", "swa"}


@pytest.mark.slow
@pytest.mark.parametrize("code", ["zh", "ja", *ALPHABETIC, "vi", "ko"])
def test_the_tool_beside_a_language_reads_it(script: Load, shared: Path, code: str) -> None:
    """A tool that raises, or gives the text back, would be raced for nothing."""
    speed = script("transcription_speed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tools
            read = speed.bare_tool(code).load()
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    tokens = speed._first_sentence(code, shared / "data")
    assert str(read(tokens)) not in (str(tokens), str([*tokens]), "".join(tokens), " ".join(tokens))


def test_start_up_and_memory_are_those_of_fresh_processes(script: Load, tmp_path: Path) -> None:
    """Linux hands the peak of the process that starts another down to it: here that is far above the other's own."""
    speed = script("transcription_speed")
    for code, text in (("kor", "물 이"), ("vie", "tôi")):
        write_gold(tmp_path / f"flores/devtest.{code}.txt.gz", [text])
    ballast = b"1" * (400 << 20)
    none, one, other, both = speed.measure_processes(["ko", "vi"], tmp_path)
    assert len(ballast) > 300e6
    assert [row["language"] for row in (none, one, other, both)] == ["none", "ko", "vi", "ko vi"]
    assert 5 < none["ours"]["megabytes"] <= one["ours"]["megabytes"] <= both["ours"]["megabytes_text"] + 1 < 300
    table = script("transcription").process_table([none, one, other, both])
    assert table.rows[3][4] == str(both["ours"]["megabytes"])
    assert table.rows[0][7] == str(none["ours"]["megabytes_text"] - none["ours"]["megabytes"])


def test_memory_after_the_text_is_more_than_after_a_sentence(
    script: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that remembers needs more with every word: the first sentence alone would hide it."""
    speed = script("transcription_speed")
    write_gold(tmp_path / "flores/devtest.kor.txt.gz", ["물 이"], ["물"], ["이"])
    read: list[list[str]] = []
    monkeypatch.setattr(speed, "Transcriber", lambda code: read.append)
    monkeypatch.setattr(speed, "peak_megabytes", lambda: 100.0 * len(read))
    found = speed.start_process(["ko"], tmp_path, use_bare=False)
    assert (found["megabytes"], found["megabytes_text"]) == (100, 400)
    assert read == [["물", "이"], ["물", "이"], ["물"], ["이"]]


# ---- other tools ----


def test_peers_are_scored_on_the_same_words_and_missing_ones_are_named(
    script: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = script("transcription_peers")
    write_gold(tmp_path / "pron/zh_ipadict_dev.tsv.gz", ["word", "ipa"], ["绿", "ly˥˩"], ["中国", "ʈ͡ʂuŋ˥ kwo˧˥"])
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    rows = {row["tool"]: row for row in peers.compare(["zh"], tmp_path)}
    assert set(rows) == {"phonexl", "espeak-ng", "pypinyin", "g2pM"}
    assert all(rows[tool]["error_with_tones"] == 0 for tool in ("phonexl", "pypinyin", "g2pM"))
    assert "espeakng-loader" in rows["espeak-ng"]["missing"]
    assert (rows["pypinyin"]["licence"], rows["g2pM"]["licence"]) == ("MIT License", "Apache-2.0")
    assert 1 < rows["pypinyin"]["megabytes"] < 20
    assert "| zh | espeak-ng | missing: " in peers.peer_table(rows.values()).markdown()


def test_pinyin_keeps_its_tone_in_either_notation(script: Load) -> None:
    peers = script("transcription_peers")
    for syllable in ("lǜ", "le", "hǎo", "ér", "ńg"):
        assert peers.number_tone(peers.mark_tone(peers.number_tone(syllable))) == peers.number_tone(syllable)
