"""Pages about asking: the named questions, one question with its rows, and what the words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kg.explaining import Explained
from kg.known import unknown_in
from kg.objection import OBJECTIONS, object_to
from kg.perspectives import Row, concepts, slug
from kg.questions import bind
from service.negotiation import HTML
from service.offering import addresses_of, spreadsheet_address
from service.pages.formats import Item
from service.pages.frame import SCHEME, Asker, Page, title
from service.pages.links import REGISTER_SLUG, Links
from service.pages.side import places_of
from service.pages.words import catalogue, day, speaker
from service.problems import status_of_kind

if TYPE_CHECKING:
    from kg.ontology import Ontology
    from kg.questions import Parameter, Question
    from service.paging import Page as Window

ROWS_SHOWN_MAX = 200  # A page is for reading; all rows are one click away as CSV or JSON.


def sentence(question: Question, language: str) -> str:
    """The question as a sentence."""
    return question.question_nl if language == "nl" else question.question_en


def named(language: str) -> str:
    """What the catalogue of questions is called."""
    return title(speaker(language)("questions.title"))


def catalogue_page(links: Links, questions: Mapping[str, Question]) -> Page:
    """All named questions, as sentences."""
    say = speaker(links.language)
    named = sorted(
        ((sentence(q, links.language), name) for name, q in questions.items() if "/" not in name),
        key=lambda pair: pair[0].casefold(),
    )
    return Page(
        "questions.html",
        title(say("questions.title")),
        {"named": named},
        items=tuple({"item": name, "what": "question", "name": text} for text, name in named),
        here="/queries",
        alternates=(("application/json", "/queries.json"), ("text/turtle", "/queries.ttl")),
    )


def label_of(name: str, language: str) -> str:
    """What a parameter or column is called for people; a name without words of its own stays as it is."""
    stem = name.removesuffix("Name")
    return catalogue(language).get(f"column.{stem}", stem)


async def choices(ask: Asker, links: Links, fields: Sequence[Parameter]) -> dict[str, tuple[tuple[str, str], ...]]:
    """The values to choose from of each parameter that is a concept, a place or a party: (value, label)."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for field in fields:
        if field.type.startswith("concept:"):
            rows = await ask.quiet("pages/concepts", scheme=SCHEME + field.type.removeprefix("concept:"))
            found[field.name] = tuple((one.notation, one.name.value) for one in concepts(rows))
        elif field.type == "place":
            places = places_of(await ask.quiet("pages/places"))
            found[field.name] = tuple((slug_in(one.iri, links.base), one.name.value) for one in places)
        elif field.type == "party":
            example = str(speaker(links.language)("voice.example"))
            found[field.name] = tuple(
                (slug(p.voice.iri), p.voice.name.value + (f" ({example})" if p.voice.fictional else ""))
                for p in await ask.parties()
            )
    return found


def slug_in(iri: str, base: str) -> str:
    """A place as a question takes it: the register's by its name, another party's with the party before it."""
    return iri.removeprefix(f"{base}/id/").removeprefix(f"{REGISTER_SLUG}/")


