"""Pages about time: the versions of a thing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.pages.frame import Page, title
from service.pages.links import Links
from service.pages.words import day, speaker

if TYPE_CHECKING:
    from service.mementos import Versions


def instant(moment: datetime, language: str) -> str:
    """A day as people write it, with the time to the second in UTC."""
    return f"{day(moment.isoformat(), language)}, {moment.astimezone(UTC):%H:%M:%S} UTC"


def versions_page(links: Links, found: Versions) -> Page:
    """Since when each version of a thing stood there."""
    say = speaker(links.language)
    versions = tuple((one, instant(one.time, links.language)) for one in found.versions)
    context = {"found": found, "versions": versions}
    return Page("versions.html", title(say("versions.title")), context, here=found.timemap, noindex=True)
