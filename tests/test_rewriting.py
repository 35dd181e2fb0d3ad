"""EXISTS in another form: the same answer on the engine itself, for generated graphs and for the W3C cases."""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg import rewriting
from kg.rewriting import EXISTS_MAX, PATTERNS_MAX, rewrite
from tests.running import ROOT, Service

SUITES = Path(os.environ.get("WIJKGRAAF_SUITES", ROOT.parent / "shared" / "suites"))
CASES = sorted(
    f for part in ("negation", "exists") for f in (SUITES / "w3c" / "sparql11" / part).glob("*.rq") if f.is_file()
)
PREFIX = "PREFIX : <urn:x:> "
NODES = (":a", ":b", ":c")
EDGES = (":p", ":q", ":r")
NAMES = ("?x", "?y", "?t", "?m", "?n", "?g")
TERM = st.sampled_from((*NAMES[:4] * 3, *NAMES[4:], ":a"))
STORY = """PREFIX lw: <https://w3id.org/lerende-wijk/def#>
SELECT ?story { ?story a lw:Story
  FILTER NOT EXISTS { ?tie a lw:Connection ; lw:from ?story ; lw:to ?policy . ?policy a lw:Policy } }"""


def many(one: st.SearchStrategy[str], least: int, most: int, between: str = " . ") -> st.SearchStrategy[str]:
    """Several of these, side by side."""
    return st.lists(one, min_size=least, max_size=most).map(between.join)


EDGE = st.sampled_from((*EDGES, *EDGES, "?y", ":p/:q", ":p|^:q", "^:r", ":p+", "!:p", ":p*", "(:q?)"))
OUTER = st.builds("{} {} {}".format, TERM, st.sampled_from(EDGES), st.one_of(TERM, st.just("1")))
INNER_TERM = st.one_of(TERM, st.sampled_from(("?m", "?n", "_:k", "[]", "[ :p ?n ]", "[ :q ?x ; :r :b ]")))
INNER = st.one_of(
    st.builds("{} {} {}".format, INNER_TERM, EDGE, st.one_of(INNER_TERM, st.just("1"))),
    st.builds("{} {} {} ; {} {}, {}".format, TERM, EDGE, TERM, st.sampled_from(EDGES), TERM, INNER_TERM),
)
CONDITION = st.one_of(
    st.builds("({} {} {})".format, TERM, st.sampled_from(("=", "!=", "<")), TERM),
    st.builds("(!BOUND({}))".format, st.sampled_from(NAMES)),
    st.builds("isLiteral({})".format, st.sampled_from(NAMES)),
)
BODY = st.one_of(
    many(INNER, 1, 4),
    many(INNER, 1, 4),
    st.builds("{} FILTER {}".format, many(INNER, 1, 3), CONDITION),
    st.builds("{} FILTER{} {}".format, INNER, CONDITION, INNER),
    st.builds("{} OPTIONAL {{ {} }}".format, INNER, INNER),
    st.builds("{} FILTER NOT EXISTS {{ {} }}".format, INNER, many(INNER, 2, 2)),
)
FILTER = st.one_of(
    st.builds("FILTER NOT EXISTS {{ {} }}".format, BODY),
    st.builds("FILTER (not exists {{ {} }})".format, BODY),
    st.builds("FILTER EXISTS {{ {} }}".format, BODY),
    st.builds("FILTER({} || NOT EXISTS {{ {} }})".format, CONDITION, BODY),
)
PLAIN = st.builds("{} {} {}".format, many(OUTER, 1, 2), FILTER, st.sampled_from(("", "?x :p ?t", ". ?y :q ?t .")))
PART = st.one_of(
    st.builds("OPTIONAL {{ {} }}".format, st.one_of(OUTER, PLAIN)),
    st.builds("{{ {} }} UNION {{ {} }}".format, PLAIN, OUTER),
    st.builds("GRAPH ?g {{ {} }}".format, PLAIN),
    st.builds("GRAPH :g1 {{ {} }}".format, PLAIN),
    st.builds("{{ SELECT ?x {{ {} }} }}".format, PLAIN),
    st.builds("{{ SELECT DISTINCT ?y ?m {{ {} }} }}".format, OUTER),
    st.builds("VALUES {} {{ :a UNDEF }}".format, st.sampled_from(NAMES[:4])),
    st.builds("BIND(IF(isIRI({}), :c, 1/0) AS ?fresh)".format, st.sampled_from(NAMES)),
    st.builds("MINUS {{ {} }}".format, OUTER),
    FILTER,
    OUTER,
)
GROUP = st.one_of(
    PLAIN,
    st.builds("{} {}".format, PLAIN, PART),
    st.builds("{} {} {} {}".format, OUTER, PART, FILTER, PART),
    st.builds("{} {}".format, PART, FILTER),
)
QUERY = st.one_of(
    st.builds("SELECT * {{ {} }}".format, GROUP),
    st.builds("SELECT * {{ {} }}".format, PLAIN),
    st.builds("SELECT DISTINCT ?x ?y WHERE {{ {} }}".format, GROUP),
    st.builds("SELECT ?x (COUNT(*) AS ?k) {{ {} }} GROUP BY ?x HAVING(COUNT(*) > 1)".format, GROUP),
    st.builds("ASK {{ {} }}".format, GROUP),
    st.builds("CONSTRUCT {{ ?x :p ?y }} WHERE {{ {} }}".format, GROUP),
)
STORES_MAX = 48  # Small graphs, from sparse to dense: what one does not tell apart another does.


