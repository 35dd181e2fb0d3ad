"""Each batch of an example is read, owned and shaped as the door asks, in the order of its manifest."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from kg.contribution import Document, Neighbour, Slice
from kg.ledger.facts import facts_of
from kg.objection import Objection
from kg.ontology import Ontology, read_ontology
from kg.ownership import check_ownership
from kg.reading import read
from kg.validation import Validator

ROOT = Path(__file__).parents[1]
EXAMPLES = ("moerwijk", "waterwijk")
BASE = "http://127.0.0.1:8000"
TODAY = "2026-11-22"


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    """The project's own words."""
    return read_ontology([ROOT / "ontology"])


@pytest.fixture(scope="module")
def validator(ontology: Ontology) -> Validator:
    """The shapes in the engine that the service uses."""
    return Validator([ROOT / "shapes"], ontology, "shacl")


def _never() -> str:
    raise AssertionError("every thing in the example has a name of its own")


def _neighbour(iri: str, known: Mapping[str, Document]) -> Neighbour:
    """What a ledger that holds `known` would say of an IRI."""
    document = known.get(iri)
    if document is None:
        return Neighbour(iri, None, (), None, None, None)
    facts = facts_of(document)
    perspectives = tuple(facts["perspectives"])
    return Neighbour(iri, 1, document.classes, document.holder, document.audience, None, perspectives, facts["dated"])


def _slice(documents: Iterable[Document], speaker: str, known: Mapping[str, Document]) -> Slice:
    """The part of the ledger that these documents refer to, and what the speaker answered before."""
    asked = sorted({iri for document in documents for iri in document.references})
    told = tuple((*d.response, d.iri) for d in known.values() if d.response and d.holder == speaker)
    return Slice(tuple(_neighbour(iri, known) for iri in asked), told)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_batch_passes_the_door_in_order(name: str, ontology: Ontology, validator: Validator) -> None:
    """Read, owned and shaped without a violation and without a warning, seeing only what came before."""
    example = ROOT / "examples" / name
    known: dict[str, Document] = {}
    found = []
    for line in json.loads((example / "manifest.json").read_text("utf-8")):
        speaker = f"{BASE}/id/{line['holder']}"
        body = (example / line["file"]).read_bytes()
        documents = read(
            body, "text/turtle", base=BASE, speaker=speaker, ontology=ontology, base_iri=f"{BASE}/", mint=_never
        )
        objections = [document for document in documents if isinstance(document, Objection)]
        spoken = [document for document in documents if isinstance(document, Document)]
        namespaces = (f"{speaker}/",)
        objections += check_ownership(spoken, speaker=speaker, namespaces=namespaces, base=BASE, ontology=ontology)
        slice_ = _slice(spoken, speaker, known)
        objections += validator.validate(spoken, slice_, today=TODAY, delegation=line["delegation"])
        found += [(line["file"], o.name, o.focus, o.path, o.value) for o in objections]
        known |= {document.iri: document for document in spoken}
    assert [] == found
