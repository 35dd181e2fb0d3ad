"""Notes on what a query will silently not find: where it is so, with the answer that shows it, and not elsewhere."""

from __future__ import annotations

import httpx
import pyoxigraph as ox
import pytest

from kg.traps import traps
from tests.running import Service

STORE = ox.Store()
STORE.update(
    """INSERT DATA { <urn:a> <urn:p> <urn:x>, <urn:y> . <urn:b> <urn:p> <urn:x>
    GRAPH <urn:g> { <urn:c> <urn:p> 1, 2 } GRAPH <urn:h> { <urn:d> <urn:p> 3 } }"""
)
STEPPED_IN = {
    "SELECT ?s (COUNT(*) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s HAVING(?n > 1)": "HAVING",
    "SELECT ?s (COUNT(*) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s HAVING (?n > 1) ORDER BY ?s": "HAVING",
    "SELECT (GROUP_CONCAT(?o) AS ?all) { ?s <urn:p> ?o }": "GROUP_CONCAT",
    "SELECT (group_concat(DISTINCT ?o; separator=' ') AS ?all) { ?s <urn:p> ?o }": "GROUP_CONCAT",
    "SELECT * { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }": "GRAPH ?g",
}
RIGHT = (
    "SELECT ?s (COUNT(*) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s HAVING(COUNT(*) > 1)",
    "SELECT ?s (COUNT(?o) AS ?n) { ?s <urn:p> ?o } GROUP BY ?s HAVING(COUNT(?o) > 1) ORDER BY ?n",
    "SELECT (GROUP_CONCAT(STR(?o)) AS ?all) { ?s <urn:p> ?o }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT ?having { ?having <urn:p> 'GROUP_CONCAT(?x) HAVING(?n)' } # HAVING(?n) GRAPH ?g { SELECT",
    "",
    "HAVING GROUP_CONCAT GRAPH AS",
)


@pytest.mark.parametrize(("query", "says"), STEPPED_IN.items())
def test_a_trap_is_named(query: str, says: str) -> None:
    """One sentence; the engine's answer shows that the trap is there, and when it is mended this fails."""
    (note,) = traps(query)
    assert says in note
    rows = [[str(term) for term in row] for row in STORE.query(query)]  # type: ignore[union-attr]
    if says == "HAVING":
        assert [] == rows
    elif says == "GROUP_CONCAT":
        assert "urn:x" not in str(rows)
    else:
        assert 1 == len(rows)


@pytest.mark.parametrize("query", RIGHT)
def test_a_query_that_steps_in_none_has_no_note(query: str) -> None:
    """Also where the words stand in a text or in a comment, or make no query at all."""
    assert () == traps(query)


def test_the_answer_carries_the_note(moerwijk: Service) -> None:
    """Through the door, beside an answer that is what the engine gives."""
    query = next(iter(STEPPED_IN))
    answer = httpx.get(f"{moerwijk.url}/sparql", params={"query": query})
    assert (200, []) == (answer.status_code, answer.json()["results"]["bindings"])
    assert "HAVING does not know ?n" in answer.headers["wijkgraaf-note"]
