"""Documents as they were (RFC 7089): the past of a document, its versions, and negotiation about time.

The document's own address is its TimeGate, and each version has an address of its own (`?at=`), to which the TimeGate
redirects: pattern 1.1 of the RFC. What was seen can so be cited and cached under the address at which it was seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from kg.ledger.lookups import Lookups
from kg.ledger.quads import content
from kg.moments import moment_at
from kg.objection import Objection, object_to
from service.addresses import asked_more, document_path, timemap_path
from service.callers import Callers, Calling
from service.negotiation import HTML, QUADS, TRIPLES, Format, choose, content_type
from service.problems import problem
from service.reach import made_it
from service.reception import names, refuse_unknown, unchanged
from service.times import PastStore, Times, http_date

LINKS = Format("links", "application/link-format", ".link")
JSON = Format("json", "application/json", ".json")
FORMATS = (HTML, *TRIPLES, *QUADS)
Convert = Callable[[bytes, str], bytes]
PastPage = Callable[[Request, PastStore, str, bool], Awaitable[Response]]
VersionsPage = Callable[[Request, str, "Versions"], Awaitable[Response]]
MissingPage = Callable[[Request, int], Awaitable[Response]]


@dataclass(frozen=True)
class Version:
    """One version of a document that an audience may see now."""

    time: datetime
    """When it came to stand there."""
    contribution: str
    address: str


@dataclass(frozen=True)
class Versions:
    """The versions of one document that an audience may see now, the oldest first."""

    iri: str
    original: str
    timemap: str
    versions: tuple[Version, ...]
    words: bytes
    """What the last of them says."""
    ended: tuple[str, str] | None
    """How and when the document ended, if it did, as far as this audience was told."""


@dataclass(frozen=True)
class Words:
    """What a document said at a past moment."""

    contribution: str
    payload: bytes
    redactions: int


def address_at(base: str, iri: str, at: str) -> str:
    """The path of a document as it was."""
    return asked_more(document_path(base, iri), f"at={quote(at, safe=':')}")


def links(base: str, iri: str) -> list[str]:
    """What every answer about a document says of its past."""
    gate = document_path(base, iri)
    return [
        f'<{gate}>; rel="original timegate"',
        f'<{timemap_path(base, iri)}>; rel="timemap"; type="{LINKS.media_type}"',
    ]


class Mementos:
    """The past of documents, for one service."""

    def __init__(
        self,
        times: Times,
        callers: Callers,
        convert: Convert,
        pages: tuple[PastPage, VersionsPage, MissingPage],
    ) -> None:
        self.times = times
        self.callers = callers
        self.convert = convert
        self.past_page, self.versions_page, self.missing = pages
        self.ledger: Lookups = times.pasts.ledger
        self.base = self.ledger.base

    async def document(self, request: Request, calling: Calling, iri: str, form: Format | None, at: str) -> Response:
        """A document as it was, in the format asked."""
        past = await asyncio.to_thread(self.times.past, at, calling.audience)
        chosen = form or choose(request.headers.get("accept"), FORMATS)
        if isinstance(past, Objection):
            return problem(request, self.base, past)
        found = await asyncio.to_thread(self._words, calling, iri, past)
        if isinstance(found, Objection):
            if found.name == "NotThere" and chosen is HTML:
                return await self.missing(request, 404)
            status = 410 if found.name == "Gone" else None
            return self._dressed(problem(request, self.base, found, status=status), calling, iri, past)
        if chosen is None:
            return problem(
                request, self.base, object_to("FormatUnknown", limit=", ".join(f.media_type for f in FORMATS))
            )
        if chosen is HTML:
            current = await asyncio.to_thread(self.ledger.document, iri)
            withdrawn = current is not None and current.ended == "withdrawn"
            response = await self.past_page(request, past, iri, withdrawn)
        else:
            quads = content(self.base, found.contribution, found.payload)
            body = await asyncio.to_thread(self.convert, quads, chosen.name)
            response = Response(body, 200, media_type=content_type(chosen))
        response.headers["Wijkgraaf-Redactions"] = str(found.redactions)
        tag = f'"{found.contribution}-{chosen.name}-{past.moment.place.position}-r{found.redactions}"'
        if chosen is not HTML:
            response.headers["ETag"] = tag
            if unchanged(request, tag):
                response = Response(status_code=304, headers={"ETag": tag})
        return past.dated(self._dressed(response, calling, iri, past))

    def _words(self, calling: Calling, iri: str, past: PastStore) -> Words | Objection:
        """What the document said, to who may read it now."""
        kept = self.times.pasts.kept(calling.audience, past.moment.place.position)
        if isinstance(kept, Objection):
            return kept
        history = self.ledger.history(iri)
        if iri in kept.shown:
            number = kept.shown[iri][0]
            said = next((one for one in history if one.number == number), None)
            if said is not None and said.payload is not None:
                return Words(said.id, said.payload, kept.redactions)
        if iri in kept.stones:
            return object_to("Gone", focus=iri)
        current = self.ledger.document(iri)
        until = past.moment.time.astimezone(UTC)
        earlier = [one for one in history if datetime.fromisoformat(one.time) <= until]
        if current is None or not earlier or not made_it(current, calling):
            return object_to("NotThere", focus=iri)
        if earlier[-1].payload is None or current.ended not in (None, "withdrawn"):
            return object_to("Gone", focus=iri)
        return Words(earlier[-1].id, earlier[-1].payload, kept.redactions)

    def _dressed(self, response: Response, calling: Calling, iri: str, past: PastStore) -> Response:
        """What every answer about a document's past says of itself."""
        memento = address_at(self.base, iri, past.moment.time.isoformat().replace("+00:00", "Z"))
        dated = f'<{memento}>; rel="memento"; datetime="{http_date(past.moment.time)}"'
        response.headers["Link"] = ", ".join([f'<{iri}>; rel="canonical"', *links(self.base, iri), dated])
        response.headers["Wijkgraaf-Position"] = str(past.moment.place.position)
        response.headers["Vary"] = "Accept, Accept-Language, Authorization"
        response.headers["Cache-Control"] = "private, no-store" if calling.is_known else "no-cache"
        return response

    async def negotiate(self, request: Request, calling: Calling, iri: str) -> Response:
        """The TimeGate: redirects to the version that stood at the time in `Accept-Datetime`, or the nearest one."""
        asked = request.headers.get("accept-datetime", "")
        try:
            instant = parsedate_to_datetime(asked)
            instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
        except ValueError:
            return problem(request, self.base, object_to("TimeUnclear", path="Accept-Datetime", value=asked[:80]))
        found = await asyncio.to_thread(self.versions, calling.audience, iri)
        if isinstance(found, Objection):
            return problem(request, self.base, found)
        # To the second, as HTTP tells time: a version is found under the very date that its list gives.
        until = [one for one in found.versions if one.time.replace(microsecond=0) <= instant]
        chosen = until[-1] if until else found.versions[0]
        headers = {
            "Vary": "Accept-Datetime, Accept, Authorization",
            "Link": ", ".join(links(self.base, iri)),
            "Cache-Control": "private, no-store" if calling.is_known else "no-cache",
        }
        return RedirectResponse(chosen.address, 302, headers)

    def versions(self, audience: str, iri: str) -> Versions | Objection:
        """The versions of a document that an audience may see now."""
        found: list[Version] = []
        number = 0
        now = self.times.pasts.now()
        for time, contribution in self.ledger.came_at(audience, iri):
            moment = moment_at(self.ledger, audience, datetime.fromisoformat(time), time, now)
            if isinstance(moment, Objection):
                continue
            kept = self.times.pasts.kept(audience, moment.place.position)
            if isinstance(kept, Objection):
                return kept
            if iri in kept.shown:
                found.append(Version(moment.time, contribution, address_at(self.base, iri, time)))
                number = kept.shown[iri][0]
        if not found:
            return object_to("NotThere", focus=iri)
        words = next((one.payload for one in self.ledger.history(iri) if one.number == number), None)
        current, ended = self.ledger.document(iri), None
        if current is not None and current.ended and current.ended_at and audience in current.seen:
            ended = (current.ended, current.ended_at)
        addresses = document_path(self.base, iri), timemap_path(self.base, iri)
        return Versions(iri, *addresses, tuple(found), words or b"", ended)

    async def timemap(self, request: Request, iri: str) -> Response:
        """The TimeMap of a document."""
        calling = self.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        found = await asyncio.to_thread(self.versions, calling.audience, iri)
        form = choose(request.headers.get("accept"), (LINKS, JSON, HTML))
        if isinstance(found, Objection):
            if form is HTML and found.name == "NotThere":
                return await self.missing(request, 404)
            return problem(request, self.base, found)
        if form is None:
            limit = ", ".join(f.media_type for f in (LINKS, JSON, HTML))
            return problem(request, self.base, object_to("FormatUnknown", limit=limit))
        if form is HTML:
            return await self.versions_page(request, calling.audience, found)
        headers = {
            "Vary": "Accept, Authorization",
            "Cache-Control": "private, no-store" if calling.is_known else "no-cache",
        }
        if form is JSON:
            return JSONResponse(as_json(found), headers=headers)
        return Response(link_format(found), 200, headers, LINKS.media_type)

    def router(self) -> APIRouter:
        """The router of `/timemap`."""
        router = APIRouter(tags=["Documents"])
        words: dict[str, Any] = {
            "summary": "The versions of a document",
            "description": "A TimeMap (RFC 7089): each version that you may read, with the time since when it stood "
            "there. `application/link-format`, JSON or HTML.",
            "responses": {404: {"description": "Not there, or not for you"}},
        }

        @router.get("/timemap", **words)
        async def by_iri(request: Request) -> Response:
            refused = refuse_unknown(names(request), ("iri", "lang"))
            iri = request.query_params.get("iri")
            if refused is not None or not iri:
                return problem(request, self.base, refused or object_to("ParameterMissing", path="iri"))
            return await self.timemap(request, iri)

        @router.get("/timemap/{path:path}", **words)
        async def by_path(request: Request, path: str) -> Response:
            refused = refuse_unknown(names(request), ("lang",))
            if refused is not None:
                return problem(request, self.base, refused)
            if path.startswith("doc/"):
                there = f"/timemap/{path.removeprefix('doc/')}"
                return problem(request, self.base, object_to("VersionsElsewhere", focus=request.url.path, limit=there))
            return await self.timemap(request, f"{self.base}/id/{path}")

        return router


def link_format(found: Versions) -> str:
    """A TimeMap as RFC 7089 writes it."""
    first, last = http_date(found.versions[0].time), http_date(found.versions[-1].time)
    lines = [
        f'<{found.original}>; rel="original timegate"',
        f'<{found.timemap}>; rel="self"; type="{LINKS.media_type}"; from="{first}"; until="{last}"',
    ]
    for number, one in enumerate(found.versions):
        ends = ("first ",) * (number == 0) + ("last ",) * (number == len(found.versions) - 1)
        lines.append(f'<{one.address}>; rel="{"".join(ends)}memento"; datetime="{http_date(one.time)}"')
    return ",\n".join(lines) + "\n"


def as_json(found: Versions) -> dict[str, object]:
    """The same as JSON."""
    return {
        "original": found.original,
        "document": found.iri,
        "ended": {"how": found.ended[0], "at": found.ended[1]} if found.ended else None,
        "versions": [
            {"since": one.time.isoformat(), "contribution": one.contribution, "href": one.address}
            for one in found.versions
        ],
    }
