"""The W3C suite for the Graph Store Protocol as facts: each case's requests in order, and what has to come.

The suite stores people with nameless business cards. This service takes neither, so each payload is told in its own
words: a policy for each person, and a title for each name, in a language that says of what kind the name was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from tests.stories import BASE, PREFIXES
from tests.w3c_cases import MF, W3C, Node, listed, objects, read

HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
COMMENT = "http://www.w3.org/2000/01/rdf-schema#comment"
PERSON = "http://xmlns.com/foaf/0.1/Person"
SUITE = W3C / "sparql11" / "graph-store-protocol"
OLD_SUITE = W3C / "sparql11" / "http-rdf-update"
STATUSES = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
# In the older suite a case is a piece of prose: a request, and the head of a response.
_PROSE = re.compile(r"#### Request\s+(?P<request>.*?)\s+#### Response\s+(?P<response>.*)", re.DOTALL)


@dataclass(frozen=True)
class Request:
    """One request. `target` is what stands behind the endpoint: `/person/1.ttl`, `?graph=…`, or nothing."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: str
    statuses: frozenset[int]
    media_type: str | None
    """The Content-Type that has to come."""
    content: str | None
    """The Turtle that has to come."""
    location: bool = False
    """Whether `Location` has to come, for `$LOCATION$` in what follows."""


@dataclass(frozen=True)
class Case:
    """One test: its requests in order."""

    name: str
    requests: tuple[Request, ...]


def cases(kind: str) -> list[Case]:
    """The cases of a manifest, `direct` or `indirect`; none where the suite is absent."""
    manifest = SUITE / f"manifest-{kind}.ttl"
    return [Case(name, _requests(store, entry)) for store, name, entry in _entries(manifest)]


def old_cases() -> list[Case]:
    """The cases of the older suite, which share their state and are asked in order."""
    found = []
    for store, name, entry in _entries(OLD_SUITE / "manifest.ttl"):
        told = (_PROSE.search(node.value) for node in objects(store, entry, COMMENT) if isinstance(node, ox.Literal))
        (prose,) = (match for match in told if match is not None)
        found.append(Case(name, (_told(prose["request"], prose["response"]),)))
    return found


def _entries(manifest: Path) -> list[tuple[ox.Store, str, Node]]:
    if not manifest.exists():
        return []
    store = read(manifest)
    (head,) = (q.object for q in store.quads_for_pattern(None, ox.NamedNode(MF + "entries"), None))
    assert not isinstance(head, ox.Triple)
    named = [entry for entry in listed(store, head) if not isinstance(entry, ox.Literal)]
    return [(store, entry.value.rpartition("#")[2], entry) for entry in named]


def _text(store: ox.Store, subject: Node, predicate: str) -> str | None:
    found = objects(store, subject, predicate)
    assert len(found) <= 1, (subject, predicate, found)
    return found[0].value if found else None


def _fields(store: ox.Store, subject: Node) -> tuple[tuple[str, str], ...]:
    fields = [f for head in objects(store, subject, HT + "headers") for f in listed(store, head)]
    return tuple(
        (_text(store, f, HT + "fieldName") or "", _text(store, f, HT + "fieldValue") or "")
        for f in fields
        if not isinstance(f, ox.Literal)
    )


def _content(store: ox.Store, subject: Node) -> str | None:
    bodies = [b for b in objects(store, subject, HT + "body") if not isinstance(b, ox.Literal)]
    return _text(store, bodies[0], CNT + "chars") if bodies else None


def _requests(store: ox.Store, entry: Node) -> tuple[Request, ...]:
    (action,) = (a for a in objects(store, entry, MF + "action") if not isinstance(a, ox.Literal))
    (requests,) = objects(store, action, HT + "requests")
    return tuple(_request(store, node) for node in listed(store, requests) if not isinstance(node, ox.Literal))


def _request(store: ox.Store, node: Node) -> Request:
    path = _text(store, node, HT + "absolutePath") or ""
    assert path.startswith("/gsp")
    (response,) = (r for r in objects(store, node, HT + "resp") if not isinstance(r, ox.Literal))
    wanted = objects(store, response, MF + "expectedStatus")
    return Request(
        _text(store, node, HT + "methodName") or "",
        path.removeprefix("/gsp"),
        _fields(store, node),
        _content(store, node) or "",
        frozenset(STATUSES[status.value.rpartition("#")[2]] for status in wanted),
        dict(_fields(store, response)).get("content-type"),
        _content(store, response),
        _text(store, response, MF + "expectedLocation") is not None,
    )


def _told(request: str, response: str) -> Request:
    """A request and the head of its response, as the older suite writes them."""
    head, _, body = re.sub(r"(?m)^ {4}", "", request).partition("\n\n")
    method, address, _ = head.splitlines()[0].split(" ", 2)
    headers = tuple(tuple(line.split(": ", 1)) for line in head.splitlines()[1:] if not line.startswith("Host:"))
    answer = re.sub(r"(?m)^ {4}", "", response).partition("\n\n")[0].splitlines()
    fields = dict(line.split(": ", 1) for line in answer[1:])
    target = address.replace("http://$HOST$/$GRAPHSTORE$", "").removeprefix("$GRAPHSTORE$")
    return Request(
        method,
        target if address != "$NEWPATH$" else address,
        headers,  # type: ignore[arg-type]
        body,
        frozenset({int(answer[0].split(" ")[0])}),
        fields.get("Content-Type"),
        None,
        "Location" in fields,
    )


def in_our_words(turtle: str, holder: str, case: str) -> str:
    """A payload of the suite told in ours, about `<>`; each case speaks of itself."""
    prefixed = turtle if turtle.rstrip().endswith(".") else turtle + " ."  # The older suite forgot some.
    quads = list(ox.parse(prefixed, format=ox.RdfFormat.TURTLE, base_iri="http://www.example/gsp/"))
    lines = [
        f'<> dcterms:title "{q.object.value}"@x-{re.split("[#/]", q.predicate.value)[-1].lower()[:8]} .'
        for q in quads
        if isinstance(q.object, ox.Literal)
    ]
    if any(isinstance(q.object, ox.NamedNode) and q.object.value == PERSON for q in quads):
        lines.append(
            f"<> a lw:Policy ; lw:heldBy <{BASE}/id/{holder}> ; lw:audience audience:public ; "
            f'dcterms:title "Een plan"@nl ; dcterms:description "Wat wij willen doen: {case}."@nl .'
        )
    return PREFIXES + "\n".join(lines) + "\n"


def body_of(request: Request, holder: str, case: str) -> str:
    """What is sent; each file of a form by itself."""
    if not request.body.startswith("--"):
        return in_our_words(request.body, holder, case) if request.body else ""
    boundary = request.body.split("\n", 1)[0].strip()
    text = request.body.replace("\r\n", "\n")
    parts = [part.strip("\n").split("\n\n", 1) for part in text.split(boundary)[1:-1]]
    told = [f"{head}\n\n{in_our_words(turtle, holder, case)}" for head, turtle in parts]
    return "".join(f"{boundary}\n{one}\n" for one in told).replace("\n", "\r\n") + f"{boundary}--\r\n"
