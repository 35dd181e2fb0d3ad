"""The door for named questions: a catalogue, and each question as an API with typed parameters and paging."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg.asking import Answer, Asking
from kg.objection import Objection, object_to
from kg.questions import LANGUAGES, Question, bind, page
from service.answers import answer_response, position_headers
from service.callers import Callers
from service.negotiation import HTML, RESULTS, TRIPLES, Format, choose, content_type, language
from service.problems import RETRY_SECONDS, problem
from service.reception import names, refuse_unknown

TEXT = Format("query", "application/sparql-query", ".rq")
ROWS_PER_PAGE_MAX = 10_000  # More rows than that are a download: ask the query itself at /sparql.
QuestionPage = Callable[[Request, Question | None], Awaitable[Response]]


def catalogue_entry(question: Question) -> dict[str, Any]:
    """One question in the catalogue: its sentence, its parameters, its address."""
    return {
        "name": question.name,
        "question": {"nl": question.question_nl, "en": question.question_en},
        "parameters": [{"parameter": p.name, "type": p.type, "required": p.required} for p in question.parameters],
        "href": f"/queries/{question.name}",
    }


def questions_router(asking: Asking, callers: Callers, html: QuestionPage) -> APIRouter:
    """The router of `/queries`."""
    router = APIRouter(tags=["Questions"])
    base = asking.base
    named = {name: q for name, q in asking.questions.items() if "/" not in name}

    @router.get(
        "/queries",
        summary="The questions that can be asked by name",
        description="Each with its sentence in Dutch and English and its typed parameters.",
    )
    async def catalogue(request: Request) -> Response:
        refused = refuse_unknown(names(request), ("lang",))
        if refused is not None:
            return problem(request, base, refused)
        form = choose(request.headers.get("accept"), (HTML, Format("json", "application/json", ".json")))
        if form is None:
            return problem(request, base, object_to("FormatUnknown", limit="text/html, application/json"))
        if form is HTML:
            return await html(request, None)
        body = {"questions": [catalogue_entry(q) for q in named.values()]}
        return JSONResponse(body, headers={"Vary": "Accept, Accept-Language"})

    @router.get(
        "/queries/{name}",
        summary="Ask a named question",
        description="Parameters as the catalogue says, `limit` and `after` for paging (the `Link` header has the next "
        "page). JSON, CSV, TSV, XML, HTML, and the query's own text as `application/sparql-query`.",
        responses={404: {"description": "No such question"}, 410: {"description": "The page is gone; start again"}},
    )
    async def ask(request: Request, name: str) -> Response:
        stem, dot, ending = name.rpartition(".")
        suffix = next((f for f in (*RESULTS, TRIPLES[0], TEXT) if dot and f.suffix == f".{ending}"), None)
        suffix = RESULTS[0] if dot and ending == "json" else suffix
        question = named.get(stem if suffix else name)
        if question is None:
            return problem(request, base, object_to("NotThere", focus=f"/queries/{name[:100]}"))
        known = (*(p.name for p in question.parameters), "limit", "after", "lang")
        refused = refuse_unknown(names(request), known)
        if refused is not None:
            return problem(request, base, refused)
        graph = question.is_construct
        offered = (*TRIPLES, HTML, TEXT) if graph else (*RESULTS, HTML, TEXT)
        form = suffix if suffix in offered else None if suffix else choose(request.headers.get("accept"), offered)
        if form is None:
            return problem(request, base, object_to("FormatUnknown", limit=", ".join(f.media_type for f in offered)))
        if form is HTML:
            return await html(request, question)
        return await _rows(request, asking, callers, question, form)

    return router


async def _rows(request: Request, asking: Asking, callers: Callers, question: Question, form: Format) -> Response:
    base = asking.base
    calling = callers.calling(request)
    if isinstance(calling, Objection):
        return problem(request, base, calling)
    values = {k: v for k, v in request.query_params.items() if k not in ("limit", "after")}
    if values.get("lang", "nl") not in LANGUAGES:
        return problem(
            request, base, object_to("ParameterUnclear", path="lang", value=values["lang"][:20], limit="nl, en")
        )
    lang = language(values.get("lang"), request.headers.get("accept-language"))
    if any(p.name == "lang" for p in question.parameters):
        values["lang"] = lang
    else:
        values.pop("lang", None)
    text = bind(question, values)
    if not isinstance(text, str):
        return problem(request, base, *text)
    if form is TEXT:
        return Response(text, 200, {"Vary": "Accept"}, TEXT.media_type)
    paging = _paging(request, question, values)
    if isinstance(paging, Objection):
        return problem(request, base, paging)
    limit, offset, position = paging
    asked = text if limit is None else page(text, limit, offset)
    answer = await asking.ask(calling.audience, asked, answer_format=form.name)
    if isinstance(answer, Objection):
        if answer.name == "Busy":
            answer = object_to("Busy", limit=f"{RETRY_SECONDS} s")
        return problem(request, base, answer)
    if position is not None and position != answer.position:
        answer.read()
        return problem(request, base, object_to("CursorGone", limit=f"/queries/{question.name}"))
    headers = position_headers(answer, calling.audience, f"{form.name}-{_mark(question, values)}")
    if limit is not None and await _more(asking, calling.audience, page(text, 1, offset + limit)):
        after = _cursor(answer.position, offset + limit, question, values)
        following = request.url.include_query_params(limit=limit, after=after)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    headers["Content-Language"] = lang
    return answer_response(request, answer, content_type(form), headers)


async def _more(asking: Asking, audience: str, text: str) -> bool:
    """Whether there is a row after this page."""
    answer = await asking.ask(audience, text, answer_format="json")
    return isinstance(answer, Answer) and bool(json.loads(answer.read())["results"]["bindings"])


def _mark(question: Question, values: Mapping[str, str]) -> str:
    """A short digest of question and parameters: a cursor belongs to both."""
    text = json.dumps([question.text, sorted(values.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _cursor(position: int, offset: int, question: Question, values: Mapping[str, str]) -> str:
    text = json.dumps({"p": position, "o": offset, "q": _mark(question, values)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _paging(
    request: Request, question: Question, values: Mapping[str, str]
) -> tuple[int | None, int, int | None] | Objection:
    """(limit, offset, position that it must still be), from `limit` and `after`."""
    asked = request.query_params.get("limit")
    after = request.query_params.get("after")
    if asked is None and after is None:
        return None, 0, None
    if asked is None or not asked.isdigit() or not 1 <= int(asked) <= ROWS_PER_PAGE_MAX:
        return object_to("ParameterUnclear", path="limit", value=asked or "", limit=f"1–{ROWS_PER_PAGE_MAX}")
    if after is None:
        return int(asked), 0, None
    try:
        cursor = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        position, offset, mark = int(cursor["p"]), int(cursor["o"]), str(cursor["q"])
    except (ValueError, KeyError, TypeError):
        return object_to("ParameterUnclear", path="after", value=after[:100], limit="Link: rel=next")
    if mark != _mark(question, values) or offset < 0:
        return object_to("ParameterUnclear", path="after", value=after[:100], limit="Link: rel=next")
    return int(asked), offset, position
