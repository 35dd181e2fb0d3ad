"""From a source's address to a body that can be taken in: a file, or what a catalogue, endpoint or stream gives."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from kg.harvesting.addresses import Resolve
from kg.harvesting.fetching import Fetched, Limits, Unfetched, Wanted, fetch
from kg.harvesting.recipes import read_mapping, recipe_bytes
from kg.harvesting.sources import Source, Standing
from kg.objection import Objection, object_to
from kg.reading import MEDIA_TYPES
from kg.sheets import CSV, XLSX, is_sheet
from kg.streams import Member, newest

TRIPLES_FIRST: Final = (
    "application/n-triples, text/turtle;q=0.9, application/ld+json;q=0.8, application/rdf+xml;q=0.7, "
    "application/n-quads;q=0.5, application/trig;q=0.5, */*;q=0.1"
)
GRAPHS_FIRST: Final = (
    "application/trig, application/n-quads;q=0.9, text/turtle;q=0.8, application/ld+json;q=0.7, "
    "application/n-triples;q=0.6, application/rdf+xml;q=0.3"
)
QUERY_RESULTS: Final = "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.5"
TABLES: Final = "text/csv, text/plain;q=0.5, */*;q=0.1"
MEMBERS_MAX: Final = 500_000  # Ten times a large viewpoint, each of ten versions; what is longer is given as a file.
SUFFIXES: Final[Mapping[str, str]] = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".trig": "application/trig",
    ".jsonld": "application/ld+json",
    ".json": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".owl": "application/rdf+xml",
    ".xml": "application/rdf+xml",
}
SHEETS: Final[Mapping[str, str]] = {".csv": CSV, ".xlsx": XLSX}
ALSO: Final[Mapping[str, str]] = {
    "application/json": "application/ld+json",
    "application/x-turtle": "text/turtle",
    "application/xml": "application/rdf+xml",
    "text/xml": "application/rdf+xml",
}
# What a catalogue gives was found in it: it is fetched as it stands, whatever changed in the catalogue.

Ask = Callable[[str, Mapping[str, Any], bytes], Awaitable[tuple[dict[str, Any], bytes] | Objection]]
"""A checker's answer to what to gather, from what (`kg.gathering`)."""


@dataclass(frozen=True)
class Means:
    """What a run may use: a checker, limits, the way names are looked up, and as whom it asks."""

    ask: Ask
    limits: Limits
    pages_max: int
    base: str
    resolve: Resolve


@dataclass(frozen=True)
class Brought:
    """What a source gives now."""

    body: bytes
    media_type: str
    http_status: int
    size_bytes: int
    etag: str | None = None
    modified: str | None = None
    recipe_digest: str | None = None
    address: str | None = None
    """Where it stood, when it stood somewhere: relative names are names there."""
    ended: frozenset[str] = frozenset()
    """What it says has ended, one by one."""
    forgets: bool = False
    """Whether it leaves out what still holds: then only what it says has ended is withdrawn."""

    @property
    def digest(self) -> str:
        """By which the same is known again."""
        ended = "\n".join(sorted(self.ended)).encode()
        return hashlib.sha256(self.media_type.encode() + b"\0" + ended + b"\0" + self.body).hexdigest()


@dataclass(frozen=True)
class Same:
    """The server says that nothing changed."""

    http_status: int = 304


async def bring(standing: Standing, means: Means, *, anew: bool = False) -> Brought | Same | Unfetched:
    """What the source gives. With `anew` the server is not told what we have."""
    source = standing.source
    recipe = recipe_bytes(source.recipe) if source.recipe is not None else b""
    if isinstance(recipe, Objection):
        return Unfetched(recipe)
    digest = hashlib.sha256(recipe).hexdigest() if recipe else None
    known = standing if digest == standing.recipe_digest and not anew else None
    found: Brought | Same | Unfetched
    match source.kind:
        case "sparql":
            found = await _from_endpoint(source, means, recipe)
        case "ldes":
            found = await _from_stream(source, means)
        case "dcat":
            found = await _from_catalogue(source, means, known)
        case "decidim":
            found = await _from_table(source, means, known, recipe)
        case _:
            found = await _from_file(source, means, known, source.address, source.media_type)
    return replace(found, recipe_digest=digest) if isinstance(found, Brought) else found


async def _from_file(
    source: Source, means: Means, known: Standing | None, address: str, media_type: str | None
) -> Brought | Same | Unfetched:
    """One RDF file, packed or not."""
    etag, modified = (known.etag, known.modified) if known else (None, None)
    further = None if address == source.address else source.address
    got = await _got(source, means, Wanted(address, TRIPLES_FIRST, etag, modified, registered=further))
    if not isinstance(got, Fetched):
        return got
    if got.status == 304:
        return Same()
    media = media_type or _media_type(got, sheets=True)
    if isinstance(media, Objection):
        return Unfetched(media, got.status)
    return Brought(got.body, media, got.status, got.size_bytes, got.etag, got.modified, address=got.address)


async def _from_catalogue(source: Source, means: Means, known: Standing | None) -> Brought | Same | Unfetched:
    """The RDF file of a dataset, found in its description. The ETag that we keep is that of the file."""
    described = await _got(source, means, Wanted(source.address, GRAPHS_FIRST))
    if not isinstance(described, Fetched):
        return described
    media = _media_type(described)
    if isinstance(media, Objection):
        return Unfetched(media, described.status)
    head = {"address": described.address, "media_type": media, "dataset": source.dataset}
    found = await means.ask("catalogue", head, described.body)
    if isinstance(found, Objection):
        return Unfetched(found, described.status)
    file = await _from_file(source, means, known, found[0]["address"], source.media_type or found[0]["media_type"])
    return replace(file, size_bytes=file.size_bytes + described.size_bytes) if isinstance(file, Brought) else file


