"""Public answers kept in memory: given again unchanged, never after the projection has moved, never to another."""

from __future__ import annotations

import contextlib
import re

import httpx
import pytest

from service.cache import ENTRY_BYTES, Cache, with_cache
from service.headers import Message, Receive, Scope, Send
from tests.running import Service, copy_of, free_port, start_service
from tests.stories import BASE, story

LW = "https://w3id.org/lerende-wijk/def#"
STORIES = f"SELECT ?story {{ ?story a <{LW}Story> }} ORDER BY ?story"


def hits(port: int) -> int:
    """How many kept answers the service says it gave again."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found = re.search(r"^wijkgraaf_cache_hits_total (\S+)$", text, re.MULTILINE)
    assert found
    return int(float(found.group(1)))


def test_an_answer_is_given_again_until_somebody_publishes(moerwijk_folder, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The same bytes and headers from memory; after a publication and after a withdrawal the new answer, at once."""
    port = free_port()
    data = copy_of(moerwijk_folder, tmp_path)
    service = start_service(data, BASE, "--metrics-port", str(port))
    try:
        service.run("party", "add", "kas", "--name", "Kas")
        token = service.token("kas", "contribute")
        url = f"{service.url}/sparql"

        def ask() -> httpx.Response:
            return httpx.get(url, params={"query": STORIES}, headers={"Accept": "text/csv"})

        first = ask()
        before = hits(port)
        again = ask()
        assert hits(port) == before + 1
        assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
        kept = {"If-None-Match": first.headers["etag"], "Accept": "text/csv"}
        assert (304, b"") == ((unchanged := httpx.get(url, params={"query": STORIES}, headers=kept)).status_code,
                              unchanged.content)  # fmt: skip
        with service.client(token) as client:
            for number in range(5):
                body = story("kas", f"verhaal-{number}")
                published = client.post("/contributions", content=body, headers={"Content-Type": "text/turtle"})
                assert 201 == published.status_code, published.text
                assert f"{BASE}/id/kas/verhaal-{number}" in ask().text
                assert 200 == client.delete(f"/doc/kas/verhaal-{number}").status_code
                assert f"{BASE}/id/kas/verhaal-{number}" not in ask().text
        # A caller with a token is never given, nor does it leave, what is kept for everybody.
        before = hits(port)
        with service.client(token) as client:
            assert 200 == client.get("/sparql", params={"query": STORIES}).status_code
            assert 200 == client.get("/sparql", params={"query": STORIES}).status_code
        assert before == hits(port)
    finally:
        service.stop()


def test_the_time_and_chance_are_asked_anew(moerwijk: Service) -> None:
    """NOW, RAND and UUID have another answer each time, so nothing may keep it or call it unchanged."""
    for expression in ("NOW()", "RAND()", "UUID()", "STRUUID()"):
        asked = {"query": f"SELECT ({expression} AS ?x) {{}}"}
        one, other = (httpx.get(f"{moerwijk.url}/sparql", params=asked) for _ in range(2))
        assert one.text != other.text
        assert ("no-store", False) == (one.headers["cache-control"], "etag" in one.headers)


class Given:
    """An app that gives public answers of a state, and counts how often it is asked."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked = 0
        self.state = (1, "a")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One answer."""
        self.asked += 1
        position = str(self.state[0]).encode()
        headers = [(b"wijkgraaf-position", position), (b"cache-control", b"no-cache"), (b"etag", b'W/"x"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": scope["raw_path"] * self.size, "more_body": True})
        await send({"type": "http.response.body", "body": b"."})


def get(app, path: bytes, **headers: bytes) -> list[Message]:  # type: ignore[no-untyped-def]
    """The messages of one GET."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nobody reads a body of GET")

    named = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "server": ("127.0.0.1", 80), "raw_path": path, "query_string": b"",
             "headers": named}  # fmt: skip
    # Nothing in it waits, so it runs to its end at once; the browser's driver may keep a loop running in this thread.
    with contextlib.suppress(StopIteration):
        app(scope, receive, send).send(None)
        raise AssertionError("a kept answer waits for nobody")
    return sent


@pytest.mark.parametrize("header", ["authorization", "cookie", "range", "accept_datetime", "if_match"])
def test_an_answer_to_somebody_is_not_kept(header: str) -> None:
    """A header that makes the answer this caller's goes past the memory, both ways."""
    given, cache = Given(1), Cache(10_000)
    app = with_cache(given, cache, lambda: given.state)
    get(app, b"/a", **{header: b"x"})
    get(app, b"/a")
    get(app, b"/a", **{header: b"x"})
    assert 3 == given.asked
    get(app, b"/a")
    assert 3 == given.asked


def test_memory_stays_within_its_limit_and_the_least_used_goes() -> None:
    """However many addresses are asked; what was asked last is still there."""
    given, cache = Given(100), Cache(20 * ENTRY_BYTES)
    app = with_cache(given, cache, lambda: given.state)
    for number in range(1000):
        get(app, b"/%d" % number)
        get(app, b"/0")
        assert cache.bytes <= cache.bytes_max
    assert (1000, 1000) == (given.asked, cache.hits)
    given.state = (2, "b")
    get(app, b"/0")
    assert (1001, True) == (given.asked, cache.bytes < 2 * ENTRY_BYTES)


def test_an_answer_of_another_state_is_not_kept() -> None:
    """When the projection moves while an answer is made, that answer is given and forgotten."""
    given, cache = Given(1), Cache(10_000)
    app = with_cache(given, cache, lambda: (2, "b"))
    get(app, b"/a")
    get(app, b"/a")
    assert (2, 0) == (given.asked, cache.bytes)


def test_languages_and_formats_are_kept_apart() -> None:
    """Accept and Accept-Language belong to the key."""
    given, cache = Given(1), Cache(10_000)
    app = with_cache(given, cache, lambda: given.state)
    for headers in ({}, {"accept": b"text/csv"}, {"accept": b"text/csv", "accept_language": b"nl"}):
        get(app, b"/a", **headers)
        get(app, b"/a", **headers)
    assert (3, 3) == (given.asked, cache.hits)
