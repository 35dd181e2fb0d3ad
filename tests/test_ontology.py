"""The words: sound, complete in two languages, and the same in ontology, code, context and glossary."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
import shacl

from kg import vocabulary as word
from kg.glossary import glossary
from kg.ontology import LANGUAGES, Ontology, OntologyUnreadable, read_ontology

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "ontology"
SUITES = Path(os.environ.get("WIJKGRAAF_SUITES", ROOT.parent / "shared" / "suites"))

# The grammars that our words are written in; only their own makers define those.
GRAMMARS = (word.RDF, word.RDFS, word.OWL, word.XSD, word.SKOS, word.SH, word.LDES, word.TREE, word.AS)
PROPERTY_KINDS = {word.OWL_OBJECT_PROPERTY, word.OWL_DATATYPE_PROPERTY, word.OWL_ANNOTATION_PROPERTY}


class Triples:
    """The triples of the ontology folder as strings, to look things up in."""

    def __init__(self, folder: Path) -> None:
        quads = [quad for file in sorted(folder.rglob("*.ttl")) for quad in ox.parse(path=str(file))]
        assert not [q for q in quads if isinstance(q.subject, ox.BlankNode) or isinstance(q.object, ox.BlankNode)]
        self.written = [
            (q.subject.value, q.predicate.value, q.object.value, getattr(q.object, "language", None) or "")
            for q in quads
            if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode | ox.Literal)
        ]
        self.all = set(self.written)

    def pairs(self, predicate: str) -> set[tuple[str, str]]:
        return {(s, o) for s, p, o, _ in self.all if p == predicate}

    def subjects(self, predicate: str, value: str) -> set[str]:
        return {s for s, o in self.pairs(predicate) if o == value}

    def texts(self, predicate: str) -> Counter[tuple[str, str]]:
        """How often each subject has a text in each language."""
        return Counter((s, lang) for s, p, _, lang in self.all if p == predicate)


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return read_ontology([FOLDER])


@pytest.fixture(scope="module")
def triples() -> Triples:
    return Triples(FOLDER)


def constants() -> Iterator[tuple[str, str]]:
    """Every word of kg.vocabulary with its name; namespaces left out."""
    namespaces = {*word.PREFIXES.values(), word.CONCEPT, word.SCHEME}
    for name, value in vars(word).items():
        if name.isupper() and isinstance(value, str) and value not in namespaces:
            yield name, value


# The words themselves


def test_every_term_is_explained_in_dutch_and_english(ontology: Ontology, triples: Triples) -> None:
    """Each class, property, rule, scheme and concept has one label and one definition in nl and in en."""
    terms = {term for term, _ in triples.pairs(word.RDF_TYPE)}
    assert len(terms) > 300
    missing = [
        (term, lang)
        for term in sorted(terms - {word.ONTOLOGY})
        for lang in LANGUAGES
        if not (ontology.label_texts.get(term, {}).get(lang) and ontology.definition_texts.get(term, {}).get(lang))
    ]
    assert missing == []
    for predicate in (word.RDFS_LABEL, word.PREF_LABEL, word.DEFINITION, word.RDFS_COMMENT):
        assert [key for key, times in triples.texts(predicate).items() if times > 1] == []


def test_a_definition_says_more_than_the_label_and_differs_between_terms(ontology: Ontology) -> None:
    """No definition is shorter than its label, ends without a full stop, or is used for two terms."""
    for lang in LANGUAGES:
        said: dict[str, str] = {}
        for term, texts in ontology.definition_texts.items():
            text = texts[lang]
            assert len(text) > len(ontology.labels(term, lang)), term
            assert text.endswith("."), term
            assert said.setdefault(text, term) == term


def test_each_term_is_of_one_kind(triples: Triples) -> None:
    """A term is a class, an object property, a datatype property, an annotation property or a concept: one of them."""
    kinds = Counter(term for term, _ in triples.pairs(word.RDF_TYPE))
    assert [term for term, times in kinds.items() if times > 1] == []


def test_what_is_pointed_at_is_declared(triples: Triples) -> None:
    """Superclasses, superproperties, domains, ranges, schemes and rules' values are terms of these files themselves."""
    declared = dict(triples.pairs(word.RDF_TYPE))
    wanted = {
        word.RDFS_SUB_CLASS_OF: {word.OWL_CLASS},
        word.RDFS + "domain": {word.OWL_CLASS},
        word.RDFS + "range": {word.OWL_CLASS},
        word.RDFS_SUB_PROPERTY_OF: PROPERTY_KINDS,
        word.IN_SCHEME: {word.SKOS_CONCEPT_SCHEME},
        word.TOP_CONCEPT_OF: {word.SKOS_CONCEPT_SCHEME},
        word.HAS_TOP_CONCEPT: {word.SKOS_CONCEPT},
        word.BROADER: {word.SKOS_CONCEPT},
        word.KINDS_FROM: {word.SKOS_CONCEPT_SCHEME},
        word.VALUES_FROM: {word.SKOS_CONCEPT_SCHEME, word.OWL_CLASS},
        word.RDFS + "seeAlso": {word.OWL_CLASS},
    }
    wrong = [
        (subject, predicate, value)
        for predicate, kinds in wanted.items()
        for subject, value in triples.pairs(predicate)
        if declared.get(value) not in kinds
    ]
    assert wrong == []
    grammar = (*GRAMMARS, word.DCTERMS)
    used = {predicate for _, predicate, _, _ in triples.all if not predicate.startswith(grammar)}
    assert {p for p in used if declared.get(p) != word.OWL_ANNOTATION_PROPERTY} == set()


