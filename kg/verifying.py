"""From outside: is a chain as it was published, and does a party's viewpoint stand in it as the party wrote it?

Pure functions over what a service gives and what the party kept itself. They trust neither: every digest is computed
here, from bytes that were written anew from the parsed statements. The rules stand in docs/verify.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from kg.brackets import look_over
from kg.ledger.chain import SHARED, audience_genesis, digest_of, position_digest
from kg.ledger.quads import AUDIENCE_CONCEPTS
from kg.party import AUDIENCES
from kg.reading import canonical
from kg.vocabulary import AUDIENCE

FAULTS_MAX = 100  # Whoever reads them needs the first: one wrong position makes all after it wrong.


@dataclass(frozen=True)
class Head:
    """Where a chain stands: its position and the digest there."""

    position: int
    digest: str


@dataclass(frozen=True)
class Known:
    """What a party knows of one of its contributions, from the service or from a receipt that it kept."""

    salt: bytes | None = None
    document: str | None = None
    digest: str | None = None
    """Of the payload, without salt."""
    position: int | None = None
    """Where the receipt says that it stands."""


@dataclass
class Walked:
    """A chain that was walked from its beginning: what is wrong with it, and what it says."""

    audience: str
    head: Head
    faults: list[str] = field(default_factory=list)
    came: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Every contribution that ever came in: its envelope."""
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The positions at which each came in."""
    gone: dict[int, frozenset[str]] = field(default_factory=dict)
    """By position, what left or ended at it."""
    standing: set[str] = field(default_factory=set)
    ended: dict[str, str] = field(default_factory=dict)
    """How what ended did."""

    def fault(self, what: str) -> None:
        """Notes one thing that is wrong."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(what)


@dataclass
class Held:
    """How a party's viewpoint stands in a chain."""

    faults: list[str] = field(default_factory=list)
    standing: int = 0
    unaltered: int = 0
    """Those whose salted digest is that of the words that the service gives."""
    unsalted: int = 0
    """Those of which nobody here knows the salt."""
    elsewhere: int = 0
    """Given, and in no audience's chain: for the holder, for the named parties, or tied to what is hidden."""
    erased: int = 0


def walk(base: str, audience: str, head: Head, positions: Iterable[Any], remembered: Head | None = None) -> Walked:
    """Walks a chain from its first position to its head, and computes every digest anew.

    `positions` are those of the pages of `/chain`, as JSON; `remembered` is a head that was seen before.
    """
    walked = Walked(audience, Head(0, audience_genesis(base, audience)))
    for told in positions:
        try:
            _step(walked, told)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            walked.fault(f"position {walked.head.position + 1} is not written as a position is")
            return walked
        if remembered is not None and walked.head.position == remembered.position and walked.head != remembered:
            walked.fault(f"position {remembered.position} had another digest before: the past was rewritten")
    if walked.head.position < head.position:
        walked.fault(f"the head is at position {head.position}, the chain that is given ends at {walked.head.position}")
    elif walked.head != head:
        walked.fault(f"the chain does not lead to the head that is published at position {head.position}")
    if remembered is not None and walked.head.position < remembered.position:
        walked.fault(f"position {remembered.position} was seen before, the chain now ends at {walked.head.position}")
    return walked


def _step(walked: Walked, told: Mapping[str, Any]) -> None:
    number = walked.head.position + 1
    entered, left, ended = told["entered"], told["left"], told["ended"]
    if told["position"] != number:
        walked.fault(f"position {number} is missing: {int(told['position'])} follows {number - 1}")
        raise ValueError
    if told["previous"] != walked.head.digest:
        walked.fault(f"position {number} does not follow from the one before it")
    # The published `previous` is what its digest was made of; that it is the right one was looked at above.
    digest = position_digest(walked.audience, number, str(told["previous"]), entered, left, ended)
    if digest != told["digest"]:
        walked.fault(f"position {number} is not what its digest says")
    for envelope in entered:
        if set(envelope) != {*SHARED, "supersedes"}:
            raise ValueError
        id = str(envelope["id"])
        earlier = walked.came.get(id)
        if earlier is not None and any(earlier[name] != envelope[name] for name in SHARED):
            walked.fault(f"contribution {id} came in twice, and not as the same")
        walked.came[id] = envelope
        walked.places[id].append(number)
        walked.standing.add(id)
    walked.standing -= {str(id) for id in left} - {str(envelope["id"]) for envelope in entered}
    walked.gone[number] = frozenset(str(id) for id in (*left, *(id for id, _, _ in ended)))
    walked.ended |= {str(id): str(how) for id, how, _ in ended}
    walked.head = Head(number, digest)


