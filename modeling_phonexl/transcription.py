"""Words with sound: the record, the languages, and the shared policy for tokens that no language reads.

Holds no language: each is a file `transcription_<iso>.py` with the two functions named in `LanguageModule`.
Imports neither torch nor transformers, so that data builders start fast in many processes.
"""

import difflib
import functools
import importlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

TONE_LETTERS = "˥˦˧˨˩"
REASONS = (
    "read",  # by the language's rules or its reading tool
    "lexicon",  # from an exception list
    "rule",  # changed by an optional rule
    "number",  # digits, read as a number of the language
    "latin",  # Latin letters in a language of another script
    "split",  # several scripts or an unaligned word, read in parts
    "jukujikun",  # a share of a reading that belongs to the whole word
    "passed",  # not read: stands as it is
    "punctuation",  # not read: has no sound
)
UNREAD = ("passed", "punctuation")  # reasons of a token that was not read


@dataclass(frozen=True, slots=True)
class Transcription:
    """The sound of one token.

    Attributes:
        ipa: NFD, without spaces, never empty; a token that is not read stands here as it is.
        segments: Phonemes and tones, `"".join(segments) == ipa`; a run of tone letters is one segment.
        romanized: Pinyin, the Vietnamese spelling, Hepburn or Revised Romanization; NFC.
        transcribed: False exactly when `reason` is "passed" or "punctuation".
        reason: One of `REASONS`.
    """

    ipa: str
    segments: tuple[str, ...]
    romanized: str
    transcribed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Language:
    """One row of the registry.

    Attributes:
        code: The name in our own files: ISO 639-1 for zh vi ja ko, else ISO 639-3.
        iso639_1: The two-letter code, which HTML wants.
        iso639_3: The three-letter code that the gap study uses.
        name: English name, for messages and cards.
        spaced: Whether tokens are joined by spaces in running text.
        tools: Packages that cut or read it by the default recipe, as distributions; those of an extra count too.
    """

    code: str
    iso639_1: str
    iso639_3: str
    name: str
    spaced: bool
    tools: tuple[str, ...] = ()


LANGUAGES = (
    Language("zh", "zh", "zho", "Chinese", spaced=False, tools=("pypinyin", "g2pM", "opencc", "rjieba")),
    Language("vi", "vi", "vie", "Vietnamese", spaced=True, tools=("underthesea",)),
    Language("ja", "ja", "jpn", "Japanese", spaced=False, tools=("sudachipy", "sudachidict-core")),
    Language("ko", "ko", "kor", "Korean", spaced=True),
    Language("eng", "en", "eng", "English", spaced=True, tools=("misaki",)),
    Language("fra", "fr", "fra", "French", spaced=True, tools=("gruut-lang-fr",)),
    Language("rus", "ru", "rus", "Russian", spaced=True, tools=("silero-stress",)),
    Language("ita", "it", "ita", "Italian", spaced=True, tools=("gruut-lang-it",)),
    Language("hun", "hu", "hun", "Hungarian", spaced=True, tools=("epitran", "panphon")),
    Language("ukr", "uk", "ukr", "Ukrainian", spaced=True),
    Language("tur", "tr", "tur", "Turkish", spaced=True, tools=("epitran", "panphon")),
    Language("fin", "fi", "fin", "Finnish", spaced=True, tools=("epitran", "panphon")),
    Language("hin", "hi", "hin", "Hindi", spaced=True),
    Language("swa", "sw", "swa", "Swahili", spaced=True, tools=("epitran", "panphon")),
    Language("urd", "ur", "urd", "Urdu", spaced=True),
)
RECIPES = (
    "default",  # the project's own readings
    "released",  # as the PhoneXL authors' files were made: zh, vi, ja, ko
    "epitran",  # Epitran as it is, segmented: as the gap paper's input was made
    "espeak",  # espeak-ng, for comparison
)

_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which neither tools nor tokenizers take


class UnknownLanguageError(ValueError):
    """A language code that no registry row names."""


