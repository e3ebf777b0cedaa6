"""The pipeline from raw text to tags: offsets, spans, languages, words and long texts.

Any text at all, threads and processes are in `test_pipeline_load.py`.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoProcessor
from transformers.pipelines.token_classification import AggregationStrategy

from modeling_phonexl import PhoneXLForTokenClassification, PhoneXLProcessor, PhoneXLTokenClassificationPipeline
from modeling_phonexl.transcription import Transcriber, UnknownLanguageError, guess_language

TEXTS = [
    "我住在北京。",
    "Tôi sống ở Hà Nội.",
    "私は東京に住む。",
    "나는 서울에 산다.",
    "",
    "  \n ",
    "😀 ​\t…",
    "Tôi đi Hà Nội.",  # letters and marks apart
    "ＴＯＫＹＯの㍿、ｶﾞｷﾞ①",
    "臺灣 ﬁn ½ 2⁵",
    "한국에 👩\u200d👧\u200d👦 🇻🇳\ufe0f",
]

MakePipeline = Callable[..., PhoneXLTokenClassificationPipeline]


@pytest.fixture(scope="module")
def make_pipeline(make_tagger: Any, processor: PhoneXLProcessor) -> MakePipeline:
    def make(processor: PhoneXLProcessor = processor, **fields: Any) -> PhoneXLTokenClassificationPipeline:
        tagger: PhoneXLForTokenClassification = make_tagger(**fields)
        torch.manual_seed(3)
        torch.nn.init.normal_(tagger.classifier.weight)
        return PhoneXLTokenClassificationPipeline(model=tagger, tokenizer=processor.tokenizer, processor=processor)

    return make


@pytest.fixture(scope="module")
def pipe(make_pipeline: MakePipeline) -> PhoneXLTokenClassificationPipeline:
    return make_pipeline()


def flat(entries: list[dict[str, Any]]) -> list[tuple[str, float, int, int]]:
    return [(entry["entity"], round(entry["score"], 4), entry["start"], entry["end"]) for entry in entries]


@pytest.mark.parametrize("text", TEXTS)
def test_every_word_is_tagged_and_its_offsets_slice_the_text(pipe: Any, processor: Any, text: str) -> None:
    entries = pipe(text)
    assert [(entry["start"], entry["end"]) for entry in entries] == processor.segment(text)
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    for entry in entries:
        assert text[entry["start"] : entry["end"]] == entry["word"] != ""
        assert entry["entity"] in pipe.model.config.label2id
        assert type(entry["score"]) is float
        assert 0 < entry["score"] <= 1


@torch.no_grad()
def test_tags_are_those_of_the_model(pipe: Any, processor: Any) -> None:
    for text in TEXTS[:4]:
        logits = pipe.model(**processor(text)).logits[0, 1:-1]
        names = [pipe.model.config.id2label[index] for index in logits.argmax(-1).tolist()]
        entries = pipe(text)
        assert [entry["entity"] for entry in entries] == names
        scores = torch.tensor([entry["score"] for entry in entries])
        torch.testing.assert_close(scores, logits.softmax(-1).amax(-1), atol=1e-6, rtol=0)


@pytest.mark.parametrize("head", ["softmax", "crf"])
@pytest.mark.parametrize("batch_size", [2, 3, 16])
def test_batches_give_what_single_texts_give(make_pipeline: MakePipeline, head: str, batch_size: int) -> None:
    """The stock collation pads unit numbers with 0, which is [CLS]: every padded piece would be pooled into it."""
    pipe = make_pipeline(head=head)
    texts = [*TEXTS, "Hà Nội " * 80]
    expected = [flat(pipe(text)) for text in texts]
    assert [flat(entries) for entries in pipe(texts, batch_size=batch_size)] == expected

    def stream() -> Iterator[str]:
        yield from texts

    assert [flat(entries) for entries in pipe(stream(), batch_size=batch_size)] == expected
    assert [flat(entries) for entries in pipe(texts)] == expected


@pytest.mark.parametrize("unit", ["word", "subword"])
def test_a_long_text_gives_every_word_once_and_in_order(make_pipeline: MakePipeline, processor: Any, unit: str) -> None:
    """Text beyond the positions is read in windows, not cut off."""
    text = "Tôi sống ở Hà Nội. " * 60
    pipe = make_pipeline(PhoneXLProcessor(processor.tokenizer, unit=unit), unit=unit)
    entries = pipe(text)
    assert len(entries) > 4 * 64
    assert [(entry["start"], entry["end"]) for entry in entries] == processor.segment(text, "vi")
    assert [entry["index"] for entry in entries] == list(range(len(entries)))


def test_languages_are_guessed_or_given(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    transcribe = PhoneXLProcessor.transcribe

    def listen(self: PhoneXLProcessor, tokens: Any, language: str) -> Any:
        asked.append(language)
        return transcribe(self, tokens, language)

    monkeypatch.setattr(PhoneXLProcessor, "transcribe", listen)
    pipe("東京。")
    pipe("東京。", language="ja")
    pipe(["Hà Nội", "東京"], language="zho")
    assert asked == ["zh", "ja", "zho", "zho"]
    assert flat(pipe("東京。")) != flat(pipe("東京。", language="ja"))


def test_what_it_cannot_take_is_refused(pipe: Any) -> None:
    with pytest.raises(UnknownLanguageError, match="unknown language 'xx'; known: zh"):
        pipe("text", language="xx")
    with pytest.raises(ValueError, match="unknown aggregation_strategy 'last'; known: none, simple, first, average"):
        pipe("text", aggregation_strategy="last")
    with pytest.raises(ValueError, match="expected text, found list: for lists of words pass is_split_into_words=True"):
        pipe([["Hà", "Nội"]])
    with pytest.raises(ValueError, match="expected a list of words for each text, found 'Hà Nội'"):
        pipe("Hà Nội", is_split_into_words=True)
    with pytest.raises(ValueError, match=r"expected a list of words for each text, found \['Hà', None\]"):
        pipe([["Hà", None]], is_split_into_words=True)


@pytest.mark.parametrize("option", ["stride", "langauge", "truncation"])
def test_an_option_that_nothing_reads_is_refused(pipe: Any, option: str) -> None:
    """A mistyped language would be guessed."""
    with pytest.raises(TypeError, match=f"no option '{option}': expected language, aggregation_strategy"):
        pipe("Hà Nội", **{option: 4})
    parts = {"model": pipe.model, "tokenizer": pipe.tokenizer, "processor": pipe.processor}
    with pytest.raises(TypeError, match=f"no option '{option}'"):
        PhoneXLTokenClassificationPipeline(**parts, **{option: 4})
    entries = PhoneXLTokenClassificationPipeline(**parts, language="ko", return_ipa=True, batch_size=2)("Hà Nội")
    assert entries == pipe("Hà Nội", language="ko", return_ipa=True)


def test_a_model_that_answers_in_tuples_is_read_as_well(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = flat(pipe(TEXTS[1]))
    monkeypatch.setattr(pipe.model.config, "return_dict", False)
    assert flat(pipe(TEXTS[1])) == expected


def test_one_language_is_for_all_texts(pipe: Any) -> None:
    with pytest.raises(UnknownLanguageError, match=r"\['vi', 'zh'\]; expected one code as a string"):
        pipe(["Hà Nội", "北京"], language=["vi", "zh"])


def test_the_processor_of_another_model_is_refused(make_pipeline: MakePipeline, processor: Any) -> None:
    """It would read other sounds, and give other tags in silence."""
    roman = PhoneXLProcessor(processor.tokenizer, phoneme_transcription="roman")
    with pytest.raises(ValueError, match="the model has phoneme_transcription='ipa', and the processor 'roman'"):
        make_pipeline(roman)
    make_pipeline(roman, phoneme_transcription="roman")


@pytest.mark.parametrize("text", TEXTS)
def test_words_of_a_text_are_tagged_as_the_text(pipe: Any, processor: Any, text: str) -> None:
    """Whoever has words already must get what raw text gives; the offsets slice the words joined by the delimiter."""
    words = processor.words(text)
    expected = pipe(text)
    for delimiter in (None, "", "／"):
        (entries,) = pipe([words], is_split_into_words=True, delimiter=delimiter)
        joined = (" " if delimiter is None else delimiter).join(words)
        assert [entry["word"] for entry in entries] == words
        assert [joined[entry["start"] : entry["end"]] for entry in entries] == words
        assert [entry["entity"] for entry in entries] == [entry["entity"] for entry in expected]
    assert [entry["start"] for entry in entries] == [
        sum(map(len, words[:index])) + index for index in range(len(words))
    ]


def test_lists_of_words_come_alone_in_batches_and_as_a_stream(pipe: Any) -> None:
    """The stock pipeline looks for lists in a generator until it is empty, and gives nothing."""
    sentences = [["Hà Nội", "", "."], ["東京", "に"], [], ["나는"] * 100]
    expected = [flat(entries) for sentence in sentences for entries in pipe([sentence], is_split_into_words=True)]
    assert [len(entries) for entries in expected] == [3, 2, 0, 100]
    assert flat(pipe(sentences[0], is_split_into_words=True)[0]) == expected[0]
    for batch_size in (1, 3):
        together = pipe(sentences, is_split_into_words=True, batch_size=batch_size)
        stream = pipe((words for words in sentences), is_split_into_words=True, batch_size=batch_size)
        assert [flat(entries) for entries in together] == [flat(entries) for entries in stream] == expected


def test_half_a_character_is_read_as_an_unknown_one(pipe: Any) -> None:
    """Broken JSON holds such halves; tokenizers raise a TypeError that names no culprit."""
    text = "Hà \ud83d Nội\udc00, \ud800"
    entries = pipe(text)
    assert "".join("".join(entry["word"].split()) for entry in entries) == "".join(text.split())
    assert all(text[entry["start"] : entry["end"]] == entry["word"] for entry in entries)
    assert [entry["word"] for entry in pipe([["\ud83d", "a"]], is_split_into_words=True)[0]] == ["\ud83d", "a"]


@pytest.mark.parametrize("text", [*TEXTS[:5], "Tôi sống ở Hà Nội. " * 20])
def test_sound_comes_on_request(pipe: Any, processor: Any, text: str) -> None:
    expected = [record.ipa for record in Transcriber(guess_language(text))(processor.words(text))]
    assert [entry["ipa"] for entry in pipe(text, return_ipa=True)] == expected
    assert all("ipa" not in entry for entry in pipe(text))


def test_the_sound_shown_is_that_of_the_recipe_which_the_model_reads(
    make_pipeline: MakePipeline, processor: Any
) -> None:
    pytest.importorskip("epitran")
    pipe = make_pipeline(PhoneXLProcessor(processor.tokenizer, processor.phoneme_vocab, recipe="epitran"))
    words = processor.words(TEXTS[1])
    ours, theirs = ([record.ipa for record in Transcriber("vi", name)(words)] for name in ("default", "epitran"))
    assert [entry["ipa"] for entry in pipe(TEXTS[1], return_ipa=True)] == theirs != ours


def test_sound_of_a_span_has_spaces_between_words(tag_as: Any) -> None:
    found = tag_as("B-LOC I-LOC O B-PER O", aggregation_strategy="simple", return_ipa=True)
    ipa = [record.ipa for record in Transcriber("zh")(["北", "京", "住", "我", "他"])]
    assert [span["ipa"] for span in found] == [f"{ipa[0]} {ipa[1]}", ipa[3]]


@pytest.fixture
def tag_as(make_tagger: Any, processor: PhoneXLProcessor) -> Callable[..., Any]:
    """What the pipeline makes of "北 京 住 我 他" when the model gives its words these tags."""

    def tag(tags: str, **arguments: Any) -> Any:
        ids = {name: index for index, name in enumerate(["O", "B-LOC", "I-LOC", "B-PER", "I-PER", "NOUN", "I-NOUN"])}
        model = make_tagger(label2id=ids, id2label={index: name for name, index in ids.items()})
        model.decode = lambda logits, unit_mask: torch.tensor([[-100, *(ids[name] for name in tags.split()), -100]])
        characters = PhoneXLProcessor(processor.tokenizer, token_unit="character")
        pipe = PhoneXLTokenClassificationPipeline(model=model, tokenizer=processor.tokenizer, processor=characters)
        return pipe("北 京 住 我 他", **arguments)

    return tag


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-LOC I-LOC O B-PER O", [("LOC", "北 京"), ("PER", "我")]),
        ("B-LOC B-LOC I-LOC I-LOC O", [("LOC", "北"), ("LOC", "京 住 我")]),
        ("I-LOC I-LOC O O I-PER", [("LOC", "北 京"), ("PER", "他")]),  # an I- tag that continues nothing starts a span
        ("B-LOC I-PER O I-LOC I-LOC", [("LOC", "北"), ("PER", "京"), ("LOC", "我 他")]),
        ("B-LOC O I-LOC O O", [("LOC", "北"), ("LOC", "住")]),
        ("NOUN NOUN O I-LOC O", [("NOUN", "北"), ("NOUN", "京"), ("LOC", "我")]),  # no prefix: one entry per word
        ("NOUN I-NOUN O O O", [("NOUN", "北"), ("NOUN", "京")]),
        ("O O O O O", []),
    ],
)
def test_simple_aggregation_joins_spans(tag_as: Any, tags: str, spans: list[tuple[str, str]]) -> None:
    found = tag_as(tags, aggregation_strategy="simple")
    assert [(span["entity_group"], span["word"]) for span in found] == spans
    for span in found:
        assert "北 京 住 我 他"[span["start"] : span["end"]] == span["word"]


@pytest.mark.parametrize("strategy", ["first", "average", "max", *AggregationStrategy])
def test_stock_strategies_are_known_by_their_names(tag_as: Any, strategy: Any) -> None:
    """Code written for the stock pipeline passes them, or its enumeration; a word has one tag, so most are one."""
    tags = "B-LOC I-LOC O B-PER O"
    one = "none" if strategy is AggregationStrategy.NONE else "simple"
    assert tag_as(tags, aggregation_strategy=strategy) == tag_as(tags, aggregation_strategy=one)


@pytest.mark.parametrize("tags", ["B-LOC I-LOC O B-PER O", "B-LOC B-LOC I-LOC I-PER O", "I-LOC O I-LOC O O"])
def test_spans_are_those_of_the_stock_pipeline(pipe: Any, tag_as: Any, tags: str) -> None:
    """`group_entities` is the stock class's own."""
    stock = [span for span in pipe.group_entities(tag_as(tags)) if span["entity_group"] != "O"]
    found = tag_as(tags, aggregation_strategy="simple")
    for name in ("entity_group", "start", "end"):
        assert [span[name] for span in found] == [span[name] for span in stock]
    assert [span["score"] for span in found] == pytest.approx([span["score"] for span in stock])


