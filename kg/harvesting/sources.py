"""The sources that the steward registered, how each stands, what it brought, and the reports of its runs.

They stand in the ledger's file, beside the ledger: what the command line writes counts at once in a running service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, column, delete, insert, select, table, update

from kg.harvesting.addresses import NOTHING_MORE, Leave, look_at
from kg.ledger import tables
from kg.ledger.quads import time_text
from kg.ledger.statement import Driver, Statement, among, driver_of, listed, only, writes
from kg.ledger.transactions import Transactions
from kg.objection import Objection
from kg.reading import MEDIA_TYPES
from kg.sheets import MEDIA_TYPES as SHEET_TYPES

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
KINDS = ("dump", "dcat", "sparql", "ldes", "decidim")
RECIPES = ("sparql", "decidim")
"""Kinds that need a file of the steward's: the query, or the mapping."""
EVERY_SECONDS_MIN = 15 * 60  # A partner's server is not ours to load; what changes faster is published to us.
EVERY_SECONDS_MAX = 366 * 86_400  # What is fetched less often than once a year is not kept in step.
UNITS = {"m": 60, "h": 3_600, "d": 86_400}
OBJECTIONS_MAX = 20  # Of one run: nobody mends more at once, and the next run shows the rest.

s, r, h, d = tables.harvest_sources.c, tables.harvest_runs.c, tables.harvested.c, tables.documents.c
TABLES = (tables.harvest_sources, tables.harvest_runs, tables.harvested)


@dataclass(frozen=True)
class Source:
    """An address where a party lets us fetch what it says."""

    name: str
    party: str
    """Slug of the holder: nobody else is spoken for from here."""
    kind: str
    address: str
    every_seconds: int
    media_type: str | None = None
    """Its format, where the server does not say so or says it wrongly."""
    dataset: str | None = None
    """Which dataset of a catalogue."""
    recipe: str | None = None
    """The file with the query, or with the mapping (or the name of one of ours)."""
    leave: Leave = NOTHING_MORE


@dataclass(frozen=True)
class Standing:
    """How a source stands. Times are RFC 3339 in UTC."""

    source: Source
    added: str
    due: str
    etag: str | None = None
    modified: str | None = None
    digest: str | None = None
    """SHA-256 of what was last taken in."""
    recipe_digest: str | None = None
    failures: int = 0
    """How many times it failed since it last went well."""
    tried: str | None = None
    good: str | None = None
    """When what we hold was last known to be what it gives."""


