"""What a party learns from the ledger: who tied something to its things, and what became of things that it tied to.

A small index says which entry is news for whom, without a name or a word; what an entry means is read from the ledger
when somebody asks, so that nothing is told that its reader may not see now. The index is made from the entries in
order, and made again from them: no second truth.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from kg.ledger import tables
from kg.ledger.acts import ENDED, Current
from kg.ledger.chain import erased_name
from kg.ledger.lookups import Lookups
from kg.ledger.quads import time_text
from kg.ledger.standings import document_rows, erased_rows
from kg.ledger.statement import Driver, Statement, among, as_it_is, listed, only, writes
from kg.ledger.telling import news, news_read, news_ties, news_to
from kg.ledger.transactions import Transactions
from kg.notices import forget
from kg.spoken import Spoken
from kg.vocabulary import RESPONSE, RESPONSE_KIND

ENTRIES_AT_ONCE = 500  # How long the ledger's writer may have to wait for the index: some ten milliseconds.
ROWS_AT_ONCE = 100  # How many entries are looked at in one go; a page shows fewer.
ROWS_MAX = 5_000  # What one request looks at: more than this in a row that nobody may see any more is an old ledger.
JOINS = "joins"  # The notation of the response by which a party joins an agreement, or says that it was there.

e, p, d = tables.entries.c, tables.payloads.c, tables.documents.c
MayRead = Callable[[Current], bool]


class Entry(NamedTuple):
    """An entry as the index reads it; name and facts are None where they are erased."""

    number: int
    kind: str
    party: str
    audience: str
    name: str
    iri: str | None
    facts: str | None


_AFTER = Statement(
    select(e.number, e.kind, e.party, e.audience, e.name_digest, p.iri, p.facts)
    .join(tables.payloads, p.entry == e.number, isouter=True)
    .where(e.number > bindparam("after"))
    .order_by(e.number)
    .limit(bindparam("most")),
    Entry._make,
)
_KEY = Statement(select(tables.meta.c.value).where(tables.meta.c.name == "key"), only)
_BASE = Statement(select(tables.meta.c.value).where(tables.meta.c.name == "base"), only)
_LAST = Statement(select(func.coalesce(func.max(e.number), 0)), only)
_TO = Statement(select(news_to.c.entry), only)
_PUT_TO = writes(insert(news_to).prefix_with("OR REPLACE"))
_PUT_NEWS = writes(insert(news).prefix_with("OR IGNORE"))
_PUT_TIES = writes(insert(news_ties).prefix_with("OR IGNORE"))
_TIED = Statement(
    select(e.number, e.party, e.id)
    .join(news_ties, news_ties.c.entry == e.number)
    .where(news_ties.c.name == bindparam("name")),
    as_it_is,
)
_FACTS = Statement(select(p.entry, p.iri, p.facts).where(among(p.entry, "numbers")), as_it_is)
_ROWS = Statement(
    select(news.c.entry, e.id, e.time, e.kind, e.party, e.recorder, e.name_digest, p.iri)
    .join(tables.entries, e.number == news.c.entry)
    .join(tables.payloads, p.entry == news.c.entry, isouter=True)
    .where(news.c.party == bindparam("party"), news.c.entry < bindparam("before"))
    .order_by(news.c.entry.desc())
    .limit(bindparam("most")),
    as_it_is,
)
_NUMBER = Statement(select(e.number).where(e.id == bindparam("id")), only)
_IS_NEWS = Statement(
    select(news.c.entry).where(news.c.party == bindparam("party"), news.c.entry == bindparam("n")), only
)
_GROUNDS = Statement(
    select(d.iri)
    .where(
        d.ground_ends.is_not(None),
        d.ground_ends >= bindparam("today"),
        d.ground_ends <= bindparam("until"),
        d.party == bindparam("party"),
        d.ended.is_(None),
    )
    .order_by(d.ground_ends, d.iri),
    only,
)
_READ = Statement(select(news_read.c.time).where(news_read.c.party == bindparam("party")), only)
_PUT_READ = writes(insert(news_read).prefix_with("OR REPLACE"))
_WORDS = Statement(select(p.facts).join(tables.entries, e.number == p.entry).where(e.id == bindparam("id")), only)
_ALL = Statement(select(news.c.party, news.c.entry).order_by(news.c.party, news.c.entry), as_it_is)


@dataclass(frozen=True)
class Item:
    """One thing that a party learns."""

    id: str
    number: int
    """Of its entry; 0 for a ground, which has none."""
    time: str
    """RFC 3339, UTC."""
    what: str
    """tied, takenBack (a statement about your thing), ended (a thing that you tied to), groundEnds."""
    by: str
    """Slug of the holder of the statement, or of the thing that ended."""
    recorder: str
    thing: str | None
    """The statement, the thing that ended, or the story whose ground ends; None where nothing names it any more."""
    mine: tuple[str, ...] = ()
    """The party's own things that it is about."""
    how: str = ""
    """withdrawn, erased or groundEnded."""
    ends: str | None = None
    """ISO date of the last day of a ground."""
    statement: Current | None = None
    """The statement itself, with its words, where it stands."""
    replaced: bool = False
    """Whether it says something new in the place of what was said before."""

    @property
    def is_response(self) -> bool:
        """Whether it answers something, rather than ties two things."""
        return self.statement is not None and RESPONSE in self.statement.classes

    @property
    def joins(self) -> bool:
        """Whether somebody joins an agreement, or says that it was at a dialogue."""
        if self.statement is None or not self.is_response:
            return False
        kind = Spoken(self.statement.iri, self.statement.payload).thing(RESPONSE_KIND) or ""
        return kind.rsplit("/", 1)[-1] == JOINS


