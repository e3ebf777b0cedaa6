"""The pipeline under load: any text at all, many threads, many processes."""

import json
import multiprocessing
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor, PhoneXLTokenClassificationPipeline

LANGUAGES = (None, "zh", "vi", "ja", "ko")
LONG, SHORT = 20_000, 60  # characters
NUM_THREADS, NUM_PROCESSES = 8, 4
# Han, kana, Hangul, its letters, Vietnamese, Latin, Cyrillic, Arabic, Devanagari, Thai; digits, punctuation, spaces,
# full width; marks, emoji, flags, selectors, tags, controls, private use; halves of characters, and whatever there is.
BLOCKS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x3041, 0x30FF), (0xAC00, 0xD7A3), (0x1100, 0x11FF)),
    *((0x1EA0, 0x1EF9), (0x41, 0x7A), (0xC0, 0x24F), (0x400, 0x4FF), (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F)),
    *((0x30, 0x39), (0x20, 0x2F), (0x2000, 0x206F), (0x3000, 0x303F), (0xFF01, 0xFFEE), (0x300, 0x36F)),
    *((0x1F300, 0x1F64F), (0x1F1E6, 0x1F1FF), (0xFE00, 0xFE0F), (0xE0020, 0xE007F), (0x0, 0x1F), (0x7F, 0x9F)),
    *((0xE000, 0xE0FF), (0xD800, 0xDFFF), (0x0, 0x10FFFF)),
)
# Rows of one sign or syllable: what makes a rule look at the rest of the line again and again.
ROWS = (
    "a",
    "1",
    "一",
    "あ",
    "한",
    "ㅏ",
    "\u0301",
    ".",
    "1,",
    "e\u0301",
    "ー",
    "著",
    "\u200b",
    "👩\u200d",
    "x-",
    "年",
    "\x00",
)
TEXTS = [
    *("我住在北京。", "Tôi sống ở Hà Nội.", "私は東京に住む。", "나는 서울에 산다.", "他要了兩杯咖啡，还得还钱。"),
    *("銀行の行員が2024年1月に辞めた。", "국립 박물관은 10시에 연다.", "Năm 2024, ông ấy đến Huế.", "😀 ​\t…"),
    *("Hà Nội " * 60, "東京へ行く。" * 40),
]


@pytest.fixture(scope="module")
def pipe(make_tagger: Any, processor: PhoneXLProcessor) -> PhoneXLTokenClassificationPipeline:
    tagger: PhoneXLForTokenClassification = make_tagger()
    torch.manual_seed(3)
    torch.nn.init.normal_(tagger.classifier.weight)
    return PhoneXLTokenClassificationPipeline(model=tagger, tokenizer=processor.tokenizer, processor=processor)


def draw_texts(seed: str, count: int, long_every: int) -> Iterator[tuple[str | None, str]]:
    """Texts of one script or a few, each with a language that may be the wrong one."""
    draw = random.Random(seed)
    for number in range(count):
        blocks = draw.choices(BLOCKS, k=draw.choice((1, 2, 3, 5, len(BLOCKS))))
        length = LONG if number % long_every == 0 else draw.randint(0, SHORT)
        characters = (chr(draw.randint(*draw.choice(blocks))) for _ in range(length))
        yield draw.choice(LANGUAGES), "".join(characters)


def check(text: str, entries: list[dict[str, Any]]) -> None:
    """Words in order, each sliced by its offsets, together the whole text but for white space."""
    assert "".join("".join(entry["word"].split()) for entry in entries) == "".join(text.split()), ascii(text[:200])
    end = 0
    for number, entry in enumerate(entries):
        assert entry["index"] == number, ascii(text[:200])
        assert end <= entry["start"] < entry["end"], ascii(text[:200])
        assert text[entry["start"] : entry["end"]] == entry["word"], ascii(text[:200])
        assert entry["ipa"], ascii(text[:200])
        assert 0 < entry["score"] <= 1.000001, ascii(text[:200])
        end = entry["end"]


