"""A viewpoint answers: all that one party says, as far as the caller may read it, now or as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kg.ledger.acts import Current
from kg.ledger.quads import content
from kg.objection import Objection, object_to
from service.addresses import SUFFIXES, split_suffix
from service.callers import Calling
from service.contributions import Speaking, slug_of
from service.negotiation import HTML, QUADS, SHEETS, TRIPLES, Format, choose, content_type, language, prefers_page
from service.problems import problem
from service.reach import may_know, may_read, view_tag
from service.reception import names, refuse_unknown, unchanged
from service.signposting import NOINDEX, dataset_signposts, license_of
from service.times import Times

VIEW_FORMATS = (QUADS[0], QUADS[1], *TRIPLES, *SHEETS)
WHOLE = ("jsonld", "rdfxml", "turtle", "trig")  # Formats with a beginning and an end: they are made at once.
VIEW_CHUNK_BYTES = 1024 * 1024  # A part of a viewpoint that one checker converts at once.


def viewpoints_router(speaking: Speaking, times: Times) -> APIRouter:
    """The router of `/view`, to read."""
    router = APIRouter(tags=["Documents"])
    base = speaking.base

    @router.get(
        "/view/{party}",
        summary="A party's whole viewpoint",
        description="All its current contributions that you may read, each in its own graph (TriG, N-Quads) or as one. "
        "With `at`, what stood in your audience's store then. As a workbook (`.xlsx`) it has a sheet for each kind; as "
        "CSV it is one `kind`. Both can be edited and sent back.",
        responses={404: {"description": "No such party"}},
    )
    async def view(request: Request, party: str) -> Response:
        refused = refuse_unknown(names(request), ("lang", "at", "kind"))
        if refused is not None:
            return problem(request, base, refused)
        return await asyncio.to_thread(view_response, speaking, times, request, party)

    return router


def _shown_as(request: Request, form: Format, suffixed: bool) -> str:
    """The Content-Type of a viewpoint: as text where a browser comes by, which would only save TriG."""
    browsing = not suffixed and prefers_page(request.headers.get("accept"))
    return "text/plain; charset=utf-8" if browsing else content_type(form)


def _kind(request: Request, form: Format, media: str) -> str:
    """What an ETag calls a format, and where its words have a language that too."""
    if form in SHEETS:
        return f"{form.name}-{_words_in(request)}"
    return form.name if media == content_type(form) else f"{form.name}-text"


def view_response(speaking: Speaking, times: Times, request: Request, party: str) -> Response:
    """A party's viewpoint as far as this caller may read it; `party` may end in a suffix that names the format."""
    base = speaking.base
    calling = speaking.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    slug, form = split_suffix(slug_of(base, party), {f.suffix: f for f in VIEW_FORMATS} | SUFFIXES)
    suffixed = form is not None
    form = form or choose(request.headers.get("accept"), VIEW_FORMATS)
    if form is None or form is HTML:
        limit = ", ".join(f.media_type for f in VIEW_FORMATS)
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    if form not in SHEETS and "kind" in request.query_params:
        return problem(request, base, object_to("ParameterUnknown", path="kind", limit="lang, at"))
    headers = {
        "Vary": "Accept, Accept-Language, Authorization" if form in SHEETS else "Accept, Authorization",
        "Cache-Control": "private, no-store" if calling.is_known else "no-cache",
        **NOINDEX,
    }
    media = _shown_as(request, form, suffixed)
    at = request.query_params.get("at")
    if at is not None:
        return _past_view(speaking, times, request, calling, slug, form, headers | {"Content-Type": media})
    register = speaking.ledger.document(f"{base}/id/{slug}")
    if register is None or not may_know(register, calling):
        return problem(request, base, object_to("NotThere", focus=f"{base}/id/{slug}"))
    headers["Wijkgraaf-Position"] = str(speaking.ledger.positions()[calling.audience])
    files = ((f"/view/{slug}{f.suffix}", f.media_type) for f in VIEW_FORMATS if f.name != "csv")  # Which is one kind.
    signs = dataset_signposts(f"{base}/view/{slug}", register.iri, license_of(speaking.ledger, register), files)
    headers["Link"] = ", ".join(signs)
    headers["ETag"] = f'"{view_tag(speaking.ledger, slug, calling)}-{_kind(request, form, media)}"'
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    parts = _parts(speaking, slug, calling)
    if form in SHEETS:
        return _sheet(speaking, request, slug, b"".join(parts), form, headers)
    if form.name in WHOLE:
        return Response(speaking.admission.convert(b"".join(parts), form.name), 200, headers, media)
    chunks = (speaking.admission.convert(part, form.name) for part in parts)
    return StreamingResponse(chunks, 200, headers, media)