def test_nothing_is_above_itself(triples: Triples) -> None:
    """No class, property or concept is reached again by going up from it."""
    for predicate in (word.RDFS_SUB_CLASS_OF, word.RDFS_SUB_PROPERTY_OF, word.BROADER):
        links = triples.pairs(predicate)
        assert links
        above = links
        while above:
            assert [a for a, b in above if a == b] == []
            above = {(a, c) for a, b in above for b2, c in links if b == b2} - links


def test_every_concept_stands_in_one_scheme_under_its_own_notation(ontology: Ontology, triples: Triples) -> None:
    """A concept has one scheme, one notation that is unique there, an IRI made of both, and is reached from the top."""
    concepts = triples.subjects(word.RDF_TYPE, word.SKOS_CONCEPT)
    schemes = triples.subjects(word.RDF_TYPE, word.SKOS_CONCEPT_SCHEME)
    in_scheme, notation = sorted(triples.pairs(word.IN_SCHEME)), dict(triples.pairs(word.NOTATION))
    assert [concept for concept, _ in in_scheme] == sorted(concepts)
    for concept, scheme in in_scheme:
        assert concept == f"{word.CONCEPT}{notation[scheme]}/{notation[concept]}"
        assert scheme == f"{word.SCHEME}{notation[scheme]}"
        assert re.fullmatch("[a-z][A-Za-z]*", notation[concept])
    tops, below = triples.pairs(word.TOP_CONCEPT_OF), {concept for concept, _ in triples.pairs(word.BROADER)}
    assert {(scheme, concept) for concept, scheme in tops} == triples.pairs(word.HAS_TOP_CONCEPT)
    assert {concept for concept, _ in tops} ^ below == concepts
    assert {scheme for _, scheme in tops} == schemes
    assert {scheme for scheme in ontology.notations if scheme.startswith(word.SCHEME)} == schemes


def test_labels_are_unique_within_a_scheme(ontology: Ontology) -> None:
    """Two concepts of one scheme never have the same name in a language."""
    for scheme, members in ontology.notations.items():
        for lang in LANGUAGES:
            names = Counter(ontology.labels(concept, lang) for concept in members.values())
            assert [name for name, times in names.items() if times > 1] == [], scheme


def test_themes_that_the_editors_placed_say_so(ontology: Ontology, triples: Triples) -> None:
    """Each theme either says that the method's source places it, or that the editors did, or that it stands apart."""
    for notation, concept in ontology.notations[word.SCHEME + "theme"].items():
        notes = [p for s, p, _, lang in triples.all if s == concept and lang == "nl" and p.startswith(word.SKOS)]
        assert (word.SCOPE_NOTE in notes) != (word.EDITORIAL_NOTE in notes), notation
    by_editors = {s.removeprefix(word.CONCEPT) for s, _ in triples.pairs(word.EDITORIAL_NOTE)}
    assert by_editors == {"theme/work", "theme/learning", "theme/meaning", "theme/energy", "theme/meeting"}


def test_no_triple_is_written_twice(triples: Triples) -> None:
    """A word is kept in one place: nothing stands in two files, or twice in one."""
    assert len(triples.written) == len(triples.all)


# The rules that they carry


def test_only_what_may_point_can_tie(ontology: Ontology) -> None:
    """Whatever makes a tie may point to another party; both are object properties that a contribution may use."""
    assert ontology.ties < ontology.may_point < ontology.object_properties < ontology.predicates


def test_the_service_keeps_its_own_words(ontology: Ontology) -> None:
    """What the service alone writes is no word of a contribution."""
    assert word.SUPERSEDES in ontology.service_words
    assert word.CONTRIBUTION in ontology.service_words
    assert not ontology.service_words & (ontology.predicates | ontology.classes)
    assert ontology.document_classes <= ontology.classes
    assert not ontology.document_classes & ontology.part_classes


