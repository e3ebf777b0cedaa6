"""Tags raw text with an exported tagger: onnxruntime, numpy and tokenizers, no torch and no transformers.

Written by `phonexl export`; the same model in torch is `pipeline_phonexl`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .phoneme_vocabulary import PhonemeVocabulary
from .sentence_encoder import IGNORED, EncodedSentence, SentenceEncoder, Window, check_text, check_words
from .sound_dictionary import SOUND_DICTIONARY_FILE, SoundDictionary
from .transcription import guess_language, import_tool

MODEL_FILE = "model.onnx"
INT8_FILE = "model_int8.onnx"
PATH_FILE = "crf.json"  # scores of the first tag, of transitions and of the last tag

# With the fused form an int8 run takes about a fifth longer (onnxruntime 1.32, one core, 32 sentences of 60 pieces).
_SLOWER = ["SkipLayerNormFusion"]

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class TaggedWord(TypedDict):
    """One word; `start` and `end` count the characters of the text as it was given."""

    entity: str
    score: float
    index: int
    word: str
    start: int
    end: int


class OnnxTagger:
    """A tagger from the folder that `phonexl export` wrote; its answers are those of the pipeline in torch.

    Args:
        folder: The exported folder.
        int8: Use the graph of 8-bit integers: smaller and faster, and a little less exact.
        num_threads: Threads of one operation; 0 leaves it to onnxruntime.

    Raises:
        MissingToolError: If onnxruntime is not installed.
        ValueError: If the folder is not a whole export, or one without an int8 graph.

    Example:
        >>> tagger = OnnxTagger("runs/zh-vi-onnx")  # doctest: +SKIP
        >>> [word["entity"] for word in tagger(["Tôi học."])[0]]  # doctest: +SKIP
        ['PRON', 'VERB', 'PUNCT']
    """

    def __init__(self, folder: str | Path, *, int8: bool = False, num_threads: int = 0) -> None:
        place = Path(folder)
        config = _read_json(place / "config.json")
        self._labels = [config["id2label"][str(index)] for index in range(len(config["id2label"]))]
        self.encoder = _read_encoder(place)
        crf = _read_json(place / PATH_FILE) if config["head"] == "crf" else None
        self._crf = None if crf is None else {name: np.array(crf[name], np.float32) for name in crf}
        self._session = _open_session(place, INT8_FILE if int8 else MODEL_FILE, num_threads)

    def __call__(
        self, texts: Sequence[str], language: str | None = None, *, batch_size: int = 8
    ) -> list[list[TaggedWord]]:
        """Tag raw text, however long.

        Args:
            texts: Raw texts.
            language: ISO code of all texts; None guesses each by its script.
            batch_size: Windows per run of the graph, taken in order of length; large ones pay for their padding.

        Returns:
            The words of each text, in order; none where a text has no word.

        Raises:
            ValueError: If `texts` is one string, or one of them is no text.
            UnknownLanguageError: For a language without transcription.
            MissingToolError: If a reading tool is not installed.
        """
        if isinstance(texts, str):
            raise ValueError("expected a list of texts, found one string: pass [text]")
        places, sentences = [], []
        for text in texts:
            check_text(text, "for lists of words call tag_words")
            code = language or guess_language(text)
            places.append(self.encoder.segment(text, code))
            sentences.append(self.encoder.encode([text[start:end] for start, end in places[-1]], code))
        tagged = self._tag(sentences, batch_size)
        return [
            [
                TaggedWord(entity=tag, score=score, index=index, word=text[start:end], start=start, end=end)
                for index, ((start, end), (tag, score)) in enumerate(zip(offsets, words, strict=True))
            ]
            for text, offsets, words in zip(texts, places, tagged, strict=True)
        ]

    def tag_words(
        self, sentences: Sequence[Sequence[str]], language: str | None = None, *, batch_size: int = 8
    ) -> list[list[str]]:
        """Tag sentences that are already lists of words: one tag per word. Arguments and errors as of a call."""
        checked = [check_words(words, "pass lists of words; the tagger itself takes text") for words in sentences]
        encoded = [self.encoder.encode(words, language or guess_language("".join(words))) for words in checked]
        return [[tag for tag, _ in words] for words in self._tag(encoded, batch_size)]

    def emissions(self, sentences: Sequence[EncodedSentence]) -> Floats:
        """Scores of the tags of a batch, each sentence short enough for the encoder, at least one.

        Returns:
            Unit 0 is [CLS], 1..n are the words, n+1 is [SEP]; shape (batch, units, labels), noise in padding.
        """
        rows = self.encoder.rows(sentences)
        inputs = {name: _pad(lists, self.encoder.fill(name)) for name, lists in rows.items()}
        scores: Floats = self._session.run(["emissions"], inputs)[0]
        return scores

    def decode(self, emissions: Floats, lengths: Integers) -> Integers:
        """Choose the tags: the best path of the CRF, or the best tag of each word.

        Args:
            emissions: From `emissions`, shape (batch, units, labels).
            lengths: Words of each sentence, specials not counted, shape (batch,).

        Returns:
            Tag ids of the words, -100 on specials and padding, shape (batch, units).
        """
        unit = np.arange(emissions.shape[1])
        mask = (unit > 0) & (unit <= lengths[:, None])
        if self._crf is None:
            return np.where(mask, emissions.argmax(-1), IGNORED)
        tags = np.full(mask.shape, IGNORED)
        tags[:, 1:] = best_path(emissions[:, 1:], mask[:, 1:], **self._crf)
        return tags

    def _tag(self, sentences: Sequence[EncodedSentence], batch_size: int) -> list[list[tuple[str, float]]]:
        """Tag and score of every word, from the window in which it is scored."""
        tagged: list[list[tuple[str, float]]] = [[("", 0.0)] * len(sentence.pieces) for sentence in sentences]
        jobs = [(index, window) for index, one in enumerate(sentences) for window in self.encoder.windows(one)]
        jobs.sort(key=lambda job: job[1].end - job[1].start)
        for batch in _batches(jobs, batch_size):
            emissions = self.emissions([sentences[index].cut(window.start, window.end) for index, window in batch])
            lengths = np.array([window.end - window.start for _, window in batch])
            tags = self.decode(emissions, lengths)
            scores = np.take_along_axis(_softmax(emissions), tags.clip(0)[..., None], 2)[..., 0]
            for row, (index, window) in enumerate(batch):
                scored = slice(window.first - window.start + 1, window.last - window.start + 1)
                names = [self._labels[tag] for tag in tags[row, scored]]
                tagged[index][window.first : window.last] = zip(names, scores[row, scored].tolist(), strict=True)
        return tagged


class FileTokenizer:
    """A `tokenizer.json` with those methods of a `transformers` tokenizer that our encoders call.

    Args:
        folder: Holds tokenizer.json and tokenizer_config.json.

    Raises:
        ValueError: If a file is missing or damaged, or names no special tokens.
    """

    def __init__(self, folder: Path) -> None:
        config = _read_json(folder / "tokenizer_config.json")
        path = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the package raises nothing narrower
            raise ValueError(_not_whole(path, str(error))) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.model_max_length: float = config["model_max_length"]
        self.unk_token_id = self._special(config, "unk_token")
        self.pad_token_id = self._special(config, "pad_token")
        self.cls_token_id = self._special(config, "cls_token")
        self.sep_token_id = self._special(config, "sep_token")

    def __len__(self) -> int:
        """Tokens, added ones included."""
        return self._tokenizer.get_vocab_size()

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        """Ids of a text."""
        return self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids

    def tokenize(self, text: str) -> list[str]:
        """Pieces of a text, without specials around it."""
        return self._tokenizer.encode(text, add_special_tokens=False).tokens

    def convert_tokens_to_ids(self, token: str) -> int:
        """Id of one piece, that of the unknown piece for one that is not in the vocabulary."""
        found = self._tokenizer.token_to_id(token)
        return self.unk_token_id if found is None else found

    def get_vocab(self) -> dict[str, int]:
        """All pieces, added ones included."""
        return self._tokenizer.get_vocab()

    def _special(self, config: Mapping[str, Any], name: str) -> int:
        """Id of a special token; a configuration holds its text, or a description with the text in it."""
        value = config.get(name)
        found = self._tokenizer.token_to_id(str(value["content"] if isinstance(value, Mapping) else value))
        if found is None:
            raise ValueError(
                f"tokenizer_config.json: expected a {name} of the vocabulary, found {value!r}: export anew"
            )
        return found


def best_path(emissions: Floats, mask: NDArray[np.bool_], start: Floats, transitions: Floats, end: Floats) -> Integers:
    """Find the best tag sequence (Viterbi), as `LinearChainCrf.decode`.

    Args:
        emissions: Scores of the tags, shape (batch, words, C).
        mask: True for the words of the chain, a prefix of each row, shape (batch, words).
        start: Scores of the first tag, shape (C,).
        transitions: From row to column, shape (C, C).
        end: Scores of the last tag, shape (C,).

    Returns:
        Tag ids, shape (batch, words), -100 outside the chain.

    >>> scores = np.array([[[0, 1], [3, 0]]], np.float32)  # 1 then 0, but for the step down from 1 to 0
    >>> zero = np.zeros(2, np.float32)
    >>> best_path(scores, np.ones((1, 2), bool), zero, np.array([[0, 0], [-5, 0]], np.float32), zero).tolist()
    [[0, 0]]
    """
    score, pointers = start + emissions[:, 0], []
    stay = np.broadcast_to(np.arange(len(start)), score.shape)
    for word in range(1, emissions.shape[1]):
        moved = score[:, :, None] + transitions  # (B, C before, C)
        inside = mask[:, word, None]
        score = np.where(inside, moved.max(1) + emissions[:, word], score)
        pointers.append(np.where(inside, moved.argmax(1), stay))
    tag = (score + end).argmax(1)
    path = [tag]
    for pointer in reversed(pointers):
        tag = pointer[np.arange(len(tag)), tag]
        path.append(tag)
    return np.where(mask, np.stack(path[::-1], axis=1), IGNORED)


def _read_encoder(folder: Path) -> SentenceEncoder:
    fields = _read_json(folder / "processor_config.json")
    tokenizer = FileTokenizer(folder)
    kind, symbols = fields["phoneme_vocab_kind"], fields["phoneme_vocab"]
    word_pieces = fields.get("num_word_pieces")  # which older exports do not say
    dictionary = None
    if fields["phoneme_transcription"] == "sino-xenic":
        dictionary = SoundDictionary.read(folder / SOUND_DICTIONARY_FILE)
    return SentenceEncoder(
        tokenizer,
        PhonemeVocabulary(tokenizer, kind, symbols, fields["phoneme_prefix_bug"], word_pieces),
        recipe=fields["recipe"],
        languages=fields["languages"],
        phoneme_transcription=fields["phoneme_transcription"],
        use_phonemes=fields["use_phonemes"],
        unit=fields["unit"],
        token_unit=fields["token_unit"],
        max_pieces=fields["max_pieces"],
        sound_dictionary=dictionary,
        split_syllables=fields.get("split_syllables", False),  # which older exports do not say either
        drop_spaces=fields.get("drop_spaces", False),
    )


def _open_session(folder: Path, name: str, num_threads: int) -> Any:
    runtime: Any = import_tool("onnxruntime", "onnxruntime", "tagging without torch", extra="onnx")
    path = folder / name
    if not path.is_file():
        cure = "export anew with --int8" if name == INT8_FILE else "export it with  phonexl export MODEL OUT"
        raise ValueError(f"{path}: no such file, expected the graph of a tagger: {cure}")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = num_threads
    try:
        return runtime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )
    except Exception as error:  # its exceptions have no base of their own
        raise ValueError(_not_whole(path, str(error))) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(
            f"{path}: no such file, expected a folder of an exported tagger: make it with  phonexl export MODEL OUT"
        ) from error
    except ValueError as error:
        raise ValueError(_not_whole(path, str(error))) from error
    return content


def _not_whole(path: Path, reason: str) -> str:
    return f"{path}: damaged, expected what phonexl export writes ({' '.join(reason.split())[:200]}): export anew"


def _pad(rows: Sequence[Sequence[int]], value: int) -> Integers:
    """Rows of different length as one array, shape (rows, longest)."""
    padded = np.full((len(rows), max(map(len, rows))), value, np.int64)
    for line, row in zip(padded, rows, strict=True):
        line[: len(row)] = row
    return padded


def _softmax(scores: Floats) -> Floats:
    powers: Floats = np.exp(scores - scores.max(-1, keepdims=True))
    shares: Floats = powers / powers.sum(-1, keepdims=True)
    return shares


def _batches(jobs: Iterable[tuple[int, Window]], size: int) -> Iterable[list[tuple[int, Window]]]:
    """Lists of `size` jobs, the last one shorter."""
    source = iter(jobs)
    while batch := list(islice(source, size)):
        yield batch
