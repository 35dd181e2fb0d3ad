"""The shapes: each accepted example is taken in, each refused one for its one reason; shapes speak plainly."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import objection
from kg import vocabulary as word
from kg.objection import OBJECTIONS
from kg.validation import Validator
from tests.examples import DATA, ONTOLOGY, ROOT, Example, examples, judge

ACCEPTED = examples("accepted")
REFUSED = examples("refused")
CHANGED_LINES_MAX = 6  # "One thing" may be a line taken out, and the one before it that then ends the sentence.


def ids(example: Example) -> str:
    """The name under which pytest shows an example."""
    return example.name


@pytest.fixture(scope="module")
def validator() -> Validator:
    """The shapes of the project in the fast engine."""
    return Validator([ROOT / "shapes"], ONTOLOGY)


@pytest.fixture(scope="module")
def extended() -> Validator:
    """The same with a steward's own shapes beside them."""
    return Validator([ROOT / "shapes", DATA / "extra" / "shapes"], ONTOLOGY)


@pytest.fixture(scope="module")
def shapes() -> ox.Store:
    """All shapes as a graph."""
    store = ox.Store()
    for file in sorted((ROOT / "shapes").glob("*.ttl")):
        store.bulk_load(path=str(file), format=ox.RdfFormat.TURTLE)
    return store


def test_there_are_examples() -> None:
    """The two lists below are not empty because a folder moved."""
    assert (len(ACCEPTED) > 30, len(REFUSED) > 100) == (True, True)


@pytest.mark.parametrize("example", ACCEPTED, ids=ids)
def test_an_accepted_example_is_taken_in(example: Example, validator: Validator) -> None:
    """Nothing stands in its way, not even a warning."""
    assert () == judge(example, validator)


@pytest.mark.parametrize("example", REFUSED, ids=ids)
def test_a_refused_example_gives_the_objection_of_its_folder(
    example: Example, validator: Validator, extended: Validator
) -> None:
    """That one and no other, with a message in Dutch and one in English; only warnings do not refuse."""
    objections = judge(example, extended if "extra" in example.settings else validator)
    expected = example.file.parent.name
    assert [expected] == [o.name for o in objections], [o.message_en for o in objections]
    (found,) = objections
    assert OBJECTIONS[expected].severity == found.severity
    for message in (found.message_nl, found.message_en):
        assert re.fullmatch(r"[^{}]{20,600}", message), message
    assert found.message_nl != found.message_en


@pytest.mark.parametrize("example", REFUSED, ids=ids)
def test_a_refused_example_differs_by_one_thing(example: Example) -> None:
    """It names the accepted example that it is like and what is different, and little else is."""
    like = DATA / "accepted" / example.settings["like"]
    assert example.settings["but"]
    before, after = said_in(like), said_in(example.file)
    if example.file.parent.name == "EmptyBody":
        assert [] == after
        return
    changes = [line for line in difflib.ndiff(before, after) if line[0] in "+-" and not line.startswith("+ @prefix")]
    assert 1 <= len(changes) <= CHANGED_LINES_MAX, changes


def said_in(file: Path) -> list[str]:
    """The lines of a file without those about the file; a prefix more is needed for another word."""
    return [line for line in file.read_text().splitlines() if not re.match(r'# |<!-- | "// |$', line)]


def test_no_shapes_at_all_is_a_fault(tmp_path: Path) -> None:
    """An empty folder would take everything in, so the service does not start with one."""
    with pytest.raises(AssertionError, match="no shapes"):
        Validator([tmp_path], ONTOLOGY)


def selected(shapes: ox.Store, query: str) -> list[tuple[str, ...]]:
    """The rows of a query over the shapes, as strings."""
    prefixes = "".join(f"PREFIX {p}: <{iri}> " for p, iri in word.PREFIXES.items())
    solutions = shapes.query(prefixes + query)
    assert isinstance(solutions, ox.QuerySolutions)
    return [tuple("" if v is None else str(getattr(v, "value", v)) for v in row) for row in solutions]


