"""What one document says of its thing, sorted for reading, and the entry by which it came here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kg.perspectives import Row, grouped, named, shortened, slug, source, value, voice, words
from kg.voices import Named, Source, Tie, Voice, Words
from service.pages.formats import Item, made_up, read_by
from service.pages.links import DEF, EDITORS_SLUG, REGISTER_SLUG, Links
from service.pages.words import colon, day

DCT = "http://purl.org/dc/terms/"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PRIMARY_SOURCE = "http://www.w3.org/ns/prov#hadPrimarySource"
# Shown in a place of their own on the page, so not again in the list of properties.
SHOWN_APART = frozenset(
    (
        RDF_TYPE, DCT + "title", DCT + "description", DEF + "heldBy", DEF + "audience", DEF + "toldBy", DEF + "from",
        DEF + "to", DEF + "relation", DEF + "rationale", DEF + "responseTo", DEF + "response", DEF + "paraphrasedBy",
        DEF + "ground", PRIMARY_SOURCE, DCT + "source", DCT + "license", DEF + "experience", DEF + "criterion",
        DEF + "basis", DEF + "value",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Property:
    """One property of the thing with its values, each readable and linked where it is a thing."""

    name: Words
    values: tuple[tuple[Words, str | None, bool], ...]  # (text, address, whether it is outside this service)


@dataclass(frozen=True)
class Origin:
    """Who put it here: the entry of the current contribution."""

    contribution: str
    kind: Named
    holder: Voice
    recorder: Voice | None
    delegation: str
    created: str | None
    audience: Words | None
    supersedes: str | None


@dataclass(frozen=True)
class Thing:
    """What the document itself says, sorted for reading."""

    title: Words | None
    texts: tuple[Words, ...]
    tellers: tuple[tuple[Words, str | None], ...]
    sources: tuple[tuple[Source, str | None], ...]
    paraphrased_by: Named | None
    ground: tuple[Words, ...]
    licence: str | None
    year: str | None
    publisher: Words | None
    value: Words | None
    properties: tuple[Property, ...]


def origin_of(rows: Sequence[Row]) -> Origin | None:
    """The entry from the first row of its question."""
    if not rows:
        return None
    row = rows[0]
    holder = voice(row)
    assert holder is not None, "an entry without its holder"
    return Origin(
        value(row, "contribution") or "",
        named(row, "kind"),
        holder,
        voice(row, "recorder", ""),
        value(row, "delegationNotation") or "byHolder",
        value(row, "created"),
        words(row, "audienceName"),
        value(row, "supersedes"),
    )


def in_language(texts: Sequence[Words], language: str) -> tuple[Words, ...]:
    """The texts with the reader's language first."""
    return tuple(sorted(dict.fromkeys(texts), key=lambda text: text.lang != language))


def thing_of(rows: Sequence[Row], iri: str, links: Links) -> Thing:
    """The document's rows, sorted for reading."""
    own = grouped((row for row in rows if value(row, "part") == iri), "property")
    parts = grouped((row for row in rows if value(row, "part") != iri), "part")

    def literal(name: str) -> list[Words]:
        return [text for row in own.get(name, ()) if (text := words(row, "value"))]

    def part_words(name: str, property_name: str) -> list[tuple[Words, str | None]]:
        found = []
        for row in own.get(name, ()):
            inside = grouped(parts.get(value(row, "value") or "", ()), "property")
            said = in_language(
                [w for r in inside.get(property_name, ()) if (w := words(r, "valueName") or words(r, "value"))],
                links.language,
            )
            view = next((value(r, "value") for r in inside.get(DEF + "perspective", ())), None)
            found += [(said[0], view)] if said else []
        return list(dict.fromkeys(found))

    listed_sources = grouped([*own.get(PRIMARY_SOURCE, ()), *own.get(DCT + "source", ())], "value")
    para = next((named(row, "value") for row in own.get(DEF + "paraphrasedBy", ())), None)
    grounds = [*part_words(DEF + "ground", DEF + "groundKind")]
    return Thing(
        next(iter(in_language(literal(DCT + "title"), links.language)), None),
        in_language(literal(DCT + "description"), links.language),
        tuple(part_words(DEF + "toldBy", DEF + "role")),
        tuple(
            (source(g[0], "value", "valueNote", "valueYear"), value(g[0], "valueAddress"))
            for g in listed_sources.values()
        ),
        para,
        tuple(text for text, _ in grounds),
        next((value(row, "value") for row in own.get(DCT + "license", ())), None),
        next((text.value[:4] for text in literal(DCT + "issued")), None),
        next(iter(in_language(literal(DEF + "publisherName"), links.language)), None),
        next(iter(in_language(literal(DEF + "value"), links.language)), None),
        tuple(property_of(group, links) for name, group in own.items() if name not in SHOWN_APART),
    )


