"""One answer of a partner's server, fetched with every limit: bytes, unpacked bytes, time, redirects, addresses."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import httpx

from kg.harvesting.addresses import Leave, Resolve, look_at, open_addresses, port_of, resolve
from kg.objection import Objection, object_to

REDIRECTS_MAX = 5  # http → https → www → a new place; who sends us further sends us round.
GZIP = ("gzip", "x-gzip")
GZIP_TYPES = ("application/gzip", "application/x-gzip")
GZIP_MARK = b"\x1f\x8b\x08"
REDIRECTS = (301, 302, 303, 307, 308)
CHUNK_BYTES = 64 * 1024  # Unpacked at once, so that a bomb is noticed after this much.


@dataclass(frozen=True)
class Limits:
    """What one run may cost."""

    bytes_max: int
    """Of one answer, unpacked."""
    seconds_max: float
    """Of one answer, from the look-up of the name to its last byte."""
    wait_seconds_max: float
    """For a connection, and between two pieces of an answer."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a server. With `form` it is posted, as a SPARQL query is."""

    address: str
    accept: str
    etag: str | None = None
    modified: str | None = None
    form: bytes | None = None
    registered: str | None = None
    """Where the source began, when the address came from an answer of its."""


@dataclass(frozen=True)
class Fetched:
    """What came: `status` is 200, or 304 without a body."""

    address: str
    status: int
    media_type: str
    body: bytes
    etag: str | None
    modified: str | None
    size_bytes: int
    """As they came over the network."""


@dataclass(frozen=True)
class Unfetched:
    """Why nothing came, the status that the server gave, and how long it asks us to stay away."""

    objection: Objection
    status: int | None = None
    again_after: str | None = None


class _CutShort(Exception):
    """The answer ended before its end."""


class _TooMuch(Exception):
    """The answer is larger than it may be."""


async def fetch(
    wanted: Wanted, leave: Leave, limits: Limits, *, base: str, resolve: Resolve = resolve
) -> Fetched | Unfetched:
    """Fetches it; what stands in the way is a value. `base` is told as who we are."""
    try:
        async with asyncio.timeout(limits.seconds_max):
            return await _follow(wanted, leave, limits, base, resolve)
    except TimeoutError:
        limit = f"{limits.seconds_max:g} s"
        return Unfetched(object_to("FetchTooSlow", value=wanted.address[:200], limit=limit))


async def _follow(wanted: Wanted, leave: Leave, limits: Limits, base: str, resolve: Resolve) -> Fetched | Unfetched:
    """Goes along redirects, when they are allowed, looking at every hop as at the first."""
    address, registered = wanted.address, wanted.registered
    for _ in range(REDIRECTS_MAX + 1):
        url = look_at(address, leave, registered)
        if isinstance(url, Objection):
            return Unfetched(url)
        places = await open_addresses(url, leave, resolve)
        if isinstance(places, Objection):
            return Unfetched(places)
        answer = await _one(url, places, wanted, limits, base)
        if not isinstance(answer, httpx.URL):
            return answer
        if not leave.elsewhere or wanted.form is not None:
            # A query is not sent on: whoever registered the endpoint gave its address.
            return Unfetched(object_to("LeadsElsewhere", value=str(answer)[:200]))
        address, registered = str(answer), registered or wanted.address
    return Unfetched(object_to("LeadsRound", value=wanted.address[:200], limit=str(REDIRECTS_MAX)))


async def _one(
    url: httpx.URL, places: Sequence[str], wanted: Wanted, limits: Limits, base: str
) -> Fetched | Unfetched | httpx.URL:
    """One hop: what the server gives, or where it sends us; the next address of the name where one does not answer."""
    reason: Exception | None = None
    for place in places:
        try:
            return await _ask(url, place, wanted, limits, base)
        except httpx.ConnectError as error:
            reason = error
        except (httpx.ConnectTimeout, httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout):
            limit = f"{limits.wait_seconds_max:g} s"
            return Unfetched(object_to("FetchTooSlow", value=str(url)[:200], limit=limit))
        except (_CutShort, httpx.RemoteProtocolError, httpx.ReadError):
            return Unfetched(object_to("FetchCutShort", value=str(url)[:200]))
        except _TooMuch:
            return Unfetched(object_to("FetchTooLarge", value=str(url)[:200], limit=f"{limits.bytes_max} bytes"))
        except (httpx.HTTPError, ssl.SSLError) as error:
            reason = error
            break
    return Unfetched(object_to("Unreachable", value=str(url)[:200], limit=str(reason)[:200]))


