"""The columns of each kind of document, made from shapes and words: no column is named in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from kg import vocabulary as word
from kg.objection import short
from kg.ontology import LANGUAGES, Ontology, local_name
from kg.shape_fields import EVERY_DOCUMENT, Field, Shapes, read_shapes

Form = Literal["name", "rest", "text", "concept", "typed", "address"]
# What the identifier and the rest are called: they stand for no word of the vocabulary.
NAME: Final = "name"
REST: Final = "rdf"
_OWN_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    NAME: {"nl": "naam", "en": "name"},
    REST: {"nl": "rdf", "en": "rdf"},
}
_OWN_DESCRIPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    NAME: {
        "nl": "Hoe u dit zelf noemt: kleine letters, cijfers en streepjes, zoals speeltuin-2. Wie later iets wil "
        "veranderen, gebruikt dezelfde naam. Leeg: dan kiezen wij een naam, en een veranderde rij wordt iets nieuws.",
        "en": "What you call this yourself: lower-case letters, digits and dashes, such as playground-2. To change "
        "it later, use the same name. Empty: then we choose a name, and a changed row becomes a new thing.",
    },
    REST: {
        "nl": "Wat niet in de andere kolommen past, als N-Triples. Laat deze kolom staan zoals zij is.",
        "en": "What fits in no other column, as N-Triples. Leave this column as it is.",
    },
}
# Whoever sends a sheet is the holder, and a row's kind is the kind of its sheet: nobody has to fill these in.
_IMPLIED: Final = frozenset({word.HELD_BY, word.RDF_TYPE})


@dataclass(frozen=True)
class Part:
    """A part of a document that is spread over columns: `lw:toldBy`, `lw:Teller`, which of them."""

    path: str
    kind: str
    number: int = 1

    @property
    def name(self) -> str:
        """The fragment that it gets when its column `name` is empty: `teller`, `teller-2`."""
        own = local_name(self.kind)
        own = own[0].lower() + own[1:]
        return own if self.number == 1 else f"{own}-{self.number}"


@dataclass(frozen=True)
class Column:
    """One column: what it says (`path`: an IRI, NAME or REST), of the document or a part of it, and in what form."""

    path: str
    form: Form
    language: str | None = None
    part: Part | None = None
    many: bool = False
    """Whether `|` separates values in a cell."""
    required: bool = False
    values: tuple[str, ...] = ()
    """Of a concept the schemes, of a typed value the datatypes, of an address the classes it leads to."""
    labels: Mapping[str, str] | None = field(default=None, compare=False)
    descriptions: Mapping[str, str] | None = field(default=None, compare=False)

    @property
    def key(self) -> tuple[str, str | None, Part | None]:
        """What two columns may not both be."""
        return self.path, self.language, self.part


@dataclass(frozen=True)
class Layout:
    """The columns of one kind in the order of a template: the name, then what forms ask for."""

    kind: str
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]


class Layouts:
    """The layouts of all kinds of document."""

    def __init__(self, ontology: Ontology, folders: Sequence[Path]) -> None:
        self.ontology = ontology
        self.shapes: Shapes = read_shapes(*folders)
        self.groups = {group: place for place, (group, _) in enumerate(self.shapes.groups)}
        self._made: dict[tuple[str, str, str | None, Part | None], Column] = {}
        self.kinds: Mapping[str, Layout] = {kind: self._layout(kind) for kind in sorted(ontology.document_classes)}

    def label(self, column: Column, lang: str, kind: str) -> str:
        """The heading of a column: `Verteller 2: rol (nl)`; of the name with the kind before it."""
        labels = column.labels or self.ontology.label_texts.get(column.path) or {}
        own = labels.get(lang) or next(iter(labels.values()), short(column.path))
        if column.part is not None:
            number = f" {column.part.number}" if column.part.number > 1 else ""
            own = f"{self.ontology.labels(column.part.kind, lang)}{number}: {own}"
        elif column.path == NAME:
            own = f"{self.ontology.labels(kind, lang)}: {own}"
        return f"{own} ({column.language})" if column.language else own

    def description(self, column: Column, lang: str) -> str:
        """What a column asks for."""
        return (column.descriptions or {}).get(lang) or self.ontology.definition(column.path, lang)

    def own(self, path: str, part: Part | None = None) -> Column:
        """The column of a name, or of the rest."""
        form: Form = "name" if path == NAME else "rest"
        return Column(path, form, part=part, labels=_OWN_LABELS[path], descriptions=_OWN_DESCRIPTIONS[path])

    def column(self, kind: str, path: str, language: str | None = None, part: Part | None = None) -> Column:
        """The column for any word of the vocabulary, whether or not the shapes of this kind name it."""
        asked = kind, path, language, part
        if asked not in self._made:
            self._made[asked] = self._column(kind, path, language, part)
        return self._made[asked]

    def _column(self, kind: str, path: str, language: str | None, part: Part | None) -> Column:
        about = part.kind if part else kind
        field = next((f for f in self.fields(about) if f.path == path), None)
        known = self.ontology.datatypes.get(path, ())
        labels = field.names if field and field.names else None
        column = Column(
            path,
            "typed",
            language=language,
            part=part,
            required=bool(field and field.required and (part is None or part.number == 1)),
            labels=labels,
            descriptions=field.descriptions if field and field.descriptions else None,
        )
        if language is not None:
            once = field is not None and (field.once_a_language or field.single)
            return replace(column, form="text", many=not once)
        if path in self.ontology.values_from:
            return replace(column, form="concept", many=True, values=self._schemes(about, path))
        if path in self.ontology.object_properties or path == word.RDF_TYPE:
            return replace(column, form="address", many=True, values=field.kinds if field else ())
        return replace(column, many=True, values=tuple(d for d in known if d != word.RDF_LANG_STRING))

    def fields(self, about: str) -> Iterator[Field]:
        """What the shapes say of a kind: of itself, of the kinds above it, of every document or part."""
        above = self.ontology.superclasses.get(about, frozenset({about}))
        general = EVERY_DOCUMENT if about in self.ontology.document_classes else word.LWS + "Part"
        for target in (about, *sorted(above - {about}), general):
            yield from self.shapes.fields.get(target, ())

    def _schemes(self, about: str, path: str) -> tuple[str, ...]:
        """Where the values of a word come from; what `dcterms:type` may be depends on the kind of thing."""
        narrow = self.ontology.kinds_from.get(about) if path == word.DCTERMS_TYPE else None
        return (narrow,) if narrow else self.ontology.values_from[path]

    def _layout(self, kind: str) -> Layout:
        seen: dict[str, Field] = {}
        for said in self.fields(kind):
            seen.setdefault(said.path, said)
        parts = tuple(
            Part(said.path, part) for said in seen.values() for part in said.kinds if part in self.ontology.part_classes
        )
        columns = [self.own(NAME)]
        for said in self._asked(kind):
            part = next((p for p in parts if p.path == said.path), None)
            if part is None:
                columns += self._columns(kind, said.path, None)
                continue
            for asked in self._asked(part.kind):
                columns += [
                    replace(c, required=c.required and said.required) for c in self._columns(kind, asked.path, part)
                ]
        return Layout(kind, tuple(self._told_apart(columns, kind)), parts)

    def _told_apart(self, columns: Sequence[Column], kind: str) -> Iterator[Column]:
        """The columns with headings of their own: a second `Waar` is called what the vocabulary calls it."""
        taken: set[tuple[str, str]] = set()
        for column in columns:
            for labels in (column.labels, None, dict.fromkeys(LANGUAGES, short(column.path))):
                told = replace(column, labels=labels)
                headings = {(lang, self.label(told, lang, kind)) for lang in LANGUAGES}
                if not headings & taken:
                    break
            taken |= headings
            yield told

    def _columns(self, kind: str, path: str, part: Part | None) -> Iterator[Column]:
        """One column, or of a text one a language; of what may be a text or a number both."""
        known = self.ontology.datatypes.get(path, ())
        if word.RDF_LANG_STRING in known:
            for place, language in enumerate(LANGUAGES):
                column = self.column(kind, path, language, part)
                # One language is enough: which, nobody can tell before.
                yield replace(column, required=column.required and place == 0)
        if set(known) != {word.RDF_LANG_STRING}:
            yield self.column(kind, path, None, part)

    def _asked(self, about: str) -> list[Field]:
        """The fields that a form asks for, in the order of forms.

        Of what may stand in every document not what only other kinds say, nor what belongs to a part.
        """
        chosen: dict[str, Field] = {}
        above = self.ontology.superclasses.get(about, frozenset())
        own = {f.path for target in above for f in self.shapes.fields.get(target, ())}
        of_parts = {f.path for part in self.ontology.part_classes for f in self.shapes.fields.get(part, ())}
        for said in self.fields(about):
            foreign = not self.ontology.domains.get(said.path, above) & above
            skipped = foreign or said.path in of_parts or about in self.ontology.part_classes
            if said.path not in _IMPLIED and said.names and (said.path in own or not skipped):
                chosen.setdefault(said.path, said)
        last = len(self.groups)
        return sorted(
            chosen.values(),
            key=lambda f: (f.path not in own, self.groups.get(f.group or "", last), f.order, f.path),
        )
