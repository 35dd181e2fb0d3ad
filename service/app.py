"""The house put together: rooms opened in order, doors hung, and what every answer carries."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from kg.accounts import Accounts
from kg.admission import Admission
from kg.asking import Asking, Unanswered
from kg.dumps import Dumps
from kg.feed import Feed
from kg.harvesting.running import Harvester
from kg.harvesting.sources import Sources
from kg.keeping import Projections, utc_now
from kg.ledger import Ledger
from kg.ledger.acts import Change, LedgerUnavailable
from kg.moments import Snapshots
from kg.news import News
from kg.notices import Notices
from kg.noting import Notes
from kg.ontology import Ontology, read_ontology
from kg.party import Right
from kg.processing import Processing
from kg.questions import LANGUAGES, REGISTER, Question, load_questions
from kg.remembering import Remembering
from kg.sessions import Sessions
from kg.settings import Settings, folder
from kg.subscriptions import Subscriptions
from service.cache import Cache, with_cache
from service.callers import Callers
from service.catalogue import CatalogueDoor, catalogue_router
from service.chain import ChainDoor, chain_router
from service.contributions import Speaking, contributions_router
from service.delegations import delegations_router
from service.description import neighbourhood
from service.documents import Documents, documents_router
from service.feed import FeedDoor, feed_router
from service.following import Following, following_router
from service.graphs import Doors, Graphs, graphs_router
from service.harvests import HarvestDoor, harvests_router
from service.headers import Asgi, dressed
from service.health import health_router
from service.inbox import Inboxes, inbox_router
from service.keys import keys_router
from service.letters import Letters
from service.mailing import Mailing, mailing_router
from service.mementos import Mementos
from service.metrics import Metrics, counted
from service.negotiation import Format, language
from service.news import Aftermath, news_router
from service.offering import SCHEMAS, operations_of
from service.pages import Pages
from service.pages.links import STEWARD_PAGES
from service.pages.questions import named
from service.pages.steward import Stewardship
from service.pages.steward_sections import Desk
from service.questions import questions_router
from service.readers import readers_router
from service.resources import document_response, resources_router
from service.rewording import Rewording
from service.robots import robots_router
from service.sessions import SessionDoor
from service.snapshots import SnapshotDoor, SnapshotPages, snapshots_router
from service.sparql import sparql_router
from service.synchronisation import Synchronising, synchronisation_router
from service.taking_away import TakingAway, taking_away_router
from service.templates import templates_router
from service.times import Times
from service.troubles import answer_troubles
from service.viewpoints import view_response, viewpoints_router
from service.void import void_router
from service.words import words_router

log = logging.getLogger(__name__)
DUMPS = "dumps"  # The folder of the dumps, in the data folder; whoever copies that folder may leave it out.
CLOCK_SECONDS = 60.0  # How often grounds that end are looked at; a projection hides them at once all the same.
POST_SECONDS = 15.0  # How soon news goes out to who wants it at once.
PUBLISHERS_MAX = 32  # Who waits for the same commit shares it; each waits in a thread of its own.


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
    news: News
    notices: Notices
    subscriptions: Subscriptions
    harvester: Harvester
    notes: Notes
    processing: Processing
    sessions: Sessions
    metrics: Metrics = field(default_factory=Metrics)

    def close(self) -> None:
        """Closes the rooms, the ledger last."""
        self.news.close()
        self.notices.close()
        self.subscriptions.close()
        self.times.close()
        self.harvester.sources.close()
        self.notes.close()
        self.processing.close()
        self.sessions.close()
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
    times = Times(
        pasts, Asking(pasts, questions, settings), Snapshots(settings.ledger_url), Dumps(pasts, settings.data / DUMPS)
    )
    url = settings.ledger_url
    news, notices, subscriptions = News(url), Notices(url), Subscriptions(url)
    harvester = Harvester(admission, Sources(url))
    notes, processing = Notes(url, accounts, days=settings.access_log_days), Processing(url)
    longest = timedelta(hours=settings.session_hours_max)
    sessions = Sessions(url, idle=timedelta(minutes=settings.session_idle_minutes_max), longest=longest)
    rooms = (times, news, notices, subscriptions, harvester, notes, processing, sessions)
    house = House(settings, ontology, ledger, accounts, projections, admission, asking, *rooms)
    ledger.on_change(lambda change: _forget(news, change))
    try:
        ledger.end_grounds(utc_now()).result()
        admission.start()
        if answering:
            projections.start()
    except BaseException:
        house.close()
        raise
    return house


def _forget(news: News, change: Change) -> None:
    """Before an erasure is answered, what was sent about it is gone too."""
    if not change.redacts:
        return
    try:
        news.follow()
    except (DBAPIError, sqlite3.Error) as error:
        # No outage of the ledger: the index is looked after again at the next reading, and by the clock.
        log.warning("what was sent about something erased may still stand for a minute: %s", error)


def make_app(house: House) -> Asgi:
    """The service for this house."""

    served: dict[str, str] = {}  # Examples for the OpenAPI text.
    app = FastAPI(
        title="Wijkgraaf",
        version=version("wijkgraaf"),
        description="Connects the perspectives and instruments of a neighbourhood without merging them.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_living, house, served),
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    )
    callers = Callers(house.accounts, house.settings, house.notes)
    base, convert = house.ledger.base, house.admission.convert
    speaking = Speaking(house.admission, house.accounts, callers)
    pages = Pages(
        house.asking,
        base=house.ledger.base,
        ontology=house.ontology,
        callers=callers,
        fetched=house.harvester.sources.fetched_from,
    )
    past_pages = (pages.past_page, pages.versions_page, pages.error_page)
    mementos = Mementos(house.times, callers, house.admission.convert, past_pages)
    rewording = Rewording(house.asking, house.ledger, house.ontology)
    catalogue = CatalogueDoor(house.asking, callers, house.times, convert, house.ledger.heads)
    snapshot_pages = SnapshotPages(pages.snapshots_page, pages.snapshot_page, pages.difference_page, pages.error_page)
    snapshots = SnapshotDoor(
        house.times, callers, house.admission.convert, snapshot_pages, house.settings.neighbourhood
    )
    _start(app)
    routers = (
        health_router(house.ledger.base, house.projections.states, callers, shapes=house.settings.shacl_engine),
        contributions_router(speaking),
        sparql_router(
            house.asking, callers, partial(neighbourhood, house.asking), convert, pages.ask_page, house.times
        ),
        following_router(Following(house.ledger, house.news, house.asking, callers, house.ontology, pages.address_of)),
        news_router(Aftermath(house.ledger, house.asking, callers, house.ontology, pages.back_page)),
        mailing_router(Mailing(house.admission, house.news, house.subscriptions, callers, pages.mail_page)),
        inbox_router(Inboxes(house.admission, house.news, house.notices, callers, house.ontology)),
        void_router(house.asking, callers, f"{base}/sparql", convert, f"{base}/catalog"),
        catalogue_router(catalogue, pages.catalogue_page),
        questions_router(
            house.asking, callers, pages.question_page, {tongue: named(tongue) for tongue in LANGUAGES}, house.times
        ),
        words_router(house.admission, house.ontology, house.settings.folders("shapes"), pages.words_page),
        templates_router(house.admission),
        resources_router(speaking, mementos, pages.document_page, pages.error_page, rewording),
        viewpoints_router(speaking, house.times),
        *_at_addresses(house.asking, speaking, mementos, pages, rewording),
        robots_router(),
        mementos.router(),
        snapshots_router(snapshots),
        feed_router(_feed(house, callers)),
        chain_router(ChainDoor(house.ledger, callers)),
        keys_router(house.ledger, house.admission.keys),
        harvests_router(HarvestDoor(house.harvester, callers)),
        *_who_may(house, speaking, callers),
        pages.router(),
    )
    for router in routers:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=folder("viewer") / "static"), name="static")
    _describe(app, house.asking.questions, served)
    app.state.problem_page = pages.problem_page
    routes = [*app.routes, *(route for router in routers for route in router.routes)]
    answer_troubles(app, house.ledger.base, routes, pages.error_page)
    cache, metrics = Cache(house.settings.cache_bytes_max), house.metrics
    metrics.watch(house.asking, cache)
    ledger = house.ledger
    return counted(with_cache(dressed(app), cache, lambda: ledger.heads()["public"]), metrics)


def _feed(house: House, callers: Callers) -> FeedDoor:
    file, convert = folder("shapes") / "feed.ttl", house.admission.convert_turtle
    described = partial(convert, file.read_bytes(), "ntriples")
    return FeedDoor(Feed(house.ledger), callers, house.admission.convert, described, house.times.pasts.now)


@contextlib.asynccontextmanager
async def _living(house: House, served: dict[str, str], _app: FastAPI) -> AsyncIterator[None]:
    """What runs beside the doors, from the first request until the last."""
    threads = ThreadPoolExecutor(PUBLISHERS_MAX, thread_name_prefix="doors")
    asyncio.get_running_loop().set_default_executor(threads)
    beside = [asyncio.create_task(one) for one in (_clock(house), _post(house), house.harvester.keep())]
    with contextlib.suppress(Unanswered):  # Then the text has no examples of these.
        served.update(await _served(house.asking))
    yield
    for task in beside:
        task.cancel()
    # A fetching that is under way writes down that it was interrupted.
    await asyncio.gather(*beside, return_exceptions=True)


def _who_may(house: House, speaking: Speaking, callers: Callers) -> tuple[APIRouter, ...]:
    """Who read what, who records for whom, and the steward's pages with the door through which a steward signs in."""
    states, sources = house.projections.states, house.harvester.sources
    desk = Desk(house.ledger, house.accounts, house.ontology, house.notes, house.processing, sources, states)
    door = SessionDoor(house.accounts, house.sessions, callers, tuple(STEWARD_PAGES.values()), Right.STEWARD)
    steward = Stewardship(desk, speaking, door, house.settings.neighbourhood)
    return (
        readers_router(speaking, house.notes),
        delegations_router(speaking, house.processing),
        steward.router(),
        taking_away_router(TakingAway(speaking, house.ontology)),
    )


