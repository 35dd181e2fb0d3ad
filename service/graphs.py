"""The SPARQL 1.1 Graph Store Protocol: documents, viewpoints and contributions as graphs, and everything as one.

A graph is written by the rules of what it is. Unlike at a document's own address, PUT needs no If-Match here, because
the protocol gives the verb that meaning; sent all the same, it is obeyed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg.asking import Asking
from kg.objection import Objection, object_to
from service.addresses import document_path, split_suffix
from service.answers import answer_response, position_headers
from service.contributions import BODY_TYPES, PARAMETERS, Speaking, contribution_response, published, receipt_response
from service.forms import FORM
from service.negotiation import QUADS, TRIPLES, Format, choose, content_type
from service.problems import problem
from service.reception import names, refuse_unknown

FORMATS = (*TRIPLES, *QUADS)
EVERYTHING = "explored/everything"
SIDE_GRAPHS = ("ledger", "register", "vocabulary")
READABLE = "GET, HEAD, OPTIONS"
ONE_GRAPH = "?graph=<IRI>, ?default"


@dataclass(frozen=True)
class Graph:
    """Which graph is meant; `name` is an IRI, the slug of a viewpoint's party or the id of a contribution."""

    kind: Literal["default", "side", "contribution", "view", "document"]
    name: str


class DocumentWriting(Protocol):
    """How one document is written (`service.documents`)."""

    async def put(self, request: Request, iri: str, *, known: tuple[str, ...], free: bool) -> Response:
        """Publishes or replaces."""

    async def post(self, request: Request, iri: str, *, known: tuple[str, ...]) -> Response:
        """Adds."""

    async def end(self, request: Request, iri: str, *, known: tuple[str, ...]) -> Response:
        """Withdraws or erases."""


class ViewWriting(Protocol):
    """How a whole viewpoint is written (`service.synchronisation`)."""

    async def speak(
        self, request: Request, party: str, *, adds_only: bool, empties: bool = False, known: tuple[str, ...] = ()
    ) -> Response:
        """Makes it what is sent, adds that, or empties it."""


@dataclass(frozen=True)
class Doors:
    """What other doors do, for a graph."""

    documents: DocumentWriting
    views: ViewWriting
    document: Callable[[Request, str, Format], Awaitable[Response]]
    view: Callable[[Request, str, Format], Awaitable[Response]]


class Graphs:
    """Answers for graphs."""

    def __init__(self, speaking: Speaking, asking: Asking, doors: Doors) -> None:
        self.speaking = speaking
        self.asking = asking
        self.doors = doors
        self.base = speaking.base

    def meant(self, request: Request) -> Graph | Objection:
        """Which graph a request means; a document also by its own address here, as `Location` gave it."""
        given = request.query_params
        unclear = object_to("GraphUnclear", path="graph", limit=ONE_GRAPH)
        if "default" in given:
            return unclear if "graph" in given or given["default"] not in ("", "true") else Graph("default", self.base)
        iri = given.get("graph", "")
        own = re.fullmatch(rf"(?:{re.escape(self.base)})?/doc/(.+)", iri)
        if own is not None:
            return Graph("document", f"{self.base}/id/{split_suffix(own[1])[0]}")
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", iri):
            return unclear
        for kind, start in (("view", "view"), ("contribution", "contributions")):
            if iri.startswith(f"{self.base}/{start}/"):
                return Graph(kind, iri.removeprefix(f"{self.base}/{start}/"))  # type: ignore[arg-type]
        if iri in {f"{self.base}/graph/{name}" for name in SIDE_GRAPHS}:
            return Graph("side", iri)
        return Graph("document", iri)

    async def read(self, request: Request) -> Response:
        """The triples of a graph; one that is not here, or no longer, is 404 and never an empty answer."""
        graph = refuse_unknown(names(request), ("graph", "default", "lang")) or self.meant(request)
        if isinstance(graph, Objection):
            return problem(request, self.base, graph)
        form = choose(request.headers.get("accept"), FORMATS)
        answer = await self._read(request, graph, form or FORMATS[0])
        if answer.status_code == 410:
            # This protocol knows graphs that are there and graphs that are not.
            return problem(request, self.base, object_to("Gone", focus=graph.name), status=404)
        if form is None and answer.status_code == 200:
            limit = ", ".join(f.media_type for f in FORMATS)
            return problem(request, self.base, object_to("FormatUnknown", limit=limit))
        return answer

    async def _read(self, request: Request, graph: Graph, form: Format) -> Response:
        if graph.kind in ("default", "side"):
            return await self._whole(request, form, () if graph.kind == "default" else (graph.name,))
        if graph.kind == "view":
            return await self.doors.view(request, graph.name, form)
        if graph.kind == "document":
            return await self.doors.document(request, graph.name, form)
        calling = self.speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        return await asyncio.to_thread(contribution_response, self.speaking, request, calling, graph.name, form)

    async def _whole(self, request: Request, form: Format, graphs: tuple[str, ...]) -> Response:
        """All that stands in the caller's store, as one graph: what `/sparql` asks when no graph is named."""
        calling = self.speaking.callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, self.base, calling)
        limits = self.asking.settings
        answer = await self.asking.ask(
            calling.audience,
            self.asking.questions[EVERYTHING].text,
            answer_format=form.name,
            seconds=limits.query_seconds_partner_max if calling.is_known else limits.query_seconds_anonymous_max,
            client=calling.client,
            default_graphs=graphs,
        )
        if isinstance(answer, Objection):
            return problem(request, self.base, answer)
        which = graphs[0].rpartition("/")[2] if graphs else "default"
        headers = position_headers(answer, calling.audience, f"{which}-{form.name}")
        return answer_response(request, answer, content_type(form), headers)

    async def write(self, request: Request) -> Response:
        """PUT, POST and DELETE."""
        if request.method == "POST" and not {"graph", "default"} & request.query_params.keys():
            return await self._create(request)
        graph = self.meant(request)
        if isinstance(graph, Objection):
            return problem(request, self.base, graph)
        if graph.kind == "document":
            return await self._document(request, graph.name)
        if graph.kind == "view":
            adds, empties = request.method == "POST", request.method == "DELETE"
            speak = self.doors.views.speak
            return await speak(request, graph.name, adds_only=adds, empties=empties, known=("graph",))
        focus = {"default": "?default", "side": graph.name, "contribution": f"{self.base}/contributions/{graph.name}"}
        kept = object_to("GraphKept", focus=focus[graph.kind], limit=f"{request.method} /graphs?graph=<document>")
        return problem(request, self.base, kept, headers={"Allow": READABLE})

    async def _document(self, request: Request, iri: str) -> Response:
        documents = self.doors.documents
        if request.method == "DELETE":
            return await documents.end(request, iri, known=("graph", "erase", "lang"))
        if request.method == "PUT":
            return await documents.put(request, iri, known=("graph", *PARAMETERS), free=True)
        return await documents.post(request, iri, known=("graph", *PARAMETERS))

    async def _create(self, request: Request) -> Response:
        """A new graph under a name that the service gives: what `/contributions` does, with the graph's own address."""
        outcome = await published(self.speaking, request)
        if isinstance(outcome, Response):
            return outcome
        answer = receipt_response(self.base, outcome)
        if len(outcome.receipt.contributions) == 1:
            answer.headers["Location"] = document_path(self.base, outcome.receipt.contributions[0].iri)
        return answer


