"""The pages people read, in Dutch and English: complete HTML without scripts; the same items as JSON, CSV, Turtle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kg.explaining import Explained
from kg.objection import Objection
from service.answers import tagged
from service.negotiation import language
from service.pages import errors as page_errors
from service.pages import open as page_open
from service.pages import questions as page_questions
from service.pages import side as page_side
from service.pages import times as page_times
from service.pages.about import about_page
from service.pages.back import back_page
from service.pages.catalogue import catalogue_page
from service.pages.document import document_view, signed_page
from service.pages.formats import as_csv, as_json, as_turtle
from service.pages.frame import Asker, Page, Past, render
from service.pages.links import LANGUAGES, PARAMETERS, REGISTER_SLUG, ROUTES, Links, document_iri, understood
from service.pages.mailing import mail_page as mailing_page
from service.pages.people import party_page, who_page, with_ages
from service.pages.restricted import restricted_view
from service.pages.results import NAMED_MAX, Names, names_of
from service.pages.side import Unknown, side_page
from service.pages.start import start_page
from service.pages.topics import place_page, places_page, theme_page, themes_page
from service.pages.words import day
from service.pages.workbench import OWN, Workbench
from service.pages.workbench import shown as workbench
from service.paging import mark, page_asked
from service.problems import problem, title_of
from service.signposting import page_signposts
from service.words import COMPLETION

if TYPE_CHECKING:
    from kg.asking import Asking
    from kg.harvesting.sources import Standing
    from kg.ledger.acts import Current
    from kg.moments import Snapshot
    from kg.ontology import Ontology
    from kg.questions import Question
    from kg.subscriptions import Subscription
    from service.callers import Callers, Calling
    from service.citing import Described
    from service.description import Brought
    from service.mementos import Versions
    from service.news import Told
    from service.snapshots import Difference
    from service.times import PastStore

SUFFIXES = {".json": "application/json", ".csv": "text/csv; charset=utf-8", ".ttl": "text/turtle; charset=utf-8"}
# Which parameters a page knows; another one, or one given twice, is an error and never ignored.
KNOWN: Mapping[str, Sequence[str]] = {
    "side": page_side.PARAMETERS,
    "open": page_open.PARAMETERS,
    "search": ("words",),
}
REPEATABLE = frozenset({"party"})  # Choosing several parties repeats the parameter, as a form without scripts does.
NAMED_ROUTES = frozenset({"who", "theme", "place"})  # `/nl/wie/gemeente`: routes that also have a page per thing.


def parameters(request: Request, route: str, spoken: str) -> dict[str, list[str]] | Unknown:
    """The parameters by their neutral names, or the first that this page does not know."""
    # A link that somebody made by hand from the other language's page works as well.
    known = {PARAMETERS[key][tongue]: key for key in KNOWN.get(route, ()) for tongue in LANGUAGES}
    found: dict[str, list[str]] = {}
    given: set[str] = set()
    for name, text in request.query_params.multi_items():
        key = known.get(name)
        if key is None or (key in given and key not in REPEATABLE):
            return Unknown("parameter", name)
        given.add(key)
        if text.strip():
            found.setdefault(key, []).append(understood(key, text.strip(), spoken))
    return found


def html(page: Page, links: Links, audience: str = "public") -> HTMLResponse:
    """The page as an answer; stories and what is not here are kept out of search engines."""
    headers = {"Content-Language": links.language, "Vary": "Accept, Accept-Language, Authorization"}
    headers["Cache-Control"] = "no-cache" if audience == "public" else "private, no-store"
    if page.position is not None:
        headers["Wijkgraaf-Position"] = str(page.position)
    if page.noindex:
        headers["X-Robots-Tag"] = "noindex"
    if page.iri:
        headers["Link"] = ", ".join(page_signposts(page.iri, page.described))
    return HTMLResponse(render(page, links), page.status, headers)


async def missing(ask: Asker, links: Links, asked: str) -> Page:
    """404 with near names."""
    return page_errors.missing_page(links, asked, await page_errors.nearby(ask, links, asked))


async def made(
    ask: Asker, links: Links, route: str, name: str, asked: Mapping[str, list[str]]
) -> Page | Unknown | None:
    """The page of a route; None when it names a thing that is not here."""
    if route == "start":
        return await start_page(ask, links)
    if route == "side":
        return await side_page(ask, links, asked)
    if route == "open":
        return await page_open.open_page(ask, links, asked)
    if route == "search":
        return await page_errors.search_page(ask, links, next(iter(asked.get("words", ())), ""))
    if route == "about":
        return await about_page(ask, links)
    if route == "catalogue":
        return await catalogue_page(ask, links)
    if route == "who":
        iri = document_iri(links.base, name, "")
        return await (party_page(ask, links, iri) if name else who_page(ask, links))
    if route == "theme":
        return await (theme_page(ask, links, name) if name else themes_page(ask, links))
    iri = document_iri(links.base, REGISTER_SLUG, name)
    return await (place_page(ask, links, iri) if name else places_page(ask, links))


async def turtle(ask: Asker, page: Page) -> bytes:
    """The documents of a page's items, as their holders gave them."""
    iris = sorted({str(item["item"]).partition("#")[0] for item in page.items})
    found = await asyncio.gather(*(ask.quiet("pages/document", thing=iri) for iri in iris))
    return as_turtle(row for rows in found for row in rows)


