"""The same items in other forms: JSON and CSV for programs and spreadsheets, Turtle for linked data.

An item is one statement on a page, always with the party that makes it. HTML marks each with `data-item`, so that
a test can hold all forms equal.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from kg.perspectives import Row, Value, card_name
from kg.tables import as_text
from kg.voices import Card, Claim, Experience, Named, Reply, Tie, Voice, Words

COLUMNS = (
    "item", "what", "kind", "name", "text", "lang", "voice", "voiceName", "teller",
    "relation", "from", "fromName", "to", "toName", "basis", "year", "readBy", "fictional",
)  # fmt: skip
PREFIXES = {
    "lw": "https://w3id.org/lerende-wijk/def#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

Item = Mapping[str, str | None]


def made_up(voice: Voice) -> Item:
    """The mark of an openly made-up example; nothing for a real party."""
    return {"fictional": "true"} if voice.fictional else {}


def read_by(editors: Named | None) -> Item:
    """Who read this in a public source, where its holder did not put it here."""
    return {"readBy": editors.iri} if editors else {}


def of_card(card: Card) -> Item:
    """A card as an item."""
    text = card.text or card.title
    return {
        "item": card.iri,
        "what": "card",
        "kind": card.kind.name.value,
        "name": card_name(card).value,
        "text": card.text.value if card.text else None,
        "lang": text.lang if text else None,
        "voice": card.holder.iri,
        "voiceName": card.holder.name.value,
        "teller": "; ".join(teller.role.value for teller in card.tellers) or None,
        "year": card.year,
        **read_by(card.paraphrased_by),
        **made_up(card.holder),
    }


def of_tie(tie: Tie) -> Item:
    """A connection as an item."""
    return {
        "item": tie.iri,
        "what": "connection",
        "kind": tie.relation.name.value,
        "text": tie.rationale.value if tie.rationale else None,
        "lang": tie.rationale.lang if tie.rationale else None,
        "voice": tie.holder.iri,
        "voiceName": tie.holder.name.value,
        "relation": tie.relation.iri,
        "from": tie.origin.iri,
        "fromName": tie.origin.name.value if tie.origin.name else None,
        "to": tie.target.iri if tie.target else None,
        "toName": tie.target.name.value if tie.target and tie.target.name else None,
        "basis": tie.basis,
        **read_by(tie.paraphrased_by),
        **made_up(tie.holder),
    }


def of_reply(reply: Reply) -> Item:
    """A response as an item."""
    return {
        "item": reply.iri,
        "what": "response",
        "kind": reply.kind.name.value,
        "text": reply.rationale.value if reply.rationale else None,
        "lang": reply.rationale.lang if reply.rationale else None,
        "voice": reply.holder.iri,
        "voiceName": reply.holder.name.value,
        "to": reply.target,
        **read_by(reply.paraphrased_by),
        **made_up(reply.holder),
    }


def of_experience(experience: Experience) -> Item:
    """An experience as an item."""
    return {
        "item": experience.iri,
        "what": "experience",
        "kind": experience.kind.name.value,
        "name": experience.criterion.name.value,
        "text": experience.rationale.value if experience.rationale else None,
        "lang": experience.rationale.lang if experience.rationale else None,
        "voice": experience.holder.iri,
        "voiceName": experience.holder.name.value,
        "to": experience.about.iri,
        "toName": experience.about.name.value,
        **made_up(experience.holder),
    }


def of_claim(claim: Claim) -> Item:
    """A claim as an item."""
    return {
        "item": claim.iri,
        "what": "claim",
        "name": claim.title.value if claim.title else None,
        "text": claim.value.value if claim.value else None,
        "lang": claim.value.lang if claim.value else None,
        "voice": claim.holder.iri,
        "voiceName": claim.holder.name.value,
        **made_up(claim.holder),
    }


def of_party(voice: Voice) -> Item:
    """A party as an item of a list of parties."""
    return {
        "item": voice.iri,
        "what": "party",
        "name": voice.name.value,
        "lang": voice.name.lang,
        "voice": voice.iri,
        "voiceName": voice.name.value,
        **made_up(voice),
    }


def of_held(thing: Named, voice: Voice, kind: Words | None) -> Item:
    """A claim, source, round or dialogue as an item of its holder's page."""
    return {
        "item": thing.iri,
        "what": "document",
        "kind": kind.value if kind else None,
        "name": thing.name.value,
        "lang": thing.name.lang,
        "voice": voice.iri,
        "voiceName": voice.name.value,
        **made_up(voice),
    }


def of_named(thing: Named, what: str, text: Words | None = None) -> Item:
    """A theme or place as an item of a list."""
    return {
        "item": thing.iri,
        "what": what,
        "name": thing.name.value,
        "text": text.value if text else None,
        "lang": thing.name.lang,
    }


def once(items: Iterable[Item]) -> tuple[Item, ...]:
    """Each item once, in order."""
    return tuple({str(item["item"]): item for item in items}.values())


def as_json(items: Sequence[Item], about: Mapping[str, object]) -> bytes:
    """The items as JSON with what the page was asked; absent values are left out."""
    held = [{key: value for key, value in item.items() if value is not None} for item in items]
    return json.dumps({**about, "items": held}, ensure_ascii=False, indent=1).encode()


def as_csv(items: Sequence[Item]) -> bytes:
    """The items as CSV for spreadsheets: cells that look like formulas are made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item in items:
        cells = [item.get(column) or "" for column in COLUMNS]
        writer.writerow([as_text(cell) for cell in cells])
    return out.getvalue().encode()


def as_turtle(triples: Iterable[Row]) -> bytes:
    """Rows of subject, predicate and object as Turtle, in the order in which they come."""

    def node(term: Value) -> NamedNode | BlankNode:
        return BlankNode(term.value) if term.kind == "bnode" else NamedNode(term.value)

    def thing(term: Value) -> NamedNode | BlankNode | Literal:
        if term.kind != "literal":
            return node(term)
        if term.lang:
            return Literal(term.value, language=term.lang)
        return Literal(term.value, datatype=NamedNode(term.datatype)) if term.datatype else Literal(term.value)

    made = [
        Triple(node(row["subject"]), NamedNode(row["predicate"].value), thing(row["object"]))
        for row in triples
        if row.keys() >= {"subject", "predicate", "object"}
    ]
    return serialize(made, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b""