def store_of(quads: list[tuple[str, str, str, str]]) -> ox.Store:
    """A store with these quads, in named graphs as ours are."""
    store = ox.Store()
    data = " ".join(f"GRAPH {g} {{ {s} {p} {o} }}" for s, p, o, g in quads)
    store.update(f"{PREFIX} INSERT DATA {{ {data} }}")
    return store


@cache
def stores() -> tuple[ox.Store, ...]:
    """Made-up graphs, the same in each run."""
    chance = random.Random(1951)
    made = []
    for number in range(STORES_MAX):
        every = itertools.product(NODES, (*EDGES, "a"), (*NODES, ":q", "1"), (":g1", ":g2"))
        made.append(store_of([quad for quad in every if chance.random() < 0.04 + 0.3 * number / STORES_MAX]))
    return tuple(made)


def answer(store: ox.Store, text: str, *, union: bool = True) -> Counter[str] | bool:
    """Its rows or triples, each with how often; or yes or no."""
    found = store.query(text, base_iri="http://example.org/", use_default_graph_as_union=union)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    if isinstance(found, ox.QuerySolutions):
        names = sorted(v.value for v in found.variables)
        return Counter(str([str(row[name]) for name in names]) for row in found)
    return Counter(str(triple) for triple in found)


@pytest.fixture(params=["as measured", "MINUS wherever it may be"])
def choice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which form is taken where both are allowed: what is fast, or always MINUS, which has more to be held to."""
    if request.param != "as measured":
        monkeypatch.setattr(rewriting, "_begins_well", lambda pattern, found: False)


@pytest.mark.usefixtures("choice")
def test_the_answer_stays_the_same() -> None:
    """Generated queries give the same rows, as often, on graphs of every density; a good share of them is rewritten."""
    taken: Counter[str] = Counter()

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(QUERY, st.integers(0, STORES_MAX - 1))
    def hold(query: str, first: int) -> None:
        text = PREFIX + query
        found = rewrite(text)
        try:
            answer(store_of([]), text)
        except SyntaxError:
            with pytest.raises(SyntaxError):
                answer(store_of([]), found.text)
            return
        taken["asked"] += 1
        taken["steps"] += found.steps > 0
        taken["minuses"] += found.minuses > 0
        for number in range(first, first + STORES_MAX, 5) if found.changed else ():
            store = stores()[number % STORES_MAX]
            assert answer(store, text) == answer(store, found.text), f"{text}\n{found.text}"

    hold()
    assert taken["steps"] + taken["minuses"] > taken["asked"] / 4, taken


@pytest.mark.usefixtures("choice")
def test_the_answer_of_each_kind_of_group_stays_the_same() -> None:
    """Every group of the tables below, on every graph, in its own dataset and in the union."""
    for name, group in (LEFT | STEPS | MINUSES).items():
        text = f"{PREFIX}SELECT * {{ {group} }}"
        found = rewrite(text)
        if found.changed:
            for store, union in itertools.product(stores(), (True, False)):
                assert answer(store, text, union=union) == answer(store, found.text, union=union), (name, found.text)


def cases() -> Iterator[tuple[Path, ox.Store, str]]:
    """The W3C cases of negation and EXISTS: data as their manifests say, default graph and all."""
    mf, qt = (
        "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#",
        "http://www.w3.org/2001/sw/DataAccess/tests/test-query#",
    )
    for manifest in sorted({f.parent / "manifest.ttl" for f in CASES}):
        about = ox.Store()
        about.load(manifest.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
        for action in (q.object for q in about.quads_for_pattern(None, ox.NamedNode(mf + "action"), None)):
            store = ox.Store()
            files = {}
            for part in ("query", "data", "graphData"):
                files[part] = [
                    Path(q.object.value.removeprefix("file://"))
                    for q in about.quads_for_pattern(action, ox.NamedNode(qt + part), None)
                ]
            for file in files["data"]:
                store.load(file.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=file.as_uri())
            for file in files["graphData"]:
                graph = ox.NamedNode(file.as_uri())
                store.load(file.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=file.as_uri(), to_graph=graph)
            yield files["query"][0], store, files["query"][0].read_text()


@pytest.mark.usefixtures("choice")
@pytest.mark.skipif(not CASES, reason=f"the W3C suites are not at {SUITES}: set WIJKGRAAF_SUITES")
def test_the_w3c_cases_of_negation_give_the_same_answer() -> None:
    """Each case is answered alike in both forms, in its own dataset and in the union; some of them are rewritten."""
    asked = changed = 0
    for file, store, text in cases():
        found = rewrite(text)
        asked += 1
        changed += found.changed
        for union in (False, True):
            assert answer(store, text, union=union) == answer(store, found.text, union=union), file.name
    assert asked >= 18
    assert changed >= 1


LEFT = {
    "one pattern": "?x :p ?y FILTER NOT EXISTS { ?m :p ?x }",
    "nothing in common": "?x :p ?y FILTER NOT EXISTS { ?m :p ?n . ?n :q :a }",
    "a union inside": "?x :p ?y FILTER NOT EXISTS { { ?m :p ?x } UNION { ?m :q ?x . ?m :r :b } }",
    "an optional inside": "?x :p ?y FILTER NOT EXISTS { ?m :p ?x . ?m :q ?y OPTIONAL { ?m :r ?n } }",
    "values inside": "?x :p ?y FILTER NOT EXISTS { ?m :p ?x . ?m :q ?y VALUES ?m { :a } }",
    "bind inside": "?x :p ?y FILTER NOT EXISTS { ?m :p ?x . ?m :q ?n BIND(?n AS ?k) }",
    "a graph inside": "?x :p ?y FILTER NOT EXISTS { GRAPH ?g { ?m :p ?x . ?m :q ?y } }",
    "a sub-select inside": "?x :p ?y FILTER NOT EXISTS { SELECT ?x { ?m :p ?x . ?m :q ?y } }",
    "a path of length zero": "?x :p ?y FILTER NOT EXISTS { ?m :p* ?x . ?m :q ?y }",
    "a path of length zero in brackets": "?x :p ?y FILTER NOT EXISTS { ?m (:p/:q?) ?x . ?m :q ?y }",
    "a path of length zero from what is no node": "?x :p ?y FILTER NOT EXISTS { ?x ?t ?y . ?t :q* ?n . ?n ^:r? ?k }",
    "a list": "?x :p ?y FILTER NOT EXISTS { ?m :p ?x . ?m :q (1 2) }",
    "another value each time": "?x :p ?y FILTER NOT EXISTS { ?m :p ?x . ?m :q ?y FILTER(RAND() < 0.5) }",
    "a label that stands elsewhere too": "?x :p _:k FILTER NOT EXISTS { _:k :p ?x . _:k :q ?y }",
    "what looks like an IRI and is not": "?x :p ?y FILTER(?x<?y&&'>'>?y) FILTER NOT EXISTS { ?m :p ?x . ?m :q ?y }",
    "an escape of a code point": "?x :p '\\u007D' FILTER NOT EXISTS { ?m :p ?x . ?m :q ?y }",
    "brackets that do not fit": "?x :p ?y FILTER (NOT EXISTS { ?m :p ?x . ?m :q ?y }",
}
STEPS = {
    "a thing": "?x :p ?y FILTER NOT EXISTS { ?m :p ?x ; a :c }",
    "in an or": "?x :p ?t FILTER(?t = :a || NOT EXISTS { ?m :p ?t ; a :c })",
    "in optional": "?x :p ?y OPTIONAL { ?x :q ?t FILTER NOT EXISTS { ?m :p ?t ; a :c } }",
    "in a group in optional": "?x :p ?y OPTIONAL { { ?x :q ?t FILTER NOT EXISTS { ?m :p ?t ; a :c } } }",
    "bound by optional": "?x :p ?y OPTIONAL { ?x :q ?t } FILTER NOT EXISTS { ?m :p ?t ; a :c }",
    "one of two bound by optional": "?x :p ?y OPTIONAL { ?x :q ?t } FILTER NOT EXISTS { ?m :p ?t ; :q ?y }",
    "bound by bind": "?x :p ?y BIND(?y AS ?t) FILTER NOT EXISTS { ?m :p ?t ; a :c }",
    "bound by values": "?x :p ?y VALUES ?t { UNDEF } FILTER NOT EXISTS { ?m :p ?t ; a :c }",
    "bound by a sub-select": "?x :p ?y { SELECT ?t { ?k :p ?t } } FILTER NOT EXISTS { ?m :p ?t ; a :c }",
    "bound by a union": "{ ?x :p ?t } UNION { ?x :q ?y } FILTER NOT EXISTS { ?m :p ?t ; a :c }",
    "the graph's own variable": "GRAPH ?g { ?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; :q ?g } }",
    "a filter that sees the row": "?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c FILTER(?m != ?x) }",
    "one bound by optional, one not at all": "?x :p ?y OPTIONAL { ?y :q ?t } FILTER NOT EXISTS { ?x :q ?m . ?m :p ?t }",
    "parts that only the row ties": "?x :p ?y OPTIONAL { ?y :q ?t } FILTER NOT EXISTS { ?m :p ?t . ?n :q ?t }",
    "a filter that has to wait": "?x :p ?y FILTER NOT EXISTS { ?x :q ?m . ?m :p ?n FILTER(?n != ?y && ?n != ?m) }",
    "a filter over two parts": "?x :p ?y FILTER NOT EXISTS { ?x :q ?m . ?y :q ?n FILTER(?n != ?m) }",
    "a label twice": "?x :p ?y FILTER NOT EXISTS { _:k :p ?x . _:k :q ?y }",
    "properties in brackets": "?x :p ?y FILTER NOT EXISTS { ?x :q [ :p ?n ; :q ?y ] . [ :p ?n ] }",
    "paths": "?x :p ?y FILTER NOT EXISTS { ?x (:p|^:q)+ ?m . ?m !(:p|^:r)/:q ?y }",
    "in optional, with a value of its left": "?x :p ?y OPTIONAL { ?y :q ?t FILTER NOT EXISTS { ?m :p ?t ; :q ?x } }",
    "in an exists": "?x :p ?y FILTER EXISTS { ?y :q ?t FILTER NOT EXISTS { ?m :p ?t ; :q ?x } }",
    "in an exists, by a value of its row": "?x :p ?y FILTER EXISTS { ?t :q ?m FILTER NOT EXISTS { ?n :p ?m ; :q ?y } }",
    "a positive one": "?x :p ?t FILTER EXISTS { ?m :p ?t ; a :c }",
    "inside minus": "?x :p ?y MINUS { ?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c } }",
}
MINUSES = {
    "a theme": "?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c }",
    "in brackets, between triples": "?x :p ?t FILTER ((NOT EXISTS { ?m :p ?t ; a :c })) ?x a :b",
    "before optional": "?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c } OPTIONAL { ?x :q ?y } # the end\n",
    "in a graph": "GRAPH ?g { ?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c } }",
    "in a branch of a union": "{ ?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c } } UNION { ?x :p ?y }",
    "in a sub-select": "{ SELECT ?x { ?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c } } }",
    "with a filter of its own": "?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c FILTER(?m != ?t) }",
    "beside rows of values": "VALUES (?x ?y) { (<x> <y>) } ?x :p ?t FILTER NOT EXISTS { ?m :p ?t ; a :c }",
}


@pytest.mark.parametrize("group", LEFT.values(), ids=LEFT)
def test_what_is_not_certain_stays_as_it_is(group: str) -> None:
    """Groups that are not plain, and texts that only a grammar can tell, are asked as written."""
    text = f"{PREFIX}SELECT * {{ {group} }}"
    assert rewrite(text).text == text


@pytest.mark.parametrize("group", STEPS.values(), ids=STEPS)
def test_step_by_step_where_minus_would_mean_something_else(group: str) -> None:
    """Where a value may be missing, or comes from elsewhere, or the row is about it, EXISTS stays and has steps."""
    found = rewrite(f"{PREFIX}SELECT * {{ {group} }}")
    assert (found.steps, found.minuses) == (1, 0), found.text


@pytest.mark.parametrize("group", MINUSES.values(), ids=MINUSES)
def test_minus_where_a_crowd_shares_a_value_and_nothing_can_be_missing(group: str) -> None:
    """The filter goes; a MINUS stands at the end of its group; the text parses."""
    text = f"{PREFIX}SELECT * {{ {group} }}"
    found = rewrite(text)
    assert (found.steps, found.minuses) == (0, 1), found.text
    answer(store_of([]), found.text)


def test_a_crowd_of_exists_and_a_crowd_of_patterns_stay_as_they_are() -> None:
    """Over the limits nothing is changed; at them all of it is."""
    one = "FILTER NOT EXISTS { ?m :p ?x ; :q ?y } "
    for count, steps in ((EXISTS_MAX, EXISTS_MAX), (EXISTS_MAX + 1, 0)):
        assert rewrite(f"SELECT * {{ ?x :p ?y {one * count} }}").steps == steps
    for count, steps in ((PATTERNS_MAX, 1), (PATTERNS_MAX + 1, 0)):
        chain = " . ".join(f"?x{i} :p ?x{i + 1}" for i in range(count))
        found = rewrite(f"{PREFIX}SELECT * {{ ?x0 :p ?y FILTER NOT EXISTS {{ {chain} }} }}")
        assert found.steps == steps
        answer(store_of([]), found.text)


@pytest.mark.parametrize(
    ("opening", "middle", "closing"),
    [("(", ":p", ") ?m"), ("^(", ":p", ") ?m"), (":q [ ", ":p ?m", " ]")],
)
def test_brackets_as_deep_as_one_likes_do_no_harm(opening: str, middle: str, closing: str) -> None:
    """Twenty in each other are read; five thousand are left as they are, and nothing falls over."""
    shut = closing.removesuffix(" ?m")
    for count, steps in ((20, 1), (5000, 0)):
        value = opening * count + middle + shut * count + closing.removeprefix(shut)
        found = rewrite(f"{PREFIX}SELECT * {{ ?x :p ?y FILTER NOT EXISTS {{ ?x {value} . ?x :q ?y }} }}")
        assert found.steps == steps, value[:200]
        if count == 20:
            answer(store_of([]), found.text)


WORDS = """SELECT * ASK { } ( ) [ ] . ; , ?x $y ?m :p :q _:k a <x> <?y&&?x> < > 'it' "x"@nl 1 -2.5e3 true # ' " \\u007B
<< >> {| ^ ! + ? | / || && FILTER NOT EXISTS exists MINUS OPTIONAL GRAPH VALUES BIND AS SERVICE UNION"""
PIECES = st.sampled_from((*WORDS.split(), "\n"))
PIECED = st.lists(PIECES, max_size=40).map(" ".join)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(), PIECED, st.lists(PIECES, max_size=30).map("".join), PIECED.map(STORY.__add__)))
def test_no_text_makes_it_stumble(text: str) -> None:
    """Any text comes through; without EXISTS it is the same, and what counts as changed is another text."""
    found = rewrite(text)
    if "exists" not in text.lower():
        assert found.text == text
    assert found.changed == (found.text != text)


@settings(max_examples=300, deadline=None)
@given(PIECED, PIECED)
def test_a_text_that_does_not_parse_never_becomes_one_that_does(before: str, inside: str) -> None:
    """An error is not rewritten away: the engine refuses both texts, or neither."""
    text = f"{PREFIX}SELECT * {{ ?x :p ?y {before} FILTER NOT EXISTS {{ ?m :p ?x ; :q ?y {inside} }} }}"
    found = rewrite(text)
    store = store_of([])
    try:
        answer(store, found.text)
    except SyntaxError:
        return
    answer(store, text)


def ask(service: Service, query: str, **more: str) -> httpx.Response:
    """One GET for CSV."""
    return httpx.get(f"{service.url}/sparql", params={"query": query, "format": "csv", **more}, timeout=60)


def test_the_answer_says_that_it_was_rewritten_and_one_may_refuse(moerwijk: Service) -> None:
    """Wijkgraaf-Note names the form; rewrite=off asks as written, with the same rows; another word is 400."""
    found, said = ask(moerwijk, STORY), ask(moerwijk, STORY, rewrite="on")
    written = ask(moerwijk, STORY, rewrite="off")
    assert (200, 200, 200) == (found.status_code, said.status_code, written.status_code)
    assert "1 step by step; rewrite=off asks as written" in found.headers["wijkgraaf-note"]
    assert found.headers["wijkgraaf-note"] == said.headers["wijkgraaf-note"]
    assert "wijkgraaf-note" not in written.headers
    assert sorted(found.text.splitlines()) == sorted(written.text.splitlines())
    assert len(found.text.splitlines()) > 1
    for word in ("", "OFF", "no"):
        refused = ask(moerwijk, STORY, rewrite=word)
        assert (400, "on, off") == (refused.status_code, refused.json()["errors"][0]["limit"])
    assert ask(moerwijk, "ASK {}", rewrite="off").status_code == 200


def test_the_columns_keep_the_order_in_which_the_caller_names_them(moerwijk: Service) -> None:
    """`SELECT *` of a query whose filter moved to the end has the columns of the text that was asked."""
    without = "FILTER NOT EXISTS { ?a lw:theme ?theme ; lw:heldBy ?holder ; a lw:Policy }"
    group = f"{without} ?s lw:heldBy ?holder ; lw:theme ?theme"
    query = f"PREFIX lw: <https://w3id.org/lerende-wijk/def#> SELECT * {{ {group} }}"
    found, written = ask(moerwijk, query), ask(moerwijk, query, rewrite="off")
    assert "1 as MINUS" in found.headers["wijkgraaf-note"]
    assert found.text.splitlines()[0] == written.text.splitlines()[0] == "theme,holder,s"
    assert sorted(found.text.splitlines()) == sorted(written.text.splitlines())


@pytest.mark.parametrize(
    "wrong", ["ORDER BY", "} ?x", "FILTER NOT EXISTS { ?tie lw:from _:k . _:k lw:to ?story } _:k ?p ?o }"]
)
def test_an_error_is_told_at_the_callers_own_place(moerwijk: Service, wrong: str) -> None:
    """Line, column and words of an error are the same with rewriting and without."""
    query = STORY + wrong if wrong[0] != "F" else STORY[: STORY.rindex("}")] + wrong
    found, written = ask(moerwijk, query), ask(moerwijk, query, rewrite="off")
    assert (400, 400) == (found.status_code, written.status_code)
    assert found.json()["errors"] == written.json()["errors"]
    assert found.json()["errors"][0]["line"] == 3
