"""Pages about time: the versions of a thing, the named positions, and what changed between two times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kg.ledger.difference import KINDS
from kg.objection import Objection
from kg.vocabulary import TITLE
from kg.voices import Words
from service.citing import Described, citation
from service.pages.frame import Page, title
from service.pages.links import Links
from service.pages.restricted import rows_of
from service.pages.words import day, speaker
from service.problems import status_of

if TYPE_CHECKING:
    from kg.moments import Snapshot
    from service.mementos import Versions
    from service.pages.results import Names
    from service.snapshots import Difference


def instant(moment: datetime, language: str) -> str:
    """A day as people write it, with the time to the second in UTC."""
    utc = moment.astimezone(UTC)
    return f"{day(utc.isoformat(), language)}, {utc:%H:%M:%S} UTC"


def title_in(found: Versions, language: str) -> Words | None:
    """What the last of these versions is called, in the reader's language where it is."""
    rows = rows_of(found.words)
    said = [row["value"] for row in rows if (row["part"].value, row["property"].value) == (found.iri, TITLE)]
    called = next((one for one in said if one.lang == language), next(iter(said), None))
    return Words(called.value, called.lang) if called else None


def versions_page(links: Links, found: Versions) -> Page:
    """Since when each version of a thing stood there."""
    say = speaker(links.language)
    versions = tuple((one, instant(one.time, links.language)) for one in found.versions)
    ended = (found.ended[0], instant(datetime.fromisoformat(found.ended[1]), links.language)) if found.ended else None
    context = {"found": found, "versions": versions, "name": title_in(found, links.language), "ended": ended}
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
    links: Links,
    snapshots: Sequence[Snapshot],
    asked: Mapping[str, str],
    found: Difference | Objection | None,
    names: Names,
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
        "names": names,
        "files": tuple((name, f"/snapshots/diff.{name.lower()}?{urlencode(asked)}") for name in ("JSON", "CSV")),
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
