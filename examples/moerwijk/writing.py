"""Turtle as people read it: one document per block, every line in a fixed order, no blank nodes."""

from dataclasses import dataclass

PREFIXES = {
    "lw": "https://w3id.org/lerende-wijk/def#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "dpv": "https://w3id.org/dpv#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}
CONCEPTS = "https://w3id.org/lerende-wijk/id/concept/"


@dataclass(frozen=True)
class Part:
    """A subject with its lines: pairs of predicate and object, both already written as Turtle."""

    subject: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Document:
    """One document of one party: its main subject first, then its fragments, and the file it stands in."""

    file: str
    holder: str
    parts: tuple[Part, ...]


def text(words: str, language: str) -> str:
    """A text with its language, escaped as Turtle wants it."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"@{language}'


def typed(value: str, datatype: str) -> str:
    """A value with its datatype, e.g. typed("2023", "xsd:gYear")."""
    return f'"{value}"^^{datatype}'


def concept(scheme: str, notation: str) -> str:
    """A concept, by a prefix named after its scheme."""
    return f"{scheme}:{notation}"


def iri(address: str) -> str:
    """An IRI, relative to the base that the reader of the file gives, or absolute."""
    return f"<{address}>"


def _block(part: Part) -> str:
    """One subject with its lines; objects of one predicate stand together."""
    grouped: dict[str, list[str]] = {}
    for predicate, value in part.lines:
        grouped.setdefault(predicate, []).append(value)
    lines = [f"{predicate} {', '.join(values)}" for predicate, values in grouped.items()]
    return f"<{part.subject}> " + " ;\n    ".join(lines) + " .\n"


def turtle(documents: tuple[Document, ...]) -> str:
    """A whole file: the prefixes that it uses, then a block per document with a blank line between them."""
    blocks = ["".join(_block(part) for part in document.parts) for document in documents]
    used = {value.split(":")[0] for d in documents for p in d.parts for line in p.lines for value in _names(line)}
    known = dict(PREFIXES) | {word: f"{CONCEPTS}{word}/" for word in used if word not in PREFIXES}
    head = [f"@prefix {word}: <{known[word]}> .\n" for word in sorted(used)]
    return "".join(head) + "\n" + "\n".join(blocks)


def _names(line: tuple[str, str]) -> tuple[str, ...]:
    """The prefixed names in a line: its predicate, and its object or the object's datatype."""
    predicate, value = line
    names = [predicate] if predicate != "a" else []
    if value.startswith('"'):
        names += [value.rsplit("^^", 1)[1]] if '"^^' in value else []
    elif not value.startswith("<") and ":" in value:
        names.append(value)
    return tuple(names)