def test_the_score_of_a_span_is_the_mean_of_its_words(tag_as: Any) -> None:
    tags = "B-LOC I-LOC I-LOC O O"
    words = tag_as(tags)
    (span,) = tag_as(tags, aggregation_strategy="simple")
    assert span["score"] == pytest.approx(sum(word["score"] for word in words[:3]) / 3)


def test_spans_of_a_long_text_cross_windows(make_pipeline: MakePipeline) -> None:
    """A span must not end where a window does."""
    pipe = make_pipeline()
    with torch.no_grad():
        pipe.model.classifier.weight.zero_()
        pipe.model.classifier.bias.copy_(torch.tensor([0.0, 0.0, 9.0, 0.0, 0.0]))  # every word is I-LOC
    text = "Hà Nội " * 100
    (span,) = pipe(text, aggregation_strategy="simple")
    assert (span["start"], span["end"]) == (0, len(text) - 1)


def test_ignored_labels_are_left_out(tag_as: Any) -> None:
    tags = "O B-LOC O O B-PER"
    assert [entry["entity"] for entry in tag_as(tags, ignore_labels=["O"])] == ["B-LOC", "B-PER"]
    spans = tag_as(tags, ignore_labels=["O", "LOC"], aggregation_strategy="simple")
    assert [span["entity_group"] for span in spans] == ["PER"]


