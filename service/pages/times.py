"""Pages about time: the versions of a thing, the named positions, and what changed between two times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kg.ledger.difference import KINDS
from kg.objection import Objection
from service.citing import Described, citation
from service.pages.frame import Page, title
from service.pages.links import Links
from service.pages.words import day, speaker
from service.problems import status_of

if TYPE_CHECKING:
    from kg.moments import Snapshot
    from service.mementos import Versions
    from service.snapshots import Difference


def instant(moment: datetime, language: str) -> str:
    """A day as people write it, with the time to the second in UTC."""
    utc = moment.astimezone(UTC)
    return f"{day(utc.isoformat(), language)}, {utc:%H:%M:%S} UTC"


def versions_page(links: Links, found: Versions) -> Page:
    """Since when each version of a thing stood there."""
    say = speaker(links.language)
    versions = tuple((one, instant(one.time, links.language)) for one in found.versions)
    context = {"found": found, "versions": versions}
    return Page("versions.html", title(say("versions.title")), context, here=found.timemap, noindex=True)


def snapshots_page(links: Links, snapshots: Sequence[Snapshot]) -> Page:
    """The named positions, the oldest first."""
    say = speaker(links.language)
    dated = tuple((one, instant(datetime.fromisoformat(one.time), links.language)) for one in snapshots)
    return Page("snapshots.html", title(say("snapshots.title")), {"snapshots": dated}, here="/snapshots")


def snapshot_page(links: Links, one: Described) -> Page:
    """One named position: how to ask it, fetch it and cite it."""
    say = speaker(links.language)
    path = f"/snapshots/{one.snapshot.name}"
    context = {
        "one": one,
        "path": path,
        "made": instant(datetime.fromisoformat(one.snapshot.time), links.language),
        "as_of": day(one.dumped.day.isoformat(), links.language),
        "files": tuple((dump, address.removeprefix(one.base)) for dump, address in one.files),
        "citation": citation(one),
    }
    return Page(
        "snapshot.html",
        one.title,
        context,
        crumbs=((title(say("snapshots.title")), f"/snapshots?lang={links.language}"),),
        here=path,
        position=one.dumped.place.position,
        alternates=(("application/json", path + ".json"), ("text/turtle", path + ".ttl")),
    )


def difference_page(
    links: Links, snapshots: Sequence[Snapshot], asked: tuple[str, str], found: Difference | Objection | None
) -> Page:
    """A form for two times, and what changed between them, party by party."""
    say = speaker(links.language)
    objection = found if isinstance(found, Objection) else None
    shown = None if isinstance(found, Objection) else found
    told = ""
    if objection is not None:
        told = objection.message_nl if links.language == "nl" else objection.message_en
    context = {
        "snapshots": snapshots,
        "asked": asked,
        "told": told,
        "found": shown,
        "kinds": KINDS,
        "moments": tuple(instant(m.time, links.language) for m in shown.moments) if shown else (),
    }
    return Page(
        "difference.html",
        title(say("difference.title")),
        context,
        crumbs=((title(say("snapshots.title")), f"/snapshots?lang={links.language}"),),
        here="/snapshots/diff",
        status=status_of(objection) if objection else 200,
        noindex=True,
    )
