"""The W3C suites for the Graph Store Protocol, request by request, with payloads in the words of this service."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from kg.accounts import Accounts
from kg.party import Right
from tests.running import Service
from tests.stories import BASE
from tests.w3c_graph_store import Case, Request, body_of, cases, in_our_words, old_cases

KNOWN: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "known" / "graph_store.toml").read_text())
DIRECT, INDIRECT, OLD = cases("direct"), cases("indirect"), old_cases()
PARTY = "w3c"
EXAMPLE = "http://www.example/gsp/"
pytestmark = pytest.mark.skipif(not DIRECT, reason="the W3C graph store suite is not there: set WIJKGRAAF_SUITES")


@pytest.fixture(scope="module")
def client(shared: Service) -> Iterator[httpx.Client]:
    """A party that speaks in the suite's own namespace."""
    shared.run("party", "add", PARTY, "--name", "W3C", "--perspective", "professionals", "--namespace", EXAMPLE)
    with Accounts(f"sqlite:///{shared.data}/ledger.sqlite") as accounts:
        token = accounts.create_token(PARTY, Right.CONTRIBUTE, datetime.now(UTC))
    with shared.client(token) as client:
        del client.headers["Accept"]  # A case says itself what it accepts.
        yield client


def address(request: Request, case: str, how: str, found: dict[str, str]) -> tuple[str, str | None]:
    """Where a request goes here, and the IRI of its graph: each case has graphs of its own."""
    if request.target == "$NEWPATH$":
        return found["location"], None
    if "$LOCATION$" in request.target:
        return "/graphs" + request.target.replace("$LOCATION$", found["location"]), None
    target = request.target.replace("person/", f"{case}/").replace("person%2F", f"{case}%2F")
    if target.startswith("?graph=http"):
        return f"/graphs{target}", httpx.URL(f"http://x/{target}").params["graph"]
    if "/" not in target:
        return f"/graphs{target}", None
    name = target.removeprefix("?graph=").strip("/").replace("/", "-")
    if how == "indirect":
        return f"/graphs?graph={EXAMPLE}{name}", f"{EXAMPLE}{name}"
    path, graph = f"/doc/{PARTY}/{name}", f"{BASE}/id/{PARTY}/{name.removesuffix('.ttl')}"
    # The older suite names such a graph by its address, too.
    return f"/graphs?graph={BASE}{path}" if target.startswith("?") else path, graph


def disagreement(client: httpx.Client, request: Request, case: str, how: str, found: dict[str, str]) -> str | None:
    """What a reply lacks of what the case asks; None when nothing."""
    path, graph = address(request, case, how, found)
    answer = client.request(request.method, path, content=body_of(request, PARTY, case), headers=dict(request.headers))
    if answer.status_code not in request.statuses:
        wanted = " or ".join(map(str, sorted(request.statuses)))
        return f"{request.method} {path}: {answer.status_code} instead of {wanted}: {answer.text[:300]}"
    if request.media_type is not None and answer.headers.get("content-type") != request.media_type:
        return f"{answer.headers.get('content-type')} instead of {request.media_type}"
    if request.location:
        if "location" not in answer.headers:
            return "no Location"
        found["location"] = answer.headers["location"]
    if request.content is None:
        return None
    name = graph or f"{BASE}/id/{found['location'].removeprefix('/doc/')}"
    meant = set(ox.parse(in_our_words(request.content, PARTY, case), format=ox.RdfFormat.TURTLE, base_iri=name))
    came = set(ox.parse(answer.content, format=ox.RdfFormat.TURTLE))
    return None if meant == came else f"{sorted(map(str, meant ^ came))}"


def check(client: httpx.Client, case: Case, place: str, how: str, known: str, found: dict[str, str]) -> None:
    """Each request in order, until one differs from what the suite wants: then that is known."""
    for request in case.requests:
        difference = disagreement(client, request, place, how, found)
        if difference is not None:
            assert case.name in KNOWN[known], difference
            return
    assert case.name not in KNOWN[known], f"{case.name} passes now: {KNOWN[known].get(case.name)}"


@pytest.mark.parametrize("case", INDIRECT, ids=lambda case: case.name)
def test_the_protocol_is_spoken_at_graphs(client: httpx.Client, case: Case) -> None:
    """Every case that names its graph in the address."""
    check(client, case, case.name, "indirect", "indirect", {})


@pytest.mark.parametrize("case", DIRECT, ids=lambda case: case.name)
def test_the_protocol_is_spoken_at_documents(client: httpx.Client, case: Case) -> None:
    """Every case whose graph answers at its own address, which is that of the document."""
    check(client, case, case.name, "direct", "direct", {})


@pytest.mark.parametrize("how", ["indirect", "direct"])
def test_the_older_suite_is_spoken_in_its_order(client: httpx.Client, how: str) -> None:
    """Its cases build on each other: all of them, by both ways of naming a graph."""
    found: dict[str, str] = {}
    # One graph of the suite is there from the beginning.
    there = Request(
        "PUT", "/person/2.ttl", OLD[0].requests[0].headers, OLD[0].requests[0].body, frozenset({201}), None, None
    )
    assert disagreement(client, there, f"older-{how}", how, found) is None
    for case in OLD:
        check(client, case, f"older-{how}", how, f"older-{how}", found)


def test_every_known_difference_is_of_the_suite() -> None:
    """What is on the list exists, and says why."""
    names = {"direct": DIRECT, "indirect": INDIRECT, "older-direct": OLD, "older-indirect": OLD}
    assert names.keys() == KNOWN.keys()
    for place, listed in KNOWN.items():
        assert set() == listed.keys() - {case.name for case in names[place]}
        assert all(len(reason) > 20 for reason in listed.values())
    assert (4, 9, 18) == (len(DIRECT), len(INDIRECT), len(OLD))