def test_a_saved_pipeline_has_its_processor(make_pipeline: MakePipeline, processor: Any, tmp_path: Path) -> None:
    """The stock pipeline saves model and tokenizer alone; a processor of default fields would be made up in silence."""
    characters = PhoneXLProcessor(processor.tokenizer, phoneme_vocab=["ɤ"], token_unit="character")
    pipe = make_pipeline(characters, **characters.config_fields())
    pipe.save_pretrained(tmp_path)
    model = PhoneXLForTokenClassification.from_pretrained(tmp_path)
    processor = AutoProcessor.from_pretrained(tmp_path)
    assert type(processor) is PhoneXLProcessor
    assert (processor.phoneme_vocab, processor.token_unit) == (["ɤ"], "character")
    again = PhoneXLTokenClassificationPipeline(model=model, tokenizer=processor.tokenizer, processor=processor)
    for text in TEXTS:
        assert flat(again(text)) == flat(pipe(text))


def test_words_of_a_long_text_are_tagged_with_context_on_both_sides(pipe: Any, processor: Any) -> None:
    """Where two windows meet, each word's tag comes from the window in which it is not at the end."""
    text = "Tôi sống ở Hà Nội. " * 40
    encoded = processor.encode(processor.words(text, "vi"), "vi")
    tags = [entry["entity"] for entry in pipe(text, language="vi")]
    windows = processor.windows(encoded)
    assert len(windows) > 2
    names = pipe.model.config.id2label
    for window in windows:
        with torch.no_grad():
            output = pipe.model(**processor.pad([encoded.cut(window.start, window.end)]))
        ids = output.logits[0, 1:-1].argmax(-1).tolist()
        scored = ids[window.first - window.start : window.last - window.start]
        assert [names[index] for index in scored] == tags[window.first : window.last]
    assert all(later.first > later.start for _, later in itertools.pairwise(windows))
