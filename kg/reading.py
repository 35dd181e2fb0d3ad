"""Bytes → the documents that one party speaks, or the objections to them. Runs only in a process that may be killed.

pyoxigraph is the one parser; what it can't bear is refused before (kg/brackets.py), and nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import pyoxigraph as ox

from kg.brackets import look_over
from kg.context import context
from kg.contribution import Document
from kg.describing import described
from kg.encodings import as_utf8, broken_xml, charset_of, place_in_xml
from kg.jsonld import SHIPPED_CONTEXT, self_contained
from kg.objection import Objection, object_to, short, with_words
from kg.ontology import Ontology
from kg.spelling import unknown_word

BODY_BYTES_MAX: Final = 64 * 1024 * 1024  # Thousands of documents; more goes in several messages.
WHOLE_BYTES_MAX: Final = 4 * BODY_BYTES_MAX  # 50,000 documents in N-Quads are 140 MB, and few of them are parsed.
DOCUMENT_BYTES_MAX: Final = 1024 * 1024  # A long report's text; books are linked, not kept.
DOCUMENT_TRIPLES_MAX: Final = 5_000  # A page with thousands of facts is a data set, not a statement.
UNFOLDED_BYTES_MAX: Final = 4 * BODY_BYTES_MAX  # Prefixes and contexts repeat themselves: what a body may grow to.
IRI_CHARACTERS_MAX: Final = 2_048  # What browsers and proxies carry (invariant I17).
FINDINGS_MAX: Final = 100  # Nobody mends more at once; the next try shows the rest.
NAMELESS: Final = "/~new/"  # Below the speaker's own name: where relative names stand until they are minted.

# media type → (format, family for look_over)
MEDIA_TYPES: Final[Mapping[str, tuple[ox.RdfFormat, str]]] = {
    "text/turtle": (ox.RdfFormat.TURTLE, "turtle"),
    "application/trig": (ox.RdfFormat.TRIG, "turtle"),
    "application/n-triples": (ox.RdfFormat.N_TRIPLES, "turtle"),
    "application/n-quads": (ox.RdfFormat.N_QUADS, "turtle"),
    "application/ld+json": (ox.RdfFormat.JSON_LD, "json"),
    "application/rdf+xml": (ox.RdfFormat.RDF_XML, "xml"),
}

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_WHERE = re.compile(r"^Parser error (?:at|between) [^:]*: ")
# What no XML, and so no RDF/XML or SPARQL XML answer, can carry.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass
class _Body:
    """What has been read so far."""

    triples: dict[str, list[ox.Triple]] = field(default_factory=lambda: defaultdict(list))
    """document IRI → its triples"""
    findings: dict[Objection, None] = field(default_factory=dict)
    """in the order found, each once"""
    nameless_at: str | None = None
    """a predicate of a subject without a name"""
    unfolded_bytes: int = 0
    graphs: set[str] = field(default_factory=set)
    """the contributions in whose graphs it stood"""


@dataclass(frozen=True)
class Whole:
    """What a whole viewpoint says: the documents that are not known as they stand here, and what else was met."""

    documents: tuple[Document, ...]
    """In the order of their IRIs."""
    unchanged: tuple[str, ...]
    """IRIs of the documents whose digest is the known one."""
    graphs: tuple[str, ...]
    """The names of graphs that are contributions of this deployment: whoever asked has to see whose they are."""


def read(
    body: bytes,
    media_type: str,
    *,
    base: str,
    speaker: str,
    ontology: Ontology,
    base_iri: str | None = None,
    mint: Callable[[], str],
) -> tuple[Document, ...] | tuple[Objection, ...]:
    """The documents in `body`, in the order of their IRIs, or what stands in the way.

    `speaker` is the IRI of the party for whom it is published. Without `base_iri` a relative or empty subject gets a
    minted name, the same one for the same relative name within this body.
    """
    parsed = _triples(body, media_type, base=base, speaker=speaker, ontology=ontology, base_iri=base_iri)
    if not isinstance(parsed, _Body):
        return parsed
    found = _documents(parsed, base=base, speaker=speaker, ontology=ontology, base_iri=base_iri, mint=mint, known={})
    return found.documents if isinstance(found, Whole) else found


def read_whole(
    body: bytes,
    media_type: str,
    known: Mapping[str, str],
    *,
    base: str,
    speaker: str,
    ontology: Ontology,
    base_iri: str | None = None,
    mint: Callable[[], str],
) -> Whole | tuple[Objection, ...]:
    """The same for a whole viewpoint, in which documents may stand in the graphs of contributions.

    `known` are the digests of the documents that are current, by IRI: what stands here as it is known is not described.
    """
    said, house = {"base": base, "speaker": speaker}, f"{base}/contributions/"
    parsed = _triples(
        body, media_type, ontology=ontology, base_iri=base_iri, house=house, bytes_max=WHOLE_BYTES_MAX, **said
    )
    if not isinstance(parsed, _Body):
        return parsed
    return _documents(parsed, ontology=ontology, base_iri=base_iri, mint=mint, known=known, **said)


def _triples(
    body: bytes,
    media_type: str,
    *,
    base: str,
    speaker: str,
    ontology: Ontology,
    base_iri: str | None = None,
    house: str | None = None,
    bytes_max: int = BODY_BYTES_MAX,
) -> _Body | tuple[Objection, ...]:
    """All triples by document, or why they can't be read; `house` begins the names of graphs that are let through."""
    opened = _opened(body, media_type, base=base, ontology=ontology, bytes_max=bytes_max)
    if not isinstance(opened, _Opened):
        return opened
    nameless = f"{speaker}{NAMELESS}"
    view = f"{base}/view/{speaker.rpartition('/')[2]}"
    parsed = _parse(opened, base_iri or nameless, view=view, house=house, words=ontology.predicates)
    named = None if base_iri else _the_named(parsed, nameless)
    if named:
        # Parts of nothing beside one document with a name: `<#teller>` was meant as a part of that document.
        parsed = _parse(opened, named, view=view, house=house, words=ontology.predicates)
    if parsed.findings:
        return tuple(_as_written(o, nameless) for o in parsed.findings)
    return parsed if parsed.triples else (object_to("EmptyBody"),)