_WHICH: list[dict[str, Any]] = [
    {
        "name": "graph",
        "in": "query",
        "schema": {"type": "string", "format": "iri"},
        "description": "The IRI of a document's thing, of a viewpoint or of a contribution.",
    },
    {
        "name": "default",
        "in": "query",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
        "description": "Everything that you may read, as one graph.",
    },
]
_BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in (*BODY_TYPES, FORM)},
    },
    "parameters": [
        _WHICH[0],
        {
            "name": "If-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": "The ETag that you saw; otherwise 412.",
        },
    ],
    "security": [{"token": []}],
}
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {"description": "Written, or as it was already"},
    201: {"description": "A graph that was not here"},
    400: {"description": "No graph is named, or the body cannot be read"},
    401: {"description": "No token"},
    403: {"description": "Not yours"},
    405: {"description": "A graph that is read only: the default graph, a contribution"},
    412: {"description": "Not the version of If-Match"},
    422: {"description": "Refused, with every objection"},
}


def graphs_router(graphs: Graphs) -> APIRouter:
    """The router of `/graphs`."""
    router = APIRouter(tags=["Graph Store Protocol"])

    @router.get(
        "/graphs",
        summary="Read a graph",
        description="A document, a viewpoint or a contribution as RDF; with `default` all that you may read, as one "
        "graph, which is the one that `/sparql` asks.",
        openapi_extra={"parameters": _WHICH},
        responses={404: {"description": "No such graph, or not for you"}, 406: {"description": "Not in that format"}},
    )
    async def read(request: Request) -> Response:
        return await graphs.read(request)

    @router.put(
        "/graphs",
        summary="Replace a graph",
        description="A document becomes what is sent, whatever was there. A viewpoint is synchronised, as by PUT at "
        "its own address.",
        openapi_extra=_BODIES,
        responses=_WRITTEN,
    )
    async def put(request: Request) -> Response:
        return await graphs.write(request)

    @router.post(
        "/graphs",
        summary="Add to a graph, or create one",
        description="To a document triples are added, from one body or from the files of a form; to a viewpoint "
        "documents. Without `graph` a new one is made, and `Location` is its address.",
        openapi_extra=_BODIES,
        responses=_WRITTEN,
    )
    async def post(request: Request) -> Response:
        return await graphs.write(request)

    @router.delete(
        "/graphs",
        summary="Take a graph away",
        description="A document is withdrawn, with `erase=true` erased. All documents of a viewpoint are withdrawn, "
        "when `allowWithdraw` is at least as many as they are.",
        openapi_extra={"parameters": _WHICH[:1], "security": [{"token": []}]},
        responses=_WRITTEN | {404: {"description": "No such graph, or not for you"}},
    )
    async def end(request: Request) -> Response:
        return await graphs.write(request)

    return router
