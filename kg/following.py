"""Following a stream: one round over its pages, reading what is new, and looking again at what may be rewritten.

The server is not trusted: no page of another host than was asked for, no redirect, no more bytes, seconds or pages than
here, each page looked at once a round; what it wrote is parsed in a worker that may be killed.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx

from kg.framing import Frame
from kg.mirror import Mirror, Page
from kg.stream_reader import ACCEPT
from kg.streams import Member
from kg.workers import Crew

PAGE_BYTES_MAX = 64 * 1024 * 1024  # As much as a request may send us.
PAGE_SECONDS_MAX = 120.0  # A page comes in well under a second; a slow line gets two minutes.
READ_SECONDS_MAX = 60.0  # Of a worker that parses one page.
PAGES_MAX = 100_000  # Ten million positions; a stream that goes on for longer has no end.
LOOK_AGAIN_MAX = 100  # Full pages looked at again in a round, those longest ago first: a second or so of a server.
FULL_FRESH_SECONDS = 300.0  # For a full page that does not say how long it may be kept.
FOREVER_SECONDS = 10 * 365 * 86400.0  # What a page that calls itself immutable is believed.
HEADROOM_BYTES = 1024 * 1024 * 1024  # 64 MB of text become some 500 MB of quads.
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})")


@dataclass(frozen=True)
class Source:
    """What is followed: the address of a stream or of its view, a token for it, and other hosts that it may lead to."""

    address: str
    token: str | None = None
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Trouble:
    """Why a round was not finished. `lasting` when waiting does not mend it."""

    what: str
    lasting: bool = False
    again_seconds: float | None = None
    """When the server asks us to come back."""


@dataclass
class Round:
    """What one round did."""

    read: int = 0
    unchanged: int = 0
    rewritten: int = 0
    """Full pages that had changed."""
    changes: int = 0
    """Documents that came, changed or went."""
    head: int | None = None
    """Where the server says that it stands."""
    lag_seconds: float | None = None
    """Of what is new, how long ago the oldest was published."""
    elsewhere: set[str] = field(default_factory=set)
    """Hosts that the stream leads to and that were not asked."""
    trouble: Trouble | None = None


class Follower:
    """Keeps a mirror in step with a stream."""

    def __init__(self, source: Source, mirror: Mirror, *, clock: Callable[[], float] = time.time) -> None:
        self.source = source
        self.mirror = mirror
        self._clock = clock
        self._crew = Crew("kg.stream_reader", {}, headroom_bytes=HEADROOM_BYTES)
        self._client = httpx.Client(follow_redirects=False, timeout=httpx.Timeout(30.0), trust_env=False)

    def start(self) -> None:
        """Starts the process that parses. Call it from a thread that stays."""
        self._crew.start()

    def close(self) -> None:
        """Ends the process and the connections."""
        self._crew.close()
        self._client.close()

    def round(self) -> Round:
        """One walk over the pages; afterwards the mirror's file says what was read, also when it was not all."""
        done = Round()
        try:
            done.trouble = self._walk(done)
        finally:
            if self.mirror.pages():
                # Of what never was a stream there is nothing to write.
                self.mirror.write()
        return done

    def _walk(self, done: Round) -> Trouble | None:
        now, pages = self._clock(), self.mirror.pages()
        stale = sorted((p for p in pages.values() if p.full and p.fresh_until <= now), key=lambda p: p.fresh_until)
        again = {page.address for page in stale[:LOOK_AGAIN_MAX]}
        waiting, seen = [self.source.address], {self.source.address}
        while waiting:
            address = waiting.pop(0)
            known = pages.get(address)
            if known is None or not known.full or address in again:
                found = self._look(address, known, done)
                if isinstance(found, Trouble):
                    return found
                known = found
            for onward in known.onward:
                if onward in seen:
                    continue
                seen.add(onward)
                if not self._is_near(onward):
                    done.elsewhere.add(httpx.URL(onward).host if _is_address(onward) else onward[:100])
                elif len(seen) > PAGES_MAX:
                    return Trouble(f"the stream has more than {PAGES_MAX} pages", lasting=True)
                else:
                    waiting.append(onward)
        return None

    def _look(self, address: str, known: Page | None, done: Round) -> Page | Trouble:
        """Asks for a page, and takes in what is new on it."""
        try:
            answer = self._fetch(address, known.etag if known else None)
        except httpx.HTTPError as error:
            return Trouble(f"{address}: {error or type(error).__name__}")
        if isinstance(answer, Trouble):
            return answer
        response, body = answer
        position = response.headers.get("wijkgraaf-position", "")
        done.head = max(done.head or 0, int(position)) if position.isdigit() else done.head
        if response.status_code == 304 and known is not None:
            page = replace(known, **_kept(response, self._clock()))
            self.mirror.looked(page)
            done.unchanged += 1
            return page
        return self._take(address, known, response, body, done)

    def _take(
        self, address: str, known: Page | None, response: httpx.Response, body: bytes, done: Round
    ) -> Page | Trouble:
        paths = self.mirror.recalled("paths")
        head = {
            "address": address,
            "media_type": response.headers.get("content-type", "").partition(";")[0].strip().lower(),
            "paths": json.loads(paths) if paths else None,
        }
        reply = self._crew.ask("page", head, body, seconds=READ_SECONDS_MAX)
        if not isinstance(reply, Frame) or "onward" not in reply.head:
            why = reply.head.get("fault", "memory") if isinstance(reply, Frame) else f"its reader ended by {reply.by}"
            return Trouble(f"{address} cannot be read: {why}", lasting=True)
        stream = self.mirror.recalled("stream")
        if stream is None and reply.head["stream"] is None and not reply.head["onward"]:
            return Trouble(f"{address} is no event stream: it names no stream or page of LDES or TREE", lasting=True)
        if stream is not None and reply.head["stream"] not in (stream, None):
            return Trouble(f"{address} belongs to another stream than before: {reply.head['stream']}", lasting=True)
        if reply.head["stream"] is not None:
            self.mirror.remember(stream=reply.head["stream"], paths=json.dumps(reply.head["paths"]))
        etag = response.headers.get("etag")
        page = Page(address, etag, 0.0, False, tuple(reply.head["onward"]))
        page = replace(page, **_kept(response, self._clock()))
        members = _members(reply)
        before = int(self.mirror.recalled("position") or 0)
        done.changes += self.mirror.take(page, members)
        done.read += 1
        done.rewritten += known is not None and known.full
        self._measure(members, before, done)
        return page

    def _measure(self, members: tuple[Member, ...], before: int, done: Round) -> None:
        for member in members:
            if 0 <= member.order[1][0] <= before:
                continue
            try:
                lag = self._clock() - datetime.fromisoformat(member.time).timestamp()
            except ValueError:
                continue
            done.lag_seconds = max(done.lag_seconds or 0.0, lag)

    def _fetch(self, address: str, etag: str | None) -> tuple[httpx.Response, bytes] | Trouble:
        headers = {"Accept": ACCEPT, "User-Agent": "wijkgraaf-follow"}
        if etag:
            headers["If-None-Match"] = etag
        if self.source.token and _origin(address) == _origin(self.source.address):
            headers["Authorization"] = f"Bearer {self.source.token}"
        parts, size, until = [], 0, time.monotonic() + PAGE_SECONDS_MAX
        with self._client.stream("GET", address, headers=headers) as response:
            if response.status_code not in (200, 304):
                return _refused(address, response)
            for part in response.iter_bytes():
                size += len(part)
                if size > PAGE_BYTES_MAX:
                    return Trouble(f"{address} gives more than {PAGE_BYTES_MAX} bytes", lasting=True)
                if time.monotonic() > until:
                    return Trouble(f"{address} takes more than {PAGE_SECONDS_MAX:g} s")
                parts.append(part)
        return response, b"".join(parts)

    def _is_near(self, address: str) -> bool:
        """Whether a page may be asked: on the host that was given, or one that was allowed."""
        if not _is_address(address):
            return False
        url = httpx.URL(address)
        return _origin(address) == _origin(self.source.address) or url.netloc.decode() in self.source.hosts