async def question_page(
    ask: Asker, links: Links, question: Question, values: Mapping[str, str], window: Window | None = None
) -> Page:
    """One question: its sentence and meaning, a form for its parameters, its first (or asked) rows and its text."""
    say = speaker(links.language)
    fields = [parameter for parameter in question.parameters if parameter.name != "lang"]
    unknown = [name for name in values if name not in {parameter.name for parameter in fields}]
    lacking = [parameter.name for parameter in fields if parameter.required and not values.get(parameter.name)]
    given = {name: text for name, text in values.items() if text and name not in unknown}
    rows: Sequence[Row] = ()
    spoken = {"lang": links.language} if any(parameter.name == "lang" for parameter in question.parameters) else {}
    bound = () if lacking else bind(question, {**given, **spoken})
    objections = bound if isinstance(bound, tuple) else ()
    refused = " ".join(
        (told.message_nl if links.language == "nl" else told.message_en)
        for told in (
            object_to(o.name, focus=o.focus, path=label_of(o.path, links.language), value=o.value, limit=o.limit)
            if o.path
            else o
            for o in objections
        )
    )
    if not lacking and not refused and not question.is_construct:
        rows = await ask.quiet(question.name, **given)
    absent = () if lacking or refused else await unknown_in(ask.asking, ask.audience, question, given)
    first, most = (window.offset, min(window.limit, ROWS_SHOWN_MAX)) if window else (0, ROWS_SHOWN_MAX)
    columns = list(dict.fromkeys(name for row in rows for name in row if name != "fictional"))
    asked = urlencode({**given, "lang": links.language})
    answered = bool(bound) and not refused and question.is_open
    spreadsheet = spreadsheet_address(question) if answered else None
    return Page(
        "question.html",
        sentence(question, links.language),
        {
            "question": question,
            "asks": bound if isinstance(bound, str) else question.text,
            "fields": fields,
            "choices": await choices(ask, links, fields),
            "label": lambda name: label_of(name, links.language),
            "day": lambda moment: day(moment, links.language),
            "values": values,
            "lacking": lacking,
            "lacking_names": [label_of(name, links.language) for name in lacking],
            "refused": refused,
            "unknown": absent,
            "rows": rows[first : first + most],
            "left": max(0, len(rows) - first - most),
            "columns": [column for column in columns if column + "Name" not in columns],
            "means": question.about_nl if links.language == "nl" else question.about_en,
            "spreadsheet": f"{spreadsheet}&{asked}" if spreadsheet else None,
            "version": f"/queries/{question.name}/versions/{question.version}?{asked}" if answered else None,
        },
        position=ask.position,
        crumbs=((title(say("questions.title")), f"/queries?lang={links.language}"),),
        here=f"/queries/{question.name}" + (f"?{urlencode(given)}" if given else ""),
        alternates=tuple(
            (form.media_type, f"{address}?{asked}")
            for form, address in addresses_of(question)
            if answered and form is not HTML
        ),
        status=400 if refused else 200,
    )


def objection_page(links: Links, told: Explained) -> Page:
    """One objection: what it means and what to do, why, and how it looks, refused and mended."""
    say = speaker(links.language)
    dutch = links.language == "nl"
    kind = told.kind
    return Page(
        "objection.html",
        kind.name,
        {
            "kind": kind,
            "status": status_of_kind(kind),
            "message": kind.message_nl if dutch else kind.message_en,
            "why": told.why and told.why[0 if dutch else 1],
            "examples": told.examples,
        },
        items=({"item": kind.anchor, "what": "word", "name": kind.name},),
        crumbs=((title(say("words.objections")), f"/def/objections?lang={links.language}"),),
        here=f"/def/{kind.docs}",
    )


def words_page(links: Links, ontology: Ontology, what: str) -> Page:
    """What the words mean, with an anchor for each."""
    say = speaker(links.language)
    terms: list[tuple[str, str, str, str]] = []
    if what == "objections":
        for kind in OBJECTIONS.values():
            message = kind.message_nl if links.language == "nl" else kind.message_en
            terms.append((kind.anchor, kind.name, message, kind.rule or ""))
    else:
        known = (*ontology.classes, *ontology.predicates)
        for iri in sorted(known, key=lambda term: ontology.labels(term, links.language).casefold()):
            name = iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
            terms.append((name, ontology.labels(iri, links.language), ontology.definition(iri, links.language), iri))
    items: tuple[Item, ...] = tuple({"item": anchor, "what": "word", "name": name} for anchor, name, _, _ in terms)
    return Page(
        "words.html",
        title(say(f"words.{what if what in ('objections', 'shapes') else 'def'}")),
        {"terms": terms, "what": what},
        items=items,
        here=f"/{what}" if what != "objections" else "/def/objections",
    )
