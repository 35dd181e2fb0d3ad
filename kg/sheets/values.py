"""What stands in a cell as RDF terms, and terms as they stand in a cell: one rule for each form, both ways."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

import pyoxigraph as ox

from kg import vocabulary as word
from kg.objection import short
from kg.ontology import LANGUAGES, Ontology, local_name
from kg.sheets.grid import trimmed
from kg.sheets.layout import Column
from kg.vocabulary import PREFIXES, XSD

SEPARATOR: Final = "|"
JOINT: Final = " | "
_SPACED: Final = re.compile(r"\s")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DUTCH_DAY: Final = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})")
_MIDNIGHT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(:00)?")
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    XSD + "date": re.compile(r"\d{4}-\d\d-\d\d"),
    XSD + "gYear": re.compile(r"\d{4}"),
    XSD + "gYearMonth": re.compile(r"\d{4}-\d\d"),
    XSD + "dateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"),
    XSD + "integer": re.compile(r"[+-]?\d+"),
    XSD + "nonNegativeInteger": re.compile(r"\+?\d+"),
    XSD + "decimal": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)"),
    XSD + "double": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
    XSD + "boolean": re.compile(r"true|false"),
}
_TRUTHS: Final = {
    **dict.fromkeys(("true", "waar", "ja", "yes", "1"), "true"),
    **dict.fromkeys(("false", "onwaar", "nee", "no", "0"), "false"),
}
# What a cell that is not of a form should look like.
SHOWN: Final = {
    "date": "2026-03-31", "gYear": "2026", "gYearMonth": "2026-03", "dateTime": "2026-03-31T12:00:00Z",
    "integer": "25", "nonNegativeInteger": "25", "decimal": "3.5", "double": "3.5", "boolean": "ja / nee (yes / no)",
}  # fmt: skip

Value: TypeAlias = "ox.NamedNode | ox.Literal"


@dataclass(frozen=True)
class Unclear:
    """A cell that says nothing we know: the name of the objection, the words in it, and what was perhaps meant."""

    name: str
    value: str
    limit: str
    limit_en: str | None = None
    """The same in English, where it is not the same."""


@dataclass(frozen=True)
class Names:
    """Whose sheet it is and where: what short names stand for."""

    base: str
    speaker: str

    @property
    def things(self) -> str:
        """What the addresses of this deployment's things begin with."""
        return f"{self.base}/id/"

    def document(self, name: str) -> str | None:
        """The IRI of a document of the speaker's own by the name in its row; None where it can be no name."""
        if _SPACED.search(name):
            return None
        if _SCHEME.match(name):
            return _whole(name)
        return _whole(f"{self.speaker}/{name.removeprefix(self.speaker.removeprefix(self.things) + '/')}")

    def shown(self, document: str) -> str:
        """The name of a document of the speaker as it stands in its row."""
        return document.removeprefix(f"{self.speaker}/")


def _whole(iri: str) -> str | None:
    try:
        return ox.NamedNode(iri).value
    except ValueError:
        return None


