"""`wijkgraaf explore`: any RDF files as a read-only endpoint with the same door and workbench, without a ledger."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

import pyoxigraph as ox
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from kg.answering import RDF_FORMATS
from kg.asking import Asking
from kg.exploring import PUBLIC, Exploring
from kg.objection import Objection
from kg.ontology import Ontology
from kg.questions import Question
from kg.settings import folder
from kg.vocabulary import PREFIXES
from service.cache import Cache, with_cache
from service.callers import Callers
from service.description import SCHEMA, SD, VOID, Brought, Dataset
from service.headers import Asgi, dressed
from service.health import health_router
from service.metrics import Metrics, counted, metrics_router
from service.negotiation import language
from service.pages.errors import refused_page
from service.pages.frame import Page, render
from service.pages.links import Links
from service.pages.questions import objection_page, words_page
from service.pages.results import NAMES
from service.pages.workbench import OWN, Workbench
from service.pages.workbench import shown as workbench
from service.problems import title_of
from service.sparql import sparql_router
from service.troubles import answer_troubles
from service.void import SIZE, void_router
from service.words import COMPLETION, completion_router, objection_told, objections_told

DESCRIBING = {"sd": SD, "void": VOID, "schema": SCHEMA, "dcterms": PREFIXES["dcterms"]}


def make_explore_app(exploring: Exploring, questions: Mapping[str, Question]) -> Asgi:
    """The endpoint over these files; `exploring` has been started, `questions` are those of `kg.questions`."""
    asking = Asking(exploring, {name: questions[name] for name in (SIZE, NAMES)}, exploring.settings)
    callers = Callers(None, exploring.settings)
    cache, metrics = Cache(exploring.settings.cache_bytes_max), Metrics()
    metrics.watch(asking, cache)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        asking.close()

    async def dataset(_audience: str) -> Dataset:
        return described(exploring)

    async def page(request: Request, brought: Brought | None = None) -> Response:
        bench = Workbench(
            exploring.base, exploring.settings, completion=COMPLETION, parameters=("rewrite",), alone=True
        )
        return _alone(*await workbench(request, asking, PUBLIC, bench, brought))

    app = FastAPI(
        title="Wijkgraaf: files explored",
        version=version("wijkgraaf"),
        description="RDF files as a read-only SPARQL 1.1 endpoint.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    routers = (
        health_router(exploring.base, exploring.states, callers),
        sparql_router(asking, callers, dataset, converted, page),
        void_router(asking, callers, f"{exploring.address}/sparql", converted),
        metrics_router(metrics),
        words_router(exploring.base, exploring.ontology),
        completion_router(exploring.ontology),
    )
    for router in routers:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=folder("viewer") / "static"), name="static")
    app.state.problem_page = refused
    answer_troubles(app, exploring.base, [*app.routes, *(route for router in routers for route in router.routes)])

    def state() -> tuple[int, str]:
        return 1, str(exploring.state["digest"])

    return counted(with_cache(dressed(app), cache, state), metrics)


def refused(request: Request, base: str, objections: Sequence[Objection], status: int, lang: str) -> str:
    """Why something is not answered, as a page on its own."""
    links = Links(base, lang)
    return render(refused_page(request, links, objections, title_of(status, lang), status, alone=True), links)


def words_router(base: str, ontology: Ontology) -> APIRouter:
    """The router of the first page, and of what objections mean."""
    router = APIRouter(tags=["Vocabulary"])

    @router.get("/", include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse("/sparql", 302)

    @router.get(
        "/def/objections",
        summary="What each objection means",
        description="Every reason for which a question is not answered, and what to do.",
    )
    async def objections(request: Request) -> Response:
        told = objections_told(request, base)
        if told is not None:
            return told
        links = _links(base, request)
        return _alone(words_page(links, ontology, "objections"), links)

    @router.get("/def/objections/{name}", summary="What one objection means")
    async def objection(request: Request, name: str) -> Response:
        told = objection_told(request, base, name)
        if isinstance(told, Response):
            return told
        links = _links(base, request)
        return _alone(objection_page(links, told), links)

    return router


def _links(base: str, request: Request) -> Links:
    return Links(base, language(request.query_params.get("lang"), request.headers.get("accept-language")))


def _alone(page: Page, links: Links) -> Response:
    """A page where the other pages are not."""
    headers = {"Content-Language": links.language, "Vary": "Accept, Accept-Language", "Cache-Control": OWN}
    return Response(render(replace(page, alone=True), links), page.status, headers, "text/html")


def described(exploring: Exploring) -> Dataset:
    """What the service description tells of these files."""
    state = exploring.state
    more = state["graph_count"] - len(state["graphs"])
    default = "the union of all graphs" if exploring.union else "the files' own (--union makes it the union of all)"
    words = (
        f"RDF files on this machine, read-only: {', '.join(file.path.name for file in exploring.files)}. "
        f"Query only; updates are not offered. The default graph is {default}. "
        f"{state['graph_count']} named graphs{f', of which {more} are not named here' if more > 0 else ''}."
    )
    return Dataset(f"{exploring.address}/sparql", words, tuple(state["graphs"]), triples=state["quads"])


def converted(quads: bytes, form: str) -> bytes:
    """Our own N-Quads in another format: here no checker process stands by for so little."""
    parsed = ox.parse(quads, format=ox.RdfFormat.N_QUADS)
    return ox.serialize((q.triple for q in parsed), format=RDF_FORMATS[form], prefixes=DESCRIBING) or b""