class News(Transactions):
    """The index of one ledger. Several processes may use it at once; each look first brings it up to date."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._one = threading.Lock()

    def follow(self) -> int:
        """Brings the index up to the ledger's last entry; how many entries it took in."""
        if not self._lags():
            return 0
        done = 0
        with self._one:
            while more := self._step():
                done += more
        return done

    def followed(self) -> int:
        """The last entry that the index knows of."""
        with self._reading() as driver:
            return _TO.first(driver) or 0

    def rebuild(self) -> int:
        """Makes the index anew; how many entries it was made from."""
        with self._one, self._writes.begin() as connection:
            for each in (news, news_ties, news_to):
                connection.execute(delete(each))
        return self.follow()

    def rows(self) -> tuple[tuple[str, int], ...]:
        """All of the index, for comparison: (party, entry)."""
        with self._reading() as driver:
            return tuple(_ALL.each(driver))

    def _lags(self) -> bool:
        with self._reading() as driver:
            return (_TO.first(driver) or 0) < (_LAST.first(driver) or 0)

    def _step(self) -> int:
        """Takes in some entries; how many."""
        with self._writing() as driver:
            entries = _AFTER.all(driver, after=_TO.first(driver) or 0, most=ENTRIES_AT_ONCE)
            if entries:
                self._take(driver, entries)
                _PUT_TO.run(driver, [{"one": 1, "entry": entries[-1].number}])
        return len(entries)

    def _take(self, driver: Driver, entries: Sequence[Entry]) -> None:
        key, base = str(_KEY.first(driver)), str(_BASE.first(driver))
        ends = {one.iri: one for one in entries if one.kind in ENDED and one.iri is not None}
        rows = document_rows(driver, ends)
        # What a document said last stands with the entry that brought its words.
        last = {row.content_entry: ends[iri] for iri, row in rows.items() if row.entry == ends[iri].number}
        words = [(last[number], facts) for number, _, facts in _FACTS.each(driver, numbers=listed(last))]
        words += [(one, one.facts) for one in entries if one.kind not in ENDED]
        said = [(one, *_read(facts)) for one, facts in words if facts]
        holders = _holders(driver, key, {end for _, its, _ in said for end in its})
        told = {(party, one.number) for one, its, at in said for party in _listeners(one, its, at, holders, base)}
        names = [(erased_name(key, end), one) for one, its, _ in said for end in its if one.kind not in ENDED]
        _PUT_TIES.run(driver, [{"name": name, "entry": one.number} for name, one in names])
        for one in entries:
            if one.kind in ENDED:
                name = one.name if one.kind == "erase" else erased_name(key, one.iri or "")
                if one.kind == "erase":
                    forget(driver, name)
                told |= {(who, one.number) for _, who, _ in _TIED.each(driver, name=name) if who != one.party}
        _PUT_NEWS.run(driver, [{"party": party, "entry": number} for party, number in sorted(told)])

    # What a party reads.

    def items(
        self, ledger: Lookups, party: str, may_read: MayRead, may_know: MayRead, *, before: int | None = None
    ) -> Iterator[Item]:
        """What this party learns from the entries before one, the newest first, as far as it may know it now."""
        self.follow()
        looked, edge = 0, before if before is not None else 1 << 62
        while looked < ROWS_MAX:
            with self._reading() as driver:
                rows = _ROWS.all(driver, party=party, before=edge, most=ROWS_AT_ONCE)
            for row in rows:
                item = self._item(ledger, party, row, may_read, may_know)
                if item is not None:
                    yield item
            if len(rows) < ROWS_AT_ONCE:
                return
            looked, edge = looked + len(rows), rows[-1][0]

    def number_of(self, id: str) -> int | None:
        """The number of an entry, by its id: for looking further from there, never to be told."""
        with self._reading() as driver:
            return _NUMBER.first(driver, id=id)

    def item(self, ledger: Lookups, party: str, id: str, may_read: MayRead, may_know: MayRead) -> Item | None:
        """One of these by its id; None when it is not for this party, or not any more."""
        self.follow()
        number = self.number_of(id)
        with self._reading() as driver:
            if number is None or _IS_NEWS.first(driver, party=party, n=number) is None:
                return None
        found = next(self.items(ledger, party, may_read, may_know, before=number + 1), None)
        return found if found is not None and found.number == number else None

    def _item(
        self, ledger: Lookups, party: str, row: tuple[Any, ...], may_read: MayRead, may_know: MayRead
    ) -> Item | None:
        number, id, time, kind, by, recorder, name, iri = row
        made = partial(Item, id=id, number=number, time=time, by=by, recorder=recorder)
        if kind == "erase":
            return self._erased(ledger, party, name, may_read, may_know, made)
        current = ledger.document(iri) if iri is not None else None
        if current is None or current.entry != number:
            return None  # Something came after it on the same document, and that is what is told.
        if current.ended is None and current.party != party and may_read(current):
            mine = self._mine(ledger, party, current, may_read)
            replaced = kind == "replace"
            return made(what="tied", thing=iri, mine=mine, statement=current, replaced=replaced) if mine else None
        if current.ended is None or current.party == party or not may_know(current):
            return None
        tied = tuple(x.iri for x in ledger.dependents(current.iri) if x.party == party and may_read(x))
        if tied:
            return made(what="ended", thing=iri, mine=tied, how=current.ended)
        mine = self._mine(ledger, party, current, may_read)
        return made(what="takenBack", thing=iri, mine=mine, how=current.ended) if mine else None

    def _mine(self, ledger: Lookups, party: str, current: Current, may_read: MayRead) -> tuple[str, ...]:
        """The party's own things, still there, that a statement ties to."""
        with self._reading() as driver:
            ends = _ends(_WORDS.first(driver, id=current.contribution))
        found = [ledger.document(end) for end in ends]
        return tuple(one.iri for one in found if one is not None and one.party == party and may_read(one))

    def _erased(
        self,
        ledger: Lookups,
        party: str,
        name: str,
        may_read: MayRead,
        may_know: MayRead,
        made: Callable[..., Item],
    ) -> Item | None:
        """An erasure, told to who still names what is erased; its name comes from the teller's own words."""
        with self._reading() as driver:
            key = str(_KEY.first(driver))
            own = {number: id for number, holder, id in _TIED.each(driver, name=name) if holder == party}
            said = _FACTS.all(driver, numbers=listed(own))
        gone = next((end for _, _, facts in said for end in _ends(facts) if erased_name(key, end) == name), None)
        stone = ledger.document(gone) if gone is not None else None
        if stone is None or stone.ended != "erased" or not may_know(stone):
            return None
        standing = [(own[number], ledger.document(iri)) for number, iri, _ in said]
        mine = tuple(x.iri for id, x in standing if x is not None and x.contribution == id and may_read(x))
        return made(what="ended", thing=gone, mine=mine, how="erased") if mine else None

    def grounds(
        self, ledger: Lookups, party: str, may_read: MayRead, now: datetime, days: int, since: str = ""
    ) -> tuple[Item, ...]:
        """This party's stories whose ground ends within so many days, soonest first: news since the first such day."""
        today, until = now.date().isoformat(), (now.date() + timedelta(days=days)).isoformat()
        with self._reading() as driver:
            found = _GROUNDS.all(driver, today=today, until=until, party=party)
        return tuple(
            item
            for one in map(ledger.document, found)
            if one is not None and may_read(one) and (item := _ground(one, days)).time > since
        )

    # Until when it has read.

    def read_until(self, party: str) -> str:
        """Until when this party has read its inbox; empty when it never said so."""
        with self._reading() as driver:
            return _READ.first(driver, party=party) or ""

    def mark_read(self, party: str, time: datetime) -> None:
        """What came until then is read."""
        with self._writing() as driver:
            _PUT_READ.run(driver, [{"party": party, "time": time_text(time)}])


