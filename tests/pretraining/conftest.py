"""Raw text in Korean, Turkish and Swahili, all invented here, with evaluation text; and the corpus made of it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from phonexl.pretraining.arm import Settings
from phonexl.pretraining.corpus import Corpus, CorpusSettings, read_corpus
from phonexl.pretraining.encoder import Body

WORDS = {
    "kor": "나는 너는 우리는 오늘 내일 어제 책을 밥을 물을 영화를 학교에 집에 산에 간다 본다 먹는다 마신다 좋다 크다",
    "tur": "ben sen biz bugün yarın dün kitap ekmek su film okula eve dağa denize gider görür yer içer güzel büyük",
    "swa": "mimi wewe sisi leo kesho jana kitabu mkate maji filamu shuleni nyumbani mlimani baharini anaenda anakula",
}
SENTENCES = 60


def draw_sentences(language: str, count: int, seed: int = 0) -> list[str]:
    """Sentences of three to eight words that differ from each other; some end with a full stop."""
    draw, words = random.Random(f"{language} {seed}"), WORDS[language].split()
    found: dict[str, None] = {}
    while len(found) < count:
        text = " ".join(draw.choice(words) for _ in range(draw.randint(3, 8)))
        found.setdefault(text + draw.choice(["", "."]))
    return list(found)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `raw` and `flores`, which have no sentence in common."""
    folder = tmp_path_factory.mktemp("data")
    for language in WORDS:
        texts = draw_sentences(language, SENTENCES)
        evaluation = [f"{text} 1 2 3" for text in draw_sentences(language, 10, seed=1)]
        for name, lines in ((f"raw/{language}.txt", texts), (f"flores/devtest.{language}.txt", evaluation)):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def corpus(data: Path) -> Corpus:
    return read_corpus(data, None, CorpusSettings.of(list(WORDS), 128))


@pytest.fixture
def settings() -> Settings:
    return Settings(Body(1, 64), steps=6, batch_size=8, vocab_size=120, bf16=False)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order: with two threads the last bits of a run differ from the next."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
