"""The door of named positions: the list, each with its dumps and citation, and what changed between two times.

Descriptions and dumps are of what is public, for whoever asks; each audience asks its own past with `at`.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from kg.dumps import FORMS, Dumped
from kg.ledger.difference import KINDS, Changed
from kg.moments import Moment, Snapshot
from kg.objection import Objection, object_to
from service.callers import Callers, Calling
from service.citing import (
    GZIP,
    Described,
    as_bibtex,
    as_cff,
    as_json,
    as_ntriples,
    as_schema,
    series_as_ntriples,
)
from service.negotiation import HTML, TRIPLES, Format, choose, content_type
from service.problems import problem
from service.reach import audience_asked
from service.reception import names, read_body, refuse_unknown, unchanged
from service.rights import Act, may
from service.signposting import dataset_signposts, license_of
from service.times import Times

JSON = Format("json", "application/json", ".json")
CSV = Format("csv", "text/csv", ".csv")
BIBTEX = Format("bibtex", "application/x-bibtex", ".bib", ("text/x-bibtex",))
CFF = Format("cff", "application/yaml", ".cff", ("text/yaml", "application/x-yaml"))
SCHEMA = Format("schema", "application/ld+json", ".jsonld")
RDF = tuple(form for form in TRIPLES if form.name != "jsonld")
ONE_FORMATS = (HTML, JSON, *RDF, SCHEMA, BIBTEX, CFF)
ALL_FORMATS = (HTML, JSON, *TRIPLES)
CHANGE_FORMATS = (HTML, JSON, CSV)
COLUMNS = ("party", "kind", "document", "before", "after", "time")
BODY_BYTES_MAX = 16 * 1024  # A name and a title.
TITLE_CHARACTERS_MAX = 200  # A line; what needs more is an article about the snapshot.
CHUNK_BYTES = 256 * 1024  # Of a dump, at once on its way.

Convert = Callable[[bytes, str], bytes]


@dataclass(frozen=True)
class Difference:
    """What changed for an audience between two moments, with the rows by party; counts are shown with their rows."""

    names: tuple[str, str]
    moments: tuple[Moment, Moment]
    rows: tuple[Changed, ...]

    @property
    def parties(self) -> tuple[tuple[str, Counter[str], tuple[Changed, ...]], ...]:
        """By party, in alphabetical order of their IRIs: how many of each kind, and the rows."""
        order = dict.fromkeys(row.party for row in self.rows)
        by_party = {party: tuple(row for row in self.rows if row.party == party) for party in order}
        return tuple((party, Counter(row.kind for row in rows), rows) for party, rows in by_party.items())


@dataclass(frozen=True)
class SnapshotPages:
    """The pages that people read of these."""

    all: Callable[[Request, Sequence[Snapshot]], Awaitable[Response]]
    one: Callable[[Request, Described], Awaitable[Response]]
    difference: Callable[[Request, Sequence[Snapshot], Difference | Objection | None], Awaitable[Response]]
    missing: Callable[[Request, int], Awaitable[Response]]


class SnapshotDoor:
    """Answers for named positions."""

    def __init__(
        self, times: Times, callers: Callers, convert: Convert, pages: SnapshotPages, neighbourhood: str = ""
    ) -> None:
        self.times = times
        self.callers = callers
        self.convert = convert
        self.pages = pages
        self.neighbourhood = neighbourhood
        self.base = times.pasts.ledger.base

    async def list(self, request: Request) -> Response:
        """All of them, the oldest first."""
        form = self._form(request, ("lang",), ALL_FORMATS)
        if isinstance(form, Objection):
            return problem(request, self.base, form)
        found = await asyncio.to_thread(self.times.snapshots.all)
        if form is HTML:
            return await self.pages.all(request, found)
        headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache"}
        if form is JSON:
            body = [{"name": s.name, "title": s.title, "time": s.time, "href": f"/snapshots/{s.name}"} for s in found]
            return JSONResponse({"snapshots": body}, headers=headers)
        quads = series_as_ntriples(self.base, tuple(found))
        return Response(await asyncio.to_thread(self.convert, quads, form.name), 200, headers, content_type(form))

    async def create(self, request: Request) -> Response:
        """Names the present position; for the steward."""
        calling = self.callers.calling(request)
        refused = calling if isinstance(calling, Objection) else _not_steward(calling)
        refused = refused or refuse_unknown(names(request), ("lang",))
        asked = refused or await _wanted(request)
        if isinstance(asked, Objection):
            return problem(request, self.base, asked)
        made = await asyncio.to_thread(self.times.snapshots.name, *asked, self.times.pasts.now())
        if isinstance(made, Objection):
            return problem(request, self.base, made)
        path = f"/snapshots/{made.name}"
        body = {"name": made.name, "title": made.title, "time": made.time, "href": path, "positions": made.positions}
        return JSONResponse(body, 201, {"Location": path, "Cache-Control": "private, no-store"})

    async def one(self, request: Request, name: str) -> Response:
        """One of them: described, cited or as a file."""
        stem, dot, ending = name.partition(".")
        dump = next((form for form in FORMS if ending == f"{form}.gz"), None)
        suffix = next((form for form in ONE_FORMATS if form.suffix == f".{ending}"), None)
        chosen = self._form(request, () if dump else ("lang",), ONE_FORMATS)
        if isinstance(chosen, Objection) and (chosen.name != "FormatUnknown" or not dot):
            return problem(request, self.base, chosen)
        form = suffix or chosen
        snapshot = await asyncio.to_thread(self.times.snapshots.find, stem)
        if snapshot is None or (dot and suffix is None and dump is None):
            return problem(request, self.base, object_to("SnapshotUnknown", focus=request.url.path, value=name[:80]))
        position = snapshot.positions["public"]
        if dump is not None:
            opened = await asyncio.to_thread(self.times.dumps.open, stem, position, dump)
            if isinstance(opened, Objection):
                return problem(request, self.base, opened)
            return _file(request, dump, *opened)
        dumped = await asyncio.to_thread(self.times.dumps.of, stem, position)
        if isinstance(dumped, Objection):
            return problem(request, self.base, dumped)
        assert isinstance(form, Format)
        return await self._described(request, Described(self.base, snapshot, dumped, self.neighbourhood), form)

    async def _described(self, request: Request, one: Described, form: Format) -> Response:
        if form is HTML:
            return await self.pages.one(request, one)
        kind = {"Wijkgraaf-Position": str(one.dumped.place.position), **_past_headers(one.dumped, form.name)}
        files = [(address.removeprefix(one.base), GZIP) for _, address in one.files]
        license = license_of(self.times.pasts.ledger, None)
        signs = dataset_signposts(one.iri, f"{one.base}/id/wijk", license, files, "/snapshots")
        kind["Link"] = ", ".join(signs)
        if unchanged(request, kind["ETag"]):
            return Response(status_code=304, headers=kind)
        media = content_type(form)
        if form is JSON or form is SCHEMA:
            body = as_json(one) if form is JSON else as_schema(one)
            return Response(json.dumps(body, ensure_ascii=False, indent=1), 200, kind, media)
        if form is BIBTEX or form is CFF:
            return Response(as_bibtex(one) if form is BIBTEX else as_cff(one), 200, kind, media)
        return Response(await asyncio.to_thread(self.convert, as_ntriples(one), form.name), 200, kind, media)

    async def difference(self, request: Request) -> Response:
        """What changed between two times, for the caller's audience."""
        form = self._form(request, ("from", "to", "audience", "lang"), CHANGE_FORMATS)
        form = next((one for one in (JSON, CSV) if request.url.path.endswith(one.suffix)), form)
        calling = self.callers.calling(request)
        audience = calling if isinstance(calling, Objection) else audience_asked(request, calling)
        for refused in (form, calling, audience):
            if isinstance(refused, Objection):
                return problem(request, self.base, refused)
        assert not isinstance(calling, Objection)
        assert isinstance(audience, str)
        if form is HTML and not set(names(request)) - {"lang"}:
            return await self.pages.difference(request, await asyncio.to_thread(self.times.snapshots.all), None)
        found = await asyncio.to_thread(self._difference, request, audience)
        if form is HTML:
            return await self.pages.difference(request, await asyncio.to_thread(self.times.snapshots.all), found)
        if isinstance(found, Objection):
            return problem(request, self.base, found)
        headers = {
            "Wijkgraaf-Position": str(found.moments[1].place.position),
            "Vary": "Accept, Accept-Language, Authorization",
            "Cache-Control": "private, no-store" if calling.is_known else "no-cache",
        }
        if form is CSV:
            return Response(difference_as_csv(found), 200, headers, content_type(CSV))
        return JSONResponse(difference_as_json(found), headers=headers)

    def _difference(self, request: Request, audience: str) -> Difference | Objection:
        asked = [request.query_params.get("from", ""), request.query_params.get("to", "")]
        if not asked[0]:
            return object_to("ParameterMissing", path="from")
        asked[1] = asked[1] or self.times.pasts.now().isoformat().replace("+00:00", "Z")
        first, second = (self.times.moment(at, audience) for at in asked)
        for name, moment in (("from", first), ("to", second)):
            if isinstance(moment, Objection):
                return replace(moment, path=name)
        assert isinstance(first, Moment)
        assert isinstance(second, Moment)
        if first.place.position > second.place.position:
            return object_to("TimesReversed", path="from", value=asked[0], limit=asked[1])
        rows = self.times.pasts.difference(audience, (first.place, second.place))
        return rows if isinstance(rows, Objection) else Difference((asked[0], asked[1]), (first, second), rows)

    def _form(self, request: Request, known: Sequence[str], offered: Sequence[Format]) -> Format | Objection:
        refused = refuse_unknown(names(request), known)
        if refused is not None:
            return refused
        form = choose(request.headers.get("accept"), offered)
        return form or object_to("FormatUnknown", limit=", ".join(f.media_type for f in offered))