def _documents(
    parsed: _Body,
    *,
    base: str,
    speaker: str,
    ontology: Ontology,
    base_iri: str | None,
    mint: Callable[[], str],
    known: Mapping[str, str],
) -> Whole | tuple[Objection, ...]:
    """The documents that these triples make, those left out that stand here as they are known."""
    nameless = f"{speaker}{NAMELESS}"
    unnamed = sorted(iri for iri in parsed.triples if base_iri is None and iri.startswith(nameless))
    names = {iri: f"{speaker}/v/{mint()}" for iri in unnamed}
    found = [
        _document(iri, parsed.triples.pop(iri), base, speaker, ontology, names, nameless, known)
        for iri in list(parsed.triples)
    ]
    objections = [o for o in found if isinstance(o, Objection)]
    if objections:
        return tuple(objections[:FINDINGS_MAX])
    return Whole(
        tuple(sorted((d for d in found if isinstance(d, Document)), key=lambda d: d.iri)),
        tuple(iri for iri in found if isinstance(iri, str)),
        tuple(sorted(parsed.graphs)),
    )


@dataclass(frozen=True)
class _Opened:
    """A body that may be given to the parser."""

    body: bytes
    rdf_format: ox.RdfFormat


def _opened(
    body: bytes, media_type: str, *, base: str, ontology: Ontology, bytes_max: int = BODY_BYTES_MAX
) -> _Opened | tuple[Objection, ...]:
    """The body as UTF-8 of a format that we read, with nothing in it that would be fetched or end the parser."""
    kind = MEDIA_TYPES.get(media_type.partition(";")[0].strip().lower())
    if kind is None:
        return (object_to("MediaTypeUnknown", value=media_type[:100]),)
    if len(body) > bytes_max:
        return (object_to("TooLarge", limit=f"{bytes_max} bytes"),)
    rdf_format, family = kind
    if not body.strip():
        return (object_to("EmptyBody"),)
    text = as_utf8(body, charset_of(media_type))
    if isinstance(text, Objection):
        return (text,)
    if not text.strip():
        return (object_to("EmptyBody"),)
    unfit = look_over(text, family) or (broken_xml(text) if family == "xml" else None)
    if unfit:
        return (unfit,)
    if rdf_format != ox.RdfFormat.JSON_LD:
        return _Opened(text, rdf_format)
    own = (f"{base}/context.jsonld", SHIPPED_CONTEXT)
    safe = self_contained(text, own=own, context=lambda: context(ontology)["@context"], bytes_max=UNFOLDED_BYTES_MAX)
    return safe[:FINDINGS_MAX] if isinstance(safe, tuple) else _Opened(safe, rdf_format)


