"""Public answers kept in memory and given again, before the framework is asked: until the projection moves.

A kept answer is the whole of it, headers and bytes. Its key holds the state of the public projection, so what is given
is what would have been answered; what moves the projection (a publication, a withdrawal, an erasure, a ground that
ends) makes every kept answer unreachable, and the least used go when there is no room.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from service.headers import Asgi, Message, Receive, Scope, Send

ANSWER_BYTES_MAX = 1024 * 1024  # A larger one takes the place of too many others, and its making outweighs its sending.
ENTRY_BYTES = 1024  # What an entry costs beside its bytes, roughly: names, headers, its place in the order.
KEY_BYTES_MAX = 16 * 1024  # Addresses and Accept headers above it are nobody's habit.
_KEY_HEADERS = frozenset({b"accept", b"accept-language", b"accept-profile"})
# What makes an answer belong to this request alone: who asks, how much of it, or as it was.
_OWN_HEADERS = frozenset({b"authorization", b"cookie", b"range", b"accept-datetime", b"if-match"})

State = Callable[[], tuple[int, str]]
"""Position and digest of the public projection now."""
Key = tuple[bytes, ...]


@dataclass(frozen=True)
class Kept:
    """One answer: its headers as sent, and its bytes."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    etag: bytes


class Cache:
    """Answers of one state, least used first."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.bytes = 0
        self.hits = 0
        self.misses = 0
        self._state: tuple[int, str] | None = None
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    def get(self, state: tuple[int, str], key: Key) -> Kept | None:
        """The answer kept under this key, if it holds in this state."""
        if state != self._state:
            self._kept.clear()
            self.bytes, self._state = 0, state
        kept = self._kept.get(key)
        if kept is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return kept

    def put(self, state: tuple[int, str], key: Key, kept: Kept) -> None:
        """Keeps an answer that holds in this state, unless the state has gone."""
        size = _size(key, kept)
        if state != self._state or size > self.bytes_max:
            return
        old = self._kept.pop(key, None)
        self.bytes += size - (_size(key, old) if old is not None else 0)
        self._kept[key] = kept
        while self.bytes > self.bytes_max:
            self.bytes -= _size(*self._kept.popitem(last=False))


def _size(key: Key, kept: Kept) -> int:
    return ENTRY_BYTES + len(kept.body) + sum(map(len, key)) + sum(len(n) + len(v) for n, v in kept.headers)


def with_cache(app: Asgi, cache: Cache, state: State) -> Asgi:
    """The app, with public answers kept. `app` gives whole answers (`service.headers.dressed` is inside it)."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None or not cache.bytes_max:
            await app(scope, receive, send)
            return
        now = state()
        kept = cache.get(now, key)
        if kept is not None:
            await _give(kept, scope, send)
            return
        await app(scope, receive, _Watched(send, cache, now, key))

    return serve


def _key(scope: Scope) -> Key | None:
    """Under which key an answer to this request may be kept; None when it is this caller's alone."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["server"] is None or scope["server"][1] is None:
        return None  # Also the operator's own socket, which sees more.
    asked: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _OWN_HEADERS:
            return None
        if name in _KEY_HEADERS:
            asked[name] = asked[name] + b"," + value if name in asked else value
    key = (scope["raw_path"], scope["query_string"], *(asked.get(name, b"") for name in sorted(_KEY_HEADERS)))
    return key if sum(map(len, key)) <= KEY_BYTES_MAX else None


async def _give(kept: Kept, scope: Scope, send: Send) -> None:
    """The kept answer, or 304 to who has it already."""
    if kept.etag and any(name == b"if-none-match" and _has(kept.etag, value) for name, value in scope["headers"]):
        told = [(n, v) for n, v in kept.headers if n not in (b"content-length", b"content-type")]
        await send({"type": "http.response.start", "status": 304, "headers": told})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
    await send({"type": "http.response.body", "body": kept.body})


def _has(etag: bytes, asked: bytes) -> bool:
    """If-None-Match, compared weakly."""
    bare = etag.removeprefix(b"W/")
    return any(tag.strip().removeprefix(b"W/") in (bare, b"*") for tag in asked.split(b","))


class _Watched:
    """A `send` that keeps what goes by, when it is a whole public answer of the state that was asked in."""

    def __init__(self, send: Send, cache: Cache, state: tuple[int, str], key: Key) -> None:
        self._send = send
        self._cache = cache
        self._state = state
        self._key = key
        self._headers: tuple[tuple[bytes, bytes], ...] | None = None
        self._etag = b""
        self._parts: list[bytes] = []
        self._size = 0

    async def __call__(self, message: Message) -> None:
        """Sends on, and keeps at the end."""
        if message["type"] == "http.response.start":
            self._look(message)
        elif self._headers is not None:
            part = bytes(message.get("body", b""))
            self._size += len(part)
            if self._size > ANSWER_BYTES_MAX:
                self._headers = None
                self._parts.clear()
            else:
                self._parts.append(part)
                if not message.get("more_body", False):
                    kept = Kept(self._headers, b"".join(self._parts), self._etag)
                    self._cache.put(self._state, self._key, kept)
        await self._send(message)

    def _look(self, message: Message) -> None:
        headers = {name.lower(): value for name, value in message["headers"]}
        fits = (
            message["status"] == 200
            and headers.get(b"wijkgraaf-position") == str(self._state[0]).encode()
            and headers.get(b"cache-control") == b"no-cache"
        )
        if fits:
            self._headers = tuple((name.lower(), value) for name, value in message["headers"])
            self._etag = headers.get(b"etag", b"")