def snapshots_router(door: SnapshotDoor) -> APIRouter:
    """The router of `/snapshots`."""
    router = APIRouter(tags=["Snapshots"])

    @router.get(
        "/snapshots",
        summary="The named positions",
        description="A name for a moment, by which the past can be asked (`at`), fetched and cited. HTML, JSON, RDF.",
    )
    async def every(request: Request) -> Response:
        return await door.list(request)

    @router.post(
        "/snapshots",
        summary="Name the present position",
        description="For the steward. JSON with `name` (a letter, then a-z, 0-9 and -) and, if you like, `title`. A "
        "name stays with its moment for good.",
        status_code=201,
        responses={409: {"description": "There is one of that name"}},
    )
    async def create(request: Request) -> Response:
        return await door.create(request)

    async def difference(request: Request) -> Response:
        return await door.difference(request)

    for ending in ("", JSON.suffix, CSV.suffix):
        router.add_api_route(
            f"/snapshots/diff{ending}",
            difference,
            summary="What changed between two times",
            description="`from` and `to` (without it: now) are times, dates or names of snapshots. Per party: what was "
            "added, replaced, withdrawn, erased, for your audience, or with `audience=public` for everybody. "
            "JSON (`.json`), CSV (`.csv`), HTML.",
            responses={404: {"description": "Before the beginning, or no such snapshot"}},
        )

    @router.get(
        "/snapshots/{name}",
        summary="One named position",
        description="Described (HTML, JSON, RDF as DCAT), cited (`.bib`, `.cff`, schema.org as `.jsonld`), or as a "
        "file (`.nq.gz`, `.trig.gz`). It says whether something was redacted since.",
        responses={404: {"description": "No such snapshot"}},
    )
    async def one(request: Request, name: str) -> Response:
        return await door.one(request, name)

    return router


