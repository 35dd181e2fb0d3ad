"""An IRI answers: things redirect to their documents, documents answer in the format asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from kg.ledger.acts import Current, Recorded
from kg.ledger.quads import Said, about, content, tombstone
from kg.objection import Objection, object_to
from service.addresses import (
    DOCUMENT_FORMATS,
    document_path,
    in_format,
    not_there,
    split_suffix,
    timemap_path,
)
from service.callers import Calling
from service.contributions import Speaking, may_see, recorded_body
from service.mementos import JSON, LINKS, Mementos
from service.mementos import links as past_links
from service.negotiation import (
    HTML,
    QUADS,
    RDF_TYPES,
    TRIPLES,
    Format,
    choose,
    content_type,
    meant,
)
from service.problems import problem
from service.profiles import PARAMETERS, accepted
from service.reach import may_know
from service.reception import names, refuse_unknown, unchanged
from service.rewording import VARY, Rewording
from service.signposting import NO_SIGNS, Signs

DocumentPage = Callable[[Request, Current, Calling], Awaitable[Response]]
MissingPage = Callable[[Request, int], Awaitable[Response]]


def resources_router(
    speaking: Speaking, mementos: Mementos, page: DocumentPage, missing: MissingPage, rewording: Rewording
) -> APIRouter:
    """The router of `/id` and `/doc`."""
    router = APIRouter(tags=["Documents"])
    base = speaking.base

    async def answered(request: Request, iri: str, form: Format | None) -> Response:
        if "versions" in request.query_params:
            return await _history(speaking, mementos, request, iri, form)
        return await document_response(speaking, mementos, request, iri, form, page, missing, rewording)

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
        description="`iri` names a thing in a partner's own domain; `format` (ttl, jsonld, nt, rdf, trig, nq, html) "
        "does what a suffix does elsewhere. With `versions` its history.",
        responses={404: {"description": "Not there, or not for you"}, 410: {"description": "Withdrawn or erased"}},
    )
    async def by_iri(request: Request) -> Response:
        refused = refuse_unknown(names(request), ("iri", "lang", "at", "format", "versions", *PARAMETERS))
        iri = request.query_params.get("iri")
        if refused is None and not iri:
            refused = object_to("ParameterMissing", path="iri")
        asked = request.query_params.get("format")
        (form,) = meant([asked], DOCUMENT_FORMATS) if asked is not None else (None,)
        if refused is None and asked is not None and form is None:
            limit = ", ".join(f.suffix.removeprefix(".") for f in DOCUMENT_FORMATS)
            refused = object_to("ParameterUnclear", path="format", value=asked[:80], limit=limit)
        if refused is not None:
            return problem(request, base, refused)
        return await answered(request, str(iri), form)

    @router.get(
        "/doc/{path:path}",
        summary="A document",
        description="HTML, Turtle, JSON-LD, N-Triples, RDF/XML, TriG or N-Quads by `Accept` or by suffix. As RDF it is "
        "exactly what the holder said, nothing added; `Accept-Profile` (or `_profile`) asks for it in the words of "
        "schema.org. `at` (a time, a date or a snapshot's name) and `Accept-Datetime` "
        "ask for it as it was. With `versions` its history: every contribution on it that you may know of.",
        responses={404: {"description": "Not there, or not for you"}, 410: {"description": "Withdrawn or erased"}},
    )
    async def document(request: Request, path: str) -> Response:
        refused = refuse_unknown(names(request), ("lang", "at", "versions", *PARAMETERS))
        if refused is not None:
            return problem(request, base, refused)
        name, form = split_suffix(path)
        return await answered(request, f"{base}/id/{name}", form)

    return router


async def document_response(
    speaking: Speaking,
    mementos: Mementos,
    request: Request,
    iri: str,
    form: Format | None,
    page: DocumentPage,
    missing: MissingPage,
    rewording: Rewording,
) -> Response:
    """The document about a thing, in the format given, else as `Accept` says; as it was, where a time is asked."""
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
    chosen = form or choose(accepted(request), DOCUMENT_FORMATS)
    if current is None or not may_know(current, calling):
        if chosen is HTML:
            return await missing(request, 404)
        return problem(request, base, not_there(base, str(request.base_url), iri))
    gone = current.ended is not None or current.payload is None
    if chosen is None and not gone:
        limit = ", ".join(f.media_type for f in DOCUMENT_FORMATS)
        return problem(request, base, object_to("FormatUnknown", limit=limit))
    signs = NO_SIGNS if gone or chosen is None else await rewording.signs(request, current, calling, chosen)
    if isinstance(signs, Response):
        if signs.status_code == 200:
            speaking.callers.note_read(calling, [current], "doc")
        return signs
    if chosen is HTML:
        response = await page(request, current, calling)
    elif gone or chosen is None or current.payload is None:
        response = await _gone(speaking, request, current, chosen if form or _is_rdf(request) else None)
    else:
        quads = content(base, current.contribution, current.payload)
        body = await asyncio.to_thread(speaking.admission.convert, quads, chosen.name)
        response = Response(body, 200, media_type=content_type(chosen))
    if response.status_code == 200:
        speaking.callers.note_read(calling, [current], "doc")
    return _described(speaking, request, response, current, chosen, signs)


def _is_rdf(request: Request) -> bool:
    """Whether a type of RDF is asked by its name: any other wish is answered with a problem."""
    accept = request.headers.get("accept", "")
    return any(media in accept for media in RDF_TYPES)


async def _gone(speaking: Speaking, request: Request, current: Current, form: Format | None) -> Response:
    """410: that it ended, how and when, and nothing of what it said."""
    if form is None or current.ended is None or current.ended_at is None:
        return problem(request, speaking.base, object_to("Gone", focus=current.iri), status=410)
    stone = tombstone(speaking.base, current.iri, current.ended, current.ended_at)
    body = await asyncio.to_thread(speaking.admission.convert, stone, form.name)
    return Response(body, 410, media_type=content_type(form))


async def _history(speaking: Speaking, mementos: Mementos, request: Request, iri: str, form: Format | None) -> Response:
    """Every contribution on a document that the caller may know of, the oldest first; as a page its versions."""
    base = speaking.base
    calling = speaking.callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    told = request.query_params["versions"]
    if told not in ("", "true") or "at" in request.query_params:
        path = "at" if told in ("", "true") else "versions"
        value = request.query_params[path][:80]
        return problem(request, base, object_to("ParameterUnclear", path=path, value=value, limit="?versions"))
    offered = (JSON, *QUADS, *TRIPLES, HTML, LINKS)
    chosen = form or choose(request.headers.get("accept"), offered)
    if chosen is HTML or chosen is LINKS:
        return await mementos.timemap(request, iri)
    current = await asyncio.to_thread(speaking.ledger.document, iri)
    known = current is not None and may_know(current, calling)
    recorded = await asyncio.to_thread(speaking.ledger.history, iri) if known or calling.is_known else ()
    seen = [one for one in recorded if may_see(speaking, one, calling)]
    if current is None or not (known or seen):
        return problem(request, base, object_to("NotThere", focus=iri))
    if not seen:
        return problem(request, base, object_to("Gone", focus=iri), status=410)
    if chosen is None:
        return problem(request, base, object_to("FormatUnknown", limit=", ".join(f.media_type for f in offered)))
    headers = {
        "Vary": "Accept, Authorization",
        "Cache-Control": "private, no-store" if calling.is_known else "no-cache",
        "Link": f'<{timemap_path(base, iri)}>; rel="timemap"; type="{LINKS.media_type}"',
    }
    if chosen is JSON:
        ended = {"how": current.ended, "at": current.ended_at} if current.ended else None
        items = await asyncio.to_thread(lambda: [recorded_body(speaking, one, calling) for one in seen])
        body = {"document": iri, "href": document_path(base, iri), "ended": ended, "contributions": items}
        return JSONResponse(body, headers=headers)
    quads = _as_told(base, iri, seen, current)
    told_as = await asyncio.to_thread(speaking.admission.convert, quads, chosen.name)
    return Response(told_as, 200, headers, content_type(chosen))


def _as_told(base: str, iri: str, seen: Sequence[Recorded], current: Current) -> bytes:
    """What the graph of the ledger says of these contributions, each as when it was current; and how it ended."""
    ids = {one.id for one in seen}
    quads = [
        about(
            base,
            Said(
                id=one.id,
                time=one.time,
                party=one.party,
                recorder=one.recorder,
                delegation=one.delegation,
                audience=one.audience,
                iri=iri,
                batch=one.batch,
                supersedes=one.supersedes if one.supersedes in ids else None,
            ),
        )
        for one in seen
        if one.payload is not None
    ]
    if current.ended and current.ended_at:
        quads.append(tombstone(base, iri, current.ended, current.ended_at))
    return b"".join(quads)


def _described(
    speaking: Speaking,
    request: Request,
    response: Response,
    current: Current,
    chosen: Format | None,
    signs: Signs,
) -> Response:
    """Headers that every answer about a document carries; an unchanged one is 304."""
    base = speaking.base
    iri = current.iri
    links = [f'<{iri}>; rel="canonical"']
    if current.contribution:
        links.append(f'<{base}/contributions/{current.contribution}>; rel="describedby"')
    links += [f'<{in_format(base, iri, f)}>; rel="alternate"; type="{f.media_type}"' for f in DOCUMENT_FORMATS]
    if current.ended is None:  # Of what ended, nobody is told of what kind it was.
        links += [f'<{kind}>; rel="type"' for kind in current.classes]
    links += [f'<{base}/view/{current.party}>; rel="collection"', *past_links(base, iri)]
    links.append(f'</inbox/{current.party}>; rel="http://www.w3.org/ns/ldp#inbox"')
    response.headers.update(signs.headers)
    response.headers["Link"] = ", ".join([*links, *signs.links])
    response.headers["Vary"] = VARY
    public = "public" in current.visible
    response.headers["Cache-Control"] = "no-cache" if public else "private, no-store"
    if response.status_code != 200 or chosen is HTML or chosen is None:
        return response
    response.headers["ETag"] = f'"{current.contribution}-{chosen.name}"'
    if unchanged(request, response.headers["ETag"]):
        kept = {k: response.headers[k] for k in ("ETag", "Link", "Vary", "Cache-Control", *signs.headers)}
        return Response(status_code=304, headers=kept)
    return response
