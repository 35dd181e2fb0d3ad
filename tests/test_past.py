"""The past on generated histories: equal to its reference, the same bytes for ever, silent about what is not told."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import combinations

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.ledger import Act, Ledger
from kg.party import AUDIENCES
from tests.neighbourhood import BASE, NOW, batch, document, folder, iri, lines_of, made_anew, taken
from tests.reference_past import Watcher
from tests.test_integrity import PARTIES, Parallel, ends, says, speaking, steps


def remembered(ledger: Ledger, audience: str, position: int, now: object = NOW) -> tuple[int, bytes]:
    """How much was redacted in the past at a position, and its bytes."""
    with ledger.past(audience, position, now) as past:  # type: ignore[arg-type]
        return past.kept.redactions, b"".join(past.nquads())


def open_parallel(place: object) -> Parallel:
    """A new ledger beside its reference."""
    url = f"sqlite:///{place}/ledger.sqlite"
    parallel = Parallel(url, Ledger.create(url, BASE))
    parallel.ledger.on_change(parallel.stores.apply)
    return parallel


def carry_out(parallel: Parallel, step: tuple[object, ...]) -> None:
    """One step of a history; what others try in vain is left out."""
    if step[0] == "day":
        parallel.now += timedelta(days=1)
        parallel.end_grounds()
    elif step[0] == "batch":
        parallel.speak(str(step[1]), list(step[2]))  # type: ignore[call-overload]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_the_past_equals_its_reference_and_keeps_its_bytes(history: list[tuple[object, ...]]) -> None:
    """After every step, each earlier position holds what the reference says; and equal counts mean equal bytes."""
    with folder() as place:
        parallel = open_parallel(place)
        watchers = {audience: Watcher(audience) for audience in AUDIENCES}
        stood: dict[str, list[int]] = {audience: [] for audience in AUDIENCES}
        bytes_of: dict[tuple[str, int, int], bytes] = {}
        counts: dict[tuple[str, int], int] = {}
        for step in history:
            carry_out(parallel, step)
            texts = {name: said.payload for name, said in parallel.texts.items()}
            for audience, watcher in watchers.items():
                watcher.look(parallel.world, parallel.today, texts)
                stood[audience].append(parallel.ledger.positions()[audience])
                for number, position in enumerate(stood[audience]):
                    if position == 0 or stood[audience][number + 1 : number + 2] == [position]:
                        continue
                    with parallel.ledger.past(audience, position, parallel.now) as past:
                        said = {one.iri: payload for one, payload in past.said()}
                        assert (said, set(past.kept.stones)) == watcher.past(number, parallel.today)
                        key = (audience, position, past.kept.redactions)
                        nquads = b"".join(past.nquads())
                    assert bytes_of.setdefault(key, nquads) == nquads
                    assert counts.get((audience, position), 0) <= key[2]
                    counts[audience, position] = key[2]
        parallel.ledger.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_what_changed_between_two_positions_equals_the_reference(history: list[tuple[object, ...]]) -> None:
    """For every two steps of a history, and each audience: what was added, replaced, ended and hidden, each once."""
    with folder() as place:
        parallel = open_parallel(place)
        watchers = {audience: Watcher(audience) for audience in AUDIENCES}
        stood: dict[str, list[int]] = {audience: [] for audience in AUDIENCES}
        for step in history:
            carry_out(parallel, step)
            texts = {name: said.payload for name, said in parallel.texts.items()}
            for audience, watcher in watchers.items():
                watcher.look(parallel.world, parallel.today, texts)
                stood[audience].append(parallel.ledger.positions()[audience])
        for audience, watcher in watchers.items():
            for (first, start), (second, end) in combinations(enumerate(stood[audience]), 2):
                places = parallel.ledger.place_of(audience, start), parallel.ledger.place_of(audience, end)
                if places[0] is None or places[1] is None:
                    continue
                rows = parallel.ledger.difference(audience, (places[0], places[1]), parallel.now)
                expected = watcher.changes(first, second, parallel.today)
                assert Counter(expected) == Counter((row.kind, row.document) for row in rows)
                assert sorted(row.party for row in rows) == [row.party for row in rows]
        parallel.ledger.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(speaking, min_size=1, max_size=6), st.lists(says | ends, min_size=1, max_size=6))
def test_what_is_not_public_moves_nothing_in_the_public_past(
    history: list[tuple[object, ...]], restricted: list[tuple[object, ...]]
) -> None:
    """Whatever a party does below `public`, every public position keeps its count and its bytes."""
    with folder() as place:
        parallel = open_parallel(place)
        for step in history:
            carry_out(parallel, step)
        last = parallel.ledger.positions()["public"]
        before = [remembered(parallel.ledger, "public", position) for position in range(1, last + 1)]
        for act in restricted:
            if act[0] == "say":
                act = (act[0], act[1], "partners" if act[2] == "public" else act[2], *act[3:])
            parallel.speak("cor", [act])
        after = [remembered(parallel.ledger, "public", position) for position in range(1, last + 1)]
        assert before == after
        parallel.ledger.close()


def test_the_past_as_it_is_now_is_the_store_itself() -> None:
    """At the last position, with nothing redacted, the past has the very quads of the store."""
    with folder() as place:
        ledger = Ledger.create(f"sqlite:///{place}/ledger.sqlite", BASE)
        for party in PARTIES:
            taken(ledger, batch(party, document(party, "a", ties=[iri(PARTIES[0], "a")] if party != "ans" else [])))
        taken(ledger, batch("bo", document("bo", "a", "Het is droog"), replace=True))
        taken(ledger, batch("wijk", Act("withdraw", iri("wijk", "a"))))
        for audience in AUDIENCES:
            redactions, nquads = remembered(ledger, audience, ledger.positions()[audience])
            store, trig = ox.Store(), ox.Store()
            store.load(nquads, format=ox.RdfFormat.N_QUADS)
            with ledger.past(audience, ledger.positions()[audience], NOW) as past:
                trig.load(b"".join(past.trig()), format=ox.RdfFormat.TRIG)
            assert (0, made_anew(ledger, audience)) == (redactions, lines_of(store))
            assert lines_of(trig) == lines_of(store)
        ledger.close()


def test_each_redaction_is_counted_and_told_apart() -> None:
    """Narrowed, opened, ended by its ground, renewed, erased: the count rises each time, and the words come and go."""
    with folder() as place:
        ledger = Ledger.create(f"sqlite:///{place}/ledger.sqlite", BASE)
        story = iri("ans", "a")
        taken(ledger, batch("ans", document("ans", "a", "Eerste")))
        taken(ledger, batch("ans", document("ans", "a", "Tweede"), replace=True))
        assert (0, True) == _first(ledger, NOW)
        taken(ledger, batch("ans", document("ans", "a", "Tweede", audience="partners"), replace=True))
        assert (1, False) == _first(ledger, NOW)
        taken(ledger, batch("ans", document("ans", "a", "Derde", ground_ends="2030-01-02"), replace=True))
        assert (2, True) == _first(ledger, NOW)
        later = NOW + timedelta(days=2)
        by_the_clock = _first(ledger, later)
        ledger.end_grounds(later).result(10)
        assert (3, False) == by_the_clock == _first(ledger, later)
        taken(ledger, batch("ans", document("ans", "a", "Vierde", ground_ends="2030-01-09"), replace=True), later)
        taken(ledger, batch("ans", Act("withdraw", story)), later)
        assert (4, True) == _first(ledger, later)
        much_later = NOW + timedelta(days=20)
        assert (5, False) == _first(ledger, much_later)
        taken(ledger, batch("ans", Act("erase", story)), much_later)
        count, there = _first(ledger, much_later)
        assert count > 5
        assert not there
        ledger.close()


def _first(ledger: Ledger, now: object) -> tuple[int, bool]:
    """At the first position: how much was redacted, and whether the first words are shown."""
    redactions, nquads = remembered(ledger, "public", 1, now)
    return redactions, b"Eerste" in nquads


def test_no_position_that_an_audience_has_not_is_remembered() -> None:
    """Before the first position, and after the last, there is nothing to ask for."""
    with folder() as place:
        ledger = Ledger.create(f"sqlite:///{place}/ledger.sqlite", BASE)
        taken(ledger, batch("ans", document("ans", "a")))
        assert ledger.place_at("public", NOW - timedelta(seconds=1)) is None
        found = ledger.place_at("public", NOW)
        assert found is not None
        assert (1, found) == (found.position, ledger.place_of("public", 1))
        for position in (0, 2):
            with pytest.raises(ValueError, match="no position"), ledger.past("public", position, NOW):
                pass
        ledger.close()