def _ground(story: Current, days: int) -> Item:
    """That a ground ends soon: news from the day on which so many days are left, or from when it was said."""
    assert story.ground_ends is not None
    first = date.fromisoformat(story.ground_ends[:10]) - timedelta(days=days)
    time = max(f"{first.isoformat()}T00:00:00.000000Z", story.time or "" or "")
    return Item(
        f"ground-{story.contribution}", 0, time, "groundEnds", story.party, story.recorder, story.iri, (story.iri,),
        ends=story.ground_ends[:10],
    )  # fmt: skip


def _read(facts: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where the ties of a document end, and who is at its table."""
    found = json.loads(facts) if facts else {}
    return tuple(found.get("ties", ())), tuple(found.get("table", ()))


def _ends(facts: str | None) -> tuple[str, ...]:
    return _read(facts)[0]


def _holders(driver: Driver, key: str, iris: set[str]) -> Mapping[str, str]:
    """Who holds, or held, each of these."""
    there = {iri: row.party for iri, row in document_rows(driver, iris).items()}
    gone = erased_rows(driver, key, iris - there.keys()) if iris - there.keys() else {}
    return there | {iri: row.party for iri, row in gone.items()}


def _listeners(
    one: Entry, ends: Iterable[str], table_of: Iterable[str], holders: Mapping[str, str], base: str
) -> set[str]:
    """Whom an entry can be news for: who holds what it ties to, and could ever read it."""
    holding = {holders[end] for end in ends if end in holders} - {one.party}
    if one.audience == "own":
        return set()
    return holding & {iri.removeprefix(f"{base}/id/") for iri in table_of} if one.audience == "table" else holding