async def in_form(ask: Asker, links: Links, page: Page, suffix: str) -> Response:
    """The page's items in another form; an error keeps its page."""
    if page.status != 200:
        return html(page, links, ask.audience)
    if suffix == ".ttl":
        body = await turtle(ask, page)
    elif suffix == ".csv":
        body = as_csv(page.items)
    else:
        body = as_json(page.items, {"page": page.title, "language": links.language, "position": page.position})
    headers = {"Content-Language": links.language, "Wijkgraaf-Position": str(page.position)}
    headers["Cache-Control"] = "no-cache" if ask.audience == "public" else "private, no-store"
    return Response(body, media_type=SUFFIXES[suffix], headers=headers)


class Pages:
    """All pages, and the HTML that other doors show when a browser comes to them."""

    def __init__(
        self,
        asking: Asking,
        *,
        base: str,
        ontology: Ontology,
        callers: Callers,
        fetched: Callable[[str], Sequence[Standing]] = lambda _party: (),
    ) -> None:
        self.asking = asking
        self.fetched = fetched
        self.base = base
        self.ontology = ontology
        self.callers = callers
        self.routes = {(tongue, spoken[tongue]): route for route, spoken in ROUTES.items() for tongue in LANGUAGES}

    def router(self) -> APIRouter:
        """The routes of both languages, and of the questions that pages ask."""
        router = APIRouter(tags=["Pages"])
        for tongue in LANGUAGES:
            router.add_api_route(f"/{tongue}", leading(tongue), methods=["GET"], include_in_schema=False)
            router.add_api_route(
                f"/{tongue}/{{rest:path}}",
                self._reading(tongue),
                methods=["GET"],
                summary="A page in Dutch" if tongue == "nl" else "A page in English",
                description="A page for people; `.json`, `.csv` and `.ttl` after its address give the same items.",
                responses={404: {"description": "No such page"}, 400: {"description": "Unknown filter"}},
                response_class=HTMLResponse,
            )

        @router.get(
            "/queries/pages/{name}",
            summary="A question that pages ask",
            description="Its sentence, definition and text.",
            responses={404: {"description": "No such question"}},
        )
        async def asked_by_pages(request: Request, name: str) -> Response:
            question = self.asking.questions.get(f"pages/{name}")
            return await (self.question_page(request, question) if question else self.error_page(request, 404))

        return router

    def _reading(self, tongue: str) -> Callable[[Request, str], Awaitable[Response]]:
        async def read(request: Request, rest: str) -> Response:
            calling = self.callers.calling(request)
            if isinstance(calling, Objection):
                return problem(request, self.base, calling)
            suffix = next((end for end in SUFFIXES if rest.endswith(end)), "")
            route_name, _, name = rest.removesuffix(suffix).rstrip("/").partition("/")
            ask, links = Asker(self.asking, calling.audience, tongue), self._links(tongue)
            route = self.routes.get((tongue, "" if route_name == "start" and suffix else route_name))
            if route is None or (name and route not in NAMED_ROUTES):
                return html(await missing(ask, links, name or route_name), links, calling.audience)
            return await self._answer(request, ask, links, route, name, suffix)

        return read

    async def _answer(self, request: Request, ask: Asker, links: Links, route: str, name: str, suffix: str) -> Response:
        asked = parameters(request, route, links.language)
        if isinstance(asked, Unknown):
            return html(page_errors.unknown_page(links, asked), links, ask.audience)
        page = await made(ask, links, route, name, asked)
        if isinstance(page, Unknown):
            near = await page_errors.nearby(ask, links, page.asked)
            page = page_errors.unknown_page(links, Unknown(page.what, page.asked, near))
        if page is None:
            page = await missing(ask, links, name)
        return await self._shown(request, ask, links, page, suffix)

    async def _shown(self, request: Request, ask: Asker, links: Links, page: Page, suffix: str) -> Response:
        """The page as an answer; that of a party says how old it is, where it is fetched from the party itself."""
        if page.template != "party.html" or suffix:
            answer = await in_form(ask, links, page, suffix) if suffix else html(page, links, ask.audience)
            return tagged(request, answer)
        standings = await asyncio.to_thread(self.fetched, page.name)
        answer = html(with_ages(page, standings, links.language), links, ask.audience)
        if standings and ask.audience == "public":
            answer.headers["Cache-Control"] = OWN  # It changes with every try, also when nothing public moves.
        return tagged(request, answer)

    def _reader(self, request: Request, audience: str) -> tuple[Asker, Links]:
        spoken = language(request.query_params.get("lang"), request.headers.get("accept-language"))
        return Asker(self.asking, audience, spoken), self._links(spoken)

    def _links(self, spoken: str) -> Links:
        return Links(self.base, spoken, self.asking.settings.neighbourhood)

    def _audience(self, request: Request) -> str:
        calling = self.callers.calling(request)
        return "public" if isinstance(calling, Objection) else calling.audience

    async def document_page(self, request: Request, current: Current, calling: Calling) -> Response:
        """The page of one thing; a tombstone without its words (410); a plain page when it is in no store."""
        ask, links = self._reader(request, calling.audience)
        if current.ended is not None or current.payload is None:
            page = page_errors.gone_page(links, current.iri, current.ended or "withdrawn", current.ended_at)
        elif calling.audience in current.visible:
            found = signed_page(await document_view(ask, links, current.iri), current)
            page = found or await missing(ask, links, current.iri.rsplit("/", 1)[-1])
            if page.template == "party.html":
                return await self._shown(request, ask, links, page, "")
        else:
            page = await restricted_view(ask, links, current)
        return html(page, links, calling.audience if page.status == 200 and current.visible else "restricted")

    async def back_page(self, request: Request, told: Told) -> Response:
        """What happened with one thing, for who may read it."""
        _, links = self._reader(request, "public")
        page = await asyncio.to_thread(back_page, links, told.back, told.teller, told.waiting)
        return html(page, links, told.audience)

    async def mail_page(self, request: Request, what: str, code: str, about: Subscription) -> Response:
        """The page behind a link in a letter, in the language of its reader."""
        spoken = request.query_params.get("lang", about.lang)
        ask, links = Asker(self.asking, "public", spoken), self._links(spoken if spoken in LANGUAGES else about.lang)
        iri = document_iri(self.base, about.party, "")
        named = next((party.voice.name.value for party in await ask.parties() if party.voice.iri == iri), about.party)
        return html(mailing_page(links, what, code, named), links, "restricted")

    def address_of(self, choice: str, value: str, spoken: str) -> str:
        """The page that shows what a feed is about: a thing, a party, a theme, a place, a question, or the whole."""
        links = self._links(spoken)
        shown = {"thing": links.thing, "party": links.party, "theme": links.theme, "place": links.place}
        if choice == "question":
            return links.question(value, {})
        return shown[choice](value) if choice else links.page("start")

    async def past_page(self, request: Request, past: PastStore, iri: str, withdrawn: bool) -> Response:
        """The page of one thing as it was, made of questions to that past; it says when it is withdrawn by now."""
        _, links = self._reader(request, past.moment.audience)
        ask = Asker(past.asking, past.store, links.language)
        page = await document_view(ask, links, iri)
        if page is None:
            return await self.error_page(request, 404)
        then = day(past.moment.time.isoformat(), links.language)
        shown = replace(page, past=Past(then, links.thing(iri), withdrawn), noindex=True, schema={}, atom="")
        return html(shown, links, past.moment.audience)

    async def versions_page(self, request: Request, audience: str, found: Versions) -> Response:
        """The versions of one thing."""
        _, links = self._reader(request, audience)
        return html(page_times.versions_page(links, found), links, audience)

    async def snapshots_page(self, request: Request, found: Sequence[Snapshot]) -> Response:
        """The named positions."""
        _, links = self._reader(request, "public")
        return html(page_times.snapshots_page(links, found), links)

    async def snapshot_page(self, request: Request, one: Described) -> Response:
        """One named position, with how to cite it."""
        _, links = self._reader(request, "public")
        return html(page_times.snapshot_page(links, one), links)

    async def difference_page(
        self, request: Request, snapshots: Sequence[Snapshot], found: Difference | Objection | None
    ) -> Response:
        """What changed between two times."""
        audience = self._audience(request)
        _, links = self._reader(request, audience)
        given = request.query_params
        asked = {name: given[name] for name in ("from", "to", "audience") if given.get(name)}
        names: Names = {}
        if found is not None and not isinstance(found, Objection):
            mentioned = dict.fromkeys(iri for row in found.rows for iri in (row.party, row.document) if iri)
            store = found.moments[1].audience
            names = await names_of(self.asking, store, list(mentioned)[:NAMED_MAX], links.language)
        return html(page_times.difference_page(links, snapshots, asked, found, names), links, audience)

    def problem_page(self, request: Request, base: str, objections: Sequence[Objection], status: int, lang: str) -> str:
        """Why something is not answered, as a page."""
        links = self._links(lang)
        return render(page_errors.refused_page(request, links, objections, title_of(status, lang), status), links)

    async def error_page(self, request: Request, status: int) -> Response:
        """404 with near names, or 503 with what still works."""
        ask, links = self._reader(request, self._audience(request))
        if status == 503:
            return html(page_errors.unavailable_page(links), links)
        page = await missing(ask, links, request.url.path.rstrip("/").rsplit("/", 1)[-1])
        return html(replace(page, here=page_errors.here_of(request)), links)

    async def question_page(
        self, request: Request, question: Question | None, past: PastStore | None = None
    ) -> Response:
        """All named questions, or one with its parameters, its rows and its text; as it was, when a past is asked."""
        audience = self._audience(request)
        ask, links = self._reader(request, audience)
        if question is None:
            return tagged(request, html(page_questions.catalogue_page(links, self.asking.questions), links))
        values = {
            key: text for key, text in request.query_params.items() if key not in ("lang", "limit", "after", "at")
        }
        at = {"at": request.query_params["at"]} if "at" in request.query_params else {}
        spoken = {"lang": links.language} if any(p.name == "lang" for p in question.parameters) else {}
        window = page_asked(request, mark(question, values | spoken | at))
        if isinstance(window, Objection):
            return problem(request, self.base, window)
        if past is not None:
            ask = Asker(past.asking, past.store, links.language)
        page = await page_questions.question_page(ask, links, question, values, window)
        if past is not None:
            then = day(past.moment.time.isoformat(), links.language)
            page = replace(page, past=Past(then, links.question(question.name, values)), noindex=True)
        return tagged(request, html(page, links, audience))

    async def catalogue_page(self, request: Request) -> Response:
        """What can be fetched as a whole, at `/catalog`."""
        ask, links = self._reader(request, self._audience(request))
        return tagged(request, html(await catalogue_page(ask, links), links, ask.audience))

    async def words_page(self, request: Request, what: str | Explained) -> Response:
        """The words of the ontology, the shapes, what each objection means, or one of them."""
        _, links = self._reader(request, "public")
        if isinstance(what, Explained):
            return html(page_questions.objection_page(links, what), links)
        return html(page_questions.words_page(links, self.ontology, what), links)

    async def ask_page(self, request: Request, brought: Brought | None = None) -> Response:
        """The workbench: a field for one's own SPARQL question, with what came of it; works without scripts."""
        audience = self._audience(request)
        bench = Workbench(
            self.base,
            self.asking.settings,
            self.asking.questions,
            completion=COMPLETION,
            parameters=("at", "rewrite"),
        )
        page, links = await workbench(request, self.asking, audience, bench, brought)
        answer = html(page, links, audience)
        if audience == "public":
            answer.headers["Cache-Control"] = OWN
        return answer


def leading(tongue: str) -> Callable[[], Response]:
    """`/nl` without its slash is the first page's address."""

    def lead() -> Response:
        return RedirectResponse(f"/{tongue}/", 302)

    return lead
