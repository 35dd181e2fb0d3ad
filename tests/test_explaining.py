"""Each `type` of a problem is a page of its own: what it means, why, and an example that is really refused so."""

from __future__ import annotations

import pytest

from kg.explaining import explained
from kg.invariant_words import INVARIANTS
from kg.objection import FAMILIES, OBJECTIONS
from tests.page_reading import read_page
from tests.running import Service

ABOUT_BODIES = ("Disowned", "Unknown", "Unshaped")


def test_every_invariant_is_explained_and_every_reason_is_used() -> None:
    """In Dutch and in English, differently; no reason without a rule."""
    assert set(INVARIANTS) == {kind.rule for kind in OBJECTIONS.values() if kind.rule}
    assert [] == [rule for rule, (nl, en) in INVARIANTS.items() if nl == en]


def test_what_is_about_a_body_has_an_example_and_the_same_mended() -> None:
    """The examples are the files of tests/data: test_shapes holds each to the objection, and its like to none."""
    missing = [
        name
        for family in ABOUT_BODIES
        for name in FAMILIES[family]
        if not explained()[OBJECTIONS[name].anchor].examples
    ]
    assert [] == missing
    for told in explained().values():
        for one in told.examples:
            assert one.refused != one.mended
            assert "speaker" not in one.refused


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_type_leads_to_a_page_in_the_language_asked(moerwijk: Service, lang: str) -> None:
    """As HTML and as JSON; the old place on the page of them all stays."""
    with moerwijk.client() as client:
        found = client.get("/def/objections", headers={"Accept": "application/json"}).json()["objections"]
        assert set(OBJECTIONS) == {one["name"] for one in found}
        for one in found:
            path = one["docs"].removeprefix("http://127.0.0.1:8000")
            shown = client.get(path, params={"lang": lang}, headers={"Accept": "text/html"})
            assert (200, lang) == (shown.status_code, shown.headers["content-language"]), path
            text = read_page(shown.text).text
            assert one["name"] in text
            assert " ".join(one["message"][lang].split()) in text
            told = client.get(path, headers={"Accept": "application/json"}).json()
            assert (one["name"], one["status"]) == (told["name"], told["status"])
        whole = client.get("/def/objections", params={"lang": lang}, headers={"Accept": "text/html"})
        assert {kind.anchor for kind in OBJECTIONS.values()} <= {
            one.attributes["id"] for one in read_page(whole.text).all(id=None)
        }
        assert 404 == client.get("/def/objections/no-such-thing").status_code


def test_the_type_of_a_problem_is_the_address_of_its_page(moerwijk: Service) -> None:
    """Who follows it from a refusal reads what to do."""
    with moerwijk.client() as client:
        refused = client.post("/contributions", content=b"x", headers={"Content-Type": "text/turtle"})
        there = client.get(refused.json()["type"].removeprefix("http://127.0.0.1:8000"))
        assert (200, True) == (there.status_code, "TokenMissing" in there.text)