def check_texts(pipe: PhoneXLTokenClassificationPipeline, texts: list[tuple[str | None, str]]) -> None:
    """In batches, one language after another."""
    for language in LANGUAGES:
        chosen = [text for code, text in texts if code == language]
        found = pipe(chosen, language=language, return_ipa=True, batch_size=16)
        for text, entries in zip(chosen, found, strict=True):
            check(text, entries)


def test_any_text_is_tagged_without_loss(pipe: PhoneXLTokenClassificationPipeline) -> None:
    """No exception, offsets slice the original, nothing lost."""
    check_texts(pipe, list(draw_texts("any text", 300, long_every=150)))


@pytest.mark.slow
def test_ten_thousand_texts_are_tagged_without_loss(pipe: PhoneXLTokenClassificationPipeline) -> None:
    check_texts(pipe, list(draw_texts("ten thousand texts", 10_000, long_every=200)))


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_long_rows_are_tagged_without_loss(pipe: PhoneXLTokenClassificationPipeline, row: str) -> None:
    check_texts(pipe, [(language, row * (LONG // len(row))) for language in LANGUAGES])


def test_threads_that_share_a_pipeline_give_what_one_gives(pipe: PhoneXLTokenClassificationPipeline) -> None:
    """Its caches and the tools behind it are shared, or made anew in each thread."""
    expected = [pipe(text, return_ipa=True) for text in TEXTS]

    def read(seed: int) -> bool:
        order = list(range(len(TEXTS))) * 3
        random.Random(seed).shuffle(order)
        return all(pipe(TEXTS[place], return_ipa=True) == expected[place] for place in order)

    with ThreadPoolExecutor(NUM_THREADS) as pool:
        assert all(pool.map(read, range(NUM_THREADS)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forks_that_share_a_pipeline_give_what_one_gives(
    pipe: PhoneXLTokenClassificationPipeline, tmp_path: Path
) -> None:
    """Web servers and data builders fork after loading; a tool that bears no fork would hang or read nonsense."""
    expected = [pipe(text, return_ipa=True) for text in TEXTS]

    def read(number: int) -> None:
        same = all(pipe(text, return_ipa=True) == entries for text, entries in zip(TEXTS, expected, strict=True))
        (tmp_path / str(number)).write_text(json.dumps(same), encoding="utf-8")

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=read, args=(number,)) for number in range(NUM_PROCESSES)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads, from Python 3.12
        for child in children:
            child.start()
    for child in children:
        child.join(timeout=120)
    assert [child.exitcode for child in children] == [0] * NUM_PROCESSES
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["true"] * NUM_PROCESSES


# What a stranger's process runs: nothing is loaded yet when its threads start.
STRANGER = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import torch
from transformers import pipeline
torch.set_num_threads(1)
folder, threads, texts = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
pipe = pipeline("token-classification", folder, trust_remote_code=True)
with ThreadPoolExecutor(threads) as pool:
    answers = list(pool.map(lambda number: [pipe(text) for text in texts[number:] + texts[:number]], range(threads)))
print(json.dumps([answer[-number:] + answer[:-number] for number, answer in enumerate(answers)]))
"""


@pytest.mark.slow
def test_processes_that_share_a_folder_and_a_cache_give_what_one_gives(
    pipe: PhoneXLTokenClassificationPipeline, tmp_path: Path
) -> None:
    """Four start at once with an empty cache, into which each would copy the code; each has eight threads."""
    pipe.save_pretrained(tmp_path / "tagger")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_"))}
    environment |= {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-I", "-c", STRANGER, str(tmp_path / "tagger"), str(NUM_THREADS), json.dumps(TEXTS)]
    children = [
        subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(NUM_PROCESSES)
    ]
    expected = [pipe(text) for text in TEXTS]
    for child in children:
        output, errors = child.communicate(timeout=300)
        assert child.returncode == 0, errors[-4000:]
        for answer in json.loads(output):
            for entries, right in zip(answer, expected, strict=True):
                assert [{**entry, "score": 0} for entry in entries] == [{**entry, "score": 0} for entry in right]
                assert [entry["score"] for entry in entries] == pytest.approx([entry["score"] for entry in right])