def test_every_message_is_there_in_dutch_and_in_english(shapes: ox.Store) -> None:
    """Whatever carries sh:message carries exactly one in each language."""
    query = """SELECT ?shape (COUNT(?m) AS ?all) (COUNT(DISTINCT LANG(?m)) AS ?languages) WHERE {
        ?shape sh:message ?m . FILTER(LANG(?m) IN ("nl", "en")) } GROUP BY ?shape"""
    rows = selected(shapes, query)
    assert [] == [row for row in rows if row[1:] != ("2", "2")]
    assert len(rows) > 100


def test_everything_that_refuses_says_what_to_do(shapes: ox.Store) -> None:
    """Every query, every property shape and every condition of a shape with a target has a message."""
    queries = "SELECT ?q WHERE { ?s sh:sparql ?q FILTER NOT EXISTS { ?q sh:message ?m } }"
    properties = """SELECT ?p WHERE { ?s sh:targetClass|sh:targetSubjectsOf ?t ; sh:property ?p
        FILTER NOT EXISTS { ?p sh:message ?m } }"""
    conditions = """SELECT ?s WHERE { ?s sh:targetClass|sh:targetSubjectsOf ?t ; sh:or|sh:xone|sh:class ?c
        FILTER NOT EXISTS { ?s sh:message ?m } }"""
    assert [[], [], []] == [selected(shapes, query) for query in (queries, properties, conditions)]


def test_everything_that_refuses_names_its_objection(shapes: ox.Store) -> None:
    """So that an answer can say `TellerMissing` and not only where it hurts."""
    query = """SELECT ?s WHERE { { ?s sh:sparql ?q } UNION { ?s sh:message ?m FILTER NOT EXISTS { ?o sh:sparql ?s } }
        FILTER NOT EXISTS { ?s lw:objection ?o } }"""
    assert [] == selected(shapes, query)


def test_the_objections_of_the_shapes_are_the_unshaped_ones(shapes: ox.Store) -> None:
    """Each name under Unshaped is used by a shape; the shapes use BareTie besides."""
    used = {row[0] for row in selected(shapes, "SELECT DISTINCT ?o WHERE { ?s lw:objection ?o }")}
    unshaped = {name for name, kind in OBJECTIONS.items() if kind.family == "Unshaped"}
    assert unshaped - {"ShapeUnmet"} | {"BareTie"} == used


def test_a_shape_with_a_query_has_one(shapes: ox.Store) -> None:
    """A result names the shape and not the query, so two queries in a shape could not be told apart."""
    query = "SELECT ?s (COUNT(?q) AS ?n) WHERE { ?s sh:sparql ?q } GROUP BY ?s HAVING(COUNT(?q) > 1)"
    assert [] == selected(shapes, query)


def test_queries_in_shapes_keep_to_what_every_engine_knows(shapes: ox.Store) -> None:
    """SHACL forbids MINUS, VALUES and SERVICE beside pre-bound variables; GRAPH is not portable."""
    texts = [row[0] for row in selected(shapes, "SELECT ?text WHERE { ?q sh:select ?text }")]
    assert len(texts) > 10
    assert [] == [t for t in texts if re.search(r"\b(MINUS|VALUES|SERVICE|GRAPH|SELECT.*SELECT)\b", t, re.DOTALL)]


def test_every_pattern_is_anchored_and_bounded(shapes: ox.Store) -> None:
    """A pattern that may begin anywhere in a text of any length can take minutes."""
    rows = selected(shapes, "SELECT ?s ?p ?m WHERE { ?s sh:pattern ?p OPTIONAL { ?s sh:maxLength ?m } }")
    assert rows
    assert [] == [row for row in rows if not (row[1].startswith("^") and row[1].endswith("$") and row[2])]


def test_every_text_is_bounded(shapes: ox.Store) -> None:
    """No property that takes texts takes endless ones."""
    bounded = {row[0] for row in selected(shapes, "SELECT DISTINCT ?path WHERE { ?s sh:path ?path ; sh:maxLength ?m }")}
    texts = {p for p, forms in ONTOLOGY.datatypes.items() if word.RDF_LANG_STRING in forms or word.XSD_STRING in forms}
    assert set() == texts - ONTOLOGY.service_words - bounded


