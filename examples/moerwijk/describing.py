"""From the fields of a thing to its document: which property carries what, in one fixed order."""

from collections.abc import Mapping, Sequence
from typing import Any

from writing import Document, Part, concept, iri, text, typed

# Fields with a Dutch and an English text → property.
TEXTS = {
    "title": "dcterms:title",
    "text": "dcterms:description",
    "rationale": "lw:rationale",
    "called_upon": "lw:calledUpon",
    "value": "lw:value",
    "question": "lw:question",
    "invited": "lw:invited",
    "not_reached": "lw:notReached",
    "accessibility": "lw:accessibility",
    "date_text": "lw:dateText",
    "date_basis": "lw:dateBasis",
}
# Fields with one notation or several → property and scheme.
NOTATIONS = {
    "perspectives": ("lw:perspective", "perspective"),
    "status": ("lw:status", "status"),
    "life_domains": ("lw:lifeDomain", "lifeDomain"),
    "themes": ("lw:theme", "theme"),
    "dimensions": ("lw:dimension", "dimension"),
    "world": ("lw:world", "world"),
    "for_whom": ("lw:forWhom", "forWhom"),
    "scope": ("lw:scope", "scope"),
    "relation": ("lw:relation", "relation"),
    "basis": ("lw:basis", "basis"),
    "response": ("lw:response", "response"),
    "criterion": ("lw:criterion", "criterion"),
    "experience": ("lw:experience", "experience"),
    "phase": ("lw:phase", "phase"),
    "precision": ("lw:precision", "precision"),
}
# Fields with one thing or several, written holder/name → property.
THINGS = {
    "from": "lw:from",
    "to": "lw:to",
    "response_to": "lw:responseTo",
    "about": "lw:about",
    "participants": "lw:participant",
    "discusses": "lw:discusses",
    "outcome_of": "lw:outcomeOf",
    "changes": "lw:changes",
    "applies_to": "lw:appliesTo",
    "offered_at": "lw:offeredAt",
    "within": "geo:sfWithin",
    "part_of": "dcterms:isPartOf",
    "publisher": "dcterms:publisher",
    "sources": "prov:hadPrimarySource",
    "paraphrased_by": "lw:paraphrasedBy",
}
DATES = {
    "created": "dcterms:created",
    "issued": "dcterms:issued",
    "start": "schema:startDate",
    "end": "schema:endDate",
}
# The order in which a document tells: what it is, what it says, what it is about, when, and where it comes from.
ORDER = (
    "title", "text", "kind", "perspectives", "fictional", "status", "life_domains", "themes", "dimensions", "world",
    "for_whom", "scope", "applies_to", "offered_at", "accessibility", "within", "precision", "metres", "identifier",
    "from", "relation", "to", "called_upon", "response_to", "response", "about", "criterion", "experience", "value",
    "rationale", "basis", "question", "invited", "not_reached", "participants", "discusses", "outcome_of", "changes",
    "phase", "part_of", "created", "issued", "start", "end", "date_text", "date_basis", "last_seen",
    "publisher_name", "publisher", "address", "sources", "paraphrased_by", "email", "licence",
    "data_theme",
)  # fmt: skip
DATA_THEMES = "http://publications.europa.eu/resource/authority/data-theme/"
PARTS = ("tellers", "consent", "published", "point")

Fields = Mapping[str, Any]


def _listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _date(value: str) -> str:
    return typed(value, "xsd:date" if len(value) > len("2026") else "xsd:gYear")


