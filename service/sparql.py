"""The door for questions: SPARQL 1.1 Protocol, query only, GET and both forms of POST."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.asking import Answer, Asking
from kg.objection import Objection, object_to
from kg.query_text import QueryText
from service.answers import answer_response, noted, position_headers
from service.callers import Callers, Calling
from service.description import PAGE_LINES_MAX, PAGE_ROWS_MAX, AskDataset, AskPage, Brought, Convert, describe
from service.negotiation import HTML, QUADS, RESULTS, TRIPLES, Format, choose, content_type, meant
from service.problems import RETRY_SECONDS, problem
from service.reception import read_body, refuse_unknown
from service.times import Times

DATASET = ("default-graph-uri", "named-graph-uri")
# One parameter under the names that clients know it by; some send all three, and a name and a media type for each.
FORMAT_NAMES = ("format", "output", "results")
PARAMETERS = ("query", *DATASET, *FORMAT_NAMES, "rewrite", "lang", "at")
REWRITE = {None: True, "on": True, "off": False}  # Whether EXISTS may be asked in a faster form.
BODY_TYPES = ("application/sparql-query", "application/x-www-form-urlencoded")  # In UTF-8, as SPARQL always is.
PAGE_BYTES_MAX = 2 * 1024 * 1024  # What a page of rows may weigh, and how far an answer is read to count its rows.
REPEATABLE = (*DATASET, *FORMAT_NAMES)


PROTOCOL: dict[str, Any] = {
    "summary": "Ask a SPARQL 1.1 query",
    "description": "SPARQL 1.1 Protocol, query only. `query`, `default-graph-uri`, `named-graph-uri` as parameters of "
    "GET, as a form (`application/x-www-form-urlencoded`) or with the query as body (`application/sparql-query`). "
    "`format` (or `output`, or `results`) goes before `Accept`: json, xml, csv, tsv, turtle or a media type. "
    "`rewrite=off` asks EXISTS as written, however long it takes. "
    "`at` asks the past: a time, a date or a snapshot's name. "
    "Without a query: the service description. Time and size limits are errors, never a shortened answer.",
    "responses": {
        400: {"description": "Unclear query"},
        404: {"description": "Before the beginning, or no such snapshot"},
        503: {"description": "Over the time limit, or too many pasts at once"},
    },
}


@dataclass(frozen=True)
class Asked:
    """What one protocol request asks."""

    text: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    formats: tuple[str, ...]
    others: tuple[tuple[str, str], ...] = ()
    """The parameters beside the text and the format, as they were given."""
    at: str | None = None
    """Which past is asked: a time or a snapshot's name."""


def sparql_router(
    asking: Asking,
    callers: Callers,
    dataset: AskDataset,
    convert: Convert,
    page: AskPage,
    times: Times | None = None,
) -> APIRouter:
    """The router of `/sparql`; without `times` there is no past to ask."""
    router = APIRouter(tags=["SPARQL"])
    base = asking.base

    @router.post("/sparql", **PROTOCOL)
    @router.get("/sparql", **PROTOCOL)
    async def sparql(request: Request) -> Response:
        calling = callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        asked = await _asked(request, asking)
        if isinstance(asked, Objection):
            return problem(request, base, asked, status=_status(request, asked))
        if asked.text is None:
            return await describe(request, asking, await dataset(calling.audience), convert, page)
        if not asking.open_to_callers:
            return problem(request, base, object_to("NotReady", limit="-"))
        looked = asking.look(asked.text)
        if isinstance(looked, Objection):
            if _wants_page(request, asked):
                return await page(request, Brought(asked.text, looked, asked.others))
            return problem(request, base, looked, status=_status(request, looked))
        if asked.at is None:
            return await _answer(request, asking, calling.audience, calling, asked, looked, page)
        if times is None:
            return problem(request, base, object_to("ParameterUnknown", path="at", limit=", ".join(PARAMETERS[:-1])))
        past = await asyncio.to_thread(times.past, asked.at, calling.audience)
        if isinstance(past, Objection):
            if _wants_page(request, asked):
                return await page(request, Brought(asked.text, past, asked.others))
            return problem(request, base, past)
        response = await _answer(request, past.asking, past.store, calling, asked, looked, page)
        return past.dated(response)

    return router


def _wants_page(request: Request, asked: Asked) -> bool:
    """Whether the answer is for a person in a browser."""
    return set(asked.formats) == {HTML.name} if asked.formats else "text/html" in request.headers.get("accept", "")


def _status(request: Request, objection: Objection) -> int | None:
    """A text over the limit in an address is 414, in a body 413; everything else as the table says."""
    return 414 if objection.name == "QueryTooLong" and request.method != "POST" else None


