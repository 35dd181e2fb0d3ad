"""Which column a heading means: by what forms call it, by its label in either language, by its name, or its address."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kg import vocabulary as word
from kg.objection import short
from kg.ontology import LANGUAGES, local_name
from kg.sheets.layout import NAME, REST, Column, Layouts, Part
from kg.sheets.values import Unclear

_LANGUAGE = re.compile(r"(.+?)\s*\(\s*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)\s*\)")
_PART = re.compile(r"(.+?)(?:\s+(\d{1,2}))?")
_NAMES = {NAME: ("naam", "name", "id", "identifier (id)", "@id"), REST: ("rdf",)}


def plain(text: str) -> str:
    """A heading without the differences that people do not see: capitals, spaces, the star of a required column."""
    return " ".join(text.casefold().split()).rstrip("* ").strip()


@dataclass(frozen=True)
class Headings:
    """What headings mean in sheets of these layouts."""

    layouts: Layouts

    def kind(self, text: str) -> str | None:
        """The kind of document that a sheet's name, or the first word of a heading, is the name of."""
        wanted = plain(text)
        for kind in self.layouts.kinds:
            labels = self.layouts.ontology.label_texts.get(kind, {}).values()
            if wanted in (plain(name) for name in (*labels, local_name(kind), short(kind), kind)):
                return kind
        return None

    def nearest_kind(self, text: str, lang: str) -> str:
        """The name of the kind that was perhaps meant."""
        called = {plain(self.layouts.ontology.labels(kind, lang)): kind for kind in self.layouts.kinds}
        near = difflib.get_close_matches(plain(text), called, 1, 0)
        return self.layouts.ontology.labels(called[near[0]], lang) if near else ""

    def kind_of_name(self, heading: str) -> str | None:
        """The kind that the heading of a name tells: `Verhaal: naam` → lw:Story."""
        before, colon, after = heading.rpartition(":")
        return self.kind(before) if colon and plain(after) in _NAMES[NAME] else None

    def column(self, kind: str, heading: str) -> Column | Unclear:
        """The column of sheets of this kind that a heading means."""
        if self.kind_of_name(heading) == kind:
            return self.layouts.own(NAME)
        part, rest = self._part(kind, heading)
        about = part.kind if part else kind
        if plain(rest) in _NAMES[NAME]:
            return self.layouts.own(NAME, part)
        if plain(rest) in _NAMES[REST] and part is None:
            return self.layouts.own(REST)
        found = self._word(about, rest)
        language = None
        tagged = _LANGUAGE.fullmatch(rest.rstrip("* "))
        if found is None and tagged:
            found, language = self._word(about, tagged[1]), tagged[2].lower()
        if found is None:
            return Unclear("ColumnUnknown", heading[:100], self._nearest(kind, heading))
        if isinstance(found, tuple):
            return Unclear("ColumnUnclear", heading[:100], ", ".join(short(path) for path in found))
        datatypes = self.layouts.ontology.datatypes.get(found, ())
        if language is not None and word.RDF_LANG_STRING not in datatypes:
            return Unclear("ColumnUnknown", heading[:100], rest.partition("(")[0].strip())
        if language is None and set(datatypes) == {word.RDF_LANG_STRING}:
            bare = rest.rstrip("* ")
            return Unclear("ColumnUnclear", heading[:100], ", ".join(f"{bare} ({lang})" for lang in LANGUAGES))
        return self.layouts.column(kind, found, language, part)

    def _part(self, kind: str, heading: str) -> tuple[Part | None, str]:
        """The part that a heading begins with, and what is said of it."""
        before, colon, after = heading.partition(":")
        spoken = _PART.fullmatch(before.strip())
        if not colon or spoken is None:
            return None, heading
        for part in self.layouts.kinds[kind].parts:
            names = self.layouts.ontology.label_texts.get(part.kind, {}).values()
            if plain(spoken[1]) in {plain(n) for n in (*names, local_name(part.kind))}:
                return Part(part.path, part.kind, int(spoken[2] or 1)), after.strip()
        if self.kind(before) == kind:
            return None, after.strip()
        return None, heading

    def _word(self, about: str, name: str) -> str | tuple[str, ...] | None:
        """The word of the vocabulary; several where a name fits more than one."""
        wanted = plain(name)
        for tier in self._tiers(about):
            found = tier.get(wanted)
            if found:
                return found[0] if len(found) == 1 else found
        return None

    def _tiers(self, about: str) -> tuple[Mapping[str, tuple[str, ...]], ...]:
        return _tiers(self.layouts, about)

    def _nearest(self, kind: str, heading: str) -> str:
        """The heading of this kind's sheet that looks most like it."""
        layout = self.layouts.kinds[kind]
        shown = {
            plain(self.layouts.label(c, lang, kind)): self.layouts.label(c, lang, kind)
            for lang in reversed(LANGUAGES)
            for c in layout.columns
        }
        near = difflib.get_close_matches(plain(heading), shown, 1, 0)
        return shown[near[0]] if near else ""


@lru_cache(maxsize=128)
def _tiers(layouts: Layouts, about: str) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """Names → words: first those that are exact, then what the form of this kind calls them, then their labels."""
    words = layouts.ontology.predicates
    layout = layouts.kinds.get(about)
    asked = (
        [(c.path, label) for c in layout.columns if c.part is None for label in (c.labels or {}).values()]
        if layout
        else []
    )
    exact = [(p, name) for p in words for name in (p, short(p))]
    form = asked + [(f.path, name) for f in layouts.fields(about) if f.path in words for name in f.names.values()]
    labels = [(p, label) for p in words for label in layouts.ontology.label_texts.get(p, {}).values()]
    local = [(p, name) for p in words for name in (local_name(p), layouts.ontology.json_names.get(p, "")) if name]
    return tuple(_by_name(pairs) for pairs in (exact, _first(form), labels, local))


def _first(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of a name that is given twice in a form the first: that is the column which has it in the template."""
    taken: dict[str, str] = {}
    for path, name in pairs:
        if name:
            taken.setdefault(plain(name), path)
    return [(path, name) for name, path in taken.items()]


def _by_name(pairs: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for path, name in pairs:
        found.setdefault(plain(name), {})[path] = None
    return {name: tuple(sorted(paths)) for name, paths in found.items()}
