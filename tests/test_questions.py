"""Named questions: how their files are read, how values are bound, and what holds for the answers of all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.questions import UnclearQuestion, bind, load_questions, page
from kg.vocabulary import CONCEPT, DCTERMS, RDF_TYPE, SKOS, XSD
from tests.example_store import (
    BASE,
    OURS,
    VOCABULARY,
    ask,
    build_store,
    example_ontology,
    example_questions,
    example_store,
    known,
    needed,
    read_example,
    rows,
    word,
)

HEAD = "# What is here?\n# nl: Wat is hier?\n# about: All of it.\n# over: Alles.\n"
BODY = "SELECT ?s WHERE { VALUES (?thing) { (UNDEF) } ?s ?p ?thing } ORDER BY ?s\n"
THING = "# param thing iri\n"

WRONG = {
    "iri": f"{BASE}/id/wijk/nergens",
    "party": "nergens",
    "place": "nergens",
    "date": "0001-01-01",
}


@pytest.mark.parametrize(
    ("text", "line", "mend"),
    [
        ("SELECT ?s WHERE { ?s ?p ?o }", 1, "first line"),
        ("# All of it.\n" + HEAD + BODY, 1, "first line"),
        ("# What is here?\n# about: All.\n# over: Alles.\n" + BODY, 3, "`# nl:` is missing"),
        (HEAD.replace("Wat is hier?", "Alles.") + BODY, 2, "question mark"),
        (HEAD.replace("# over: Alles.", "# over:") + BODY, 4, "once each"),
        (HEAD + "# nl: Nog eens?\n" + BODY, 5, "once each"),
        (HEAD + "# remark: about this\n" + THING + BODY, 5, "expected"),
        (HEAD + "# param thing\n" + BODY, 5, "NAME TYPE"),
        (HEAD + "# param thing ire\n" + BODY, 5, "did you mean iri"),
        (HEAD + "# param thing concept:tema\n" + BODY, 5, "concept:theme"),
        (HEAD + "# param thing iri mandatory\n" + BODY, 5, "required"),
        (HEAD + "# param thing iri default\n" + BODY, 5, "default VALUE"),
        (HEAD + THING + THING + BODY, 6, "twice"),
        (HEAD + "# param limit integer\n" + BODY, 5, "another name"),
        (HEAD + BODY, 5, "no parameter"),
        (HEAD + THING + "# param other iri\n" + BODY, 1, "VALUES (?other)"),
        (HEAD + THING + BODY.replace(" ORDER BY ?s", ""), 6, "ORDER BY"),
    ],
)
def test_an_unclear_head_is_told_by_file_and_line(tmp_path: Path, text: str, line: int, mend: str) -> None:
    """A question that can't be used stops the start, naming its file, the line and what to mend."""
    (tmp_path / "odd.rq").write_text(text)
    with pytest.raises(UnclearQuestion, match=rf"odd\.rq:{line}: .*") as told:
        load_questions([tmp_path], example_ontology(), BASE)
    assert mend in str(told.value)


def test_two_folders_may_not_hold_one_name(tmp_path: Path) -> None:
    """A question of the steward's own does not silently take the place of ours."""
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "what.rq").write_text(HEAD + THING + BODY)
    with pytest.raises(UnclearQuestion, match="another name"):
        load_questions([tmp_path / "ours", tmp_path / "theirs"], example_ontology(), BASE)


def test_the_thirty_are_there() -> None:
    """There is one file for each of the 28 questions that the model must answer, and for two about positions."""
    assert 30 == len(OURS)