class MissingToolError(RuntimeError):
    """A tool that a language needs is not installed. `extra` or `command` names what installs it."""

    def __init__(self, tool: str, needed_for: str, extra: str | None = None, command: str | None = None) -> None:
        # PhoneXL is on no package registry: what would be found there under its name is not it.
        ours = f"pip install '.[{extra}]'" if extra else "pip install ." if tool == "phonexl" else ""
        install = command or (f"{ours}  in a checkout of PhoneXL" if ours else f"pip install {tool}")
        super().__init__(f"{needed_for} needs the package {tool!r}, which is not installed: run  {install}")
        self.tool = tool
        self.extra = extra
        self._arguments = (tool, needed_for, extra, command)

    def __reduce__(self) -> tuple[type["MissingToolError"], tuple[str | None, ...]]:
        """Pickled by its arguments: a worker process raises it in ours."""
        return type(self), self._arguments


class LanguageModule(Protocol):
    """What `transcription_<iso>.py` must define."""

    INVENTORY: tuple[str, ...]

    def transcribe(self, tokens: Sequence[str]) -> list[Transcription]:
        """Read the tokens of one sentence in context, one record per token."""

    def segment(self, text: str) -> list[tuple[int, int]]:
        """Cut running text into words: (start, end) offsets that slice `text`, in order, spaces left out."""


def find_language(code: str) -> Language:
    """Look a language up by ISO 639-1 or 639-3 code.

    Raises:
        UnknownLanguageError: Naming the known codes and the nearest one; for what is no string, too.

    >>> find_language("kor").code, find_language("fr").code
    ('ko', 'fra')
    """
    if not isinstance(code, str):
        raise UnknownLanguageError(f"unknown language {code!r}; expected one code as a string, such as 'vi'")
    for language in LANGUAGES:
        if code in (language.iso639_1, language.iso639_3):
            return language
    known = [language.code for language in LANGUAGES]
    names = {name: language.code for language in LANGUAGES for name in (language.iso639_1, language.iso639_3)}
    names |= {"cn": "zh", "tw": "zh", "vn": "vi", "jp": "ja", "kr": "ko"}  # countries, the usual slip
    near = difflib.get_close_matches(code.lower(), names, 1, 0.4)
    hint = f" Did you mean {names[near[0]]!r}?" if near else ""
    raise UnknownLanguageError(f"unknown language {code!r}; known: {', '.join(known)}.{hint}")


def find_codes(languages: str | Iterable[str]) -> list[str]:
    """Our codes of one language or several, whichever code of ISO 639 each is given by.

    Raises:
        UnknownLanguageError: As `find_language`.

    >>> find_codes(["zho", "fr"]), find_codes("vie")
    (['zh', 'fra'], ['vi'])
    """
    return [find_language(code).code for code in ([languages] if isinstance(languages, str) else languages)]


@functools.cache
def load_language(code: str, recipe: str = "default") -> LanguageModule:
    """The reader of a language; its tools load only when it first reads a sentence.

    Args:
        code: ISO 639-1 or 639-3.
        recipe: One of `RECIPES`.

    Raises:
        UnknownLanguageError: If the registry has no such language.
        ValueError: If the recipe does not exist, or not for this language.
        MissingToolError: If the file of the language did not travel with this copy of the code, and the package that
            has it is not installed.
    """
    language = find_language(code)
    if recipe not in RECIPES:
        raise ValueError(f"unknown recipe {recipe!r}; known: {', '.join(RECIPES)}")
    module = _import_module(language.code if recipe == "default" else recipe, language.name, recipe)
    return cast(LanguageModule, module if recipe == "default" else module.reader(language.code))


def _import_module(name: str, language: str, recipe: str) -> Any:
    """The file of a language or recipe: that beside this one, else, for a copy in a checkpoint, that of the package."""
    for room in (str(__package__), "modeling_phonexl"):
        try:
            return importlib.import_module(f"{room}.transcription_{name}")
        except ModuleNotFoundError as error:
            if not str(error.name).startswith(room):
                raise
            missing = error
    raise MissingToolError("phonexl", f"transcription of {language} by the recipe {recipe!r}") from missing


