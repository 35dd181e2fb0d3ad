"""About the method: what trusted living in learning neighbourhoods is, its publications, who keeps this service."""

from __future__ import annotations

from kg.perspectives import grouped, named, value, words
from service.pages.formats import once
from service.pages.frame import Asker, Page, hues, title
from service.pages.links import Links
from service.pages.words import speaker


async def about_page(ask: Asker, links: Links) -> Page:
    """The method in its own terms, its publications with their files where these are registered."""
    rows = await ask.rows("pages/publications")
    perspectives = await ask.perspectives()
    say = speaker(links.language)
    publications = [
        (
            named(group[0], "work"),
            words(group[0], "holderName"),
            (value(group[0], "year") or "")[:4],
            sorted({(value(row, "file") or "", value(row, "format") or "") for row in group if "file" in row}),
        )
        for group in grouped(rows, "work").values()
    ]
    return Page(
        "about.html",
        title(say("about.title")),
        {"publications": publications, "perspectives": perspectives, "by_perspective": hues(perspectives)},
        items=once(
            {
                "item": work.iri,
                "what": "publication",
                "name": work.name.value,
                "lang": work.name.lang,
                "voiceName": holder.value if holder else None,
                "year": year or None,
            }
            for work, holder, year, _ in publications
        ),
        asked=tuple(ask.asked),
        position=ask.position,
        route="about",
        description=title(say("about.lead")),
    )
