"""Who may speak about what, and in which words: everybody about their own things, in the words of the vocabulary.

Runs before the shapes, because shapes alone believe whatever evidence a contribution brings along.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg import vocabulary as word
from kg.contribution import Document
from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.spelling import unknown_word

FINDINGS_MAX: Final = 100  # Nobody mends more at once; the next try shows the rest.
IRI_CHARACTERS_MAX: Final = 2_048  # What browsers and proxies carry (invariant I17).
SAFE_SCHEMES: Final = ("http", "https", "mailto", "tel", "urn")
# Words that would make one thing of two (invariant I4): the shape that refuses them says what to do instead.
MERGING_WORDS: Final = frozenset(
    {
        word.OWL + "sameAs",
        word.OWL + "equivalentClass",
        word.OWL + "equivalentProperty",
        word.OWL + "differentFrom",
        word.SKOS + "exactMatch",
    }
)
_XSD_FORMS = (
    "string boolean integer nonNegativeInteger decimal double date dateTime gYear gYearMonth duration anyURI language"
)
DATATYPES: Final = frozenset(
    {*(word.XSD + form for form in _XSD_FORMS.split()), word.RDF + "langString", word.GEO + "wktLiteral"}
)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}|v/[a-z0-9]{7}")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
# RFC 3986, appendix B.
_IRI = re.compile(r"([^:/?#]+):(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_UNRESERVED = re.compile(r"%(2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")


@dataclass(frozen=True)
class _Speaker:
    """For whom it is said, and what is theirs."""

    iri: str
    namespaces: tuple[str, ...]
    others: tuple[str, ...]
    base: str

    def owns(self, document: str) -> bool:
        """True when `document` (an IRI without fragment) lies in a namespace of the speaker."""
        if any(_lies_in(document, space) for space in self.namespaces):
            return True
        parties = f"{self.base}/id/"
        is_party = document.startswith(parties) and "/" not in document[len(parties) :]
        # Only the steward's register speaks about parties themselves.
        return is_party and self.iri == f"{self.base}/id/wijk"

    def is_anothers(self, document: str) -> bool:
        """True when `document` lies where other parties keep their things."""
        known = document.startswith(f"{self.base}/id/") or any(_lies_in(document, space) for space in self.others)
        return known and not self.owns(document)


def check_ownership(
    documents: Sequence[Document],
    *,
    speaker: str,
    namespaces: tuple[str, ...],
    base: str,
    ontology: Ontology,
    other_namespaces: tuple[str, ...] = (),
) -> tuple[Objection, ...]:
    """All that these documents say out of place: invariants I2, I3, I5, I13, I17, and words of the ledger.

    `namespaces` are those of the speaker, `other_namespaces` the ones that other parties registered.
    """
    own = _Speaker(speaker, namespaces, other_namespaces, base)
    found: dict[Objection, None] = {}
    unknown: dict[str, Objection] = {}
    for document in documents:
        found |= dict.fromkeys(_subject_findings(document.iri, own))
        for quad in ox.parse(document.payload, format=ox.RdfFormat.N_TRIPLES):
            found |= dict.fromkeys(_triple_findings(document.iri, quad.triple, own, ontology))
            for objection in _unknown_words(document.iri, quad.triple, ontology):
                unknown.setdefault(objection.value or "", objection)
        if len(found) > FINDINGS_MAX:
            break
    return (*unknown.values(), *found)[:FINDINGS_MAX]


def check_name(iri: str, *, speaker: str, namespaces: tuple[str, ...], base: str) -> Objection | None:
    """Why no document of the speaker can have this IRI as its name, before anything is read; None when one can."""
    if len(iri) > IRI_CHARACTERS_MAX:
        limit = str(IRI_CHARACTERS_MAX)
        return object_to("UnsafeIri", focus=iri[:200], path="iri", value=iri[:80] + "…", limit=limit)
    document, mark, _ = iri.partition("#")
    if mark:
        return object_to("PartAddressed", focus=iri, value=iri, limit=document)
    found = next(_subject_findings(iri, _Speaker(speaker, namespaces, (), base)), None)
    if found is not None:
        return found
    try:
        list(ox.parse(b"", format=ox.RdfFormat.TURTLE, base_iri=iri))
    except ValueError:
        # No IRI at all: it has a space, a backslash, half an escape.
        return object_to("IriNotNormal", focus=iri, value=iri, limit=quote(iri, safe=":/?@!$&'()*+,;=~"))
    return None


def _subject_findings(iri: str, own: _Speaker) -> Iterator[Objection]:
    normal = strict_normal_form(iri)
    if normal != iri:
        yield object_to("IriNotNormal", focus=iri, value=iri, limit=normal)
    elif not own.owns(iri):
        yield object_to("ForeignSubject", focus=iri, limit=", ".join(own.namespaces))
    elif iri.startswith(f"{own.base}/id/"):
        name = iri.removeprefix(f"{own.iri}/").removeprefix(f"{own.base}/id/")
        if not _NAME.fullmatch(name):
            yield object_to("NameUnclear", focus=iri, value=name, limit=f"{own.iri}/speeltuin-2")


def _triple_findings(document: str, triple: ox.Triple, own: _Speaker, ontology: Ontology) -> Iterator[Objection]:
    subject, predicate, value = str(triple.subject)[1:-1], triple.predicate.value, triple.object
    _, mark, part = subject.partition("#")
    if mark and not _PART.fullmatch(part):
        yield object_to("NameUnclear", focus=document, value=f"#{part}", limit=f"{document}#deel-1")
    if predicate in ontology.service_words:
        yield object_to("LedgerWord", focus=document, path=predicate)
        return
    if isinstance(value, ox.NamedNode):
        yield from _address_findings(document, predicate, value.value, own, ontology)
    if predicate == word.HELD_BY and str(value) != f"<{own.iri}>":
        yield object_to("SecondHolder", focus=document, path=predicate, value=str(value).strip("<>"), limit=own.iri)


def _address_findings(
    document: str, predicate: str, value: str, own: _Speaker, ontology: Ontology
) -> Iterator[Objection]:
    if predicate == word.RDF_TYPE:
        if value in ontology.service_words:
            yield object_to("LedgerWord", focus=document, path=value)
        return
    matched = _IRI.fullmatch(value)
    scheme, authority = (matched[1], matched[2]) if matched else ("", None)
    unsafe = scheme.lower() not in SAFE_SCHEMES or len(value) > IRI_CHARACTERS_MAX
    if scheme.lower() in ("http", "https"):
        # `http://known@elsewhere/` shows one host and goes to another.
        unsafe = unsafe or not authority or "@" in authority
    if unsafe:
        yield object_to("UnsafeIri", focus=document, path=predicate, value=value[:200], limit=str(IRI_CHARACTERS_MAX))
        return
    normal = normal_form(value)
    if normal != value:
        yield object_to("IriNotNormal", focus=document, path=predicate, value=value, limit=normal)
        return
    target = value.partition("#")[0]
    pointing = predicate in ontology.may_point or predicate in MERGING_WORDS or predicate not in ontology.predicates
    if not pointing and own.is_anothers(target):
        yield object_to("BareTie", focus=document, path=predicate, value=value)


def _unknown_words(document: str, triple: ox.Triple, ontology: Ontology) -> Iterator[Objection]:
    predicate, value = triple.predicate.value, triple.object
    if predicate in ontology.service_words:
        return
    if predicate not in ontology.predicates and predicate not in MERGING_WORDS:
        yield unknown_word(document, predicate, ontology.predicates)
    if isinstance(value, ox.Literal):
        if value.datatype.value not in DATATYPES:
            yield unknown_word(document, value.datatype.value, DATATYPES)
    elif isinstance(value, ox.NamedNode):
        if predicate == word.RDF_TYPE and not _is_class(value.value, ontology):
            yield unknown_word(document, value.value, ontology.classes)
        elif value.value.startswith(word.CONCEPT) and value.value not in ontology.concepts:
            scheme = value.value.rpartition("/")[0] + "/"
            near = [c for c in ontology.concepts if c.startswith(scheme)]
            yield unknown_word(document, value.value, near or ontology.concepts)


def _is_class(iri: str, ontology: Ontology) -> bool:
    return iri in ontology.classes or iri in ontology.service_words


def _lies_in(document: str, namespace: str) -> bool:
    """True when it lies in the namespace; one that does not end in `/` or `#` would also cover its neighbours."""
    if namespace.endswith("#"):
        return document == namespace[:-1]
    return namespace.endswith("/") and document.startswith(namespace)


def normal_form(iri: str) -> str:
    """The IRI with lower-case scheme and host, and without default port, dot segments and `%2e` (RFC 3986, 6.2.2)."""
    matched = _IRI.fullmatch(iri)
    if matched is None:
        return iri
    scheme, authority, path, query, part = matched.groups("")
    scheme = scheme.lower()
    if matched[2] is None:
        return f"{scheme}:{path}{query}{part}"
    user, at, host = authority.rpartition("@")
    name, colon, port = host.rpartition(":")
    if colon and (port == "" or port == _DEFAULT_PORTS.get(scheme)):
        host = name
    path = _without_dots(_UNRESERVED.sub(lambda m: chr(int(m[1], 16)), path))
    return f"{scheme}://{user}{at}{host.lower()}{path}{query}{part}"


def strict_normal_form(iri: str) -> str:
    """The normal form that a subject needs: also without `//`, in upper-case escapes and composed characters."""
    matched = _IRI.fullmatch(unicodedata.normalize("NFC", normal_form(iri)))
    if matched is None or matched[2] is None:
        return iri
    scheme, authority, path, query, part = matched.groups("")
    path = re.sub(r"%[0-9a-f]{2}", lambda m: m[0].upper(), re.sub(r"//+", "/", path), flags=re.IGNORECASE)
    return f"{scheme}://{authority}{path}{query}{part}"


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, for a path that begins with a slash or is empty."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
