"""Judging in parts finds what judging the whole batch finds: each part brings the evidence that it needs."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kg import framing, judging
from kg.checking import Checking, hold
from kg.contribution import Document, Neighbour, Slice
from kg.judging import Judged, Judging
from kg.objection import Objection
from kg.ownership import check_ownership
from kg.reading import read
from kg.vocabulary import LW
from tests.examples import BASE, ONTOLOGY, ROOT, TODAY
from tests.stories import connection, response, story

SPEAKER = f"{BASE}/id/straat"
HEAD = {
    "speaker": SPEAKER,
    "namespaces": [f"{SPEAKER}/"],
    "other_namespaces": [],
    "today": TODAY,
    "delegation": "byHolder",
}
C45 = f"{BASE}/id/redactie/c-45"


def thing(name: str) -> str:
    """The name of one of the speaker's things."""
    return f"{SPEAKER}/{name}"


SOUND = (
    story("straat", "a"),
    story("straat", "b", audience="partners"),
    connection("straat", "tie", thing("a"), thing("b"), audience="partners"),
    response("straat", "r1", C45),
)
WRONG = (
    *SOUND,
    connection("straat", "too-wide", thing("a"), thing("b")),
    connection("straat", "astray", thing("a"), thing("nowhere")),
    response("straat", "r2", C45),
    response("straat", "own", thing("tie")),
    story("straat", "groundless", ground=False),
)
DISOWNED = (
    *WRONG,
    story("straat", "x", extra=" ; lw:smell 1"),
    story("straat", "y", extra=" ; lw:smell 2"),
    story("buur", "z"),
)
KNOWN = {
    f"{BASE}/id/wijk/pl-oost": ("Place", "wijk"),
    C45: ("Connection", "redactie"),
    SPEAKER: ("Party", "wijk"),
}


def around(documents: Sequence[Document]) -> Slice:
    """What a ledger would know around these documents."""
    iris = sorted({iri for document in documents for iri in (*document.references, *document.ties)})
    return Slice(tuple(_neighbour(iri) for iri in iris), ())


def _neighbour(iri: str) -> Neighbour:
    if iri not in KNOWN:
        return Neighbour(iri, None, (), None, None, None)
    kind, holder = KNOWN[iri]
    return Neighbour(iri, 1, (f"{LW}{kind}",), f"{BASE}/id/{holder}", "public", None)


def documents_of(bodies: Sequence[str]) -> tuple[Document, ...]:
    """What stands in these texts."""
    found = read(
        "\n".join(bodies).encode(), "text/turtle", base=BASE, speaker=SPEAKER, ontology=ONTOLOGY, mint=lambda: "nooit"
    )
    return tuple(d for d in found if isinstance(d, Document))


@pytest.fixture(scope="module")
def checking() -> Checking:
    """A checker inside the test."""
    config = {"base": BASE, "ontology": [str(ROOT / "ontology")], "shapes": [str(ROOT / "shapes")], "engine": "shacl"}
    return hold(config)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize("bodies", [SOUND, WRONG, DISOWNED], ids=["sound", "wrong", "disowned"])
def test_parts_find_what_the_whole_finds(
    checking: Checking, monkeypatch: pytest.MonkeyPatch, bodies: Sequence[str], size: int
) -> None:
    """The same objections and warnings, whatever the size of the parts; ownership goes before the shapes."""
    monkeypatch.setattr(judging, "JUDGED_AT_ONCE", size)
    documents = documents_of(bodies)

    def ask(head: Mapping[str, Any], body: bytes) -> framing.Frame:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            checking.judge(framing.Frame("judge", head, body), theirs)
            reply = framing.receive(ours)
        assert reply is not None
        return reply

    def look(part: Sequence[Document]) -> tuple[Slice, Slice]:
        return around(part), around(part)

    found = Judging(documents, frozenset(), head=HEAD, look=look, ask=ask).all(2, lambda *_: None)
    owned = check_ownership(
        documents, speaker=SPEAKER, namespaces=(f"{SPEAKER}/",), base=BASE, ontology=ONTOLOGY, other_namespaces=()
    )
    shaped = checking.validator.validate(documents, around(documents), today=TODAY, delegation="byHolder")
    objections = found.warnings if isinstance(found, Judged) else found
    assert _sorted(objections) == _sorted(owned or shaped)
    assert isinstance(found, Judged) == (bodies is SOUND)


def _sorted(objections: Sequence[Objection]) -> list[tuple[str, ...]]:
    """What tells objections apart; at which document an unknown word is told is nobody's promise."""
    return sorted((o.name, "" if o.name == "UnknownWord" else o.focus or "", o.value or "") for o in objections)
