"""A Hugging Face Hub on 127.0.0.1 for tests: sockets, a log of requests, connections that break on demand.

Standard library only. What it answers is in `hub_endpoints.py`, what it holds in `hub_repository.py`, all in memory.
"""

from __future__ import annotations

import re
import threading
import traceback
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from hub_endpoints import Answer, Call, State, respond
from hub_repository import Repository

TOKEN, USER = "hf_loopback", "user"
OTHER_TOKEN, OTHER_USER = "hf_other", "other"


@dataclass(frozen=True)
class Logged:
    """A request that came in; no status if its connection was cut."""

    method: str
    path: str
    status: int | None


@dataclass
class Cut:
    """A connection to cut: of the requests that match, the one before which `left` others pass; done if negative."""

    method: str
    pattern: str
    left: int
    at: Literal["request", "answer"]


class LoopbackHub:
    """The server; `stop` it, or use it in a `with` statement.

    Attributes:
        url: Where it listens: the value of HF_ENDPOINT.
        state: Repositories and large files.
        log: Requests in the order of their answers.
        crashes: Stacks of faults of this server itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.reset()
        # Polled often, so that `stop` does not wait.
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> LoopbackHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self.state = State(self.url, {TOKEN: USER, OTHER_TOKEN: OTHER_USER})
            self.log: list[Logged] = []
            self.crashes: list[str] = []
            self._cuts: list[Cut] = []

    def cut(self, method: str, pattern: str, number: int = 1, at: Literal["request", "answer"] = "request") -> None:
        """Let the connection of a request to come break.

        Args:
            method: Its HTTP method.
            pattern: Regular expression to be found in its path.
            number: Which of the requests that match, from 1.
            at: `request`: nothing was done; `answer`: all was done, and half of the answer sent.
        """
        self._cuts.append(Cut(method, pattern, number - 1, at))

    def requests(self, method: str, pattern: str) -> list[Logged]:
        """Requests so far of a method, and paths in which the pattern is found."""
        return [item for item in self.log if item.method == method and re.search(pattern, item.path)]

    def repository(self, kind: str, name: str) -> Repository:
        """A repository by kind (`models`, `datasets`, `spaces`) and `user/name`."""
        return self.state.repositories[kind, name]

    def answer(self, call: Call, path: str) -> tuple[Answer | None, Cut | None]:
        """One request at a time: no answer if its connection is cut before, a cut if it is to break within."""
        with self._lock:
            cut = self._next_cut(call.method, path)
            answer = None if cut and cut.at == "request" else self._try_to_respond(call)
            self.log.append(Logged(call.method, path, answer.status if answer and not cut else None))
        return answer, cut

    def _next_cut(self, method: str, path: str) -> Cut | None:
        matching = [cut for cut in self._cuts if cut.method == method and re.search(cut.pattern, path)]
        due = next((cut for cut in matching if cut.left == 0), None)
        for cut in matching:
            cut.left -= 1
        return due

    def _try_to_respond(self, call: Call) -> Answer:
        try:
            return respond(self.state, call)
        except Exception:
            self.crashes.append(traceback.format_exc())
            # Not 5xx: clients would try again for half a minute.
            return Answer.of({"error": "the loopback Hub crashed"}, 418)


class _Handler(BaseHTTPRequestHandler):
    """HTTP of one connection."""

    hub: LoopbackHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the acknowledgement of its headers

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        address = urlsplit(self.path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        call = Call(
            self.command,
            address.path,
            dict(parse_qsl(address.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self._read_body(),
            self.hub.state.users.get(token),
        )
        answer, cut = self.hub.answer(call, self.path)
        self.close_connection = self.close_connection or cut is not None
        if answer:
            try:
                self._send(answer, len(answer.body) // 2 if cut else len(answer.body))
            except ConnectionError:
                self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, answer: Answer, length: int) -> None:
        """Headers that name the whole length, and as much of the body."""
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:length])