@dataclass(frozen=True)
class Run:
    """The report of one fetching."""

    id: str
    source: str
    started: str
    ended: str
    status: str
    """changed, unchanged, refused (it came, and was not taken in) or failed (it did not come)."""
    http_status: int | None = None
    size_bytes: int = 0
    """As they came over the network."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """added, replaced, withdrawn, unchanged; leftToParty and leftEnded: what was left as it is."""
    batch: str | None = None
    objections: tuple[Mapping[str, Any], ...] = ()
    """name, focus, path, line, column and the message in both languages; of older runs the name alone."""

    @property
    def went_well(self) -> bool:
        """Whether we hold what the source gives."""
        return self.status in ("changed", "unchanged")


def read_interval(text: str) -> int:
    """Seconds of `30m`, `6h` or `1d`; ValueError with what to do when it is unclear, too short or too long."""
    matched = re.fullmatch(r"(\d{1,6})([mhd])", text.strip())
    if matched is None:
        raise ValueError(f"{text} is no interval: write a number and m, h or d, such as 6h")
    seconds = int(matched[1]) * UNITS[matched[2]]
    if not EVERY_SECONDS_MIN <= seconds <= EVERY_SECONDS_MAX:
        raise ValueError(f"{text}: fetch at most every {EVERY_SECONDS_MIN // 60}m and at least once a year")
    return seconds


def check_source(source: Source) -> None:
    """ValueError with what to do, when a source could never be fetched."""
    if not NAME.fullmatch(source.name):
        raise ValueError(f"{source.name}: the name of a source is a-z, 0-9 and -, at most 64 characters")
    if source.kind not in KINDS:
        raise ValueError(f"{source.kind}: choose one of {', '.join(KINDS)}")
    if (source.kind in RECIPES) != (source.recipe is not None):
        needed = "needs a file (--query or --mapping)" if source.recipe is None else "takes no --query or --mapping"
        raise ValueError(f"a source of the kind {source.kind} {needed}")
    if source.dataset is not None and source.kind != "dcat":
        raise ValueError("--dataset goes with the kind dcat alone")
    formats = (*MEDIA_TYPES, *SHEET_TYPES) if source.kind in ("dump", "dcat") else tuple(MEDIA_TYPES)
    if source.media_type is not None and source.media_type not in formats:
        raise ValueError(f"{source.media_type}: choose one of {', '.join(formats)}")
    unfit = look_at(source.address, source.leave)
    if isinstance(unfit, Objection):
        raise ValueError(unfit.message_en)


_THERE = Statement(select(table("sqlite_master", column("name")).c.name).where(column("name") == "harvested"), only)


def _standing(columns: tuple[Any, ...]) -> Standing:
    row = dict(zip(tables.harvest_sources.columns.keys(), columns, strict=True))
    leave = Leave(**{name: bool(row[name]) for name in ("private", "elsewhere", "plain")})
    names = ("name", "party", "kind", "address", "every_seconds", "media_type", "dataset", "recipe")
    source = Source(**{name: row[name] for name in names}, leave=leave)
    rest = ("added", "due", "etag", "modified", "digest", "recipe_digest", "failures", "tried", "good")
    return Standing(source, **{name: row[name] for name in rest})


def _run(columns: tuple[Any, ...]) -> Run:
    row = dict(zip(tables.harvest_runs.columns.keys(), columns, strict=True))
    return Run(**{**row, "counts": json.loads(row["counts"]), "objections": tuple(json.loads(row["objections"]))})


def _bare(run: Run) -> str:
    """Its objections by their names alone."""
    return json.dumps([{"name": one["name"]} for one in run.objections])


_EACH = Statement(select(tables.harvest_sources).order_by(s.party, s.name), _standing)
_ONE = Statement(select(tables.harvest_sources).where(s.name == bindparam("name")), _standing)
_NEXT = Statement(
    select(tables.harvest_sources).where(s.due <= bindparam("now")).order_by(s.due, s.name).limit(1), _standing
)
_PUT = writes(insert(tables.harvest_sources))
_DROP = writes(delete(tables.harvest_sources).where(s.name == bindparam("name")))
_DROP_RUNS = writes(delete(tables.harvest_runs).where(r.source == bindparam("name")))
_DROP_OTHERS = writes(
    delete(tables.harvested).where(
        h.source == bindparam("named"), h.iri.not_in(select(d.iri).where(d.party == bindparam("holder")))
    )
)
_POSTPONE = writes(update(tables.harvest_sources).where(s.name == bindparam("named")).values(due=bindparam("until")))
_STAND = writes(
    update(tables.harvest_sources)
    .where(s.name == bindparam("named"), s.address == bindparam("where"))
    .values({name: bindparam(f"new_{name}") for name in ("etag", "modified", "digest", "recipe_digest", "failures")})
    .values({name: bindparam(f"new_{name}") for name in ("due", "tried", "good")})
)
_RUNS = Statement(
    select(tables.harvest_runs).where(r.source == bindparam("name")).order_by(r.started.desc(), r.id), _run
)
_PUT_RUN = writes(insert(tables.harvest_runs))
_SHORTEN = writes(
    update(tables.harvest_runs).where(r.id == bindparam("named")).values(objections=bindparam("shortened"))
)
_DROP_RUN = writes(delete(tables.harvest_runs).where(r.id == bindparam("named")))
_BROUGHT = Statement(select(h.iri).where(h.source == bindparam("name")), only)
_BRING = writes(insert(tables.harvested).prefix_with("OR IGNORE"))
_UNBRING = writes(delete(tables.harvested).where(h.source == bindparam("named"), h.iri == bindparam("what")))
_FORGET = writes(delete(tables.harvested).where(h.iri == bindparam("what")))
_NAMELESS = Statement(select(h.iri).where(h.iri.not_in(select(d.iri))), only)
_CURRENT = Statement(select(d.iri).where(d.ended.is_(None), among(d.iri, "iris")), only)
_TOLD = Statement(select(tables.harvest_runs).where(r.objections.contains("focus")), _run)
_OWN = Statement(select(d.iri).where(d.party == bindparam("party"), d.by_holder == 1, among(d.iri, "iris")), only)
_OF_PARTY = Statement(
    select(tables.harvest_sources).where(s.party == bindparam("party"), s.tried.is_not(None)).order_by(s.name),
    _standing,
)


class Sources(Transactions):
    """The registered sources of one ledger. Each call is a transaction of its own; nothing is remembered between."""

    @contextmanager
    def _writing(self) -> Iterator[Driver]:
        with self._writes.begin() as connection:
            for one in TABLES:
                one.create(connection, checkfirst=True)
            yield driver_of(connection.connection)

    # The register.

    def add(self, source: Source, now: datetime, *, replace: bool = False) -> None:
        """Registers a source; it is due at once. `replace` changes one and keeps what it brought and its reports."""
        check_source(source)
        row = {**asdict(source), **{name: int(value) for name, value in asdict(source.leave).items()}}
        del row["leave"]
        row |= dict.fromkeys(("etag", "modified", "digest", "recipe_digest", "tried", "good"))
        row |= {"added": time_text(now), "due": time_text(now), "failures": 0}
        with self._writing() as driver:
            before = _ONE.first(driver, name=source.name)
            if before is not None and not replace:
                raise ValueError(f"{source.name}: there is a source of that name; choose another, or add --replace")
            if before is not None and before.source.party != source.party:
                raise ValueError(f"{source.name} is a source of {before.source.party}: remove it first")
            if before is not None:
                row |= {"good": before.good, "tried": before.tried, "added": before.added}
                _DROP.run(driver, [{"name": source.name}])
            else:
                _DROP_OTHERS.run(driver, [{"named": source.name, "holder": source.party}])
            _PUT.run(driver, [row])

    def remove(self, name: str) -> bool:
        """Fetches from it no more; what it brought stays with its holder. False when there is none of that name.

        What it brought is remembered: registered again under the same name, it goes on where it was.
        """
        with self._writing() as driver:
            if _ONE.first(driver, name=name) is None:
                return False
            for statement in (_DROP, _DROP_RUNS):
                statement.run(driver, [{"name": name}])
        return True

    def all(self) -> Sequence[Standing]:
        """Every source, by party."""
        with self._reading() as driver:
            return _EACH.all(driver) if _THERE.first(driver) else ()

    def fetched_from(self, party: str) -> Sequence[Standing]:
        """The sources of a party (slug) that were tried at least once: how old is what readers see of it."""
        with self._reading() as driver:
            return _OF_PARTY.all(driver, party=party) if _THERE.first(driver) else ()

    def find(self, name: str) -> Standing | None:
        """The source of this name."""
        with self._reading() as driver:
            return _ONE.first(driver, name=name) if _THERE.first(driver) else None

    def next_due(self, now: datetime) -> Standing | None:
        """The source that has waited longest, when one is due."""
        with self._reading() as driver:
            return _NEXT.first(driver, now=time_text(now)) if _THERE.first(driver) else None

    # Its runs.

    def postpone(self, name: str, until: datetime) -> None:
        """Lets a source wait: whoever begins a run does so first, so that a crash in it does not begin it at once."""
        with self._writing() as driver:
            _POSTPONE.run(driver, [{"named": name, "until": time_text(until)}])

    def report(self, standing: Standing, run: Run, reports_max: int) -> None:
        """Writes down how a source stands after a run, and the report; older reports keep no names of documents."""
        names = ("etag", "modified", "digest", "recipe_digest", "failures", "due", "tried", "good")
        stands = {f"new_{name}": getattr(standing, name) for name in names} | {
            "named": standing.source.name,
            "where": standing.source.address,
        }
        row = {**asdict(run), "counts": json.dumps(dict(run.counts)), "objections": json.dumps(run.objections)}
        with self._writing() as driver:
            if _ONE.first(driver, name=run.source) is None:
                return  # Removed meanwhile.
            _STAND.run(driver, [stands])
            older = _RUNS.all(driver, name=run.source)
            _SHORTEN.run(driver, [{"named": one.id, "shortened": _bare(one)} for one in older if one.objections])
            _PUT_RUN.run(driver, [row])
            _DROP_RUN.run(driver, [{"named": old.id} for old in _RUNS.all(driver, name=run.source)[reports_max:]])

    def runs(self, name: str) -> Sequence[Run]:
        """The reports of a source, the latest first."""
        with self._reading() as driver:
            return _RUNS.all(driver, name=name) if _THERE.first(driver) else ()

    # What it brought.

    def brought(self, name: str) -> frozenset[str]:
        """The documents that came from this source."""
        with self._reading() as driver:
            return frozenset(_BROUGHT.each(driver, name=name)) if _THERE.first(driver) else frozenset()

    def bring(self, name: str, iris: Collection[str]) -> None:
        """Remembers that these come from this source; before they are taken in, so that a crash forgets none."""
        with self._writing() as driver:
            _BRING.run(driver, [{"source": name, "iri": iri} for iri in iris])

    def unbring(self, name: str, iris: Collection[str]) -> None:
        """Forgets what it withdrew, and what the party took over."""
        with self._writing() as driver:
            _UNBRING.run(driver, [{"named": name, "what": iri} for iri in iris])

    def forget_erased(self, is_erased: Callable[[str], bool]) -> None:
        """Of an erased document no name is left; nor here, in what was brought and in what a report says."""
        with self._reading() as driver:
            if not _THERE.first(driver):
                return
            gone = [iri for iri in _NAMELESS.each(driver) if is_erased(iri)]
            told = [
                run
                for run in _TOLD.each(driver)
                if any(is_erased(one["focus"]) for one in run.objections if "focus" in one)
            ]
        bare = [{"named": run.id, "shortened": _bare(run)} for run in told]
        if gone or bare:
            with self._writing() as driver:
                _FORGET.run(driver, [{"what": iri} for iri in gone])
                _SHORTEN.run(driver, bare)

    def current_among(self, iris: Collection[str]) -> frozenset[str]:
        """Those of these documents that are current."""
        with self._reading() as driver:
            return frozenset(_CURRENT.each(driver, iris=listed(iris)))

    def own_acts(self, party: str, iris: Collection[str]) -> frozenset[str]:
        """Those of these documents on which the party has acted itself: they are its to change, not its source's."""
        with self._reading() as driver:
            return frozenset(_OWN.each(driver, party=party, iris=listed(iris)))


def with_outcome(standing: Standing, run: Run, due: datetime, read: Mapping[str, str | None]) -> Standing:
    """How a source stands after a run; `read` is what the server and the content say of themselves."""
    if not run.went_well:
        return replace(standing, failures=standing.failures + 1, tried=run.ended, due=time_text(due))
    stands = replace(standing, failures=0, tried=run.ended, good=run.ended, due=time_text(due))
    return Standing(**{**vars(stands), **read})