async def _ask(
    url: httpx.URL, place: str, wanted: Wanted, limits: Limits, base: str
) -> Fetched | Unfetched | httpx.URL:
    """Connects to this address under the name in the URL: certificate and Host are those of the name."""
    headers = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": f"Wijkgraaf/{version('wijkgraaf')} (+{base})",
        "Accept": wanted.accept,
        "Accept-Encoding": "gzip, identity;q=0.5",
    }
    if wanted.etag:
        headers["If-None-Match"] = wanted.etag
    if wanted.modified:
        headers["If-Modified-Since"] = wanted.modified
    if wanted.form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    waits = httpx.Timeout(limits.wait_seconds_max)
    # A client for one answer: no cookies kept, no connection kept, nothing of the environment (proxies, .netrc).
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=waits) as client:
        request = client.build_request(
            "GET" if wanted.form is None else "POST",
            url.copy_with(host=place, port=port_of(url), fragment=None),
            headers=headers,
            content=wanted.form,
            extensions={"sni_hostname": url.host.rstrip(".")},
        )
        response = await client.send(request, stream=True)
        try:
            return await _answer(url, response, limits)
        finally:
            await response.aclose()


async def _answer(url: httpx.URL, response: httpx.Response, limits: Limits) -> Fetched | Unfetched | httpx.URL:
    status = response.status_code
    if status in REDIRECTS and "location" in response.headers:
        try:
            return url.join(response.headers["location"])
        except (httpx.InvalidURL, ValueError):
            return Unfetched(object_to("AddressUnclear", value=response.headers["location"][:200]), status)
    etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
    if status == 304:
        return Fetched(str(url), 304, "", b"", etag, modified, 0)
    if status != 200:
        refused = object_to("AnswerRefused", value=str(url)[:200], limit=str(status))
        return Unfetched(refused, status, response.headers.get("retry-after"))
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    media = response.headers.get("content-type", "").strip().lower()
    if encoding not in ("", "identity", *GZIP):
        return Unfetched(
            object_to("FetchedUnclear", value=str(url)[:200], limit=f"Content-Encoding: {encoding}"), status
        )
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limits.bytes_max:
        raise _TooMuch
    stream = response.aiter_raw(CHUNK_BYTES)
    body = await _taken(stream, limits.bytes_max, packed=encoding in GZIP)
    size = response.num_bytes_downloaded
    if body.startswith(GZIP_MARK):  # A file that is packed itself, whatever the server calls it.
        body = b"".join([piece async for piece in _within(_unpacked(_pieces(body)), limits.bytes_max)])
        media = "" if media.partition(";")[0] in (*GZIP_TYPES, "application/octet-stream") else media
    return Fetched(str(url), 200, media, body, etag, modified, size)


async def _taken(stream: AsyncIterator[bytes], bytes_max: int, *, packed: bool) -> bytes:
    counted = _within(stream, bytes_max)
    if packed:
        counted = _within(_unpacked(counted), bytes_max)
    return b"".join([piece async for piece in counted])


async def _within(stream: AsyncIterator[bytes], bytes_max: int) -> AsyncIterator[bytes]:
    """The same pieces, as long as they are no more than this together."""
    size = 0
    async for piece in stream:
        size += len(piece)
        if size > bytes_max:
            raise _TooMuch
        yield piece


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), CHUNK_BYTES):
        yield body[start : start + CHUNK_BYTES]


async def _unpacked(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What gzip packed, in small pieces; several packed parts after each other are one, as gzip has it."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    begun = False
    try:
        async for piece in stream:
            rest = piece
            while rest:
                if unpacker.eof:
                    if not rest.strip(b"\0"):  # Padding, as tape and some servers add it.
                        break
                    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
                begun = True
                out = unpacker.decompress(rest, CHUNK_BYTES)
                yield out
                while len(out) == CHUNK_BYTES and not unpacker.eof:  # More may wait inside than the input shows.
                    out = unpacker.decompress(unpacker.unconsumed_tail, CHUNK_BYTES)
                    yield out
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    except zlib.error as error:
        raise _CutShort from error
    if begun and not unpacker.eof:
        raise _CutShort
