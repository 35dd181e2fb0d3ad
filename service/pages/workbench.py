"""The workbench: one's own SPARQL question, with what came of it; a plain form that works without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from babel.numbers import format_decimal

from kg.objection import Objection
from kg.query_text import QueryText
from kg.settings import folder
from service.negotiation import QUADS, RESULTS, TRIPLES, Format, language
from service.pages.charts import chart_of, spots_of
from service.pages.frame import Page, title
from service.pages.links import Links
from service.pages.questions import sentence
from service.pages.results import Came, came_of, mentioned, names_of, read
from service.pages.words import speaker

if TYPE_CHECKING:
    from starlette.requests import Request

    from kg.asking import Asking
    from kg.questions import Question
    from kg.settings import Settings
    from service.description import Brought

ADDRESS_CHARACTERS_MAX = 8000  # What servers and proxies on the way let through at the least (RFC 9110, 4.1).
# The page shows the address by which this reader came and how long the answer took: it is nobody else's.
OWN = "private, no-cache"
TIMES = ("TimeUnclear", "TimeAhead", "TimeBefore", "SnapshotUnknown")  # Objections to what stands in the field `at`.
GRAPH_FORMS = ("construct", "describe")
EXPLAINED = ("AnswerTooLarge",)  # Objections to the page's own limit: the answer can be had as a file.
LABELS = {
    "json": "JSON",
    "xml": "XML",
    "csv": "CSV",
    "tsv": "TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF/XML",
    "trig": "TriG",
    "nquads": "N-Quads",
}
SUFFIXES = {"json": ".json", "xml": ".xml"}  # What people's own programs open, where ours are for addresses.
# What the island says; the words stand in the catalogues.
ISLAND_WORDS = (
    "editor", "keys", "busy", "stop", "stopped", "done", "failed", "taken", "variable", "prefix", "class", "property",
    "concept", "completions", "map", "show", "undrawn", "problem", "copied", "copy", "zoomIn", "zoomOut",
)  # fmt: skip


@dataclass(frozen=True)
class Workbench:
    """The service that the workbench stands in: all but the first two may be empty, and the page still works."""

    base: str
    settings: Settings
    questions: Mapping[str, Question] = field(default_factory=dict)
    completion: str | None = None
    """The address of the vocabulary's words as JSON."""
    parameters: tuple[str, ...] = ()
    """What the door knows beside query, dataset, format and language, and the form has a field for: `at`, `rewrite`."""
    alone: bool = False
    """No other pages are there: no menu, and things lead to themselves."""


@dataclass(frozen=True)
class Download:
    """One form of the answer: what it is called and, where the question fits in an address, its address."""

    label: str
    format: str
    suffix: str
    address: str | None


def built(name: str) -> str | None:
    """The address of a built island, which changes with its contents; None where it was not built."""
    file = folder("viewer") / "static" / "built" / name
    return f"/static/built/{name}?v={_digest(str(file), file.stat().st_mtime_ns)}" if file.is_file() else None


@lru_cache(8)
def _digest(file: str, _changed: int) -> str:
    with open(file, "rb") as opened:
        return sha256(opened.read()).hexdigest()[:12]


def downloads(came: Came | None, asked: str | None) -> tuple[Download, ...]:
    """Every form that the answer can be had in, as a file."""
    forms: Sequence[Format] = RESULTS
    if came is not None and came.is_graph:
        forms = (*TRIPLES, *QUADS)
    elif came is not None and came.yes is not None:
        forms = RESULTS[:2]
    return tuple(
        Download(
            LABELS[form.name],
            form.name,
            SUFFIXES.get(form.name, form.suffix),
            f"{asked}&format={form.name}" if asked else None,
        )
        for form in forms
    )


