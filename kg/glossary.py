"""The glossary: every word of the ontology in Dutch and English beside its code, as one readable page."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from kg import vocabulary as word
from kg.ontology import LANGUAGES, Ontology, read_ontology

_HEADING = "# Woordenlijst · Glossary\n"
_INTRODUCTION = (
    "Gemaakt uit `ontology/` met `python -m kg.glossary ontology > docs/glossary.md`. "
    "De code is het woord zoals het in de gegevens staat.\n\n"
    "Made from `ontology/` by `python -m kg.glossary ontology > docs/glossary.md`. "
    "The code is the word as it stands in the data.\n"
)
_COLUMNS = "| Nederlands | English | code | betekenis | meaning |\n| --- | --- | --- | --- | --- |"


def glossary(ontology: Ontology) -> str:
    """The whole page as Markdown: our words, words of others, then each concept scheme; alphabetical in Dutch."""
    schemes = sorted(ontology.notations, key=lambda scheme: ontology.labels(scheme, "nl").casefold())
    listed = frozenset(ontology.concepts)
    terms = [term for term in ontology.label_texts if term not in listed and term not in schemes]
    own = [term for term in terms if term.startswith(word.LW)]
    others = [term for term in terms if not term.startswith(word.LW) and term != word.ONTOLOGY]
    kinds = [term for term in own if _names_a_kind(term)]
    rest = [term for term in own if not _names_a_kind(term)]
    sections = [
        _section("Soorten dingen · Kinds of things", kinds, ontology),
        _section("Wat ervan te zeggen is, en regels · What can be said of them, and rules", rest, ontology),
        _section("Woorden van anderen · Words of others", others, ontology),
        *(_scheme_section(scheme, ontology) for scheme in schemes),
    ]
    return "\n".join([_HEADING, _INTRODUCTION, *sections])


def _names_a_kind(term: str) -> bool:
    """Classes have names that begin with a capital."""
    return term.removeprefix(word.LW)[:1].isupper()


def _scheme_section(scheme: str, ontology: Ontology) -> str:
    title = " · ".join(ontology.labels(scheme, lang) for lang in LANGUAGES)
    about = "\n\n".join(ontology.definition(scheme, lang) for lang in LANGUAGES)
    return _section(f"{title} (`{_code(scheme)}`)", ontology.notations[scheme].values(), ontology, about)


def _section(title: str, terms: Iterable[str], ontology: Ontology, about: str = "") -> str:
    rows = sorted((_row(term, ontology) for term in terms), key=str.casefold)
    return "\n".join([f"## {title}\n", *([f"{about}\n"] if about else []), _COLUMNS, *rows, ""])


def _row(term: str, ontology: Ontology) -> str:
    cells = [*(ontology.labels(term, lang) for lang in LANGUAGES), f"`{_code(term)}`"]
    for lang in LANGUAGES:
        notes = ontology.note_texts.get(term, {}).get(lang, "")
        cells.append(f"{ontology.definition(term, lang)} {notes}".strip())
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(term: str) -> str:
    """A term as people write it: `lw:Story`, `dcterms:title`; a concept or scheme by the end of its IRI."""
    for space in (word.CONCEPT, word.SCHEME):
        if term.startswith(space):
            return term.removeprefix(space)
    for prefix, space in word.PREFIXES.items():
        if term.startswith(space):
            return f"{prefix}:{term.removeprefix(space)}"
    return term


if __name__ == "__main__":
    sys.stdout.write(glossary(read_ontology([Path(folder) for folder in sys.argv[1:]])))
