"""Queries and requests of the W3C suites, damaged at random: an answer or a problem, never an outage."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from tests.exploring import explored
from tests.running import Service
from tests.test_sparql_door import ask
from tests.test_w3c_sparql import every
from tests.w3c_cases import W3C
from tests.w3c_protocol import Request, exchanges, send

QUERIES = 3000  # A quarter of a minute; ten times as many found nothing more.
REQUESTS = 1500
PIECES = (
    *"{}()[]<>.;,*+|/!^#\\'\"",
    *(
        "?x",
        "GRAPH ",
        "OPTIONAL",
        "FILTER(",
        "SELECT ",
        "FROM ",
        "FROM NAMED ",
        "BASE <",
        "PREFIX ",
        "@en",
        "^^",
        "_:b",
    ),
    *("COUNT(", "GROUP BY ", "ORDER BY ", "VALUES ", "UNDEF", "BIND(", " AS ", "EXISTS{", "MINUS{", "LIMIT 1", "1e999"),
    *("\\u0041", "\\U0010FFFF", "DISTINCT", " IN ", "<<", ">>", "LATERAL{", "http://a[b]/", "%", "%zz", "&", "=", "\0"),
    *("é", "𝟘", "\u2028", "\n", "\r"),
)
STATUSES = {200, 400, 403, 405, 406, 413, 414, 415, 503}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (W3C / "sparql11").is_dir(), reason=f"no W3C suites at {W3C}: set WIJKGRAAF_SUITES"),
]


def damaged(text: str, others: list[str], chance: random.Random) -> str:
    """The text with a piece put in, left out, doubled or taken from another, once or a few times."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at, other = chance.randrange(len(text) + 1), chance.choice(others)
        end, start = at + chance.randint(1, 20), chance.randrange(len(other) + 1)
        text = chance.choice(
            (
                text[:at] + chance.choice(PIECES) + text[at:],
                text[:at] + text[end:],
                text[:end] + text[at:],
                text[:at] + other[start : start + 40] + text[at:],
            )
        )
    return text


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Some files of the suites explored, so that what is read finds something."""
    data = sorted((W3C / "sparql11" / "functions").glob("data*.ttl"))
    with explored(data, {"http://example.org/g": data[0]}, tmp_path_factory.mktemp("fuzz")) as found:
        yield found


def test_damaged_queries_are_answered_or_refused(address: str) -> None:
    """Each within its time, with a status that says whose fault it is; hardly one is the service's."""
    chance = random.Random(20)
    queries = [case.query for case in every() if case.kind in ("evaluation", "positive")]
    outcomes: Counter[str] = Counter()
    formats = ("*/*", "application/sparql-results+xml, application/rdf+xml", "text/csv, application/n-triples")
    with httpx.Client(timeout=60) as client:
        for _ in range(QUERIES):
            query = damaged(chance.choice(queries), queries, chance)
            headers = {"Content-Type": "application/sparql-query", "Accept": chance.choice(formats)}
            answer = client.post(f"{address}/sparql", content=query.encode(), headers=headers)
            name = "" if answer.status_code == 200 else answer.json()["errors"][0]["name"]
            assert answer.status_code in STATUSES, (answer.status_code, name, query)
            # None of these is large or long: what ends a worker is a bug.
            assert name not in ("MemoryOut", "EngineEnded", "TimeOut", "CheckFailed"), (name, query)
            outcomes[name] += 1
    assert outcomes[""] > QUERIES / 20
    assert sum(outcomes[name] for name in ("QueryUnclear", "QueryWrong", "PrefixUnknown", "QueryEmpty")) > QUERIES / 2


def test_damaged_requests_are_answered_or_refused(moerwijk: Service) -> None:
    """Addresses, bodies and types with bytes in them that nobody means."""
    chance = random.Random(21)
    requests = [request for case in exchanges() for request in case.requests]
    paths = [request.path for request in requests]
    bodies = [(request.body or b"query=ASK{}").decode("latin-1") for request in requests]
    types = [value for request in requests for _, value in request.headers]
    for _ in range(REQUESTS):
        request = chance.choice(requests)
        changed = {
            "path": damaged(request.path, paths, chance),
            "body": damaged((request.body or b"").decode("latin-1"), bodies, chance).encode("utf-8"),
            "headers": tuple((n, damaged(v, types, chance)) for n, v in request.headers),
        }
        name = chance.choice([n for n in changed if getattr(request, n)] or ["path"])
        odd = replace(request, **{name: changed[name]})
        reply = send(moerwijk.port, sendable(odd))
        assert reply.status in STATUSES, (reply, odd)
        assert reply.status == 200 or reply.objections or reply.status == 400, (reply, odd)
    assert 200 == ask(moerwijk, "ASK {}").status_code
    assert moerwijk.process.poll() is None


def sendable(request: Request) -> Request:
    """What can still be sent: no space or end of line in an address, no end of line in a header."""
    path = "".join(c for c in request.path if "!" <= c <= "~")
    path = f"?{path.lstrip('?')}" if path else ""
    headers = ((n, "".join(c for c in v if " " <= c <= "~")) for n, v in request.headers)
    return replace(request, path=path, headers=tuple(headers))
