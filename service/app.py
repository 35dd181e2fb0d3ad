"""The house put together: rooms opened in order, doors hung, and what every answer carries."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.staticfiles import StaticFiles

from kg.accounts import Accounts
from kg.admission import Admission
from kg.asking import Asking, Unanswered
from kg.keeping import Projections, utc_now
from kg.ledger import Ledger
from kg.ledger.acts import LedgerUnavailable
from kg.moments import Snapshots
from kg.objection import Objection, object_to
from kg.ontology import Ontology, read_ontology
from kg.questions import load_questions
from kg.remembering import Remembering
from kg.settings import Settings, folder
from service.callers import Callers
from service.contributions import Speaking, contributions_router
from service.negotiation import language
from service.pages import Pages
from service.problems import problem
from service.questions import questions_router
from service.resources import resources_router
from service.sparql import sparql_router
from service.times import Times
from service.words import words_router

log = logging.getLogger(__name__)
CLOCK_SECONDS = 60.0  # How often grounds that end are looked at; a projection hides them at once all the same.
PUBLISHERS_MAX = 32  # Who waits for the same commit shares it; each waits in a thread of its own.
EXPOSED = (
    "ETag, Link, Location, Content-Location, Memento-Datetime, Retry-After, Wijkgraaf-Position, Wijkgraaf-Redactions, "
    "Wijkgraaf-Note"
)
HEADERS = {
    b"content-security-policy": b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"access-control-allow-origin": b"*",
    b"access-control-expose-headers": EXPOSED.encode(),
}
Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class House:
    """Every room that is kept open while the service runs."""

    settings: Settings
    ontology: Ontology
    ledger: Ledger
    accounts: Accounts
    projections: Projections
    admission: Admission
    asking: Asking
    times: Times

    def close(self) -> None:
        """Closes the rooms, the ledger last."""
        self.times.close()
        self.asking.close()
        self.admission.close()
        self.projections.close()
        self.ledger.close()


def open_house(settings: Settings, *, answering: bool = True) -> House:
    """Opens the ledger and starts the processes; `answering=False` leaves the projections out (publishing only)."""
    ledger = Ledger.open(settings.ledger_url)
    ontology = read_ontology(settings.folders("ontology"))
    accounts = Accounts(settings.ledger_url)
    projections = Projections(ledger, ontology, settings)
    admission = Admission(ledger, accounts, settings)
    questions = load_questions(settings.folders("queries"), ontology, ledger.base)
    asking = Asking(projections, questions, settings)
    pasts = Remembering(ledger, ontology, settings)
    times = Times(pasts, Asking(pasts, questions, settings), Snapshots(settings.ledger_url))
    house = House(settings, ontology, ledger, accounts, projections, admission, asking, times)
    try:
        ledger.end_grounds(utc_now()).result()
        admission.start()
        if answering:
            projections.start()
    except BaseException:
        house.close()
        raise
    return house


def make_app(house: House) -> Asgi:
    """The service for this house."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        threads = ThreadPoolExecutor(PUBLISHERS_MAX, thread_name_prefix="doors")
        asyncio.get_running_loop().set_default_executor(threads)
        clock = asyncio.create_task(_clock(house))
        yield
        clock.cancel()

    app = FastAPI(
        title="Wijkgraaf",
        version=version("wijkgraaf"),
        description="Connects the perspectives and instruments of a neighbourhood without merging them.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    )
    callers = Callers(house.accounts, house.settings)
    speaking = Speaking(house.admission, house.accounts, callers)
    pages = Pages(house.asking, base=house.ledger.base, ontology=house.ontology, callers=callers)
    _health(app, house, callers)
    routers = (
        contributions_router(speaking),
        sparql_router(house.asking, callers, house.admission.convert, pages.ask_page, house.times),
        questions_router(house.asking, callers, pages.question_page),
        words_router(house.admission, house.ontology, house.settings.folders("shapes"), pages.words_page),
        resources_router(speaking, pages.document_page, pages.error_page),
        pages.router(),
    )
    for router in routers:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=folder("viewer") / "static"), name="static")
    _name_token(app)
    _errors(app, house.ledger.base, pages, [*app.routes, *(route for router in routers for route in router.routes)])
    return dressed(app)


