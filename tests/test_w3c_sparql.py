"""The W3C suites for SPARQL 1.0 and 1.1 through HTTP: each case's files explored, its query asked at `/sparql`.

What is not passed is in tests/known/sparql.toml with a reason; a change in either direction fails. Out of scope by
kind: updates (all refused, and tried), entailment regimes, SERVICE, and protocols other than this one.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest

from tests.exploring import explored
from tests.w3c_cases import NOT_OFFERED, W3C, Case, Dataset, cases
from tests.w3c_results import RDF_FORMATS, READERS, Results, compare, expected, from_graph

KNOWN: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "known" / "sparql.toml").read_text())
MEDIA = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}
GRAPH = {".ttl": "text/turtle", ".nt": "application/n-triples", ".rdf": "application/rdf+xml"}
SAMPLED_DATASETS = 12  # One in a folder, those with the most cases: each is a server to start.
SAMPLED_CASES = 5  # Of each of them, spread over the manifest.
CLIENT = httpx.Client(timeout=60)
pytestmark = pytest.mark.skipif(
    not (W3C / "sparql11").is_dir(), reason=f"the W3C SPARQL suites are not at {W3C}: set WIJKGRAAF_SUITES"
)


@cache
def every() -> tuple[Case, ...]:
    """All cases, those of one dataset together."""
    return tuple(sorted(cases(), key=lambda case: (case.dataset, case.kind)))


def sample() -> list[Case]:
    """Some sixty cases from many folders that need few servers: always the same ones."""
    sizes = Counter(case.dataset for case in every() if case.kind == "evaluation")
    chosen: list[Dataset] = []
    for dataset, _ in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        if dataset.base not in {d.base for d in chosen} and len(chosen) < SAMPLED_DATASETS:
            chosen.append(dataset)
    groups = [[c for c in every() if c.dataset == d] for d in chosen]
    groups += [[c for c in every() if c.kind == kind] for kind in ("positive", "negative", "update")]
    return [case for group in groups for case in group[:: max(1, len(group) // SAMPLED_CASES)][:SAMPLED_CASES]]


class Explorations:
    """Explored files, one dataset at a time: the next one takes the place of the last."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.nothing = where / "nothing.ttl"
        self.nothing.write_text("")
        self.stack = contextlib.ExitStack()
        self.dataset: Dataset | None = None
        self.address = ""

    def at(self, dataset: Dataset) -> str:
        """The address where this dataset is asked."""
        if dataset != self.dataset:
            self.stack.close()
            default = dataset.default or (self.nothing,)
            there = explored(default, dict(dataset.named), self.where, base=dataset.base)
            self.address, self.dataset = self.stack.enter_context(there), dataset
        return self.address


@pytest.fixture(scope="session")
def explorations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explorations]:
    """Where the datasets of the suites are explored."""
    found = Explorations(tmp_path_factory.mktemp("w3c"))
    yield found
    found.stack.close()


def post(address: str, case: Case, accept: str, media: str = "application/sparql-query") -> httpx.Response:
    """The case's query as the body of a POST."""
    headers = {"Accept": accept, "Content-Type": media}
    return CLIENT.post(f"{address}/sparql", content=case.query.encode(), headers=headers)


def evaluated(address: str, case: Case) -> str:
    """`same`, `value` or `different`; `refused` with the reason where there was no answer."""
    assert case.result is not None
    wanted = expected(case.result, case.dataset.base)
    ending = case.result.suffix
    is_graph = isinstance(wanted, frozenset)
    media = GRAPH[ending] if is_graph else MEDIA.get(ending, MEDIA[".srj"])
    answer = post(address, case, media)
    if answer.status_code != 200:
        return f"refused: {answer.status_code} {[e['name'] for e in answer.json()['errors']]}"
    assert media == answer.headers["content-type"].split(";")[0]
    found: Results
    if is_graph:
        found = from_graph(answer.content, RDF_FORMATS[ending])
    else:
        found = READERS[{m: e for e, m in MEDIA.items()}[media]](answer.content)
    return compare(wanted, found, lax=case.lax)


def verdict(address: str, case: Case) -> str:
    """What becomes of a case: `same` when it passes, else in which way it does not."""
    if case.kind == "evaluation":
        return evaluated(address, case)
    if case.kind == "update":
        answer = post(address, case, "*/*", "application/sparql-update")
        names = [e["name"] for e in answer.json()["errors"]]
        return "same" if (403, ["UpdateRefused"]) == (answer.status_code, names) else f"{answer.status_code} {names}"
    answer = post(address, case, "*/*")
    if answer.status_code == 200:
        return "same" if case.kind == "positive" else "accepted"
    names = [e["name"] for e in answer.json()["errors"]]
    if (
        case.kind == "negative"
        and answer.status_code == 400
        and names in (["QueryUnclear"], ["QueryWrong"], ["PrefixUnknown"])
    ):
        assert {"line", "column"} <= answer.json().keys()
        return "same"
    return f"refused: {answer.status_code} {names}"


def known(case: Case) -> str:
    """What is known to become of a case."""
    for kind in ("value", "different", "refused", "accepted"):
        if case.name in KNOWN[kind]:
            return kind
    return "same"


def check(case: Case, explorations: Explorations) -> None:
    """The case does what is known of it, no better and no worse."""
    found = verdict(explorations.at(case.dataset), case)
    assert known(case) == found.partition(":")[0], f"{found}; known: {KNOWN.get(known(case), {}).get(case.name)}"


@pytest.mark.parametrize("case", sample(), ids=lambda case: case.name)
def test_a_sample_of_the_suites_passes(case: Case, explorations: Explorations) -> None:
    """Evaluation, syntax and refused updates, from many folders; the rest is the slow test's."""
    check(case, explorations)


@pytest.mark.slow
@pytest.mark.parametrize("case", every(), ids=lambda case: case.name)
def test_the_suites_pass(case: Case, explorations: Explorations) -> None:
    """Every case of both suites, or it is known with a reason; one that passes again has to leave that list."""
    check(case, explorations)


def test_the_list_of_known_exceptions_names_cases_that_exist() -> None:
    """And gives each a reason; what is out of scope by kind is a folder that exists."""
    there = {case.name for case in every()}
    assert len(there) > 900
    assert set() == {name for kind, known in KNOWN.items() if kind != "protocol" for name in known} - there
    assert all(len(reason) > 20 for known in KNOWN.values() for reason in known.values())
    assert all((W3C / "sparql11" / folder).is_dir() for folder in NOT_OFFERED)


def test_the_documentation_has_the_numbers() -> None:
    """How many cases there are, and how many pass, stands in docs/differences.md as it is."""
    page = (Path(__file__).parent.parent / "docs" / "differences.md").read_text()
    syntax = [known(case) for case in every() if case.kind in ("positive", "negative")]
    asked = Counter(known(case) for case in every() if case.kind == "evaluation")
    assert f"| syntax of queries | {len(syntax)} | {syntax.count('same')} | {syntax.count('refused')} call" in page
    assert f"its name; {syntax.count('accepted')} is read" in page
    assert f"| evaluation and formats | {asked.total()} | {asked['same']} | {asked['value']} more" in page
    assert f"{asked['different']} differ and {asked['refused']} is refused" in page
