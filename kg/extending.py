"""Words and shapes that a steward adds beside ours: what has to be mended before they may count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg import vocabulary as word
from kg.ontology import Ontology, OntologyUnreadable, read_ontology
from kg.validation import ShapesUnreadable, Validator

OURS: Final = "https://w3id.org/lerende-wijk/"  # Words, shapes and concepts of ours: nobody else says what they mean.
PARTS: Final = ("ontology", "shapes", "queries")  # What a folder may hold, each in a folder of its own.
LANGUAGES: Final = ("nl", "en")


def faults(folder: Path, ontology: Sequence[Path], shapes: Sequence[Path]) -> tuple[str, ...]:
    """What is wrong with the words and shapes in a folder, each in a sentence; empty when they may count.

    `ontology` and `shapes` are the folders that count already.
    """
    if not any((folder / part).is_dir() for part in PARTS):
        return (f"{folder}: there is none of {', '.join(f'{part}/' for part in PARTS)} here.",)
    own = [path for part in ("ontology", "shapes") for path in sorted((folder / part).rglob("*.ttl"))]
    strange = [fault for path in own for fault in _about_ours(path)]
    if strange:
        return tuple(strange)
    try:
        words = read_ontology([*ontology, folder / "ontology"] if (folder / "ontology").is_dir() else ontology)
        if (folder / "shapes").is_dir():
            Validator([*shapes, folder / "shapes"], words)
    except (OntologyUnreadable, ShapesUnreadable) as error:
        return (f"{error}.",)
    return tuple(_unnamed(folder / "ontology", words))


def _about_ours(path: Path) -> Iterator[str]:
    """What a file says of our own words or shapes: it could loosen a rule that others rely on."""
    try:
        found = [quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]
    except SyntaxError as error:
        yield f"{path}: {error}."
        return
    subjects = {triple.subject.value for triple in found if isinstance(triple.subject, ox.NamedNode)}
    for subject in sorted(subjects):
        if subject.startswith(OURS):
            yield f"{path}: <{subject}> is a word of ours. Give yours an address in a domain of your own."
    for triple in found:
        if triple.predicate.value in (word.SH + "deactivated", word.OWL + "imports"):
            yield f"{path}: {triple.predicate.value} has no place here. Take it out."


def _unnamed(folder: Path, words: Ontology) -> Iterator[str]:
    """New words that people could not read in both languages."""
    for path in sorted(folder.rglob("*.ttl")):
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            if quad.predicate.value != word.RDF_TYPE or not isinstance(quad.subject, ox.NamedNode):
                continue
            term = quad.subject.value
            for texts, what in ((words.label_texts, "label"), (words.definition_texts, "definition")):
                lacking = [language for language in LANGUAGES if not texts.get(term, {}).get(language)]
                if lacking:
                    yield f"{path}: <{term}> has no {what} in {' and '.join(lacking)}."