def _past_view(
    speaking: Speaking,
    times: Times,
    request: Request,
    calling: Calling,
    slug: str,
    form: Format,
    headers: dict[str, str],
) -> Response:
    """A viewpoint as it stood in the caller's store then, less what may not be shown now; in the ledger's order."""
    base = speaking.base
    past = times.past(request.query_params["at"], calling.audience)
    if isinstance(past, Objection):
        return problem(request, base, past)
    place = past.moment.place
    with times.pasts.reading(calling.audience, place.position) as found:
        if isinstance(found, Objection):
            return problem(request, base, found)
        if f"{base}/id/{slug}" not in found.kept.shown:
            return problem(request, base, object_to("NotThere", focus=f"{base}/id/{slug}"))
        quads = b"".join(content(base, said.id, payload) for said, payload in found.of(slug))
        redactions = found.kept.redactions
    media = headers.pop("Content-Type")
    tag = f'"{calling.audience[:2]}{place.position}-r{redactions}-{slug}-{_kind(request, form, media)}"'
    headers |= {"Wijkgraaf-Position": str(place.position), "Wijkgraaf-Redactions": str(redactions), "ETag": tag}
    if unchanged(request, tag):
        return past.dated(Response(status_code=304, headers=headers))
    if form in SHEETS:
        return past.dated(_sheet(speaking, request, slug, quads, form, headers))
    body = speaking.admission.convert(quads, form.name)
    return past.dated(Response(body, 200, headers, media))


def _words_in(request: Request) -> str:
    """The language of the headings of a sheet."""
    return language(request.query_params.get("lang"), request.headers.get("accept-language"))


def _sheet(
    speaking: Speaking, request: Request, slug: str, quads: bytes, form: Format, headers: dict[str, str]
) -> Response:
    """A viewpoint as a spreadsheet, with headings in the language of the caller."""
    lang = _words_in(request)
    kind = request.query_params.get("kind")
    made = speaking.admission.sheet(quads, form.name, holder=slug, lang=lang, kind=kind)
    if isinstance(made, Objection):
        return problem(request, speaking.base, made)
    headers |= {"Content-Disposition": f'attachment; filename="{slug}{form.suffix}"', "Content-Language": lang}
    return Response(made, 200, headers, content_type(form))


def _parts(speaking: Speaking, slug: str, calling: Calling) -> Iterator[bytes]:
    """A viewpoint as N-Quads in parts of about VIEW_CHUNK_BYTES, in the order of its documents' names."""
    buffer: list[bytes] = []
    read: list[Current] = []
    size = 0
    for current in speaking.ledger.view(slug):
        if current.payload is None or not may_read(current, calling):
            continue
        buffer.append(content(speaking.base, current.contribution, current.payload))
        read.append(current)
        size += len(buffer[-1])
        if size > VIEW_CHUNK_BYTES:
            speaking.callers.note_read(calling, read, "view")
            yield b"".join(buffer)
            buffer, read, size = [], [], 0
    speaking.callers.note_read(calling, read, "view")
    yield b"".join(buffer)