@pytest.mark.parametrize(
    ("values", "name", "limit"),
    [
        ({"plaats": "pl-oost"}, "ParameterUnknown", "place, theme, domain, lang"),
        ({"teme": "housing"}, "ParameterUnknown", "theme"),
        ({"place": "Pl Oost"}, "ParameterUnclear", "pl-…, https://…/id/wijk/pl-…"),
        ({"place": "http://["}, "ParameterUnclear", "https://…"),
        ({"place": "http://x.example/> } #"}, "ParameterUnclear", "https://…"),
        ({"theme": "hosing"}, "ParameterUnclear", "housing"),
        ({"theme": f"{CONCEPT}lifeDomain/bodyAndMind"}, "ParameterUnclear", None),
        ({"lang": "fr"}, "ParameterUnclear", "nl, en"),
        ({"place": "x" * 1001}, "ParameterUnclear", "≤ 1000"),
    ],
)
def test_a_value_that_cannot_be_meant_is_an_objection(values: dict[str, str], name: str, limit: str | None) -> None:
    """An unknown parameter, another type, an IRI or a concept that is none: told with the nearest that we know."""
    told = bind(example_questions()["stories-no-policy-meets"], values)
    assert not isinstance(told, str)
    assert [name] == [objection.name for objection in told]
    assert told[0].message_nl != told[0].message_en
    assert limit is None or (told[0].limit or "").startswith(limit)  # The nearest first, then all there are.


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "2027-02-30"),
        ("date", "morgen"),
        ("year", "27"),
        ("boolean", "ja"),
        ("integer", "1e3"),
        ("integer", "٣"),
    ],
)
def test_a_literal_of_another_type_is_an_objection(tmp_path: Path, kind: str, value: str) -> None:
    """Days that the calendar lacks, words for numbers and numerals of other scripts are told, not guessed."""
    (tmp_path / "what.rq").write_text(HEAD + f"# param thing {kind}\n" + BODY)
    question = load_questions([tmp_path], example_ontology(), BASE)["what"]
    told = bind(question, {"thing": value})
    assert not isinstance(told, str)
    assert ["ParameterUnclear"] == [objection.name for objection in told]


def test_all_objections_come_at_once() -> None:
    """Two wrong values and one missing give three objections."""
    told = bind(example_questions()["connections-not-responded-to"], {"lang": "fr", "when": "now"})
    assert not isinstance(told, str)
    assert ["ParameterUnknown", "ParameterMissing", "ParameterUnclear"] == [objection.name for objection in told]


def test_a_text_stays_a_text(tmp_path: Path) -> None:
    """Quotes, braces, backslashes and new lines in a value do not become part of the query."""
    (tmp_path / "what.rq").write_text(HEAD + "# param thing string\n" + BODY)
    question = load_questions([tmp_path], example_ontology(), BASE)["what"]
    odd = "\") } UNION { ?s ?p ?o } # \\ \n '''"
    store = ox.Store()
    store.add(ox.Quad(word("it"), word("says"), ox.Literal(odd)))
    store.add(ox.Quad(word("it"), word("says"), ox.Literal("more")))
    bound = bind(question, {"thing": odd})
    assert isinstance(bound, str)
    assert [{"s": "it"}] == rows(bound, store)


@pytest.mark.parametrize("name", sorted(example_questions()))
def test_every_question_is_a_query(name: str) -> None:
    """The text as it stands in the file, all rows open, is a query that the engine reads; the pages' own too."""
    question = example_questions()[name]
    found = ox.Store().query(question.text, use_default_graph_as_union=True)
    assert isinstance(found, ox.QueryTriples) == question.is_construct
    if question.is_construct:
        return
    assert isinstance(found, ox.QuerySolutions)
    assert "lang" not in {variable.value for variable in found.variables}


@pytest.mark.parametrize("name", OURS)
def test_every_question_answers_for_the_whole_neighbourhood(name: str) -> None:
    """Without its optional parameters each question has rows on the example."""
    assert [] != ask(name, **needed(name))


