"""Downloading: from a server on loopback; the real addresses are only compared with the files they should give."""

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset_scripts import download as module
from dataset_scripts.download import REMOTES, Remote, _convert_muse, _convert_treebanks, download
from dataset_scripts.readers import DataError, read_tsv

TREEBANK = "1\tđiện tử\t_\tNOUN\t_\t_\t0\troot\t_\t_\n"
GLUED = "điệntử\tNOUN\n"


class Handler(http.server.SimpleHTTPRequestHandler):
    requested: list[str] = []

    def do_GET(self) -> None:
        self.requested.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://example.org/plain")
            self.end_headers()
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(TREEBANK.encode())
        else:
            super().do_GET()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "www").mkdir()
    (tmp_path / "www/a.conllu").write_text(TREEBANK, encoding="utf-8")
    Handler.requested = []
    handler = functools.partial(Handler, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


CONVERT = functools.partial(_convert_treebanks, glued=True)


def offer(monkeypatch, url: str, text: str = GLUED) -> None:
    remote = Remote("test-vi.tsv", (url,), CONVERT, hashlib.sha256(text.encode()).hexdigest())
    monkeypatch.setattr(module, "REMOTES", {"udpos": (remote,)})


def test_a_file_is_fetched_converted_checked_and_fetched_only_once(server, tmp_path, monkeypatch):
    offer(monkeypatch, f"{server}/a.conllu")
    for _ in range(2):
        (path,) = download("udpos", tmp_path / "udpos")
        assert path.read_text(encoding="utf-8") == GLUED
    assert Handler.requested == ["/a.conllu"]
    assert [entry.name for entry in path.parent.iterdir()] == ["test-vi.tsv"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/a.conllu", "other", "content with SHA-256"),
        ("/nothing", GLUED, "an answer from this address .*404"),
        ("/cut", GLUED, "an answer from this address .*more expected"),
        ("/away", GLUED, "example.org/plain: expected an https address"),
    ],
)
def test_a_wrong_answer_leaves_nothing_behind(server, tmp_path, monkeypatch, path, text, expected):
    """A changed, missing, cut or diverted source must not become training data."""
    offer(monkeypatch, server + path, text)
    with pytest.raises(DataError, match=expected):
        download("udpos", tmp_path / "udpos")
    assert list((tmp_path / "udpos").iterdir()) == []


def test_no_network_is_a_data_error_that_says_so(server, tmp_path, monkeypatch):
    offer(monkeypatch, "http://127.0.0.1:9/a.conllu")
    with pytest.raises(DataError, match="Check the network"):
        download("udpos", tmp_path)


def test_a_file_of_the_user_is_not_overwritten(tmp_path, monkeypatch):
    offer(monkeypatch, "https://example.org/a.conllu")
    (tmp_path / "test-vi.tsv").write_text("mine\n")
    with pytest.raises(DataError, match="Move your own file"):
        download("udpos", tmp_path)
    assert (tmp_path / "test-vi.tsv").read_text() == "mine\n"


def test_plain_http_is_refused(tmp_path, monkeypatch):
    offer(monkeypatch, "http://example.org/a.conllu")
    with pytest.raises(DataError, match="https address"):
        download("udpos", tmp_path)


def test_unknown_collection_is_refused(tmp_path):
    with pytest.raises(ValueError, match="known: udpos, panx, muse"):
        download("xnli", tmp_path)


def test_table_holds_every_file_once_with_fixed_addresses():
    assert {name: len(remotes) for name, remotes in REMOTES.items()} == {"udpos": 15, "panx": 12, "muse": 4}
    urls = [url for remotes in REMOTES.values() for remote in remotes for url in remote.urls]
    assert len(set(urls)) == len(urls) - 3  # Vietnamese is fetched twice: glued, and with its spaces
    for url in urls:
        assert url.startswith("https://raw.githubusercontent.com/")
        revision = url.split("/")[5]
        assert revision == "r2.5" or len(revision) == 40
    assert len({remote.sha256 for remotes in REMOTES.values() for remote in remotes}) == 31


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_treebank_words_with_spaces_give_the_file_of_xtreme(shared, tmp_path, split):
    """The rule that joins treebanks is tried on the one language where gluing matters."""
    path = tmp_path / f"vi_vtb-ud-{split}.conllu"
    with path.open("w", encoding="utf-8") as stream:
        for sentence in read_tsv(shared / f"data/udpos/spaced-{split}-vi.tsv.gz", "udpos", "vi"):
            for number, (token, tag) in enumerate(zip(sentence.tokens, sentence.tags, strict=True), 1):
                stream.write(f"{number}\t{token}\t_\t{tag}\t_\t_\t_\t_\t_\t_\n")
            stream.write("\n")
    remotes = [remote for remote in REMOTES["udpos"] if remote.file.endswith(f"{split}-vi.tsv")]
    assert {remote.file for remote in remotes} == {f"{split}-vi.tsv", f"spaced-{split}-vi.tsv"}
    for remote in remotes:
        assert hashlib.sha256(remote.convert([path]).encode()).hexdigest() == remote.sha256


def test_real_files_have_the_digests_of_the_table(shared):
    for remote in REMOTES["muse"]:
        path = shared / "data/muse" / f"{remote.file}.gz"
        lines = module.read_lines(path)
        assert hashlib.sha256("".join(f"{line}\n" for _, line in lines).encode()).hexdigest() == remote.sha256


def test_mirror_lines_are_turned_back(tmp_path):
    path: Path = tmp_path / "en-zh.dict"
    path.write_text("和 @ and\n@ @ @\n", encoding="utf-8")
    assert _convert_muse([path]) == "and\t和\n@\t@\n"
    path.write_text("and\t和\n", encoding="utf-8")
    with pytest.raises(DataError, match='"target @ source"'):
        _convert_muse([path])