async def _from_endpoint(source: Source, means: Means, query: bytes) -> Brought | Unfetched:
    """What the steward's query constructs at the endpoint."""
    form = urlencode({"query": query.decode(errors="replace")}).encode()
    got = await _got(source, means, Wanted(source.address, QUERY_RESULTS, form=form))
    if not isinstance(got, Fetched):
        return got
    media = source.media_type or _media_type(got)
    if isinstance(media, Objection):
        return Unfetched(media, got.status)
    return Brought(got.body, media, got.status, got.size_bytes)


async def _from_table(source: Source, means: Means, known: Standing | None, text: bytes) -> Brought | Same | Unfetched:
    """The rows of a table, each as a document by the steward's mapping."""
    holder = f"{means.base}/id/{source.party}"
    mapping = read_mapping(text, source.recipe or "", holder)
    if isinstance(mapping, Objection):
        return Unfetched(mapping)
    etag, modified = (known.etag, known.modified) if known else (None, None)
    got = await _got(source, means, Wanted(source.address, TABLES, etag, modified))
    if not isinstance(got, Fetched):
        return got
    if got.status == 304:
        return Same()
    if got.media_type.partition(";")[0] in ("text/html", "application/json"):
        return Unfetched(object_to("FetchedUnclear", value=got.address[:200], limit=got.media_type[:100]), got.status)
    found = await means.ask("table", {"address": got.address, "holder": holder, "mapping": mapping}, got.body)
    if isinstance(found, Objection):
        return Unfetched(found, got.status)
    head, body = found
    return Brought(body, head["media_type"], got.status, got.size_bytes, got.etag, got.modified)


async def _from_stream(source: Source, means: Means) -> Brought | Unfetched:
    """Every page of an event stream; of each document its newest version, and what the stream says has ended.

    Where a stream forgets what is old, what is not there has not ended; only what it says has ended.
    """
    members: list[Member] = []
    ahead, seen = [source.address], {source.address}
    paths: dict[str, Any] | None = None
    size, kept, forgets = 0, 0, False
    while ahead:
        address = ahead.pop(0)
        further = None if address == source.address else source.address
        got = await _got(source, means, Wanted(address, GRAPHS_FIRST, registered=further))
        if not isinstance(got, Fetched):
            return got
        media = source.media_type or _media_type(got)
        if isinstance(media, Objection):
            return Unfetched(media, got.status)
        found = await means.ask("page", {"address": got.address, "media_type": media, "paths": paths}, got.body)
        if isinstance(found, Objection):
            return Unfetched(found, got.status)
        head, body = found
        if head["stream"] is None:
            return Unfetched(object_to("StreamUnclear", value=address[:200]), got.status)
        paths, forgets = head["paths"], forgets or head["forgets"]
        members += members_from(head["members"], body)
        size, kept = size + got.size_bytes, kept + len(body)
        onward = [page for page in head["onward"] if page not in seen]
        seen |= set(onward)
        ahead += onward
        if len(seen) > means.pages_max or len(members) > MEMBERS_MAX:
            limit = f"{means.pages_max} pages" if len(seen) > means.pages_max else f"{MEMBERS_MAX} members"
            return Unfetched(object_to("StreamEndless", value=source.address[:200], limit=limit), 200)
        if kept > means.limits.bytes_max:
            limit = f"{means.limits.bytes_max} bytes"
            return Unfetched(object_to("FetchTooLarge", value=source.address[:200], limit=limit), 200)
    last = newest(members)
    ended = frozenset(document for document, member in last.items() if member.ended)
    text = b"".join(member.triples for _, member in sorted(last.items()))
    return Brought(text, "application/n-triples", 200, size, ended=ended, forgets=forgets)


def members_from(fields: Sequence[Mapping[str, Any]], body: bytes) -> list[Member]:
    """The members of a page as they came from a checker, their triples after each other in `body`."""
    members: list[Member] = []
    start = 0
    for one in fields:
        end = start + int(one["triples"])
        members.append(Member(**{**one, "triples": body[start:end]}))
        start = end
    return members


async def _got(source: Source, means: Means, wanted: Wanted) -> Fetched | Unfetched:
    return await fetch(wanted, source.leave, means.limits, base=means.base, resolve=means.resolve)


def _media_type(got: Fetched, *, sheets: bool = False) -> str | Objection:
    """The format of an answer: what the server says, else the ending of its address; `sheets` are read too."""
    media = got.media_type.partition(";")[0].strip()
    path = got.address.partition("?")[0].partition("#")[0].lower().removesuffix(".gz")
    ending = next((kind for suffix, kind in SUFFIXES.items() if path.endswith(suffix)), None)
    if sheets and ending is None:
        ending = next((kind for suffix, kind in SHEETS.items() if path.endswith(suffix)), None)
    if media in MEDIA_TYPES or (sheets and is_sheet(media)):
        return got.media_type
    if media in ALSO:
        return ALSO[media]
    if media in ("", "text/plain", "application/octet-stream") and ending is not None:
        return ending
    return object_to("FetchedUnclear", value=got.address[:200], limit=media or "no Content-Type")