def contributions_in(base: str, quads: bytes) -> Mapping[str, bytes] | str:
    """A viewpoint in N-Quads as contribution to payload, written anew from its terms; a text when it can't be read."""
    unfit = look_over(quads, "turtle")
    if unfit is not None:
        return unfit.message_en
    found: dict[str, list[ox.Triple]] = defaultdict(list)
    try:
        for quad in ox.parse(quads, format=ox.RdfFormat.N_QUADS):
            graph = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
            found[graph.removeprefix(f"{base}/contributions/")].append(quad.triple)
    except SyntaxError as error:
        return str(error)
    return {id: canonical(triples) for id, triples in found.items()}


def hold(
    walked: Walked,
    party: str,
    given: Mapping[str, bytes],
    told: Mapping[str, Known],
    kept: Mapping[str, Known] | None = None,
) -> Held:
    """Holds a party's viewpoint (slug) against a chain.

    `given` are its current contributions as the service gives them; `told` is what the service says of them to their
    holder; `kept` are receipts that the party kept, which count before it.
    """
    held = Held()
    own = {id for id, envelope in walked.came.items() if envelope["party"] == party}
    for id in sorted(own & walked.standing):
        held.standing += 1
        if id not in given:
            held.faults.append(f"contribution {id} stands in the chain, and the service does not give it")
    for id in sorted(given):
        if id not in own or id not in walked.standing:
            _elsewhere(walked, held, own, id, given[id], told.get(id))
        else:
            _words(walked, held, id, given[id], told.get(id), (kept or {}).get(id))
    held.erased = sum(walked.ended.get(id) == "erased" for id in own)
    if kept is not None:
        _receipts(walked, held, own, kept)
    held.faults = held.faults[:FAULTS_MAX]
    return held


def _elsewhere(walked: Walked, held: Held, own: set[str], id: str, payload: bytes, told: Known | None) -> None:
    """What is given and does not stand in the chain: fine when it is for fewer readers, or never came into a store."""
    wide = {AUDIENCE_CONCEPTS[name].encode() for name in AUDIENCES[: AUDIENCES.index(walked.audience) + 1]}
    public = any(b"<%b> <%b> .\n" % (AUDIENCE.encode(), concept) in payload for concept in wide)
    hidden = told is not None and not _came_in(walked, own, told)
    if public and not hidden:
        held.faults.append(f"contribution {id} is given, and does not stand in the chain")
    else:
        held.elsewhere += 1


def _came_in(walked: Walked, own: set[str], receipt: Known) -> bool:
    """Whether a receipt says that its contribution came into this audience's store.

    What replaced something without coming in itself (fewer may read it) has the position at which that went.
    """
    return receipt.position is not None and not own & walked.gone.get(receipt.position, frozenset())


def _words(walked: Walked, held: Held, id: str, payload: bytes, told: Known | None, kept: Known | None) -> None:
    envelope = walked.came[id]
    if kept is not None and kept.digest is not None and kept.digest != digest_of(payload):
        held.faults.append(f"contribution {id} has other words than its receipt says")
        return
    if kept and told and kept.salt and told.salt and kept.salt != told.salt:
        held.faults.append(f"contribution {id} has another salt than its receipt says")
        return
    salt = (kept.salt if kept else None) or (told.salt if told else None)
    if salt is None:
        held.unsalted += 1
    elif digest_of(salt, payload) != envelope["payload_digest"]:
        held.faults.append(f"contribution {id} has other words than the chain says")
    else:
        name = (kept.document if kept else None) or (told.document if told else None)
        if name is not None and digest_of(salt, name.encode()) != envelope["name_digest"]:
            held.faults.append(f"contribution {id} has another name than the chain says")
        else:
            held.unaltered += 1


def _receipts(walked: Walked, held: Held, own: set[str], kept: Mapping[str, Known]) -> None:
    """Whether every receipt has its place in the chain, and every contribution of the party its receipt."""
    for id, receipt in sorted(kept.items()):
        if not _came_in(walked, own, receipt):
            continue
        if id not in own:
            held.faults.append(f"contribution {id} has a receipt, and the chain does not have it from this party")
        elif receipt.position not in walked.places[id]:
            places = ", ".join(map(str, walked.places[id]))
            held.faults.append(f"contribution {id} stands at {places}, its receipt says {receipt.position}")
    held.faults.extend(
        f"contribution {id} is said to be of this party, and has no receipt" for id in sorted(own - kept.keys())
    )