def test_a_field_of_a_form_has_a_name_a_hint_a_place_and_a_heading(shapes: ox.Store) -> None:
    """In Dutch and in English, because forms are made from the shapes."""
    query = """SELECT ?s WHERE { ?s a sh:PropertyShape ; sh:name ?any
        FILTER NOT EXISTS { ?s sh:name ?a, ?b ; sh:description ?c, ?d ; sh:order ?e ; sh:group ?g .
            ?g a sh:PropertyGroup ; sh:order ?go ; rdfs:label ?gn, ?ge .
            FILTER(LANG(?a) = "nl" && LANG(?b) = "en" && LANG(?c) = "nl" && LANG(?d) = "en")
            FILTER(LANG(?gn) = "nl" && LANG(?ge) = "en") } }"""
    assert [] == selected(shapes, query)


def test_forms_need_to_know_only_a_closed_set_of_constraints(shapes: ox.Store) -> None:
    """What a field's shape may say, so that a form shows all of it."""
    about = {"path", "name", "description", "order", "group", "message"}
    value = {"datatype", "in", "class", "node", "or", "nodeKind", "pattern", "languageIn", "minInclusive", "disjoint"}
    known = about | value | {"minCount", "maxCount", "minLength", "maxLength", "uniqueLang"}
    query = """SELECT DISTINCT ?p WHERE { ?s a sh:PropertyShape ; sh:name ?n ; ?p ?o
        FILTER(STRSTARTS(STR(?p), STR(sh:))) }"""
    assert set() == {row[0].removeprefix(word.SH) for row in selected(shapes, query)} - known


def test_shapes_that_are_reported_have_names(shapes: ox.Store) -> None:
    """A result can be mapped to its shape only when that is an IRI."""
    query = """SELECT ?s WHERE { { ?s a sh:NodeShape } UNION { ?s a sh:PropertyShape } UNION { ?o sh:property ?s }
        FILTER(isBlank(?s)) }"""
    assert [] == selected(shapes, query)


def test_every_list_that_a_property_takes_from_has_a_shape(shapes: ox.Store) -> None:
    """`lws:in-theme` and its like stand for the schemes; only the service's own words need none."""
    schemes = {
        row[0] for row in selected(shapes, "SELECT ?scheme WHERE { ?s sh:path skos:inScheme ; sh:hasValue ?scheme }")
    }
    wanted = {s for p, its in ONTOLOGY.values_from.items() if p not in ONTOLOGY.service_words for s in its}
    assert {word.DPV + "ConsentStatus"} == wanted - schemes


@pytest.mark.parametrize("name", sorted(OBJECTIONS))
def test_every_objection_has_words(name: str) -> None:
    """Two different sentences in plain language and an anchor in the documentation."""
    kind = OBJECTIONS[name]
    assert re.fullmatch(r"objections/[a-z]+(-[a-z]+)*", kind.docs)
    assert kind.message_nl != kind.message_en
    for message in (kind.message_nl, kind.message_en):
        assert re.fullmatch(r"[A-ZÀ-Ý{].{10,400}[.?)]", message), message


def test_the_tree_in_the_docstring_holds_every_objection() -> None:
    """Each name under its family, with its invariant, and no name that does not exist."""
    assert objection.__doc__
    tree: dict[str, tuple[str, str | None]] = {}
    family = ""
    for line in objection.__doc__.splitlines():
        if heading := re.match(r"    [├└]── (\w+)", line):
            family = heading[1]
            line = line[heading.end() :] if family == "Unknown" else ""
        for name, rule in re.findall(r"\b([A-Z]\w+[a-z])\b(?: (I\d+))?", line):
            if family:
                tree[name] = (family, rule or None)
    assert {name: (kind.family, kind.rule) for name, kind in OBJECTIONS.items()} == tree