def groups(questions: Mapping[str, Question], spoken: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The named questions as sentences: those that can be asked at once, and those that want something filled in."""
    ready: list[tuple[str, str]] = []
    wanting: list[tuple[str, str]] = []
    for name, question in questions.items():
        if "/" not in name:
            lacking = any(parameter.required for parameter in question.parameters)
            (wanting if lacking else ready).append((sentence(question, spoken), name))
    both = (("ready", ready), ("wanting", wanting))
    return tuple((key, tuple(sorted(found, key=lambda pair: pair[0].casefold()))) for key, found in both if found)


def raw_fence(text: str) -> str:
    """As many dashes as the text does not have, for a raw string of R."""
    fence = "-"
    while f"){fence}" in text:
        fence += "-"
    return fence


def here_word(text: str) -> str:
    """A word that ends the question where a shell reads it, and is no line of it."""
    word = "SPARQL"
    while word in text.splitlines():
        word += "_"
    return word


def by_name(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, list[str]], ...]:
    """Parameters with all their values."""
    return tuple((name, [value for other, value in pairs if other == name]) for name in dict.fromkeys(dict(pairs)))


def python_text(text: str) -> str:
    """The question as a Python string, in lines where that can be read."""
    return repr(text) if "'''" in text or "\\" in text or text.endswith("'") else f"'''\n{text}\n'''"


def media_of(came: Came | None) -> str:
    """What the samples of code ask for: CSV for rows, Turtle for a graph, JSON for a yes or no."""
    if came is not None and came.yes is not None:
        return RESULTS[0].media_type
    return "text/turtle" if came is not None and came.is_graph else "text/csv"


def facts(came: Came | None, brought: Brought | None, spoken: str) -> Mapping[str, str]:
    """Numbers as the language writes them."""
    if came is None or brought is None:
        return {}
    seconds = "" if brought.seconds is None else format_decimal(brought.seconds, "0.00", locale=spoken)
    # Where there are more rows than were counted: those that are shown, with a sign.
    count = f"> {came.shown}" if came.count is None else format_decimal(came.count, locale=spoken)
    return {"count": count, "seconds": seconds}


def heading(came: Came | None, links: Links) -> str:
    """The page's title, which says what came of the question before anything else."""
    say = speaker(links.language)
    if came is None:
        return title(say("bench.title"))
    key = "failed" if came.objection else "done"
    return title(say(f"bench.title.{key}"))


def place_in(text: str, objection: Objection | None) -> tuple[str, str] | None:
    """The line that an objection points at, cut in two where it is wrong."""
    if objection is None or objection.line is None:
        return None
    lines = text.splitlines()
    if not 0 < objection.line <= len(lines):
        return None
    at = max(0, (objection.column or 1) - 1)
    return lines[objection.line - 1][:at], lines[objection.line - 1][at:]


def said(objection: Objection, spoken: str) -> str:
    """An objection's words, with a size as people say it."""
    words = objection.message_nl if spoken == "nl" else objection.message_en
    number, _, unit = (objection.limit or "").partition(" ")
    if unit != "bytes" or int(number) < 1 << 20:
        return words
    return words.replace(f"{number} bytes", f"{format_decimal(int(number) / (1 << 20), '0.#', locale=spoken)} MB")


def workbench_page(
    links: Links, bench: Workbench, site: str, brought: Brought | None = None, came: Came | None = None
) -> Page:
    """The page: a field, what came of the question, the forms to have it in, and examples to start from.

    `site` is the address under which the reader reached us, for what is copied to elsewhere.
    """
    say = speaker(links.language)
    given = brought.others if brought else ()
    others: Sequence[tuple[str, str]] = [pair for pair in given if pair[0] != "lang" and pair[1]]
    text = brought.text if brought else ""
    asked = f"/sparql?{urlencode([('query', text), *others])}" if brought else None
    short = asked if asked and len(site) + len(asked) <= ADDRESS_CHARACTERS_MAX else None
    context = {
        "bench": bench,
        "text": text,
        "came": came,
        "others": others,
        "facts": facts(came, brought, links.language),
        "shown": format_decimal(came.shown, locale=links.language) if came else "",
        "message": said(came.objection, links.language) if came and came.objection else "",
        "at_wrong": came is not None and came.objection is not None and came.objection.name in TIMES,
        "place": place_in(text, came.objection if came else None),
        "chart": chart_of(came) if came else None,
        "spots": spots_of(came) if came else (),
        "downloads": downloads(came, short),
        "as_files": came is not None and (came.objection is None or came.objection.name in EXPLAINED),
        "share": site + short if short else None,
        "endpoint": f"{site}/sparql",
        "media": media_of(came),
        "python_text": python_text(text),
        "fence": raw_fence(text),
        "groups": groups(bench.questions, links.language),
        "forms": (RESULTS, (*TRIPLES, *QUADS)),
        "script": built("workbench.js"),
        "map_sheet": built("map.css"),
        "address_max": ADDRESS_CHARACTERS_MAX,
        "seconds_max": int(bench.settings.query_seconds_anonymous_max),
        "at": dict(others).get("at", ""),
        "as_written": dict(others).get("rewrite") == "off",
        "only": [pair for pair in others if pair[0].endswith("-graph-uri")],
        "others_by_name": by_name(others),
        "here_word": here_word(text),
        "island_words": {key: str(say(f"bench.island.{key}")) for key in ISLAND_WORDS},
    }
    here = f"{short or '/sparql'}"
    status = came.status if came else 200
    position = came.position if came else None
    return Page(
        "workbench.html",
        heading(came, links),
        context,
        here=here,
        status=status,
        position=position,
        noindex=came is not None,  # Answers change; what search engines find is the page to ask from.
    )


async def came_to(asking: Asking, audience: str, bench: Workbench, links: Links, brought: Brought) -> Came:
    """What a question brought, with the names of what it brought."""
    outcome = brought.outcome
    if isinstance(outcome, Objection):
        looked = asking.look(brought.text)
        return Came(objection=outcome, asks_graph=isinstance(looked, QueryText) and looked.form in GRAPH_FORMS)
    found = read(outcome)
    names = await names_of(asking, audience, mentioned(found.rows), links.language) if found.rows else {}
    return came_of(found, links, names, position=outcome.position, notes=outcome.notes, alone=bench.alone)


async def shown(
    request: Request, asking: Asking, audience: str, bench: Workbench, brought: Brought | None
) -> tuple[Page, Links]:
    """The page for this request, and the links of its language."""
    spoken = dict(brought.others).get("lang") if brought else request.query_params.get("lang")
    spoken_in = language(spoken, request.headers.get("accept-language"))
    links = Links(bench.base, spoken_in, bench.settings.neighbourhood)
    came = await came_to(asking, audience, bench, links, brought) if brought else None
    return workbench_page(links, bench, str(request.base_url).rstrip("/"), brought, came), links