def test_rules_of_concepts_are_those_of_the_model(ontology: Ontology) -> None:
    """Ranks of audiences and what each kind of response and relation asks for."""

    def short(concepts: frozenset[str]) -> set[str]:
        return {concept.removeprefix(word.CONCEPT) for concept in concepts}

    ranks = {concept.removeprefix(word.CONCEPT + "audience/"): rank for concept, rank in ontology.ranks.items()}
    assert ranks == {"own": 0, "table": 1, "partners": 2, "public": 3}
    assert short(ontology.needs_rationale) == {f"response/{n}" for n in ("seesDifferently", "adds", "asks", "replies")}
    assert short(ontology.repeatable) == {"response/asks", "response/replies"}
    assert short(ontology.on_own) == {"response/replies"}
    assert short(ontology.open_ended) == {"relation/callsFor", "relation/offers"}
    assert short(ontology.own_from_only) == {"relation/implements"}
    assert dict(ontology.time_order) == {
        word.CONCEPT + "relation/motivates": "fromFirst",
        word.CONCEPT + "relation/answers": "toFirst",
    }


def test_every_relation_and_response_has_words_for_a_sentence(ontology: Ontology, triples: Triples) -> None:
    """Between two titles, or a name and a title, stands a verb in nl and in en."""
    sentences = triples.texts(word.SENTENCE)
    for scheme in ("relation", "response", "experience"):
        for concept in ontology.notations[word.SCHEME + scheme].values():
            assert [sentences[concept, lang] for lang in LANGUAGES] == [1, 1]


def test_superclasses_are_transitive_and_include_the_class(ontology: Ontology) -> None:
    """A neighbourhood is a place, and so a feature; a story is an instrument."""
    neighbourhood = ontology.superclasses[word.NEIGHBOURHOOD]
    assert {word.NEIGHBOURHOOD, word.PLACE, word.GEO_FEATURE, word.LOCATION} <= neighbourhood
    assert word.INSTRUMENT in ontology.superclasses[word.STORY]
    assert word.INSTRUMENT not in ontology.superclasses[word.FACILITY]


# One word for one thing, everywhere


def test_code_and_ontology_have_the_same_words(ontology: Ontology, triples: Triples) -> None:
    """Every constant is a term of the ontology, every term of ours and of others is a constant, each under one name."""
    named = list(constants())
    assert [iri for iri, times in Counter(iri for _, iri in named).items() if times > 1] == []
    terms = {term for term, _ in triples.pairs(word.RDF_TYPE) if not term.startswith((word.CONCEPT, word.SCHEME))}
    grammar = {iri for _, iri in named if iri.startswith(GRAMMARS)} - terms
    assert {iri for _, iri in named} - grammar == terms


def test_no_constant_is_overwritten() -> None:
    """A name is given once in kg/vocabulary.py."""
    source = (ROOT / "kg" / "vocabulary.py").read_text()
    names = Counter(re.findall(r"^([A-Z_]+)(?:: .*)? = ", source, re.MULTILINE))
    assert [name for name, times in names.items() if times > 1] == []


def test_the_glossary_is_the_one_made_from_the_ontology(ontology: Ontology) -> None:
    """docs/glossary.md equals `python -m kg.glossary ontology`."""
    assert (ROOT / "docs" / "glossary.md").read_text() == glossary(ontology)


def test_reading_is_fast(ontology: Ontology) -> None:
    """The words are read in well under a tenth of a second, so that a checker starts at once."""
    started = time.process_time()
    assert read_ontology([FOLDER]) == ontology
    assert time.process_time() - started < 0.1


# What a steward adds


def test_a_steward_adds_a_kind_of_instrument_and_a_relation_by_data_alone(tmp_path: Path) -> None:
    """A folder with a class, a property and a concept is read beside ours: words, rules, labels, short names."""
    (tmp_path / "walks.ttl").write_text(
        """@prefix ex: <https://example.org/def#> . @prefix lw: <https://w3id.org/lerende-wijk/def#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        ex:Walk a owl:Class ; rdfs:subClassOf lw:Initiative ; lw:documentClass true ; rdfs:label "Wandeling"@nl .
        ex:leadsPast a owl:ObjectProperty ; lw:mayPoint true ; rdfs:label "komt langs"@nl, "leads past"@en .
        ex:ended a owl:DatatypeProperty .
        <https://example.org/relation/remembers> a skos:Concept ; skos:notation "remembers" ; lw:openEnded true ;
          skos:inScheme <https://w3id.org/lerende-wijk/id/scheme/relation> ; skos:prefLabel "herinnert aan"@nl ."""
    )
    grown = read_ontology([FOLDER, tmp_path])
    walk, leads_past = "https://example.org/def#Walk", "https://example.org/def#leadsPast"
    assert walk in grown.document_classes & grown.classes
    assert {word.INSTRUMENT, word.INITIATIVE} <= grown.superclasses[walk]
    assert leads_past in grown.predicates & grown.may_point
    assert "https://example.org/relation/remembers" in grown.open_ended
    assert grown.labels(walk, "en") == "Wandeling"
    assert grown.labels("https://example.org/def#ended", "nl") == "ended"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("<a> <b> .", "words.ttl"), ("<urn:a> <urn:b> [] .", "blank node"), (None, "no vocabulary")],
)
def test_an_unusable_folder_is_named(tmp_path: Path, text: str | None, complaint: str) -> None:
    """A syntax error, a blank node or an empty folder stops the start, with the place to mend."""
    if text is not None:
        (tmp_path / "words.ttl").write_text(text)
    with pytest.raises(OntologyUnreadable, match=complaint):
        read_ontology([FOLDER, tmp_path])


