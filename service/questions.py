"""The door for named questions: a catalogue, and each question as an API with typed parameters, versions and paging."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from urllib.parse import urlencode

import pyoxigraph as ox
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.answering import RDF_FORMATS
from kg.asking import Answer, Asking
from kg.executables import questions_as_triples
from kg.known import unknown_in
from kg.objection import Objection, object_to
from kg.questions import LANGUAGES, Question, bind, page
from kg.remembering import redactions_in
from kg.tables import parquet_is_there
from kg.vocabulary import PREFIXES
from service.answers import answer_response, noted, position_headers
from service.callers import Callers, Calling
from service.negotiation import (
    HTML,
    PARQUET,
    RESULTS,
    SPREADSHEET,
    TRIPLES,
    Format,
    choose,
    content_type,
    language,
    prefers_page,
)
from service.offering import (
    JSON,
    OF_EVERY_QUESTION,
    RESPONSES,
    SPREADSHEETS,
    TEXT,
    catalogue_entry,
    formats_of,
)
from service.paging import NAMES as PAGED
from service.paging import Page, first_page, mark, page_asked, page_links
from service.problems import RETRY_SECONDS, problem
from service.reception import names, refuse_unknown, unchanged
from service.times import PastStore, Times

CATALOGUE_FORMATS = (HTML, JSON, *TRIPLES)
DOWNLOADS = (PARQUET, SPREADSHEET)  # What a browser saves rather than shows, under the question's name.
QuestionPage = Callable[[Request, Question | None, PastStore | None], Awaitable[Response]]


@dataclass(frozen=True)
class Asked:
    """A question as it is asked: bound to its values, in a format, the whole or a page of it."""

    question: Question
    text: str
    values: Mapping[str, str]
    lang: str
    form: Format
    page: Page | None

    @property
    def mark(self) -> str:
        """A short digest of question and parameters."""
        return mark(self.question, self.values)


def questions_router(
    asking: Asking, callers: Callers, html: QuestionPage, titles: Mapping[str, str], times: Times
) -> APIRouter:
    """The router of `/queries`; `titles` says what the catalogue is called, by language."""
    router = APIRouter(tags=["Questions"])
    base = asking.base
    named = {name: q for name, q in asking.questions.items() if q.is_open}

    @cache
    def written(form: Format) -> bytes:
        """The catalogue in a format; the questions do not change while we run."""
        if form is JSON:
            return json.dumps({"questions": [catalogue_entry(q) for q in named.values()]}, ensure_ascii=False).encode()
        media = {q.is_construct: [f.media_type for f in formats_of(q)] for q in named.values()}
        triples = questions_as_triples(base, named.values(), titles, media)
        return ox.serialize(triples, format=RDF_FORMATS[form.name], prefixes=PREFIXES) or b""

    async def catalogued(request: Request, form: Format | None) -> Response:
        refused = refuse_unknown(names(request), ("lang",))
        if refused is None and form is None:
            refused = object_to("FormatUnknown", limit=", ".join(f.media_type for f in CATALOGUE_FORMATS))
        if refused is not None or form is None:
            return problem(request, base, *((refused,) if refused else ()))
        if form is HTML:
            return await html(request, None, None)
        return _fixed(request, written(form), content_type(form))

    @router.get(
        "/queries",
        summary="The questions that can be asked by name",
        description="Each with its sentence and meaning in Dutch and English, its typed parameters, formats and "
        "version. HTML, JSON, and RDF in which each is a `sh:SPARQLExecutable`; `/queries.json`, `.ttl`, `.jsonld`, "
        "`.nt` and `.rdf` are addresses for these.",
    )
    async def catalogue(request: Request) -> Response:
        return await catalogued(request, choose(request.headers.get("accept"), CATALOGUE_FORMATS))

    @router.get("/queries.{ending}", include_in_schema=False)
    async def catalogue_in(request: Request, ending: str) -> Response:
        form = next((f for f in CATALOGUE_FORMATS if f.suffix == f".{ending}"), None)
        if form is None:
            return problem(request, base, object_to("NotThere", focus=request.url.path))
        return await catalogued(request, form)

    async def answered(request: Request, question: Question, ending: str) -> Response:
        form = _form(request, question, ending)
        if isinstance(form, Objection):
            return problem(request, base, form)
        calling = callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, base, calling)
        at = request.query_params.get("at")
        past = await asyncio.to_thread(times.past, at, calling.audience) if at is not None else None
        if isinstance(past, Objection):
            answer = problem(request, base, past)
        elif form is HTML:
            refused = refuse_unknown(names(request), (*(p.name for p in question.parameters), "lang", "at", *PAGED))
            answer = await html(request, question, past) if refused is None else problem(request, base, refused)
        else:
            asked = understand(request, question, form)
            if isinstance(asked, Asked):
                answer = await _answer(request, asking, calling, asked, past)
            else:
                answer = problem(request, base, *asked)
        links = _version_links(question, request if answer.status_code < 400 else None)
        answer.headers["Link"] = ", ".join((*answer.headers.getlist("link"), *links))
        return answer

    @router.get(
        "/queries/{name}",
        summary="Ask a named question",
        description="Parameters as the catalogue says, `limit` and `after` for paging (the `Link` header has the next, "
        "previous and first page), `at` for the past. JSON, CSV, TSV, XML, Parquet, HTML, CSV for spreadsheets "
        "(`.csv?for=spreadsheets`), and the query's own text as `application/sparql-query`. `Link: rel=latest-version` "
        "is the address of this version of the question.",
        responses=RESPONSES,
    )
    async def ask(request: Request, name: str) -> Response:
        question, ending = _named(named, name)
        if question is None:
            return problem(request, base, _unknown(named, name))
        return await answered(request, question, ending)

    @router.get(
        "/queries/{name}/versions",
        summary="The versions of a question",
        description="The version that is asked now. Former versions are not kept.",
        responses={404: {"description": "No such question"}},
    )
    async def versions(request: Request, name: str) -> Response:
        question = named.get(name)
        refused = refuse_unknown(names(request), ("lang",)) if question else _unknown(named, name)
        if refused is None and choose(request.headers.get("accept"), (JSON,)) is None:
            refused = object_to("FormatUnknown", limit=JSON.media_type)
        if refused is not None or question is None:
            return problem(request, base, *((refused,) if refused else ()))
        entry = catalogue_entry(question)
        current = {"version": question.version, "href": entry["versionHref"], "current": True}
        body = {"name": name, "versions": [current], "formerVersionsKept": False}
        return _fixed(request, json.dumps(body).encode(), JSON.media_type)

    @router.get(
        "/queries/{name}/versions/{version}",
        summary="Ask one version of a named question",
        description="The version is the beginning of the SHA-256 of the question's text. The current one answers like "
        "the question itself; another is 404, with the address of the current one.",
        responses=RESPONSES,
    )
    async def ask_version(request: Request, name: str, version: str) -> Response:
        question = named.get(name)
        if question is None:
            return problem(request, base, _unknown(named, name))
        asked, _, ending = version.partition(".")
        if asked != question.version:
            current = f"/queries/{name}/versions/{question.version}"
            links = {"Link": ", ".join(_version_links(question))}
            told = object_to("VersionUnknown", focus=request.url.path, value=asked[:64], limit=current)
            return problem(request, base, told, headers=links)
        return await answered(request, question, ending)

    return router


def _fixed(request: Request, body: bytes, media_type: str) -> Response:
    """What stays the same while we run, with an ETag of its bytes."""
    headers = {"ETag": f'"{sha256(body).hexdigest()[:32]}"', "Vary": "Accept", "Cache-Control": "no-cache"}
    if unchanged(request, headers["ETag"]):
        return Response(None, 304, headers)
    return Response(body, 200, headers, media_type)


def _named(named: Mapping[str, Question], name: str) -> tuple[Question | None, str]:
    """The question of an address, and what stands after its last dot."""
    if name in named:
        return named[name], ""
    stem, _, ending = name.rpartition(".")
    return named.get(stem), ending


def _unknown(named: Mapping[str, Question], name: str) -> Objection:
    """That there is no question of this name, and which names are like it."""
    near = get_close_matches(name.rpartition(".")[0] or name, named, 3)
    return object_to("QuestionUnknown", focus=f"/queries/{name[:100]}", value=name[:100], limit=", ".join(near) or "-")


def _form(request: Request, question: Question, ending: str) -> Format | Objection:
    """The format that the address or `Accept` asks for; `for=spreadsheets` is CSV of another kind."""
    offered = formats_of(question)
    accept = request.headers.get("accept")
    given = ", ".join(f.media_type for f in offered)
    form: Format | None
    if ending:
        ending = f".{ending}"
        form = next((f for f in offered if ending in (f.suffix, ".json" if JSON.media_type in f.aliases else "")), None)
        if form is None and ending not in {f.suffix for f in (*RESULTS, *TRIPLES, JSON, PARQUET)}:
            return object_to("NotThere", focus=request.url.path)
        wants_parquet = ending == PARQUET.suffix
    else:
        paged = any(name in request.query_params for name in ("limit", "after"))
        if paged and not prefers_page(accept):
            offered = tuple(f for f in offered if f is not HTML)  # A page is for who asks it by name.
        if request.query_params.get("for") == SPREADSHEETS:
            offered = tuple(f for f in offered if f.media_type == SPREADSHEET.media_type)
        form = choose(accept, offered)
        wants_parquet = form is None and choose(accept, (PARQUET,)) is not None
    if form is None and wants_parquet and not question.is_construct and not parquet_is_there():
        return object_to("ExtraMissing", value=PARQUET.media_type, path="wijkgraaf[parquet]", limit=given)
    if form is None:
        return object_to("FormatUnknown", limit=given)
    if form.media_type == SPREADSHEET.media_type and request.query_params.get("for") == SPREADSHEETS:
        return SPREADSHEET
    return form


def understand(request: Request, question: Question, form: Format) -> Asked | tuple[Objection, ...]:
    """What is asked, or every objection to it at once."""
    of_its_own = [p.name for p in question.parameters]
    known = list(dict.fromkeys((*of_its_own, *OF_EVERY_QUESTION)))
    objections: list[Objection] = []
    for name, count in Counter(names(request)).items():
        if name not in known or (question.is_construct and name in ("limit", "after", "for")):
            near = ", ".join(get_close_matches(name, known, 3) or known)
            objections.append(object_to("ParameterUnknown", path=name[:100], limit=near))
        elif count > 1:
            objections.append(object_to("ParameterUnclear", path=name, value=f"{count}×", limit="1×"))
    given = dict(request.query_params)
    lang = language(given.get("lang"), request.headers.get("accept-language"))
    values = {name: given[name] for name in of_its_own if name in given and name != "lang"}
    at = {"at": given["at"]} if "at" in given else {}
    if given.get("lang", lang) not in LANGUAGES:
        told = object_to("ParameterUnclear", path="lang", value=given["lang"][:20], limit=", ".join(LANGUAGES))
        objections.append(told)
    if "lang" in of_its_own:
        values["lang"] = lang
    if "for" in given and form is not SPREADSHEET:
        wanted = f"{SPREADSHEETS} (.csv)"
        objections.append(object_to("ParameterUnclear", path="for", value=given["for"][:100], limit=wanted))
    text = bind(question, values)
    if not isinstance(text, str):
        objections += text
    rows = None if question.is_construct else page_asked(request, mark(question, values | at))
    if isinstance(rows, Objection):
        objections.append(rows)
    if objections or not isinstance(text, str) or isinstance(rows, Objection):
        return tuple(objections)
    return Asked(question, text, values | at, lang, form, rows)


async def put(asking: Asking, store: str, asked: Asked) -> Answer | Objection:
    """Puts the question to a projection, or to a past one: the one place where a named question is asked."""
    rows = asked.page
    if rows is None:
        return await asking.ask(store, asked.text, answer_format=asked.form.name)
    # One row more than is given tells whether there is another page.
    text = page(asked.text, rows.limit + 1, rows.offset)
    return await asking.ask(store, text, answer_format=asked.form.name, rows_max=rows.limit)


async def _answer(request: Request, asking: Asking, calling: Calling, asked: Asked, past: PastStore | None) -> Response:
    if asked.form is TEXT:
        return _fixed(request, asked.text.encode(), TEXT.media_type)
    there, store = (past.asking, past.store) if past else (asking, calling.audience)
    unknown = await unknown_in(there, store, asked.question, asked.values)
    answer = await put(there, store, asked)
    if isinstance(answer, Objection):
        if answer.name == "Busy":
            answer = object_to("Busy", limit=f"{RETRY_SECONDS} s")
        return problem(request, asking.base, answer)
    rows = asked.page
    redactions = redactions_in(answer.state)
    if (
        rows is not None
        and rows.position is not None
        and (rows.position, rows.redactions)
        != (
            answer.position,
            redactions,
        )
    ):
        answer.read()
        again = first_page(request, asked.lang)
        gone = object_to("CursorGone", limit=again)
        return problem(request, asking.base, gone, headers={"Link": f'<{again}>; rel="first"'})
    headers = position_headers(answer, calling.audience, f"{asked.form.name}-{asked.mark}")
    headers |= {"Content-Language": asked.lang, **noted([one.note for one in unknown])}
    if rows is not None:
        now = replace(rows, position=answer.position, redactions=redactions)
        headers["Link"] = ", ".join(page_links(request, now, asked.mark, lang=asked.lang, more=answer.more))
    if asked.form in DOWNLOADS:
        headers["Content-Disposition"] = f'attachment; filename="{asked.question.name}{asked.form.suffix}"'
    response = answer_response(request, answer, content_type(asked.form), headers)
    return past.dated(response) if past else response


def _version_links(question: Question, request: Request | None = None) -> Sequence[str]:
    """Where this version of the question is, where it is always the latest, and where its history is (RFC 5829)."""
    here = f"/queries/{question.name}"
    query = "?" + urlencode(request.query_params.multi_items()) if request and request.query_params else ""
    return (
        f'<{here}/versions/{question.version}{query}>; rel="latest-version"',
        f'<{here}{query}>; rel="canonical"',
        f'<{here}/versions>; rel="version-history"',
    )
