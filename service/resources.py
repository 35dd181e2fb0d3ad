"""An IRI answers: things redirect to their documents, documents answer in the format asked, viewpoints as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from kg.admission import Refused
from kg.ledger.acts import Current, LedgerUnavailable
from kg.ledger.quads import content
from kg.objection import Objection, object_to
from service.callers import Calling
from service.contributions import Speaking, receipt_body, slug_of
from service.mementos import Mementos
from service.mementos import links as past_links
from service.negotiation import HTML, QUADS, TRIPLES, Format, choose, content_type, prefers_page
from service.problems import problem
from service.reach import may_know, may_read
from service.reception import expected_of, names, refuse_unknown, unchanged
from service.times import Times

DOCUMENT_FORMATS = (HTML, *TRIPLES, *QUADS)
SUFFIXES = {f.suffix: f for f in DOCUMENT_FORMATS} | {".json": TRIPLES[2]}
_ENDING: dict[str, Any] = {
    "parameters": [
        {
            "name": "erase",
            "in": "query",
            "schema": {"type": "boolean", "default": False},
            "description": "Erase: the words go from the past, the snapshots and the files too.",
        },
        {
            "name": "If-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": "The ETag of the document that is ended; otherwise 412.",
        },
    ],
    "security": [{"token": []}],
}
DocumentPage = Callable[[Request, Current, Calling], Awaitable[Response]]
MissingPage = Callable[[Request, int], Awaitable[Response]]


def split_suffix(name: str) -> tuple[str, Format | None]:
    """`b-agenda.ttl` → (`b-agenda`, Turtle); a dot that is no suffix of ours belongs to the name."""
    for suffix, form in SUFFIXES.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], form
    return name, None


def resources_router(speaking: Speaking, mementos: Mementos, page: DocumentPage, missing: MissingPage) -> APIRouter:
    """The router of `/id`, `/doc` and `/view`."""
    router = APIRouter(tags=["Documents"])
    base = speaking.base

    @router.get(
        "/id/{path:path}",
        summary="A thing",
        description="303 to the document about it, in any accepted format.",
        status_code=303,
    )
    async def thing(request: Request, path: str) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/doc/{path}{query}", 303, {"Vary": "Accept"})

    @router.get(
        "/doc",
        summary="The document about a thing outside this service's own addresses",
        description="`iri` names a thing in a partner's own domain.",
        responses={404: {"description": "Not there, or not for you"}},
    )
    async def by_iri(request: Request) -> Response:
        refused = refuse_unknown(names(request), ("iri", "lang", "at"))
        if refused is not None:
            return problem(request, base, refused)
        iri = request.query_params.get("iri")
        if not iri:
            return problem(request, base, object_to("ParameterMissing", path="iri"))
        return await _document(speaking, mementos, request, iri, None, page, missing)

    @router.get(
        "/doc/{path:path}",
        summary="A document",
        description="HTML, Turtle, JSON-LD, N-Triples, RDF/XML, TriG or N-Quads by `Accept` or by suffix. As RDF it is "
        "exactly what the holder said, nothing added. `at` (a time, a date or a snapshot's name) and `Accept-Datetime` "
        "ask for it as it was.",
        responses={404: {"description": "Not there, or not for you"}, 410: {"description": "Withdrawn or erased"}},
    )
    async def document(request: Request, path: str) -> Response:
        refused = refuse_unknown(names(request), ("lang", "at"))
        if refused is not None:
            return problem(request, base, refused)
        name, form = split_suffix(path)
        return await _document(speaking, mementos, request, f"{base}/id/{name}", form, page, missing)

    @router.delete(
        "/doc/{path:path}",
        summary="Withdraw a document, or erase it",
        description="By its holder, or by who records for it. No reason is asked. What others tied to it stays, and "
        "says that this was withdrawn. Withdrawn words stay readable as they were before, with `at`, as versions and "
        "in snapshots. With `erase=true` they go from there too, for good; that works for what is withdrawn already, "
        "and for the steward. Copies that others fetched cannot be called back.",
        responses={
            200: {"description": "The receipt, with what is gone and what remains"},
            400: {"description": "A parameter that is unknown or unclear"},
            401: {"description": "No token"},
            403: {"description": "Held by another"},
            404: {"description": "Not there, or not for you"},
            412: {"description": "Not the version of If-Match"},
        },
        openapi_extra=_ENDING,
    )
    async def end(request: Request, path: str) -> Response:
        return await _end(speaking, request, f"{base}/id/{path}")

    @router.get(
        "/view/{party}",
        summary="A party's whole viewpoint",
        description="All its current contributions that you may read, each in its own graph (TriG, N-Quads) or as one. "
        "With `at`, what stood in your audience's store then.",
        responses={404: {"description": "No such party"}},
    )
    async def view(request: Request, party: str) -> Response:
        refused = refuse_unknown(names(request), ("lang", "at"))
        if refused is not None:
            return problem(request, base, refused)
        return await asyncio.to_thread(_view, speaking, mementos.times, request, party)

    return router


async def _document(
    speaking: Speaking,
    mementos: Mementos,
    request: Request,
    iri: str,
    form: Format | None,
    page: DocumentPage,
    missing: MissingPage,
) -> Response:
    base = speaking.base
    calling = speaking.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    at = request.query_params.get("at")
    if at is not None:
        return await mementos.document(request, calling, iri, form, at)
    if "accept-datetime" in request.headers:
        return await mementos.negotiate(request, calling, iri)
    current = await asyncio.to_thread(speaking.ledger.document, iri)
    chosen = form or choose(request.headers.get("accept"), DOCUMENT_FORMATS)
    if current is None or not may_know(current, calling):
        if chosen is HTML:
            return await missing(request, 404)
        return problem(request, base, object_to("NotThere", focus=iri))
    if chosen is None:
        limit = ", ".join(f.media_type for f in DOCUMENT_FORMATS)
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    if chosen is HTML:
        response = await page(request, current, calling)
    elif current.ended is not None or current.payload is None:
        response = problem(request, base, object_to("Ended", focus=iri), status=410)
    else:
        graph = f" <{base}/contributions/{current.contribution}> .\n".encode()
        quads = current.payload.replace(b" .\n", graph)
        body = await asyncio.to_thread(speaking.admission.convert, quads, chosen.name)
        response = Response(body, 200, media_type=content_type(chosen))
    return _described(speaking, request, response, current, calling, chosen)


def _described(
    speaking: Speaking, request: Request, response: Response, current: Current, calling: Calling, chosen: Format
) -> Response:
    """Headers that every answer about a document carries; an unchanged one is 304."""
    base = speaking.base
    path = current.iri.removeprefix(f"{base}/id/")
    links = [f'<{current.iri}>; rel="canonical"', f'<{base}/contributions/{current.contribution}>; rel="describedby"']
    if path != current.iri:
        links += [f'</doc/{path}{f.suffix}>; rel="alternate"; type="{f.media_type}"' for f in DOCUMENT_FORMATS]
    links += [f'<{kind}>; rel="type"' for kind in current.classes]
    links += [f'<{base}/view/{current.party}>; rel="collection"', *past_links(base, current.iri)]
    links.append(f'</inbox/{current.party}>; rel="http://www.w3.org/ns/ldp#inbox"')
    response.headers["Link"] = ", ".join(links)
    response.headers["Vary"] = "Accept, Accept-Datetime, Accept-Language, Authorization"
    public = "public" in current.visible
    response.headers["Cache-Control"] = "no-cache" if public else "private, no-store"
    if response.status_code != 200 or chosen is HTML:
        return response
    response.headers["ETag"] = f'"{current.contribution}-{chosen.name}"'
    if unchanged(request, response.headers["ETag"]):
        kept = {k: response.headers[k] for k in ("ETag", "Link", "Vary", "Cache-Control")}
        return Response(status_code=304, headers=kept)
    return response


async def _end(speaking: Speaking, request: Request, iri: str) -> Response:
    base = speaking.base
    asked = request.query_params.get("erase", "false")
    refused = refuse_unknown(names(request), ("erase", "lang"))
    if refused is None and asked not in ("true", "false"):
        refused = object_to("ParameterUnclear", path="erase", value=asked[:80], limit="true, false")
    if refused is not None:
        return problem(request, base, refused)
    kind: Literal["withdraw", "erase"] = "erase" if asked == "true" else "withdraw"
    calling = speaking.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    if not calling.is_known:
        return problem(request, base, object_to("TokenMissing"))
    current = await asyncio.to_thread(speaking.ledger.document, iri)
    if current is None:
        return problem(request, base, object_to("NotThere", focus=iri))
    who = speaking.who_ends(calling, current, erasing=kind == "erase")
    if isinstance(who, Objection):
        return problem(request, base, who)
    expected = expected_of(request)
    try:
        outcome = await asyncio.to_thread(
            speaking.admission.end, kind, iri, party=who[0], recorder=who[1], delegation=who[2], expected=expected
        )
    except LedgerUnavailable:
        return problem(request, base, object_to("NotReady", limit="1 min"))
    if isinstance(outcome, Refused):
        return problem(request, base, *outcome.objections)
    return JSONResponse(receipt_body(base, outcome), headers={"Cache-Control": "private, no-store"})


VIEW_FORMATS = (QUADS[0], QUADS[1], *TRIPLES)
WHOLE = ("jsonld", "rdfxml", "turtle", "trig")  # Formats with a beginning and an end: they are made at once.
VIEW_CHUNK_BYTES = 1024 * 1024  # A part of a viewpoint that one checker converts at once.


def _shown_as(request: Request, form: Format, suffixed: bool) -> str:
    """The Content-Type of a viewpoint: as text where a browser comes by, which would only save TriG."""
    browsing = not suffixed and prefers_page(request.headers.get("accept"))
    return "text/plain; charset=utf-8" if browsing else content_type(form)


def _view(speaking: Speaking, times: Times, request: Request, party: str) -> Response:
    base = speaking.base
    calling = speaking.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    slug, form = split_suffix(slug_of(base, party))
    suffixed = form is not None
    form = form or choose(request.headers.get("accept"), VIEW_FORMATS)
    if form is None or form is HTML:
        limit = ", ".join(f.media_type for f in VIEW_FORMATS)
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    headers = {
        "Vary": "Accept, Authorization",
        "Cache-Control": "private, no-store" if calling.is_known else "no-cache",
    }
    media = _shown_as(request, form, suffixed)
    at = request.query_params.get("at")
    if at is not None:
        return _past_view(speaking, times, request, calling, slug, form, headers | {"Content-Type": media})
    register = speaking.ledger.document(f"{base}/id/{slug}")
    if register is None or not may_know(register, calling):
        return problem(request, base, object_to("NotThere", focus=f"{base}/id/{slug}"))
    headers["Wijkgraaf-Position"] = str(speaking.ledger.positions()[calling.audience])
    parts = _parts(speaking, slug, calling)
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
    kind = form.name if media == content_type(form) else f"{form.name}-text"
    tag = f'"{calling.audience[:2]}{place.position}-r{redactions}-{slug}-{kind}"'
    headers |= {"Wijkgraaf-Position": str(place.position), "Wijkgraaf-Redactions": str(redactions), "ETag": tag}
    if unchanged(request, tag):
        return past.dated(Response(status_code=304, headers=headers))
    body = speaking.admission.convert(quads, form.name)
    return past.dated(Response(body, 200, headers, media))


def _parts(speaking: Speaking, slug: str, calling: Calling) -> Iterator[bytes]:
    """A viewpoint as N-Quads in parts of about VIEW_CHUNK_BYTES, in the order of its documents' names."""
    buffer: list[bytes] = []
    size = 0
    for current in speaking.ledger.view(slug):
        if current.payload is None or not may_read(current, calling):
            continue
        graph = f" <{speaking.base}/contributions/{current.contribution}> .\n".encode()
        buffer.append(current.payload.replace(b" .\n", graph))
        size += len(buffer[-1])
        if size > VIEW_CHUNK_BYTES:
            yield b"".join(buffer)
            buffer, size = [], 0
    yield b"".join(buffer)
