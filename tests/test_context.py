"""Plain JSON: whether it says exactly what its page promises, with the context that is made from the ontology."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import vocabulary as word
from kg.context import context, context_text
from kg.jsonld import SHIPPED_CONTEXT
from kg.ontology import Ontology, read_ontology

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "ontology"
HERE = "http://127.0.0.1:8000/id/voorbeeld/v/7k2mq4x"


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return read_ontology([FOLDER])


def test_the_context_is_the_one_made_from_the_ontology(ontology: Ontology) -> None:
    """ontology/context.jsonld equals `python -m kg.context ontology`."""
    assert (FOLDER / "context.jsonld").read_text() == context_text(ontology)


def parsed(body: dict[str, object], ontology: Ontology) -> set[str]:
    """The triples of plain JSON under our context, as N-Triples without the full stop."""
    quads = ox.parse(json.dumps({**body, **context(ontology)}), format=ox.RdfFormat.JSON_LD, base_iri=HERE)
    return {str(quad.triple) for quad in quads}


def test_plain_json_says_what_the_page_about_json_promises(ontology: Ontology) -> None:
    """The example of docs/json.md gives exactly these triples: concepts, languages, dates, parts, nothing lost."""
    page = (ROOT / "docs" / "json.md").read_text()
    example = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    assert example.pop("@context") == SHIPPED_CONTEXT
    here, teller, ground, at = f"<{HERE}>", f"<{HERE}#teller>", f"<{HERE}#ground>", "http://127.0.0.1:8000/id/"
    bench = "Since there is a bench I dare to go to the shop by myself again."
    bank = "Sinds er een bank staat, durf ik weer zelf naar de winkel."
    assert parsed(example, ontology) == {
        f"{here} <{word.RDF_TYPE}> <{word.STORY}>",
        f"{here} <{word.HELD_BY}> <{at}mijn-straat>",
        f"{here} <{word.AUDIENCE}> <{word.CONCEPT}audience/public>",
        f'{here} <{word.TITLE}> "De bank bij de bushalte"@nl',
        f'{here} <{word.DESCRIPTION}> "{bank}"@nl',
        f'{here} <{word.DESCRIPTION}> "{bench}"@en',
        f'{here} <{word.CREATED}> "2024"^^<{word.XSD_G_YEAR}>',
        f"{here} <{word.THEME}> <{word.CONCEPT}theme/surroundings>",
        f"{here} <{word.THEME}> <{word.CONCEPT}theme/transport>",
        f"{here} <{word.APPLIES_TO}> <{at}wijk/pl-oost>",
        f"{here} <{word.TOLD_BY}> {teller}",
        f"{teller} <{word.RDF_TYPE}> <{word.TELLER}>",
        f'{teller} <{word.ROLE}> "een bewoonster"@nl',
        f"{teller} <{word.PERSPECTIVE}> <{word.CONCEPT}perspective/residents>",
        f"{here} <{word.HAS_GROUND}> {ground}",
        f"{ground} <{word.RDF_TYPE}> <{word.GROUND}>",
        f"{ground} <{word.RDF_TYPE}> <{word.INFORMED_CONSENT}>",
        f"{ground} <{word.GROUND_KIND}> <{word.CONCEPT}ground/consent>",
        f"{ground} <{word.CONSENT_SCOPE}> <{word.CONCEPT}audience/public>",
        f"{ground} <{word.HAS_CONSENT_STATUS}> <{word.CONSENT_GIVEN}>",
        f'{ground} <{word.IS_INDICATED_AT_TIME}> "2024-05-01"^^<{word.XSD_DATE}>',
        f'{ground} <{word.VALID}> "2030-12-31"^^<{word.XSD_DATE}>',
    }


def test_an_unknown_name_in_json_becomes_an_unknown_word(ontology: Ontology) -> None:
    """It is not dropped in silence, so that it can be refused by name."""
    assert parsed({"id": "", "titel": "Hoi"}, ontology) == {f'<{HERE}> <{word.LW}titel> "Hoi"'}


def test_every_notation_works_in_plain_json(ontology: Ontology) -> None:
    """For every property with a scheme, each notation gives its concept, also where it is a name of something else."""
    names = {value["@id"]: name for name, value in _terms(ontology).items() if isinstance(value, dict)}
    single = {prop: schemes[0] for prop, schemes in ontology.values_from.items() if len(schemes) == 1}
    allowed = {prop: scheme for prop, scheme in single.items() if prop in ontology.predicates}
    assert len(allowed) >= 19
    for prop, scheme in allowed.items():
        members = ontology.notations[scheme]
        said = parsed({"id": "", names[prop]: list(members)}, ontology)
        assert said == {f"<{HERE}> <{prop}> <{concept}>" for concept in members.values()}


def test_every_kind_works_in_plain_json(ontology: Ontology) -> None:
    """`kind` takes the notations of the scheme that belongs to the type beside it."""
    for kind, scheme in (
        ("Policy", "form"),
        ("Place", "placeKind"),
        ("Facility", "facilityKind"),
        ("Party", "partyKind"),
    ):
        members = ontology.notations[word.SCHEME + scheme]
        said = parsed({"id": "", "type": kind, "kind": list(members)}, ontology)
        assert said == {
            f"<{HERE}> <{word.RDF_TYPE}> <{word.LW}{kind}>",
            *(f"<{HERE}> <{word.DCTERMS_TYPE}> <{concept}>" for concept in members.values()),
        }


def test_numbers_truths_and_texts_keep_their_kind(ontology: Ontology) -> None:
    """Integers, booleans, years as numbers, codes and texts of one and of several languages."""
    body = {
        "id": "",
        "accuracyMetres": 200,
        "fictional": True,
        "issuedYear": 2004,
        "lastSeen": "2023",
        "identifier": "BU05180001",
        "altLabel": {"nl": ["a", "b"], "tr": "c"},
        "wkt": "POINT(4.3 52.05)",
    }
    assert parsed(body, ontology) == {
        f'<{HERE}> <{word.ACCURACY_METRES}> "200"^^<{word.XSD_INTEGER}>',
        f'<{HERE}> <{word.FICTIONAL}> "true"^^<{word.XSD_BOOLEAN}>',
        f'<{HERE}> <{word.ISSUED}> "2004"^^<{word.XSD_G_YEAR}>',
        f'<{HERE}> <{word.LAST_SEEN}> "2023"^^<{word.XSD_G_YEAR}>',
        f'<{HERE}> <{word.IDENTIFIER}> "BU05180001"',
        *(f'<{HERE}> <{word.ALT_LABEL}> "{text}"@{lang}' for text, lang in (("a", "nl"), ("b", "nl"), ("c", "tr"))),
        f'<{HERE}> <{word.AS_WKT}> "POINT(4.3 52.05)"^^<{word.GEO}wktLiteral>',
    }


def test_every_word_of_a_contribution_has_a_short_name(ontology: Ontology) -> None:
    """Words of others that share a name with one of ours keep their prefix; all else is in the context."""
    reached = {value["@id"] if isinstance(value, dict) else value for value in _terms(ontology).values()}
    left = {iri for iri in ontology.classes | ontology.predicates if iri not in reached} - {word.RDF_TYPE}
    assert left == {
        word.DCTERMS_POLICY,
        word.SCHEMA_SERVICE,
        word.SCHEMA_OFFER,
        word.SCHEMA_PLACE,
    }


def _terms(ontology: Ontology) -> dict[str, object]:
    terms = context(ontology)["@context"]
    assert isinstance(terms, dict)
    return {name: value for name, value in terms.items() if not (isinstance(value, dict) and "@prefix" in value)}


def test_a_stewards_words_work_in_plain_json(tmp_path: Path) -> None:
    """A class, a property and a relation that a steward adds have short names at once; names of ours stay ours."""
    (tmp_path / "walks.ttl").write_text(
        """@prefix ex: <https://example.org/def#> . @prefix lw: <https://w3id.org/lerende-wijk/def#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        ex:Walk a owl:Class ; rdfs:subClassOf lw:Initiative ; lw:documentClass true .
        ex:leadsPast a owl:ObjectProperty ; lw:mayPoint true .
        ex:audience a owl:DatatypeProperty .
        <https://example.org/relation/remembers> a skos:Concept ; skos:notation "remembers" ;
          skos:inScheme <https://w3id.org/lerende-wijk/id/scheme/relation> ."""
    )
    grown = read_ontology([FOLDER, tmp_path])
    body: dict[str, object] = {
        "id": "",
        "type": "Walk",
        "leadsPast": "/id/wijk/park",
        "relation": ["remembers", "names"],
        "kind": "call",
        "audience": "own",
    }
    assert parsed(body, grown) == {
        f"<{HERE}> <{word.RDF_TYPE}> <https://example.org/def#Walk>",
        f"<{HERE}> <https://example.org/def#leadsPast> <http://127.0.0.1:8000/id/wijk/park>",
        f"<{HERE}> <{word.RELATION}> <https://example.org/relation/remembers>",
        f"<{HERE}> <{word.RELATION}> <{word.CONCEPT}relation/names>",
        f"<{HERE}> <{word.DCTERMS_TYPE}> <{word.CONCEPT}form/call>",
        f"<{HERE}> <{word.AUDIENCE}> <{word.CONCEPT}audience/own>",
    }