def _lines(field: str, value: Any) -> list[tuple[str, str]]:
    """The lines that one field gives on the main subject."""
    if field in TEXTS:
        return [(TEXTS[field], text(words, language)) for language, words in value.items()]
    if field in NOTATIONS:
        predicate, scheme = NOTATIONS[field]
        return [(predicate, concept(scheme, notation)) for notation in _listed(value)]
    if field in THINGS:
        return [(THINGS[field], iri(f"id/{thing}")) for thing in _listed(value)]
    if field in DATES:
        return [(DATES[field], _date(value))]
    if field == "publisher_name":
        names = (
            [text(words, language) for language, words in value.items()] if isinstance(value, dict) else [f'"{value}"']
        )
        return [("lw:publisherName", name) for name in names]
    if field == "kind":
        return [("dcterms:type", concept(value[0], value[1]))]
    single = {
        "fictional": ("lw:fictional", typed("true", "xsd:boolean")),
        "metres": ("lw:accuracyMetres", typed(str(value), "xsd:integer")),
        "identifier": ("dcterms:identifier", f'"{value}"'),
        "last_seen": ("lw:lastSeen", typed(str(value), "xsd:gYear")),
        "address": ("schema:url", iri(str(value))),
        "email": ("vcard:hasEmail", iri(f"mailto:{value}")),
        "licence": ("dcterms:license", iri(str(value))),
        "data_theme": ("dcat:theme", iri(f"{DATA_THEMES}{value}")),
    }
    return [single[field]]


def _teller(subject: str, number: int, teller: Fields) -> Part:
    """Whose voice a story is: a role in words and a perspective, nothing else."""
    lines = [("a", "lw:Teller"), ("lw:role", text(teller["nl"], "nl")), ("lw:role", text(teller["en"], "en"))]
    lines += [("lw:perspective", concept("perspective", notation)) for notation in teller["perspectives"]]
    return Part(f"{subject}#verteller{f'-{number}' if number > 1 else ''}", tuple(lines))


def _consent(subject: str, consent: Fields) -> Part:
    """The teller's consent: for whom, since when and, where it was given for a time, the last day."""
    lines = [
        ("a", "lw:Ground"),
        ("a", "dpv:InformedConsent"),
        ("lw:groundKind", concept("ground", "consent")),
        ("lw:consentScope", concept("audience", consent["scope"])),
        ("dpv:hasConsentStatus", "dpv:ConsentGiven"),
        ("dpv:isIndicatedAtTime", typed(consent["given"], "xsd:date")),
    ]
    if "until" in consent:
        lines.append(("dcterms:valid", typed(consent["until"], "xsd:date")))
    return Part(f"{subject}#grond", tuple(lines))


def _published(subject: str, sources: Sequence[str]) -> Part:
    """The ground of a story that stands in a published source."""
    lines = [("a", "lw:Ground"), ("lw:groundKind", concept("ground", "publishedSource"))]
    lines += [("prov:hadPrimarySource", iri(f"id/{source}")) for source in sources]
    return Part(f"{subject}#grond", tuple(lines))


def _point(subject: str, point: Sequence[float]) -> Part:
    """A sourced position, longitude first."""
    wkt = typed(f"POINT({point[0]} {point[1]})", "geo:wktLiteral")
    return Part(f"{subject}#geometrie", (("a", "geo:Geometry"), ("geo:asWKT", wkt)))


def document(file: str, holder: str, name: str | None, kind: str, fields: Fields) -> Document:
    """One document: name None is the party itself, which the register holds."""
    subject = f"id/{holder}/{name}" if name else f"id/{fields['slug']}"
    lines = [("a", f"lw:{kind}"), ("lw:heldBy", iri(f"id/{holder}")), ("lw:audience", concept("audience", "public"))]
    unknown = set(fields) - set(ORDER) - set(PARTS) - {"slug"}
    if unknown:
        raise ValueError(f"{subject}: no property is known for {', '.join(sorted(unknown))}")
    for field in ORDER:
        if field in fields:
            lines += _lines(field, fields[field])
    parts = []
    for number, words in enumerate(fields.get("tellers", ()), start=1):
        teller = _teller(subject, number, words)
        lines.append(("lw:toldBy", iri(teller.subject)))
        parts.append(teller)
    if "consent" in fields or "published" in fields:
        lines.append(("lw:ground", iri(f"{subject}#grond")))
        given = "consent" in fields
        parts.append(_consent(subject, fields["consent"]) if given else _published(subject, fields["published"]))
    if "point" in fields:
        lines.append(("geo:hasGeometry", iri(f"{subject}#geometrie")))
        parts.append(_point(subject, fields["point"]))
    return Document(file, holder, (Part(subject, tuple(lines)), *parts))