async def _answer(
    request: Request, asking: Asking, store: str, calling: Calling, asked: Asked, looked: QueryText, page: AskPage
) -> Response:
    graph = looked.form in ("construct", "describe")
    offered = (*TRIPLES, *QUADS) if graph else RESULTS
    named = meant(asked.formats, (*offered, HTML))
    if len(named) > 1:
        unclear = object_to("ParameterUnclear", path=FORMAT_NAMES[0], value=", ".join(asked.formats)[:100], limit="1×")
        return problem(request, asking.base, unclear)
    form = named.pop() if named else choose(request.headers.get("accept"), (*offered, HTML))
    if form is None:
        names = ", ".join(f.media_type for f in (*offered, HTML))
        return problem(request, asking.base, object_to("FormatUnknown", limit=names))
    read = offered[0] if form is HTML else form
    began = time.monotonic()
    answer = await until_gone(request, asyncio.create_task(_ask(asking, store, calling, asked, read, form is HTML)))
    if answer is None:
        return Response(status_code=499)
    if isinstance(answer, Objection) and answer.name == "Busy":
        answer = object_to("Busy", limit=f"{RETRY_SECONDS} s")
    if form is HTML:
        return await page(request, Brought(asked.text or "", answer, asked.others, time.monotonic() - began))
    if isinstance(answer, Objection):
        return problem(request, asking.base, answer)
    headers = position_headers(answer, calling.audience, form.name)
    if looked.volatile:
        # Another time it would be another answer: nobody may keep it, or be told that it is unchanged.
        headers = {k: v for k, v in headers.items() if k != "ETag"} | {"Cache-Control": "no-store"}
    return answer_response(request, answer, content_type(form), headers | noted(answer.notes))


async def _ask(
    asking: Asking, store: str, calling: Calling, asked: Asked, form: Format, for_page: bool
) -> Answer | Objection:
    limits, is_graph = asking.settings, form in TRIPLES
    return await asking.ask(
        store,
        asked.text or "",
        answer_format=form.name,
        seconds=limits.query_seconds_partner_max if calling.is_known else limits.query_seconds_anonymous_max,
        client=calling.client,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        bytes_max=PAGE_BYTES_MAX if for_page else None,
        rows_max=(PAGE_LINES_MAX if is_graph else PAGE_ROWS_MAX) if for_page else None,
        counted_bytes_max=PAGE_BYTES_MAX if for_page else 0,
        rewrite=REWRITE[dict(asked.others).get("rewrite")],
    )


async def until_gone(request: Request, work: asyncio.Task[Answer | Objection]) -> Answer | Objection | None:
    """Waits for the answer, or for the client to go away: then the query is ended too."""
    done, _ = await asyncio.wait({work}, timeout=0.05)
    while not done:
        if await request.is_disconnected():
            work.cancel()
            return None
        done, _ = await asyncio.wait({work}, timeout=0.5)
    return work.result()


def _pairs(form: bytes) -> list[tuple[str, str]]:
    """Names and values of a form or of an address. Raises UnicodeDecodeError: a letter is never replaced by another."""
    return parse_qsl(form.decode(), keep_blank_values=True, errors="strict")


def _media_refused(media: str, sent: Message) -> Objection | None:
    """Why a body of this type is not read: none was given, it is an update, no query, or not in UTF-8."""
    if not media:
        return object_to("MediaTypeMissing", limit=", ".join(BODY_TYPES))
    if media == "application/sparql-update":
        return object_to("UpdateRefused")
    if media not in BODY_TYPES:
        return object_to("QueryMediaUnknown", value=media[:200], limit=", ".join(BODY_TYPES))
    charset = sent.get_content_charset("utf-8")
    return object_to("CharsetUnknown", value=charset[:100], limit="UTF-8") if charset != "utf-8" else None


async def _asked(request: Request, asking: Asking) -> Asked | Objection:
    """The parameters of the three forms of request; unknown and repeated ones are refused."""
    body_text: str | None = None
    media, body = "", b""
    if request.method == "POST":
        sent = Message()
        sent["content-type"] = request.headers.get("content-type", "-")
        media = sent.get_content_type() if "content-type" in request.headers else ""
        refused = _media_refused(media, sent)
        if refused is not None:
            return refused
        read = await read_body(request, max(asking.settings.query_bytes_max * 4, 1 << 20))
        if isinstance(read, Objection) and read.name == "TooLarge":
            return object_to("QueryTooLong", limit=f"{asking.settings.query_bytes_max} bytes")
        if isinstance(read, Objection):
            return read
        body = read
    try:
        pairs = _pairs(request.scope["query_string"])
        if media == BODY_TYPES[0]:
            body_text = body.decode()
        else:
            pairs += _pairs(body)
    except UnicodeDecodeError:
        return object_to("QueryUnclear", line=1, column=1, value="UTF-8")
    names_given = [name for name, _ in pairs]
    if {"update", "using-graph-uri", "using-named-graph-uri"} & set(names_given):
        return object_to("UpdateRefused")
    refused = refuse_unknown(names_given, PARAMETERS, REPEATABLE)
    if refused is not None:
        return refused
    values = dict(pairs)
    if values.get("rewrite") not in REWRITE:
        return object_to("ParameterUnclear", path="rewrite", value=values["rewrite"][:100], limit="on, off")
    if body_text is not None and "query" in values:
        return object_to("ParameterUnclear", path="query", value="2×", limit="1×")
    text_asked = body_text if body_text is not None else values.get("query")
    if text_asked is None and (request.method == "POST" or set(names_given) - {"lang"}):
        return object_to("ParameterMissing", path="query")
    default_graphs, named_graphs = (tuple(v for n, v in pairs if n == name) for name in DATASET)
    formats = tuple(v for n, v in pairs if n in FORMAT_NAMES and v)
    others = tuple(pair for pair in pairs if pair[0] not in ("query", *FORMAT_NAMES))
    # A form sends its date also where nobody filled it in: that is now.
    return Asked(text_asked, default_graphs, named_graphs, formats, others, values.get("at") or None)