def _start(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def start(request: Request) -> Response:
        lang = language(None, request.headers.get("accept-language"))
        return RedirectResponse(f"/{lang}/", 302, {"Vary": "Accept-Language"})


def _at_addresses(
    asking: Asking, speaking: Speaking, mementos: Mementos, pages: Pages, rewording: Rewording
) -> tuple[APIRouter, ...]:
    """The doors where a document, a viewpoint or any graph is read and written under its name."""
    documents, views, times = Documents(speaking), Synchronising(speaking), mementos.times

    async def read(request: Request, iri: str, form: Format) -> Response:
        page, missing = pages.document_page, pages.error_page
        return await document_response(speaking, mementos, request, iri, form, page, missing, rewording)

    async def read_view(request: Request, party: str, form: Format) -> Response:
        return await asyncio.to_thread(view_response, speaking, times, request, f"{party}{form.suffix}")

    return (
        documents_router(documents),
        synchronisation_router(views),
        graphs_router(Graphs(speaking, asking, Doors(documents, views, read, read_view))),
    )


async def _served(asking: Asking) -> Mapping[str, str]:
    """By type of parameter a value that means something here: the first party, and the first place of the register."""
    parties = [row["party"].value for row in (await asking.rows("public", "pages/parties", {})).rows]
    places = [row["place"].value for row in (await asking.rows("public", "pages/places", {})).rows]
    things, register = f"{asking.base}/id/", f"{asking.base}/id/{REGISTER}/"
    kept = {
        "party": next((iri.removeprefix(things) for iri in parties), None),
        "iri": next(iter(parties), None),
        "place": next((iri.removeprefix(register) for iri in places if iri.startswith(register)), None),
    }
    return {name: value for name, value in kept.items() if value is not None}


def _describe(app: FastAPI, questions: Mapping[str, Question], served: Mapping[str, str]) -> None:
    """Adds to the OpenAPI text how a token is sent, and an operation for each question that can be asked."""
    written = app.openapi
    named = [question for question in questions.values() if question.is_open]

    def openapi() -> dict[str, Any]:
        text = written()
        parts = text.setdefault("components", {})
        parts.setdefault("securitySchemes", {})["token"] = {"type": "http", "scheme": "bearer"}
        parts.setdefault("schemas", {}).update(SCHEMAS)
        text["paths"].update(operations_of(named, served))
        return text

    app.openapi = openapi  # type: ignore[method-assign]


def _tell(house: House) -> None:
    """Keeps the index of news near the ledger, so that nobody waits for it, and drops what is old."""
    try:
        house.news.follow()
        house.notices.drop_old(utc_now())
    except (DBAPIError, sqlite3.Error) as error:
        log.warning("the index of news waits: %s", error)


async def _post(house: House) -> None:
    """Sends the letters that are due, beside everything else."""
    letters = Letters(
        house.settings,
        house.ledger,
        house.ontology,
        house.news,
        house.notices,
        house.subscriptions,
        threading.Lock(),
    )
    while True:
        await asyncio.sleep(POST_SECONDS)
        try:
            await asyncio.to_thread(letters.send_due, utc_now())
        except (DBAPIError, sqlite3.Error, OSError) as error:  # Locked for long, or no password file: tried again.
            log.warning("mail waits: %s", type(error).__name__)


async def _clock(house: House) -> None:
    """Writes the entry of every ground that has ended."""
    while True:
        await asyncio.sleep(CLOCK_SECONDS)
        house.times.pasts.sweep()
        await asyncio.to_thread(_tell, house)
        await asyncio.to_thread(house.notes.sweep, utc_now())
        try:
            await asyncio.wrap_future(house.ledger.end_grounds(utc_now()))
        except LedgerUnavailable as error:
            log.error("the ledger takes nothing in: %s", error)