# The Dutch standard for describing concepts


@pytest.fixture(scope="module")
def dutch_standard() -> str:
    """The shapes of NL-SBB (SKOS-AP-NL) as N-Triples; its imports are left out, because checking needs no network."""
    file = SUITES / "nl-sbb" / "skos-ap-nl.ttl"
    if not file.exists():
        pytest.skip(f"the NL-SBB shapes are not at {file}: set WIJKGRAAF_SUITES")
    triples = [q.triple for q in ox.parse(path=str(file)) if q.predicate.value != word.OWL + "imports"]
    return (ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").decode()


def found_by_reference(data: str, shapes: str) -> list[tuple[str, str]]:
    """What pySHACL has to say, of any severity: the thing and the kind of rule."""
    _, report, _ = pyshacl.validate(
        rdflib.Graph().parse(data=data, format="nt"), shacl_graph=rdflib.Graph().parse(data=shapes, format="nt")
    )
    assert isinstance(report, rdflib.Graph)
    results = report.subjects(rdflib.RDF.type, rdflib.SH.ValidationResult)
    return sorted(
        (str(report.value(r, rdflib.SH.focusNode)), str(report.value(r, rdflib.SH.sourceConstraintComponent)))
        for r in results
    )


def found(data: str, shapes: str) -> list[tuple[str, str]]:
    """The same by the fast engine."""
    report = shacl.Shapes.from_text(shapes, "ntriples").validate_text(data, "ntriples")
    return sorted((result.focus_node.strip("<>"), result.component_iri) for result in report.results)


def of_schemes(*schemes: str) -> str:
    """The triples of these schemes as N-Triples."""
    quads = [q for scheme in schemes for q in ox.parse(path=str(FOLDER / "schemes" / f"{scheme}.ttl"))]
    return "".join(f"{quad.triple} .\n" for quad in quads)


def test_the_vocabulary_conforms_to_nl_sbb(ontology: Ontology, dutch_standard: str) -> None:
    """All schemes at once give no violation, no warning and no remark under the Dutch standard."""
    assert found(ontology.ntriples.decode(), dutch_standard) == []


def test_the_themes_conform_to_nl_sbb_by_the_reference_engine(dutch_standard: str) -> None:
    """The scheme with the most in it, with the life domains above it, gives nothing in pySHACL either."""
    assert found_by_reference(of_schemes("theme", "life-domain"), dutch_standard) == []


@pytest.mark.slow
def test_the_vocabulary_conforms_to_nl_sbb_by_the_reference_engine(ontology: Ontology, dutch_standard: str) -> None:
    """The same of all schemes; pySHACL parses each query of the standard once a concept, which takes ten seconds."""
    assert found_by_reference(ontology.ntriples.decode(), dutch_standard) == []


def test_both_engines_find_the_faults_that_the_standard_names(dutch_standard: str) -> None:
    """A theme without a definition, one with another's notation, one above its own top and an orphan: each is found."""
    care, sport, safety, meeting = (f"<{word.CONCEPT}theme/{n}>" for n in ("care", "sport", "safety", "meeting"))
    lines = [
        line
        for line in of_schemes("theme", "life-domain").splitlines(keepends=True)
        if not line.startswith((f"{care} <{word.DEFINITION}>", f"{meeting} <{word.BROADER}>"))
    ]
    lines.append(f'{sport} <{word.NOTATION}> "care" .\n')
    lines.append(f"{safety} <{word.BROADER}> {care} .\n")
    faults = found("".join(lines), dutch_standard)
    assert {focus for focus, _ in faults} == {term.strip("<>") for term in (care, sport, safety, meeting)}
    assert len(faults) == 5
    assert found_by_reference("".join(lines), dutch_standard) == faults