def _not_steward(calling: Calling) -> Objection | None:
    allowed = may(calling, Act.KEEP)
    return allowed if isinstance(allowed, Objection) else None


async def _wanted(request: Request) -> tuple[str, str] | Objection:
    """The name and the title in the body of a request."""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != JSON.media_type:
        return object_to("MediaTypeOther", value=media, limit=JSON.media_type)
    body = await read_body(request, BODY_BYTES_MAX)
    if isinstance(body, Objection):
        return body
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return object_to("ParameterMissing", path="name")
    refused = refuse_unknown(list(found), ("name", "title"))
    title = found.get("title", "")
    if not isinstance(title, str) or len(title) > TITLE_CHARACTERS_MAX or not title.isprintable():
        limit = f"1 × ≤ {TITLE_CHARACTERS_MAX}"
        return object_to("ParameterUnclear", path="title", value=str(title)[:80], limit=limit)
    return refused or (found["name"], title)


def _past_headers(dumped: Dumped, form: str) -> dict[str, str]:
    """What every answer about a named position says of itself."""
    state = f"{dumped.place.position}-r{dumped.redactions}-{dumped.day.isoformat()}"
    return {
        "Wijkgraaf-Redactions": str(dumped.redactions),
        "ETag": f'"{form}-{state}"',
        "Vary": "Accept, Accept-Language",
        "Cache-Control": "no-cache",
    }


def _file(request: Request, form: str, dumped: Dumped, file: BinaryIO) -> Response:
    """A dump on its way. Its ETag is its digest."""
    dump = dumped.files[form]
    headers = {
        "Wijkgraaf-Position": str(dumped.place.position),
        **_past_headers(dumped, form),
        "ETag": f'"{dump.sha256}"',
        "Content-Length": str(dump.size_bytes),
        "Content-Disposition": f'attachment; filename="{dump.file.name}"',
    }
    if unchanged(request, headers["ETag"]):
        file.close()
        del headers["Content-Length"]
        return Response(status_code=304, headers=headers)
    return StreamingResponse(_chunks(file), 200, headers, "application/gzip")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def difference_as_json(found: Difference) -> dict[str, object]:
    """By party: how many of each kind, and which."""
    return {
        "from": {"asked": found.names[0], "position": found.moments[0].place.position},
        "to": {"asked": found.names[1], "position": found.moments[1].place.position},
        "audience": found.moments[1].audience,
        "parties": [
            {
                "party": party,
                "counts": {kind: counts[kind] for kind in KINDS if counts[kind]},
                "changes": [{name: getattr(row, name) for name in COLUMNS[1:]} for row in rows],
            }
            for party, counts, rows in found.parties
        ],
    }


def difference_as_csv(found: Difference) -> str:
    """A row for each change; what has no name any more has an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, name) or "" for name in COLUMNS] for row in found.rows)
    return text.getvalue()