def _health(app: FastAPI, house: House, callers: Callers) -> None:
    @app.get("/", include_in_schema=False)
    async def start(request: Request) -> Response:
        lang = language(None, request.headers.get("accept-language"))
        return RedirectResponse(f"/{lang}/", 302, {"Vary": "Accept-Language"})

    @app.get("/healthz", tags=["Health"], summary="Whether the service is alive", description="200 while it answers.")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    @app.get(
        "/readyz",
        tags=["Health"],
        summary="Whether every projection stands at the ledger",
        description="200 when all do, else 503; what each stands at is for the steward.",
        responses={503: {"description": "A projection lags behind the ledger"}},
    )
    async def readyz(request: Request) -> Response:
        calling = callers.calling(request)
        if isinstance(calling, Objection):
            return problem(request, house.ledger.base, calling)
        states = await asyncio.to_thread(house.projections.states)
        ready = all(state["in_step"] for state in states.values())
        body: dict[str, Any] = {
            "ready": ready,
            "network": "closed to workers" if all(s["caged"] for s in states.values()) else "open to workers",
            "shapes": house.settings.shacl_engine,
        }
        if calling.is_steward:
            body["projections"] = states
        return JSONResponse(body, 200 if ready else 503, headers={"Cache-Control": "no-store"})


def _errors(app: FastAPI, base: str, pages: Pages, routes: Sequence[BaseRoute]) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            allowed = _allowed(routes, request)
            objection = object_to("VerbUnknown", value=request.method, limit=allowed)
            return problem(request, base, objection, headers={"Allow": allowed})
        if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
            return await pages.error_page(request, 404)
        return problem(request, base, object_to("NotThere", focus=request.url.path), status=error.status_code)

    @app.exception_handler(Unanswered)
    async def unanswered(request: Request, error: Unanswered) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return await pages.error_page(request, 503)
        return problem(request, base, error.objection)

    @app.exception_handler(500)
    async def broken(request: Request, error: Exception) -> Response:
        log.exception("a bug or an outage at %s", request.url.path)
        return problem(request, base, object_to("CheckFailed"), status=500)


def _name_token(app: FastAPI) -> None:
    """Tells in the OpenAPI text how a token is sent."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        text = written()
        schemes = text.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        return text

    app.openapi = openapi  # type: ignore[method-assign]


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """Every verb that some route has at this address; HEAD wherever GET is."""
    verbs: set[str] = set()
    for route in routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            verbs |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(verbs | ({"HEAD"} if "GET" in verbs else set())))


async def _clock(house: House) -> None:
    """Writes the entry of every ground that has ended."""
    while True:
        await asyncio.sleep(CLOCK_SECONDS)
        house.times.pasts.sweep()
        try:
            await asyncio.wrap_future(house.ledger.end_grounds(utc_now()))
        except LedgerUnavailable as error:
            log.error("the ledger takes nothing in: %s", error)


def dressed(app: Asgi) -> Asgi:
    """What every answer carries, HEAD wherever GET is, and the answer to a browser that asks before it asks."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        method = scope["method"]

        async def send_dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                added = [(name, value) for name, value in HEADERS.items() if name not in given]
                message = {**message, "headers": [*message["headers"], *added]}
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked = {name for name, _ in scope["headers"]}
        if method == "OPTIONS" and b"access-control-request-method" in asked:
            await _preflight(send_dressed)
        elif method == "HEAD":
            await app({**scope, "method": "GET"}, receive, send_dressed)
        else:
            await app(scope, receive, send_dressed)

    return serve


async def _preflight(send: Send) -> None:
    headers = [
        (b"access-control-allow-methods", b"GET, HEAD, POST, DELETE, OPTIONS"),
        (
            b"access-control-allow-headers",
            b"Accept, Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key",
        ),
        (b"access-control-max-age", b"86400"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
