"""The steward's pages: signing in, what is there, and forms that do what the command line does.

Without a session every address under them leads to the page to sign in, whether there is anything or not. What is sent
is answered with a redirect, so that going back or reading again does nothing twice; what is refused comes back with
what was entered and the reason beside each field.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kg.keeping import utc_now
from kg.objection import Objection, object_to
from service.contributions import Speaking
from service.pages.frame import Page, render, title
from service.pages.links import LANGUAGES, STEWARD_PAGES, Links, other
from service.pages.steward_acts import ACTS, Done, act
from service.pages.steward_forms import Field, Form, Section, Values, first, read_form, summary
from service.pages.steward_sections import SECTIONS, Desk, View
from service.pages.words import speaker
from service.problems import problem, status_of
from service.reception import names, refuse_unknown
from service.sessions import FAILURES_MINUTES, SessionDoor, SignedIn, refuse_foreign

SIGN_IN, SIGN_OUT = "signIn", "signOut"
HEADERS = {
    "Cache-Control": "private, no-store",
    "Vary": "Cookie",
    "X-Robots-Tag": "noindex",
    "Access-Control-Allow-Origin": "null",  # These pages are nobody else's to read, with or without a cookie.
}


@dataclass(frozen=True)
class Shown:
    """A page as it is answered: what was done or refused, and a secret that is shown this once."""

    section: Section
    objections: tuple[Objection, ...] = ()
    act: str = ""
    done: str = ""
    secret: str | None = None


class Stewardship:
    """The steward's pages in both languages."""

    def __init__(self, desk: Desk, speaking: Speaking, door: SessionDoor, neighbourhood: str) -> None:
        self.desk = desk
        self.speaking = speaking
        self.door = door
        self.neighbourhood = neighbourhood
        self._once: dict[str, str] = {}  # Session → the secret of the token that it just made, until it is shown.

    def router(self) -> APIRouter:
        """The routes of the steward's pages."""
        router = APIRouter(tags=["Pages"])
        for tongue in LANGUAGES:
            start = STEWARD_PAGES[tongue]
            for address in (start, f"{start}/{{rest:path}}"):
                for verb, door in (("GET", self._reading(tongue)), ("POST", self._doing(tongue))):
                    router.add_api_route(address, door, methods=[verb], include_in_schema=False)
        return router

    def _view(self, tongue: str) -> View:
        return View(self.desk, Links(self.speaking.base, tongue, self.neighbourhood), utc_now())

    def _reading(self, tongue: str) -> Callable[..., Awaitable[Response]]:
        async def read(request: Request, rest: str = "") -> Response:
            refused = refuse_unknown(names(request), ("done",))
            if refused is not None:
                return problem(request, self.speaking.base, refused)
            return await asyncio.to_thread(self._read, request, tongue, rest)

        return read

    def _read(self, request: Request, tongue: str, rest: str) -> Response:
        view = self._view(tongue)
        signed_in = self.door.signed_in(request, view.now)
        if signed_in is None:
            if rest:
                return _redirect(STEWARD_PAGES[tongue])
            return self._answer(view, None, Shown(sign_in_section()))
        done = request.query_params.get("done", "")
        if done and done not in ACTS:
            return problem(request, self.speaking.base, object_to("ParameterUnclear", path="done", value=done[:80]))
        section = self._section(view, rest)
        if section is None:
            return problem(request, self.speaking.base, object_to("NotThere", focus=request.url.path))
        secret = self._once.pop(signed_in.session, None) if section.name == "tokens" else None
        return self._answer(view, signed_in, Shown(section, done=done, secret=secret))

    def _section(self, view: View, rest: str) -> Section | None:
        """The page at an address; None when there is none."""
        spoken, _, name = rest.strip("/").partition("/")
        found = next((one for one in SECTIONS if view.say(f"steward.path.{one}").strip("/") == spoken), None)
        if found is None or (name and found != "parties"):
            return None
        return SECTIONS[found](view, name)

    def _doing(self, tongue: str) -> Callable[..., Awaitable[Response]]:
        async def do(request: Request, rest: str = "") -> Response:
            refused = refuse_unknown(names(request), ("done",))
            values = refused or await read_form(request)
            if isinstance(values, Objection):
                return problem(request, self.speaking.base, values)
            return await asyncio.to_thread(self._do, request, tongue, rest, values)

        return do

    def _do(self, request: Request, tongue: str, rest: str, values: Values) -> Response:
        view, name = self._view(tongue), first(values, "act")
        if name == SIGN_IN:
            return self._sign_in(request, view, values)
        signed_in = self.door.signed_in(request, view.now)
        if signed_in is None:
            return self._answer(view, None, Shown(sign_in_section(), (object_to("SessionMissing"),)))
        foreign = refuse_foreign(request, signed_in, first(values, "word"))
        if foreign is not None:
            overview = SECTIONS["overview"](view, "") or sign_in_section()
            return self._answer(view, signed_in, Shown(overview, (foreign,)))
        if name == SIGN_OUT:
            self.door.sign_out(request)
            self._once.pop(signed_in.session, None)
            gone = _redirect(STEWARD_PAGES[tongue])
            self.door.remember(request, gone, None)
            return gone
        section = self._section(view, rest)
        if section is None or name not in ACTS or ACTS[name][0] != section.name:
            return problem(request, self.speaking.base, object_to("NotThere", focus=request.url.path))
        outcome = act(self.desk, self.speaking, signed_in, name, values)
        if isinstance(outcome, Done):
            if outcome.secret is not None:
                self._once[signed_in.session] = outcome.secret
            return _redirect(f"{address_of(view, section.name, outcome.name)}?done={name}")
        forms = tuple(form.answered(values, outcome, tongue) if form.act == name else form for form in section.forms)
        again = Section(section.name, section.tables, forms, section.subject, section.told)
        return self._answer(view, signed_in, Shown(again, outcome, name))

    def _sign_in(self, request: Request, view: View, values: Values) -> Response:
        section = sign_in_section()
        foreign = refuse_foreign(request, None, "")
        found = foreign or self.door.sign_in(request, first(values, "token"), view.now)
        if isinstance(found, Objection):
            beside = _beside(found, "token")
            forms = tuple(form.answered({}, (beside,), view.lang) for form in section.forms)
            return self._answer(view, None, Shown(Section(section.name, forms=forms), (beside,), SIGN_IN))
        answer = _redirect(STEWARD_PAGES[view.lang])
        self.door.remember(request, answer, found)
        return answer

    def _answer(self, view: View, signed_in: SignedIn | None, shown: Shown) -> HTMLResponse:
        section, status = shown.section, status_of(shown.objections[0]) if shown.objections else 200
        status = 403 if status == 401 else status  # 401 asks for a header; here a form asks.
        say = speaker(view.lang)
        heading = title(say(f"steward.section.{section.name}"))
        heading += f": {section.subject}" if section.subject else ""
        page = Page(
            "steward.html",
            title(say("steward.wrong", heading=heading)) if shown.objections else heading,
            {
                "heading": heading,
                "shown": shown,
                "section": section,
                "signed_in": signed_in,
                "action": address_of(view, section.name, _named(section)),
                "wrong": summary(section, shown.act, shown.objections, view.lang),
                "sections": [(one, address_of(view, one)) for one in SECTIONS] if signed_in else [],
                "switch": address_of(self._view(other(view.lang)), section.name, _named(section)),
            },
            crumbs=((title(say("steward.title")), STEWARD_PAGES[view.lang]),) if section.name != "overview" else (),
            noindex=True,
            status=status,
        )
        headers = HEADERS | {"Content-Language": view.lang}
        if status == 429:
            headers["Retry-After"] = str(FAILURES_MINUTES * 60)
        return HTMLResponse(render(page, view.links), status, headers)


def sign_in_section() -> Section:
    """The page to sign in."""
    return Section("signIn", forms=(Form(SIGN_IN, (Field("token", "secret", help="token", required=True),)),))


def address_of(view: View, section: str, name: str = "") -> str:
    """The path of one of the steward's pages."""
    spoken = view.say(f"steward.path.{section}").strip("/") if section in SECTIONS else ""
    return "/".join(part for part in (STEWARD_PAGES[view.lang], spoken, name) if part)


def _named(section: Section) -> str:
    """The party that a page is about, as its form carries it."""
    carried: Mapping[str, str] = dict(section.forms[0].carries) if section.subject and section.forms else {}
    return carried.get("slug", "")


def _beside(objection: Objection, name: str) -> Objection:
    """The same objection, about a field."""
    return Objection(objection.name, objection.message_nl, objection.message_en, path=name, limit=objection.limit)


def _redirect(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, HEADERS)
