"""A partner's web server for tests: it gives what a test puts at an address, and keeps what was asked."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TURTLE = "text/turtle"


@dataclass
class Answer:
    """What stands at an address. With `etag` it answers 304 to who has it."""

    body: bytes
    media_type: str | None = TURTLE
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: bool = True
    cut_short: int = 0
    """So many bytes of the end are never sent."""
    piece_bytes: int = 0
    """Sent in pieces of so many bytes, each after `piece_seconds`."""
    piece_seconds: float = 0.0
    silent_seconds: float = 0.0
    """Before the first byte."""


@dataclass
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Partner:
    """The server: what it gives by path, and what was asked of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, body: str | bytes, media_type: str | None = TURTLE, **more: object) -> str:
        """Puts something at an address; gives the address."""
        text = body.encode() if isinstance(body, str) else body
        self.answers[path] = Answer(text, media_type, **more)  # type: ignore[arg-type]
        return self.url + path


@contextmanager
def partner() -> Iterator[Partner]:
    """A server on a port of its own, for as long as the test runs."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_words: object) -> None:
            pass

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
            answer = server.answers.get(self.path) or server.answers.get(self.path.partition("?")[0])
            if answer is None:
                answer = Answer(b"nothing here", "text/plain", 404)
            time.sleep(answer.silent_seconds)
            etag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
            same = answer.etag and answer.status == 200 and self.headers.get("if-none-match") == etag
            self.send_response(304 if same else answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.etag:
                self.send_header("ETag", etag)
            if same:
                self.end_headers()
                return
            if answer.media_type is not None:
                self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            body = answer.body[: len(answer.body) - answer.cut_short]
            step = answer.piece_bytes or max(1, len(body))
            try:
                for start in range(0, len(body), step):
                    time.sleep(answer.piece_seconds)
                    self.wfile.write(body[start : start + step])
                    self.wfile.flush()
            except OSError:  # Who asked had enough.
                pass
            self.close_connection = True

        do_POST = do_GET  # noqa: N815

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_about: object) -> None:
            """Who asked went away: that is what some tests are about."""

    with Quiet(("127.0.0.1", 0), Answering) as listening:
        server = Partner(listening.server_address[1])
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
