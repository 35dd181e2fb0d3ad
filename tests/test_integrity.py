"""The integrity theorem and its neighbours, on generated histories of several parties.

A history is a list of batches. After each one the ledger is held against a reference that knows only the rules, against
stores that live by the changes alone, and against stores made anew; at its end everything is verified.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyoxigraph as ox
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.contribution import Document
from kg.ledger import Act, Ledger, Receipt
from kg.party import AUDIENCES
from kg.vocabulary import DOCUMENT, HELD_BY, TOMBSTONE
from tests.neighbourhood import BASE, NOW, Stores, batch, document, folder, iri, made_anew, taken
from tests.reference_visible import World

PARTIES = ("ans", "bo", "wijk")
NAMES = ("a", "b", "c")
EVERYTHING = tuple(iri(party, name) for party in PARTIES for name in NAMES)

names = st.sampled_from(NAMES)
says = st.tuples(
    st.just("say"),
    names,
    st.sampled_from(("own", "table", "partners", "public", "public")),
    st.frozensets(st.sampled_from((*EVERYTHING, iri("nobody", "x"))), max_size=2),
    st.none() | st.none() | st.integers(0, 2),
    st.sampled_from(("een", "twee")),
    st.none() | st.none() | st.sampled_from(EVERYTHING),
)
ends = st.tuples(st.sampled_from(("withdraw", "erase")), names)
acts = st.lists(says | says | ends, min_size=1, max_size=3, unique_by=lambda act: act[1])
speaking = st.tuples(st.just("batch"), st.sampled_from(PARTIES), acts)
meddling = st.tuples(st.just("meddle"), st.sampled_from(PARTIES), st.sampled_from(EVERYTHING))
steps = st.lists(
    speaking | speaking | speaking | speaking | meddling | st.just(("day",)) | st.just(("reopen",)),
    min_size=2,
    max_size=14,
)


@dataclass
class Parallel:
    """The ledger, the stores that follow it, and the reference, side by side."""

    url: str
    ledger: Ledger
    stores: Stores = field(default_factory=Stores)
    world: World = field(default_factory=World)
    now: datetime = NOW
    texts: dict[str, Document] = field(default_factory=dict)

    @property
    def today(self) -> str:
        """ISO date."""
        return self.now.date().isoformat()

    def reopen(self) -> None:
        """Closes the ledger and opens it again."""
        self.ledger.close()
        self.ledger = Ledger.open(self.url)
        self.ledger.on_change(self.stores.apply)

    def end_grounds(self) -> None:
        """The clock comes round, in both."""
        self.ledger.end_grounds(self.now).result(10)
        over = [
            name
            for name, thing in self.world.things.items()
            if thing.ended is None and thing.last_day is not None and thing.last_day < self.today
        ]
        for name in over:
            self.world.end(name, "groundEnded")

    def speak(self, party: str, wanted: list[tuple[object, ...]]) -> None:
        """A party sends a batch; what the rules forbid is left out of it first."""
        self.end_grounds()
        made: list[Act] = []
        for how, name, *content in wanted:
            me = iri(party, str(name))
            thing = self.world.things.get(me)
            if thing is not None and thing.ended == "erased":
                continue
            if how == "say":
                made.append(self._say(party, str(name), *content))
            elif thing is not None and (thing.ended is None or how == "erase"):
                made.append(Act("erase" if how == "erase" else "withdraw", me))
        if not made:
            return
        receipt = taken(self.ledger, batch(party, *made, ledger=self.ledger, replace=True), self.now)
        assert [act.iri for act in made] == [one.iri for one in receipt.contributions]
        # What ended was seen by those who saw it before the batch: ends come first in the reference.
        for act in made:
            if act.document is None:
                self.world.end(act.iri, "erased" if act.kind == "erase" else "withdrawn")
                self.texts.pop(act.iri, None)
        for act, one in zip(made, receipt.contributions, strict=True):
            if act.document is not None:
                same = self.texts.get(act.iri)
                assert one.unchanged == (same is not None and same.payload == act.document.payload)
                if not one.unchanged:
                    self.texts[act.iri] = act.document
                    said = act.document
                    self.world.say(act.iri, said.audience, frozenset(said.ties), said.ground_ends)
        self.world.lay_ghosts(self.today)

    def _say(self, party: str, name: str, *content: object) -> Act:
        audience, ties, days, text, target = content
        me = iri(party, name)
        assert isinstance(ties, frozenset)
        ends_on = None if days is None else (self.now + timedelta(days=int(str(days)))).date().isoformat()
        said = document(
            party,
            name,
            # Everything that is not in the triples of these small documents goes into the text.
            f"{text} {audience} {ends_on}",
            audience=str(audience),
            ties=sorted(ties - {me}),
            ground_ends=ends_on,
            response=None if target in (None, me) else ("recognises", str(target)),
        )
        return Act("publish", me, said)

    def meddle(self, party: str, other: str) -> None:
        """A party tries to speak for another, in every way there is: nothing happens."""
        holder = other.rsplit("/", 2)[1]
        if holder == party or other not in self.world.things:
            return
        for kind in ("withdraw", "erase"):
            answer = self.ledger.submit(batch(party, Act(kind, other)), self.now).result(10)
            assert not isinstance(answer, Receipt)
        said = document(holder, other.rsplit("/", 1)[1], "van een ander")
        answer_or_bug = self.ledger.submit(batch(party, said, replace=True), self.now).exception(10)
        assert isinstance(answer_or_bug, ValueError)


def check_stores(parallel: Parallel) -> None:
    """Live equals made anew equals the reference, in each store."""
    for audience in AUDIENCES:
        live = parallel.stores.lines(audience)
        assert made_anew(parallel.ledger, audience, parallel.now) == live
        statements, tombstones = parallel.world.store(audience, parallel.today)
        store = parallel.stores.stores[audience]
        documents = {str(quad.object) for quad in store.quads_for_pattern(None, ox.NamedNode(DOCUMENT), None)}
        assert {f"<{name}>" for name in statements} == documents
        stones = {str(quad.subject) for quad in store.quads_for_pattern(None, None, ox.NamedNode(TOMBSTONE))}
        assert {f"<{name}>" for name in tombstones} == stones
        assert parallel.ledger.positions()[audience] == parallel.stores.positions[audience]


def check_whole_store(parallel: Parallel) -> None:
    """No subject in two parties' graphs; no graph without an entry, none without its holder."""
    for store in parallel.stores.stores.values():
        holders: dict[str, str] = {}
        for graph in store.named_graphs():
            name = str(graph.value)
            if name.startswith(f"{BASE}/graph/"):
                continue
            entry = parallel.ledger.contribution(name.rsplit("/", 1)[1])
            assert entry is not None
            said_by = list(store.quads_for_pattern(graph, ox.NamedNode(HELD_BY), None))
            assert [f"<{BASE}/id/{entry.party}>"] == [str(quad.object) for quad in said_by]
            for quad in store.quads_for_pattern(None, None, None, graph):
                subject = str(quad.subject)
                assert entry.party == holders.setdefault(subject, entry.party)