def import_tool(name: str, package: str, needed_for: str, extra: str | None = None) -> object:
    """Import a third-party module by name; by `importlib`, because remote code may not name it in an import statement.

    Raises:
        MissingToolError: If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != name.split(".")[0]:
            raise
        raise MissingToolError(package, needed_for, extra) from error


class Transcriber:
    """Reads sentences of one language, token by token.

    Args:
        language: ISO 639-1 or 639-3 code.
        recipe: One of `RECIPES`.

    Raises:
        UnknownLanguageError: For a language that is not in `LANGUAGES`.
        ValueError: For a recipe that does not exist.

    >>> [t.ipa for t in Transcriber("vi")(["điện tử", "."])]
    ['ɗiən˨ˀ˩tɨ˧˩', '.']
    """

    def __init__(self, language: str, recipe: str = "default") -> None:
        if recipe not in RECIPES:
            raise ValueError(f"unknown recipe {recipe!r}; known: {', '.join(RECIPES)}")
        self.language = find_language(language).code
        self.recipe = recipe

    def __call__(self, tokens: Sequence[str]) -> list[Transcription]:
        """Transcribe the tokens of one sentence: as many records as tokens, none empty, whatever the text.

        Raises:
            MissingToolError: If the language's reading tool is not installed.
            ValueError: If the recipe does not read this language.
        """
        return load_language(self.language, self.recipe).transcribe([readable(token) for token in tokens])

    def segment(self, text: str) -> list[tuple[int, int]]:
        """Cut running text into words: ordered, disjoint offsets that slice `text`; white space belongs to no word."""
        return load_language(self.language).segment(readable(text))

    def write_apart(self, token: str) -> str:
        """The token with spaces between syllables that the language writes apart: of Vietnamese; others stay as is.

        >>> Transcriber("vi").write_apart("điệntử"), Transcriber("fra").write_apart("électronique")
        ('điện tử', 'électronique')
        """
        apart: Callable[[str], str] | None = getattr(load_language(self.language), "write_apart", None)
        return token if apart is None else apart(token)


@functools.lru_cache(maxsize=1 << 14)
def normal_form(ipa: str) -> str:
    """NFD with IPA's own ɡ (U+0261; ASCII g is another code point), without spaces: the one form of stored IPA."""
    return unicodedata.normalize("NFD", "".join(ipa.split())).replace("g", "ɡ")


def record(segments: Sequence[str], romanized: str, reason: str = "read") -> Transcription:
    """Build the record of a token that was read, from its segments."""
    clean = tuple(segment for segment in map(normal_form, segments) if segment)
    return Transcription("".join(clean), clean, unicodedata.normalize("NFC", romanized), True, reason)


def passed(token: str) -> Transcription:
    """The record of a token that is not read: its own characters, one segment each; never empty.

    Punctuation and symbols have no sound ("punctuation"); anything else could not be read ("passed").
    """
    ipa = unicodedata.normalize("NFD", "".join(token.split())) or "␣"
    silent = all(unicodedata.category(char)[0] in "PSZC" for char in token)
    return Transcription(
        ipa, tuple(ipa), unicodedata.normalize("NFC", token), False, "punctuation" if silent else "passed"
    )


def readable(text: str) -> str:
    r"""The text, of the same length, with U+FFFD in the place of each half of a surrogate pair.

    >>> readable("a \ud83d b") == "a \ufffd b"
    True
    """
    return _SURROGATE.sub("\ufffd", text)


def script(char: str) -> str:
    """Class of a character: "han", "kana", "hangul", "latin", "digit" or "other" (punctuation, marks, other scripts).

    >>> [script(c) for c in "漢あㄱ한é７。"]
    ['han', 'kana', 'hangul', 'hangul', 'latin', 'digit', 'other']
    """
    if unicodedata.category(char) == "Nd":
        return "digit"
    point = ord(char)
    if 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x323AF or char in "々〇〆":
        return "han"
    if 0x3041 <= point <= 0x30FF and char not in "・゠" or 0x31F0 <= point <= 0x31FF or 0xFF66 <= point <= 0xFF9D:
        return "kana"
    if 0xAC00 <= point <= 0xD7A3 or 0x1100 <= point <= 0x11FF or 0x3131 <= point <= 0x318E:
        return "hangul"
    if char.isalpha() and "LATIN" in unicodedata.name(char, ""):
        return "latin"
    return "other"


def guess_language(text: str) -> str:
    """Tell zh, vi, ja and ko apart by script: kana is ja, Hangul ko, Han alone zh, anything else vi.

    >>> [guess_language(text) for text in ("東京へ行く", "서울에 간다", "他去北京", "Tôi đi Hà Nội")]
    ['ja', 'ko', 'zh', 'vi']
    """
    scripts = {script(char) for char in text}
    for name, language in (("kana", "ja"), ("hangul", "ko"), ("han", "zh")):
        if name in scripts:
            return language
    return "vi"