def property_of(group: Sequence[Row], links: Links) -> Property:
    """One property with its values: texts in the reader's language where there is one."""
    shown: dict[str, tuple[Words, str | None, bool]] = {}
    literals = [row for row in group if row["value"].kind == "literal"]
    in_own = [row for row in literals if row["value"].lang == links.language]
    for row in group:
        held = row["value"].value
        if row in literals:
            if row["value"].lang and in_own and row not in in_own:
                continue
            shown.setdefault(held, (Words(day(held, links.language), row["value"].lang), None, False))
        elif "valueName" in row:
            address = links.thing(held, value(row, "valueKind")) if linked(held, row, links) else None
            shown.setdefault(held, (words(row, "valueName") or Words(slug(held)), address, False))
        else:
            shown.setdefault(held, (Words(held), held, True))
    first = group[0]
    return Property(words(first, "propertyName") or Words(slug(value(first, "property") or "")), tuple(shown.values()))


def linked(iri: str, row: Row, links: Links) -> bool:
    """Whether a named value has a page here: a document, or a theme or life domain."""
    return "valueKind" in row or "/concept/theme/" in iri or "/concept/lifeDomain/" in iri


def between(tie: Tie, say: Callable[..., Markup]) -> str:
    """The words between the two ends of a connection, such that what follows can follow."""
    if tie.target is None and tie.relation.notation == "callsFor":
        return str(say("tie.asks_of")) + ("" if tie.called_upon else " " + say("tie.open"))
    if tie.target is None and tie.relation.notation == "offers":
        return str(say("tie.offers_to")) + ("" if tie.called_upon else " " + say("tie.open.offer"))
    return tie.relation.name.value + colon(tie.relation.name)


def heading(thing: Thing, sentence: Sequence[Tie], origin: Origin, say: Callable[..., Markup]) -> Words:
    """What the page is called: the title, else the sentence of a connection, else the first words, else the kind."""
    if thing.title:
        return thing.title
    if sentence and sentence[0].origin.name:
        tie = sentence[0]
        to = tie.target.name if tie.target and tie.target.name else tie.called_upon
        parts = [tie.origin.name.value if tie.origin.name else "", between(tie, say), to.value if to else ""]
        said = " ".join(part for part in parts if part)
        if not tie.stated:
            editors = slug(tie.holder.iri) == EDITORS_SLUG
            who = say("tie.editors") if editors else say("tie.according", who=tie.holder.name.value)
            said = f"{Markup(who).unescape()} {said}"
        return Words(said, tie.relation.name.lang)
    if thing.texts:
        return shortened(thing.texts[0])
    of = say("kind.untitled")
    return Words(f"{origin.kind.name.value} {of} {origin.holder.name.value}", origin.kind.name.lang)


def own_item(iri: str, name: Words, thing: Thing, origin: Origin) -> Item:
    """The thing itself as an item of its page."""
    return {
        "item": iri,
        "what": "document",
        "kind": origin.kind.name.value,
        "name": name.value,
        "text": thing.texts[0].value if thing.texts else None,
        "lang": thing.texts[0].lang if thing.texts else name.lang,
        "voice": origin.holder.iri,
        "voiceName": origin.holder.name.value,
        "teller": "; ".join(role.value for role, _ in thing.tellers) or None,
        "year": thing.year,
        **read_by(thing.paraphrased_by),
        **made_up(origin.holder),
    }


@dataclass(frozen=True)
class Cited:
    """How the thing is referred to: whose words these are, of whom, and from which year."""

    who: str
    holder: str
    year: str | None
    summary: bool


def cited_as(thing: Thing, origin: Origin) -> Cited:
    """Who a reference names: of a summary whoever wrote it, of a source its publisher, else the holder."""
    holder = origin.holder.name.value
    read_in = next((source.year for source, _ in thing.sources if source.year), None)
    if thing.paraphrased_by is not None:
        return Cited(thing.paraphrased_by.name.value, holder, read_in or thing.year, True)
    publisher = thing.publisher.value if thing.publisher else None
    return Cited(publisher or holder, holder, thing.year, False)


def whose(thing: Thing, origin: Origin, links: Links) -> dict[str, object]:
    """What the page says of whose words these are: in the register, from a public source, and how to refer to them."""
    return {
        "registered": origin.holder.iri == f"{links.base}/id/{REGISTER_SLUG}",
        "from_source": thing.paraphrased_by is not None or origin.delegation == "publicSource",
        "cited": cited_as(thing, origin),
    }