@pytest.mark.parametrize(
    ("name", "parameter"), [(n, p.name) for n in OURS for p in example_questions()[n].parameters if p.name != "lang"]
)
def test_every_parameter_binds(name: str, parameter: str) -> None:
    """A known value of each parameter has rows; a wrong one empties the answer. So no parameter is silently open."""
    question = example_questions()[name]
    kind = next(p.type for p in question.parameters if p.name == parameter)
    assert [] != ask(name, **needed(name) | {parameter: known(name, parameter)})
    if kind.startswith("concept:"):
        scheme = kind.removeprefix("concept:")
        notations = {f"{CONCEPT.replace('concept', 'scheme')}{scheme}": {"nergens": f"{CONCEPT}{scheme}/nergens"}}
        bound = bind(replace(question, concepts=notations), needed(name) | {parameter: "nergens"})
        assert isinstance(bound, str)
        wrong = rows(bound)
    else:
        wrong = ask(name, **needed(name) | {parameter: WRONG[kind]})
    # What is for everybody is for every group, so it stays.
    for_everybody = parameter == "forWhom"
    assert [] == [
        row for row in wrong if not (for_everybody and row.get("group", "forWhom/everybody") == "forWhom/everybody")
    ]
    assert len(wrong) < len(ask(name, **needed(name)))


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("name", OURS)
def test_labels_are_in_the_asked_language(name: str, lang: str) -> None:
    """Where the example has both languages, every name and text is in the asked one; no name is left open."""
    bound = bind(example_questions()[name], {"lang": lang} | needed(name))
    assert isinstance(bound, str)
    found = example_store().query(bound, use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    names = [v.value for v in found.variables]
    for row in found:
        cells = dict(zip(names, row, strict=True))
        tags = {k: v.language for k, v in cells.items() if isinstance(v, ox.Literal) and v.language}
        assert {} == {k: tag for k, tag in tags.items() if tag != lang}
        named = {k for k in names if f"{k}Name" in names and isinstance(cells[k], ox.NamedNode)}
        untitled = {"thing", "through", "by", "document"}  # Connections, responses and experiences have no title.
        assert set() == {k for k in named - untitled if cells[f"{k}Name"] is None}


def test_a_name_falls_back_to_the_language_there_is() -> None:
    """Asked in Dutch: the Dutch title, else the English one, else whatever the teller wrote, and one row each."""
    graph = ox.NamedNode(f"{BASE}/contributions/extra")
    quads: list[ox.Quad] = []
    titles = {"v-1": {"nl": "Een", "en": "One", "tr": "Bir"}, "v-2": {"en": "Two", "tr": "İki"}, "v-3": {"tr": "Üç"}}
    for name, texts in titles.items():
        story = ox.NamedNode(f"{BASE}/id/iemand/{name}")
        quads.append(ox.Quad(story, ox.NamedNode(RDF_TYPE), word("Story"), graph))
        quads.append(ox.Quad(story, word("heldBy"), ox.NamedNode(f"{BASE}/id/iemand"), graph))
        for lang, text in texts.items():
            quads.append(ox.Quad(story, ox.NamedNode(DCTERMS + "title"), ox.Literal(text, language=lang), graph))
    store = build_store((), tuple(quads))
    found = ask("stories-no-policy-meets", store)
    assert ["Een", "Two", "Üç"] == [row["storyName"] for row in sorted(found, key=lambda row: row["story"])]
    assert {"iemand"} == {row["holderName"] for row in found}


@pytest.mark.parametrize("name", OURS)
def test_the_order_is_total(name: str) -> None:
    """Loaded in two other orders, the store gives the same rows in the same order, so that pages fit together."""
    bound = bind(example_questions()[name], needed(name))
    assert isinstance(bound, str)
    expected = rows(bound)
    assert expected == rows(bound, shuffled_store(1))
    assert expected == rows(bound, shuffled_store(2))
    assert len(expected) == len({tuple(sorted(row.items())) for row in expected})


_SHUFFLED: dict[int, ox.Store] = {}


def shuffled_store(seed: int) -> ox.Store:
    """The example loaded in another order, once per seed."""
    if seed not in _SHUFFLED:
        _SHUFFLED[seed] = build_store(read_example(), shuffled=seed)
    return _SHUFFLED[seed]


def test_pages_fit_together() -> None:
    """All pages of ten rows, one after the other, are the whole answer."""
    bound = bind(example_questions()["instruments-for-a-place"], {})
    assert isinstance(bound, str)
    whole = rows(bound)
    assert whole == [row for offset in range(0, len(whole) + 10, 10) for row in rows(page(bound, 10, offset))]


def test_a_new_kind_counts_without_a_change() -> None:
    """A steward's new kinds of story and policy are asked along, because questions follow the class tree."""
    song, rule = ox.NamedNode("https://w3id.org/example/Song"), ox.NamedNode("https://w3id.org/example/HouseRule")
    graph = ox.NamedNode(f"{BASE}/contributions/extra")
    holder = ox.NamedNode(f"{BASE}/id/iemand")
    verse, quiet, tie = (ox.NamedNode(f"{BASE}/id/iemand/{n}") for n in ("lied", "rust", "verband"))
    subclass = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
    kinds = ox.Quad(song, subclass, word("Story"), VOCABULARY), ox.Quad(rule, subclass, word("Policy"), VOCABULARY)
    things = [ox.Quad(verse, ox.NamedNode(RDF_TYPE), song, graph), ox.Quad(quiet, ox.NamedNode(RDF_TYPE), rule, graph)]
    held = [ox.Quad(it, word("heldBy"), holder, graph) for it in (verse, quiet, tie)]
    store = build_store((), (*kinds, *things, *held))
    assert ["iemand/lied"] == [row["story"] for row in ask("stories-no-policy-meets", store)]
    assert ["iemand/rust"] == [row["policy"] for row in ask("policies-no-story-illustrates", store)]
    for predicate, end in (("from", quiet), ("to", verse)):
        store.add(ox.Quad(tie, word(predicate), end, graph))
    assert [] == ask("stories-no-policy-meets", store)
    assert [] == ask("policies-no-story-illustrates", store)


def test_a_new_relation_enriches_when_it_is_narrower() -> None:
    """A steward's relation under ‘enriches’ counts among what made something richer, by data alone."""
    graph = ox.NamedNode(f"{BASE}/contributions/extra")
    cheers = ox.NamedNode(f"{CONCEPT}relation/cheersUp")
    one, other, tie, holder = (ox.NamedNode(f"{BASE}/id/iemand{n}") for n in ("/een", "/ander", "/verband", ""))
    facts = [(word("from"), one), (word("to"), other), (word("relation"), cheers), (word("heldBy"), holder)]
    quads = tuple(ox.Quad(tie, predicate, value, graph) for predicate, value in facts)
    assert [] == ask("by-what-did-this-become-richer", build_store((), quads))
    broader = ox.Quad(cheers, ox.NamedNode(SKOS + "broader"), ox.NamedNode(f"{CONCEPT}relation/enriches"), VOCABULARY)
    found = ask("by-what-did-this-become-richer", build_store((), (*quads, broader)))
    assert [("iemand/ander", "iemand/een", "cheersUp")] == [(r["thing"], r["by"], r["wayName"]) for r in found]


def test_a_tombstone_says_only_that_it_ended() -> None:
    """What is tied to something withdrawn stays, and shows how that ended; a viewpoint tells its own endings alone."""
    gone = ox.NamedNode(f"{BASE}/id/iemand/weg")
    graph = ox.NamedNode(f"{BASE}/contributions/extra")
    register = ox.NamedNode(f"{BASE}/graph/register")
    day = ox.Literal("2026-11-01T10:00:00Z", datatype=ox.NamedNode(XSD + "dateTime"))
    tie, somebody = ox.NamedNode(f"{BASE}/id/ander/verband"), ox.NamedNode(f"{BASE}/id/iemand")
    quads = (
        ox.Quad(somebody, ox.NamedNode(RDF_TYPE), word("Party"), graph),
        ox.Quad(gone, ox.NamedNode(RDF_TYPE), word("Tombstone"), register),
        ox.Quad(gone, word("ended"), ox.Literal("withdrawn"), register),
        ox.Quad(gone, ox.NamedNode(DCTERMS + "modified"), day, register),
        ox.Quad(tie, ox.NamedNode(RDF_TYPE), word("Connection"), graph),
        ox.Quad(tie, word("heldBy"), ox.NamedNode(f"{BASE}/id/ander"), graph),
        ox.Quad(tie, word("relation"), ox.NamedNode(f"{CONCEPT}relation/answers"), graph),
        ox.Quad(tie, word("from"), ox.NamedNode(f"{BASE}/id/ander/iets"), graph),
        ox.Quad(tie, word("to"), gone, graph),
    )
    store = build_store((), quads)
    (row,) = ask("what-is-connected-to-this", store, thing=gone.value)
    assert ("ander/verband", "iemand/weg", "withdrawn") == (row["connection"], row["to"], row["toEnded"])
    assert "toName" not in row
    told = ask("how-a-viewpoint-developed", store, party="iemand")
    assert [("iemand/weg", "withdrawn", "ingetrokken")] == [(r["document"], r["event"], r["eventName"]) for r in told]
    assert [] == ask("how-a-viewpoint-developed", store, party="ander")


def test_an_experience_stands_in_the_smallest_neighbourhood() -> None:
    """Of a street in a quarter of a district the quarter is named; of the district itself the district."""
    graph = ox.NamedNode(f"{BASE}/contributions/extra")
    quads: list[ox.Quad] = []
    for number, place in enumerate(("pl-heeswijkplein", "pl-moerwijk")):
        voice = ox.NamedNode(f"{BASE}/id/voorbeeld-zorg/e-{number}")
        facts = {
            "about": f"{BASE}/id/wijk/{place}",
            "criterion": f"{CONCEPT}criterion/helpful",
            "experience": f"{CONCEPT}experience/helps",
            "heldBy": f"{BASE}/id/voorbeeld-zorg",
        }
        quads += [ox.Quad(voice, word(name), ox.NamedNode(value), graph) for name, value in facts.items()]
    found = ask("experiences-voice-by-voice", build_store(read_example(), tuple(quads)), criterion="helpful")
    assert [("wijk/pl-moerwijk", "wijk/pl-moerwijk"), ("wijk/pl-heeswijkplein", "wijk/pl-oost")] == [
        (row["location"], row["neighbourhood"]) for row in found
    ]