def parsed(
    body: bytes, media_type: str, base_iri: str, *, base: str, ontology: Ontology
) -> Iterator[ox.Quad | Objection]:
    """What stands in a body, before any rule of ours looks at it: its quads, ended by what can't be read."""
    opened = _opened(body, media_type, base=base, ontology=ontology)
    if isinstance(opened, _Opened):
        yield from _quads(opened, base_iri)
    else:
        yield from opened


def _quads(opened: _Opened, base_iri: str) -> Iterator[ox.Quad | Objection]:
    """The quads of the parser, and where it stops an objection that says the place."""
    lines = opened.rdf_format in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
    try:
        yield from ox.parse(opened.body, format=opened.rdf_format, base_iri=None if lines else base_iri)
    except SyntaxError as error:
        xml = opened.rdf_format == ox.RdfFormat.RDF_XML and error.lineno is None
        yield _syntax(error, place_in_xml(opened.body, base_iri) if xml else None)


def _the_named(parsed: _Body, nameless: str) -> str | None:
    """The one document with a name of its own, where only `#parts` of a nameless one that says nothing stand by it."""
    if parsed.findings or len(parsed.triples) != 2 or nameless not in parsed.triples:
        return None
    if any(isinstance(t.subject, ox.NamedNode) and t.subject.value == nameless for t in parsed.triples[nameless]):
        return None
    return next(iri for iri in parsed.triples if iri != nameless)


def _parse(opened: _Opened, base_iri: str, *, view: str, house: str | None, words: frozenset[str]) -> _Body:
    """All triples by document; stops at the first thing that can't be read, or after FINDINGS_MAX others."""
    found = _Body()
    for quad in _quads(opened, base_iri):
        if isinstance(quad, Objection):
            found.findings = {quad: None}
            return found
        _take(found, quad, view, house, words)
        if found.unfolded_bytes > UNFOLDED_BYTES_MAX:
            found.findings = {object_to("TooLarge", limit=f"{UNFOLDED_BYTES_MAX} bytes"): None}
        if len(found.findings) >= FINDINGS_MAX or found.unfolded_bytes > UNFOLDED_BYTES_MAX:
            break
    # What is pointed to was named where it can be mended; this is for what nothing points to.
    if found.nameless_at and not found.findings:
        found.findings[_nameless_subject(found.nameless_at)] = None
    return found


def _take(found: _Body, quad: ox.Quad, view: str, house: str | None, words: frozenset[str]) -> None:
    """Puts a triple with its document, or an objection with the findings."""
    subject, value, graph = quad.subject, quad.object, quad.graph_name
    predicate = quad.predicate.value
    document = subject.value.partition("#")[0] if isinstance(subject, ox.NamedNode) else None
    if house and isinstance(graph, ox.NamedNode) and graph.value.startswith(house):
        found.graphs.add(graph.value)
    elif not isinstance(graph, ox.DefaultGraph) and not (isinstance(graph, ox.NamedNode) and graph.value == view):
        found.findings[object_to("GraphName", value=str(graph), limit=view)] = None
    if isinstance(value, ox.BlankNode) and predicate not in words:
        # In JSON an object under a misspelt name has no name of its own: the spelling is what has to be mended.
        found.findings[unknown_word(document or "", predicate, words)] = None
    elif isinstance(value, ox.BlankNode):
        found.findings[object_to("BlankNode", focus=document or "", path=predicate, value=document or "")] = None
    elif isinstance(value, ox.Triple) or (isinstance(value, ox.Literal) and value.direction is not None):
        found.findings[object_to("TripleTermFound", focus=document, path=predicate)] = None
    elif isinstance(value, ox.Literal) and _UNSEEN.search(value.value):
        found.findings[object_to("UnsafeText", focus=document, path=predicate)] = None
    if document is None:
        found.nameless_at = predicate
        return
    assert isinstance(subject, ox.NamedNode), "a subject is named or blank"
    for iri in (subject.value, predicate, value.value if isinstance(value, ox.NamedNode) else ""):
        if len(iri) > IRI_CHARACTERS_MAX:
            long = object_to(
                "UnsafeIri",
                focus=document[:200],
                path=predicate[:200],
                value=iri[:80] + "…",
                limit=str(IRI_CHARACTERS_MAX),
            )
            found.findings[long] = None
            return
    text = "" if isinstance(value, ox.Triple) else value.value
    found.unfolded_bytes += len(subject.value) + len(predicate) + len(text)
    found.triples[document].append(quad.triple)