class Values:
    """Cells ↔ terms for the words of this vocabulary."""

    def __init__(self, ontology: Ontology) -> None:
        self.ontology = ontology
        self._members: dict[str, list[str]] = {}
        for concept, scheme in sorted(ontology.concepts.items()):
            self._members.setdefault(scheme, []).append(concept)
        self._classes = self._class_names()
        self._choices: dict[tuple[str, ...], Mapping[str, str]] = {}

    def concepts(self, schemes: Iterable[str]) -> list[str]:
        """The concepts of these lists, in the order of their addresses."""
        return [concept for scheme in schemes for concept in self._members.get(scheme, ())]

    def terms(self, cell: str, column: Column, names: Names, document: str) -> list[Value] | Unclear:
        """The terms of a cell, in its order; `document` is what a `#part` is a part of."""
        pieces = [trimmed(p) for p in cell.split(SEPARATOR)] if column.many else [cell]
        found: list[Value] = []
        for piece in (p for p in pieces if p):
            term = self._term(piece, column, names, document)
            if isinstance(term, Unclear):
                return term
            found.append(term)
        return found

    def cell(self, terms: Sequence[Value], column: Column, names: Names, document: str, lang: str) -> str | None:
        """These terms as one cell, or None where they would not come back as they are."""
        pieces = sorted(self._shown(term, column, names, document, lang) for term in terms)
        cell = JOINT.join(pieces)
        if trimmed(cell) != cell:
            return None
        back = self.terms(cell, column, names, document)
        return cell if not isinstance(back, Unclear) and sorted(map(str, back)) == sorted(map(str, terms)) else None

    def _term(self, piece: str, column: Column, names: Names, document: str) -> Value | Unclear:
        match column.form:
            case "text":
                return ox.Literal(piece, language=column.language)
            case "concept":
                return self._concept(piece, column.values)
            case "address":
                return self._address(piece, column, names, document)
            case _:
                return _typed(piece, column.values)

    def _concept(self, piece: str, schemes: Sequence[str]) -> Value | Unclear:
        wanted = " ".join(piece.casefold().split())
        found = self._named(tuple(schemes)).get(wanted)
        if found is not None:
            return ox.NamedNode(found)
        choices = self.concepts(schemes)
        called = {label: concept for concept in choices for label in self._labels(concept)}
        near = difflib.get_close_matches(wanted, called, 1, 0)
        told = {lang: self.ontology.labels(called[near[0]], lang) if near else "-" for lang in LANGUAGES}
        return Unclear("ChoiceUnknown", piece[:200], told["nl"], told["en"])

    def _named(self, schemes: tuple[str, ...]) -> Mapping[str, str]:
        """The concepts of these lists by address, by notation and by label, what is exact first, where one has it."""
        if schemes not in self._choices:
            found: dict[str, str] = {}
            for of in (self._addresses, self._notations, self._labels):
                names = Counter(name for concept in self.concepts(schemes) for name in of(concept))
                for concept in self.concepts(schemes):
                    for name in of(concept):
                        if names[name] == 1:
                            found.setdefault(name, concept)
            self._choices[schemes] = found
        return self._choices[schemes]

    def _addresses(self, concept: str) -> set[str]:
        return {concept.casefold(), short(concept).casefold()}

    def _notations(self, concept: str) -> set[str]:
        return {local_name(concept).casefold()}

    def _labels(self, concept: str) -> set[str]:
        return {" ".join(label.casefold().split()) for label in self.ontology.label_texts.get(concept, {}).values()}

    def _address(self, piece: str, column: Column, names: Names, document: str) -> Value | Unclear:
        iri: str | None
        if column.path == word.RDF_TYPE and piece.casefold() in self._classes:
            iri = self._classes[piece.casefold()]
        elif piece.startswith("#"):
            iri = _whole(document + piece)
        elif _SPACED.search(piece):
            iri = None
        elif _SCHEME.match(piece):
            prefix, _, local = piece.partition(":")
            iri = _whole(PREFIXES[prefix] + local if prefix in PREFIXES and not local.startswith("//") else piece)
        elif "/" in piece.strip("/"):
            iri = _whole(names.things + piece.removeprefix("/id/").strip("/"))
        elif word.PARTY in column.values:
            iri = _whole(names.things + piece)
        else:
            iri = _whole(f"{names.speaker}/{piece}")
        return ox.NamedNode(iri) if iri else Unclear("CellUnclear", piece[:200], "gemeente/b-agenda, https://…")

    def _class_names(self) -> Mapping[str, str]:
        """Classes by what people call them, in small letters."""
        found: dict[str, str] = {}
        for iri in sorted(self.ontology.classes):
            for name in (iri, short(iri), local_name(iri), *self.ontology.label_texts.get(iri, {}).values()):
                found.setdefault(name.casefold(), iri)
        return found

    def _shown(self, term: Value, column: Column, names: Names, document: str, lang: str) -> str:
        if isinstance(term, ox.Literal):
            return term.value
        iri = term.value
        if column.form == "concept" or column.path == word.RDF_TYPE:
            label = self.ontology.labels(iri, lang)
            back = self._term(label, column, names, document) if SEPARATOR not in label else None
            return label if back == term else short(iri)
        if iri.startswith(document + "#"):
            return iri[len(document) :]
        thing = iri.removeprefix(names.things)
        if thing != iri and thing and ("/" in thing.strip("/") or word.PARTY in column.values):
            return thing
        return iri


def _typed(piece: str, datatypes: Sequence[str]) -> Value | Unclear:
    """The literal of the first datatype that the cell has the form of."""
    for datatype in sorted(datatypes, key=lambda d: (d not in _FORMS, datatypes.index(d))):
        form = _FORMS.get(datatype)
        text = piece if form is None else _normal(piece, datatype)
        if form is None or (form.fullmatch(text) and _is_day(text, datatype)):
            return ox.Literal(text, datatype=ox.NamedNode(datatype))
    shown = [SHOWN.get(local_name(d), local_name(d)) for d in datatypes]
    return Unclear("CellUnclear", piece[:200], " / ".join(shown) or "-")


def _normal(piece: str, datatype: str) -> str:
    """A cell as XSD writes it: `31-3-2026` as a day, `3,5` as a number, `ja` as true."""
    match datatype.removeprefix(XSD):
        case "date":
            dutch, midnight = _DUTCH_DAY.fullmatch(piece), _MIDNIGHT.fullmatch(piece)
            if dutch:
                return f"{dutch[3]}-{dutch[2]:0>2}-{dutch[1]:0>2}"
            return midnight[1] if midnight else piece
        case "decimal" | "double":
            return piece.replace(",", ".") if piece.count(",") == 1 and "." not in piece else piece
        case "boolean":
            return _TRUTHS.get(piece.casefold(), piece)
        case _:
            return piece


def _is_day(text: str, datatype: str) -> bool:
    if datatype != XSD + "date":
        return True
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
