"""What stands in a store: the function, its reference and the incremental look are equal on generated histories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.party import AUDIENCES, RANKS
from kg.visible import Standing, Visible, may_read, revisit, visible
from tests.reference_visible import World

NAMES = ("a", "b", "c", "d", "e", "f")
DAY_ONE = datetime(2030, 1, 1, 12, tzinfo=UTC)

say = st.tuples(
    st.just("say"),
    st.sampled_from(NAMES),
    st.sampled_from(tuple(RANKS)),
    # "x" is a name that nobody ever publishes.
    st.frozensets(st.sampled_from((*NAMES, "x")), max_size=3),
    st.none() | st.integers(0, 6),
)
end = st.tuples(st.sampled_from(("withdrawn", "erased")), st.sampled_from(NAMES))
day = st.tuples(st.just("day"))
steps = st.lists(st.lists(say | say | end | day, min_size=1, max_size=3), min_size=1, max_size=12)


def date_of(day_number: int) -> str:
    """ISO date of a day of the history."""
    return (DAY_ONE + timedelta(days=day_number)).date().isoformat()


@dataclass
class Look:
    """The looks that `revisit` takes, answered from two whole states: before and after."""

    before: dict[str, Standing]
    kept: Visible
    after: dict[str, Standing]
    audience: str
    looked_at: set[str] = field(default_factory=set)

    def standing(self, iri: str) -> Standing | None:
        """After the change."""
        self.looked_at.add(iri)
        return self.after.get(iri)

    def shown_before(self, iri: str) -> bool:
        """Before the change."""
        return iri in self.kept.shown

    def held_before(self, iri: str) -> bool:
        """Before the change."""
        standing = self.before.get(iri)
        if standing is None or iri in self.kept.shown or iri in self.kept.stones:
            return True
        return self.audience in standing.seen

    def erased(self, iri: str) -> bool:
        """After the change."""
        standing = self.after.get(iri)
        return standing is not None and standing.ended == "erased" and self.audience in standing.seen

    def ties_before(self, iri: str) -> Iterable[str]:
        """Before the change."""
        return self.before[iri].ties if iri in self.before else ()

    def dependents(self, iri: str) -> Iterable[str]:
        """After the change."""
        return [name for name, standing in self.after.items() if standing.ended is None and iri in standing.ties]


def standings_of(world: World) -> dict[str, Standing]:
    """The same world in the words of `kg.visible`."""
    return {
        name: Standing(
            name,
            RANKS[thing.audience],
            tuple(sorted(thing.ties)),
            thing.last_day,
            thing.ended,
            frozenset(thing.ghost_in),
        )
        for name, thing in world.things.items()
    }


def take_step(world: World, step: tuple[object, ...], today: int) -> set[str]:
    """Carries one step out; returns the documents that changed."""
    match step:
        case ("say", str(name), str(audience), frozenset() as ties, last_day):
            if name in world.things and world.things[name].ended == "erased":
                return set()
            until = None if last_day is None else date_of(max(int(str(last_day)), today))
            world.say(name, audience, frozenset(ties) - {name}, until)
            return {name}
        case (("withdrawn" | "erased") as how, str(name)):
            thing = world.things.get(name)
            if thing is None or thing.ended == "erased" or (thing.ended and how == "withdrawn"):
                return set()
            world.end(name, how)
            return {name}
    return set()


def over_today(world: World, today: int) -> set[str]:
    """Documents whose ground ended the day before."""
    return {name for name, thing in world.things.items() if not thing.ended and thing.last_day == date_of(today - 1)}


@settings(max_examples=120, deadline=None)
@given(steps)
def test_the_function_and_the_reference_see_the_same(history: list[list[tuple[object, ...]]]) -> None:
    """After every step of any history, circles included, `visible` equals the reference in both stores."""
    world, today = World(), 0
    for batch in history:
        for step in batch:
            today += step[0] == "day"
            take_step(world, step, today)
        now = DAY_ONE + timedelta(days=today)
        for audience in AUDIENCES:
            statements, tombstones = world.store(audience, date_of(today))
            expected = Visible(frozenset(statements), frozenset(tombstones))
            assert expected == visible(standings_of(world).values(), audience, now)
        world.lay_ghosts(date_of(today))


@settings(max_examples=200, deadline=None)
@given(steps)
def test_looking_again_at_what_changed_equals_looking_at_everything(history: list[list[tuple[object, ...]]]) -> None:
    """A store kept by `revisit` alone, batch after batch and day after day, equals a store made anew."""
    world, today = World(), 0
    before: dict[str, Standing] = {}
    kept = dict.fromkeys(AUDIENCES, Visible(frozenset(), frozenset()))
    for batch in history:
        changed: set[str] = set()
        for step in batch:
            if step[0] == "day":
                today += 1
                changed |= over_today(world, today)
            changed |= take_step(world, step, today)
        after = standings_of(world)
        now = DAY_ONE + timedelta(days=today)
        for audience in AUDIENCES:
            look = Look(before, kept[audience], after, audience)
            part, seen = revisit(sorted(changed), look, audience, now)
            kept[audience] = Visible(
                (kept[audience].shown - seen) | part.shown, (kept[audience].stones - seen) | part.stones
            )
            assert visible(after.values(), audience, now) == kept[audience]
        world.lay_ghosts(date_of(today))
        before = standings_of(world)


def test_a_new_version_of_a_place_with_many_ties_looks_at_none_of_them() -> None:
    """Replacing a visible document by a visible one does not look at what ties to it."""
    place = Standing("place", RANKS["public"])
    before = {"place": place} | {f"c{n}": Standing(f"c{n}", RANKS["public"], ("place",)) for n in range(1000)}
    look = Look(before, visible(before.values(), "public", DAY_ONE), dict(before), "public")
    assert (Visible(frozenset({"place"}), frozenset()), frozenset({"place"})) == revisit(
        ["place"], look, "public", DAY_ONE
    )
    assert {"place"} == look.looked_at


def test_what_was_hidden_when_it_ended_leaves_no_trace() -> None:
    """Ending something that a store did not show changes nothing there: no tombstone, and its ties stay hidden."""
    for how in ("withdrawn", "erased", "groundEnded"):
        hidden = Standing("story", RANKS["partners"])
        ended = Standing("story", RANKS["partners"], ended=how, seen=frozenset({"partners"}))
        tie = Standing("tie", RANKS["public"], ("story",))
        assert visible([hidden, tie], "public", DAY_ONE) == visible([ended, tie], "public", DAY_ONE)
        assert Visible(frozenset({"tie"}), frozenset({"story"})) == visible([ended, tie], "partners", DAY_ONE)


def test_a_draft_of_a_new_version_moves_nothing_where_the_old_one_was_withdrawn() -> None:
    """What was withdrawn and is published again for fewer readers keeps its tombstone for the others."""
    withdrawn = Standing("story", RANKS["public"], ended="withdrawn", seen=frozenset(AUDIENCES))
    draft = Standing("story", RANKS["own"], seen=frozenset(AUDIENCES))
    tie = Standing("tie", RANKS["public"], ("story",))
    expected = Visible(frozenset({"tie"}), frozenset({"story"}))
    assert expected == visible([withdrawn, tie], "public", DAY_ONE)
    assert expected == visible([draft, tie], "public", DAY_ONE)


def test_an_erased_name_stays_only_in_the_words_of_who_ties_to_it() -> None:
    """The tombstone of something erased stands only where a statement that stands there ties to it."""
    erased = Standing("story", RANKS["public"], ended="erased", seen=frozenset(AUDIENCES))
    tie = Standing("tie", RANKS["partners"], ("story",))
    assert Visible(frozenset(), frozenset()) == visible([erased, tie], "public", DAY_ONE)
    assert Visible(frozenset({"tie"}), frozenset({"story"})) == visible([erased, tie], "partners", DAY_ONE)


def test_a_ground_holds_through_its_last_day() -> None:
    """A story stands on the last day of its ground, and is a tombstone the day after."""
    story = Standing("story", RANKS["public"], ground_ends="2030-01-01")
    assert Visible(frozenset({"story"}), frozenset()) == visible([story], "public", DAY_ONE)
    next_day = DAY_ONE + timedelta(hours=12)
    assert Visible(frozenset(), frozenset({"story"})) == visible([story], "public", next_day)


@pytest.mark.parametrize(
    ("reader", "audience", "rank", "stores", "expected"),
    [
        ("holder", "public", "own", (), True),
        ("recorder", "public", "own", (), True),
        ("guest", "partners", "own", (), False),
        ("guest", "partners", "table", (), True),
        ("stranger", "partners", "table", (), False),
        (None, "public", "table", (), False),
        ("stranger", "partners", "partners", ("partners",), True),
        (None, "public", "partners", ("partners",), False),
        (None, "public", "public", ("partners", "public"), True),
        # Wide enough, but hidden with what it ties to.
        (None, "public", "public", (), False),
    ],
)
def test_a_document_is_read_by_its_holder_its_table_and_its_stores(
    reader: str | None, audience: str, rank: str, stores: tuple[str, ...], expected: bool
) -> None:
    """The holder and the recorder read what they made, the table what is for it, others what stands in their store."""
    assert expected == may_read(
        holder="holder",
        recorder="recorder",
        table=("guest",),
        rank=RANKS[rank],
        stores=stores,
        reader=reader,
        audience=audience,
    )