def _is_address(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        return False
    return url.scheme in ("http", "https") and bool(url.host) and not url.userinfo


def _origin(address: str) -> tuple[str, str, int | None]:
    url = httpx.URL(address)
    return url.scheme, url.host, url.port


def _refused(address: str, response: httpx.Response) -> Trouble:
    status = response.status_code
    if 300 <= status < 400:
        return Trouble(f"{address} sends us to {response.headers.get('location', '')[:200]}: follow that", lasting=True)
    wait = response.headers.get("retry-after", "")
    again = float(wait) if wait.isdigit() and len(wait) < 7 else None
    return Trouble(
        f"{address} answers {status}",
        lasting=400 <= status < 500 and status not in (408, 425, 429),
        again_seconds=again,
    )


def _kept(response: httpx.Response, now: float) -> dict[str, Any]:
    """Whether a page is full, and until when it need not be looked at again."""
    control = response.headers.get("cache-control", "").lower()
    age = _MAX_AGE.search(control)
    fresh = float(age[1]) if age and "no-store" not in control else FULL_FRESH_SECONDS
    if "immutable" in control:
        fresh = FOREVER_SECONDS
    # What may be kept for a while is full; what must not be stored says by its link that another follows it.
    full = "no-cache" not in control and (age is not None or "immutable" in control or "next" in response.links)
    return {"fresh_until": now + fresh if full else 0.0, "full": full}


def _members(reply: Frame) -> tuple[Member, ...]:
    found, place = [], 0
    for told in reply.head["members"]:
        values: Mapping[str, Any] = {**told, "removes": tuple(told["removes"])}
        end = place + told["triples"]
        found.append(Member(**{**values, "triples": bytes(reply.body[place:end])}))
        place = end
    return tuple(found)


def summary(done: Round) -> Mapping[str, Any]:
    """A round as a value for JSON."""
    return {**asdict(done), "elsewhere": sorted(done.elsewhere), "trouble": done.trouble.what if done.trouble else None}