def _nameless_subject(predicate: str) -> Objection:
    return with_words(
        object_to("BlankNode", path=predicate),
        nl=f"Hier staat iets zonder naam (bij {short(predicate)}). Begin met <> of geef het een eigen adres.",
        en=f"Something here has no name (at {short(predicate)}). Begin with <>, or give it an address of its own.",
    )


def _syntax(error: SyntaxError, place: tuple[int, int] | None) -> Objection:
    text = _WHERE.sub("", error.msg or "")[:300]
    line, column = place or (error.lineno, error.offset or 1)
    if line is None:
        return with_words(
            object_to("SyntaxUnclear", value=text),
            nl=f"De tekst is niet te lezen: {text}. Verbeter dat en stuur opnieuw.",
            en=f"The text cannot be read: {text}. Mend that and send it again.",
        )
    return object_to("SyntaxUnclear", value=text, line=line, column=column)


def _document(
    iri: str,
    triples: list[ox.Triple],
    base: str,
    speaker: str,
    ontology: Ontology,
    names: Mapping[str, str],
    nameless: str,
    known: Mapping[str, str],
) -> Document | Objection | str:
    """The document `iri`, or only its IRI where it is known as it stands here.

    What has a name in `names` gets it, and what the writer wrote is remembered by its digest.
    """
    minted_from = None
    targets = [t for t in triples if isinstance(t.object, ox.NamedNode) and t.object.value.startswith(nameless)]
    if targets or iri in names:
        for triple in targets:
            relative = str(triple.object)[1:-1]
            if relative.partition("#")[0] not in names:
                path, relative = triple.predicate.value, relative.removeprefix(nameless)
                return _as_written(object_to("RelativeUnknown", focus=iri, path=path, value=relative), nameless)
        minted_from = hashlib.sha256(canonical(triples)).hexdigest()
        triples = [_named(t, names) for t in triples]
        iri = names.get(iri, iri)
    payload = canonical(triples)
    if minted_from is None and iri in known and known[iri] == hashlib.sha256(payload).hexdigest():
        return iri
    if payload.count(b"\n") > DOCUMENT_TRIPLES_MAX:
        return object_to("TooManyTriples", focus=iri, limit=f"{DOCUMENT_TRIPLES_MAX} triples")
    if len(payload) > DOCUMENT_BYTES_MAX:
        return object_to("DocumentTooLarge", focus=iri, limit=f"{DOCUMENT_BYTES_MAX} bytes")
    return described(iri, triples, payload, base=base, speaker=speaker, ontology=ontology, minted_from=minted_from)


def canonical(triples: Iterable[ox.Triple]) -> bytes:
    """Sorted distinct N-Triples lines: the bytes that are digested and kept."""
    text = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    return b"".join(sorted({line + b"\n" for line in text.split(b"\n") if line}))


def _as_written(objection: Objection, nameless: str) -> Objection:
    """The objection with relative names as the writer wrote them: `<>`, `foo`, `#part`."""

    def shown(text: str) -> str:
        return re.sub(re.escape(nameless) + r"(?=[\w#])", "", text).replace(nameless, "<>")

    return replace(
        objection,
        message_nl=shown(objection.message_nl),
        message_en=shown(objection.message_en),
        focus=shown(objection.focus) if objection.focus else None,
        value=shown(objection.value) if objection.value else None,
    )


def _named(triple: ox.Triple, names: Mapping[str, str]) -> ox.Triple:
    def of(term: Term) -> Term:
        if not isinstance(term, ox.NamedNode):
            return term
        document, mark, part = term.value.partition("#")
        return ox.NamedNode(names[document] + mark + part) if document in names else term

    subject = of(triple.subject)
    assert isinstance(subject, ox.NamedNode), "blank nodes were refused"
    return ox.Triple(subject, triple.predicate, of(triple.object))