def positions_and_lines(parallel: Parallel) -> dict[str, tuple[int, list[bytes]]]:
    """What can be seen of each store from outside."""
    return {audience: (parallel.stores.positions[audience], parallel.stores.lines(audience)) for audience in AUDIENCES}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_whatever_a_party_does_the_others_viewpoints_stay_as_they_are(history: list[tuple[object, ...]]) -> None:
    """A's viewpoint changes only by A, its erasures and its grounds; live, rebuilt and reference are one.

    And a store's position moves exactly when its content does.
    """
    with folder() as place:
        url = f"sqlite:///{place}/ledger.sqlite"
        parallel = Parallel(url, Ledger.create(url, BASE))
        parallel.ledger.on_change(parallel.stores.apply)
        for step in history:
            if step[0] == "day":
                parallel.now += timedelta(days=1)
                parallel.end_grounds()
            before = {party: parallel.ledger.view_digest(party) for party in PARTIES}
            outside = positions_and_lines(parallel)
            speaker = step[1] if step[0] == "batch" else None
            if step[0] == "batch":
                parallel.speak(str(step[1]), list(step[2]))  # type: ignore[call-overload]
            elif step[0] == "meddle":
                parallel.meddle(str(step[1]), str(step[2]))
            elif step[0] == "reopen":
                parallel.reopen()
            for party in PARTIES:
                if party != speaker:
                    assert before[party] == parallel.ledger.view_digest(party)
            check_stores(parallel)
            for audience, (position, lines) in positions_and_lines(parallel).items():
                moved, changed = position != outside[audience][0], lines != outside[audience][1]
                assert changed == moved
        check_whole_store(parallel)
        verified = parallel.ledger.verify()
        assert () == verified.faults
        parallel.ledger.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(speaking, min_size=1, max_size=8), st.lists(says | ends, min_size=1, max_size=6))
def test_what_is_not_public_moves_nothing_public(
    history: list[tuple[object, ...]], restricted: list[tuple[object, ...]]
) -> None:
    """A party that nobody public ties to does what it wants below `public`: no position, digest or byte there moves."""
    with folder() as place:
        url = f"sqlite:///{place}/ledger.sqlite"
        parallel = Parallel(url, Ledger.create(url, BASE))
        parallel.ledger.on_change(parallel.stores.apply)
        for _, party, wanted in history:
            parallel.speak(str(party), list(wanted))  # type: ignore[call-overload]
        head, lines = parallel.ledger.heads()["public"], parallel.stores.lines("public")
        for act in restricted:
            if act[0] == "say":
                act = (act[0], act[1], "partners" if act[2] == "public" else act[2], *act[3:])
            parallel.speak("cor", [act])
        assert (head, lines) == (parallel.ledger.heads()["public"], parallel.stores.lines("public"))
        parallel.ledger.close()
