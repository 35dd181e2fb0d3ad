"""The catalogue of what data there are, for harvesters (DCAT-AP-NL, schema.org, VoID by profile) and for people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kg import catalogue
from kg.asking import Asking
from kg.catalogue import Catalogue
from kg.objection import Objection
from kg.vocabulary import DCAT
from service.callers import Callers, Calling
from service.citing import listed_as_ntriples
from service.negotiation import HTML, QUADS, TRIPLES, Format, content_type
from service.problems import problem
from service.profiles import (
    DCAT_AP_NL,
    PARAMETERS,
    SCHEMA_ORG,
    VOID,
    Profile,
    content_profile,
    form_wanted,
    profile_links,
    wanted,
)
from service.reception import names, refuse_unknown, unchanged
from service.signposting import link
from service.times import Times

PATH = "/catalog"
FORMS = (*TRIPLES, QUADS[0])
LINKED = (TRIPLES[0], TRIPLES[2])  # Named in links: all forms in all profiles would outgrow what proxies take in.
PROFILES = (DCAT_AP_NL, SCHEMA_ORG, VOID)
TAG_CHARACTERS = 24  # Of a digest's 64: two catalogues of one service never share so many.

Convert = Callable[[bytes, str], bytes]
Heads = Callable[[], Mapping[str, tuple[int, str]]]
CataloguePage = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class _Kept:
    """A catalogue, and of which state of the store and of the snapshots it was made."""

    of: tuple[object, ...]
    made: Catalogue


class CatalogueDoor:
    """Answers for the catalogue. The last one of each audience is kept until its store or the snapshots change."""

    def __init__(self, asking: Asking, callers: Callers, times: Times, convert: Convert, heads: Heads) -> None:
        self.asking = asking
        self.callers = callers
        self.times = times
        self.convert = convert
        self.heads = heads
        self._kept: dict[tuple[str, Profile], _Kept] = {}

    async def answer(self, request: Request, suffix: Format | None, page: CataloguePage) -> Response:
        """The catalogue in the profile and format that are asked for."""
        calling = self.callers.calling(request)
        refused = calling if isinstance(calling, Objection) else refuse_unknown(names(request), ("lang", *PARAMETERS))
        form = suffix or form_wanted(request, (TRIPLES[0], HTML, *FORMS[1:]))
        if refused is None and form is HTML:
            return await page(request)
        profile = wanted(request, PROFILES)
        for objection in (refused, profile, form):
            if isinstance(objection, Objection):
                response = problem(request, self.asking.base, objection)
                if objection.name == "ProfileUnknown":
                    response.headers["Link"] = ", ".join(profile_links(PATH, DCAT_AP_NL, PROFILES, LINKED)[1:])
                return response
        assert isinstance(calling, Calling)
        assert isinstance(profile, Profile)
        assert isinstance(form, Format)
        if profile is VOID:
            return RedirectResponse("/void", 303, {"Vary": "Accept, Accept-Profile, Authorization"})
        made = await self.made(calling.audience, profile)
        if isinstance(made, Objection):
            return problem(request, self.asking.base, made)
        return await self._in_form(request, calling.audience, made, profile, form)

    async def _in_form(
        self, request: Request, audience: str, made: Catalogue, profile: Profile, form: Format
    ) -> Response:
        digest = sha256(made.triples).hexdigest()[:TAG_CHARACTERS]
        links = [
            link(f"{self.asking.base}{PATH}", "cite-as"),
            link(f"{DCAT}Catalog", "type"),
            link("/void", "describedby", "text/turtle", VOID.iri),
            *profile_links(PATH, profile, PROFILES, LINKED),
        ]
        query = "" if profile is DCAT_AP_NL else f"?_profile={profile.token}"
        headers = {
            "ETag": f'"{audience[:2]}-{digest}-{profile.token}-{form.name}"',
            "Wijkgraaf-Position": str(made.position),
            "Content-Profile": content_profile(profile),
            "Content-Location": f"{PATH}{form.suffix}{query}",
            "Link": ", ".join(links),
            "Vary": "Accept, Accept-Profile, Authorization",
            # Not plain `no-cache`, which the memory for public answers takes for "until the store moves": a catalogue
            # also moves with a new snapshot.
            "Cache-Control": "public, no-cache" if audience == "public" else "private, no-store",
        }
        if unchanged(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        body = await asyncio.to_thread(self.convert, made.triples, form.name)
        return Response(body, 200, headers, content_type(form))

    async def made(self, audience: str, profile: Profile) -> Catalogue | Objection:
        """The catalogue as it is now."""
        found = await asyncio.to_thread(self.times.snapshots.all)
        snapshots = [(one, self.times.dumps.made(one.name)) for one in found]
        head = self.heads()[audience]
        state = (head, *((one.name, dumped and dumped.redactions) for one, dumped in snapshots))
        kept = self._kept.get((audience, profile))
        if kept is not None and kept.of == state:
            return kept.made
        if profile is SCHEMA_ORG:
            made = await catalogue.as_schema(self.asking, audience)
        else:
            base = self.asking.base
            made = await catalogue.describe(self.asking, audience, [f"{base}/snapshots/{one.name}" for one in found])
            if isinstance(made, Catalogue):
                told = made.triples + listed_as_ntriples(base, snapshots)
                made = Catalogue(told, made.position, made.state)
        if isinstance(made, Catalogue) and made.position == head[0]:
            self._kept[audience, profile] = _Kept(state, made)
        return made


def catalogue_router(door: CatalogueDoor, page: CataloguePage) -> APIRouter:
    """The router of `/catalog`."""
    router = APIRouter(tags=["Catalogue"])

    def opened(form: Format | None) -> Callable[[Request], Awaitable[Response]]:
        async def read(request: Request) -> Response:
            return await door.answer(request, form, page)

        return read

    for form in (None, *FORMS):
        router.add_api_route(
            PATH + (form.suffix if form else ""),
            opened(form),
            methods=["GET"],
            summary="The catalogue" if form is None else f"The catalogue as {form.media_type}",
            description="What data there are here and how to fetch and ask them, as DCAT-AP-NL 3.0: the neighbourhood, "
            "a data set for each viewpoint, services, snapshots. `Accept-Profile` or `_profile` asks for it in "
            "schema.org, or for VoID; `Accept`, `_mediatype` or a suffix for a format; a browser gets a page.",
            responses={406: {"description": "Not in that format, or not in that profile"}},
        )
    return router
