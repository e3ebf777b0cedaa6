"""An encoder of `phonexl pretrain` under `phonexl gap analyze`: it reads its own spelling, and marks weigh nothing."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from transformers import AutoModel

from modeling_phonexl.transcription import Transcriber
from phonexl.gap.analysis import analyze
from phonexl.pretraining.encoder import Body, build_encoder
from phonexl.pretraining.representations import ReadSentence, Representation, read_words

Texts = dict[str, list[str]]


@pytest.fixture(scope="module")
def texts(data: Path) -> Texts:
    """A hundred lines, the least that is compared: the sentences of the data, and some of them again."""
    files = sorted(data.glob("raw/*.txt"))
    return {path.stem: (2 * path.read_text(encoding="utf-8").splitlines())[:100] for path in files}


def read(language: str, text: str) -> ReadSentence:
    return ReadSentence(language, read_words(text, Transcriber(language)))


@pytest.fixture(scope="module", params=["phoneme", "private-character", "subword"])
def encoder(request: pytest.FixtureRequest, texts: Texts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random encoder of one representation, as an arm leaves it."""
    folder = tmp_path_factory.mktemp(request.param)
    sentences = [read(language, text) for language, lines in texts.items() for text in lines]
    representation = Representation.learn(request.param, sentences, 120)
    representation.save(folder)
    tokenizer = representation.tokenizer
    build_encoder(Body(1, 64), len(tokenizer), 514, tokenizer.pad_token_id, 0).save_pretrained(folder)
    return folder


@pytest.mark.medium
def test_it_reads_its_own_representation_and_means_leave_marks_out(encoder: Path, texts: Texts, tmp_path: Path) -> None:
    representation = Representation.load(encoder)
    found = analyze(str(encoder), texts, layers=(0,), vectors_folder=tmp_path)
    assert found.spelling == representation.name
    table = AutoModel.from_pretrained(encoder).get_input_embeddings().weight.detach().numpy()
    for language, lines in texts.items():
        encoded = representation.encode(read(language, lines[0]))
        ids = encoded.ids[encoded.word_index >= 0]
        assert np.allclose(load_file(tmp_path / f"{language}.safetensors")["words"][0], table[ids].mean(0), atol=1e-5)
        assert found.texts[language]["unknown_rate"] < 0.5


def test_another_spelling_is_refused(encoder: Path, texts: Texts) -> None:
    with pytest.raises(ValueError, match="was pretrained on .* and reads nothing else: leave out --spelling"):
        analyze(str(encoder), texts, spelling="ipa")
