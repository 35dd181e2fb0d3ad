"""The steward's pages, each as tables and forms: what is there, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kg.accounts import ANYBODY, Accounts, Delegation, Token
from kg.harvesting.sources import Sources
from kg.ledger import Ledger
from kg.ledger.acts import Current
from kg.noting import Notes
from kg.ontology import Ontology
from kg.party import Right
from kg.processing import FEW, Processing
from kg.register import names_of_party
from kg.stewarding import KINDS, amiss, party_of, perspectives_of
from kg.vocabulary import SCHEME
from service.pages.links import STEWARD_PAGES, Links
from service.pages.steward_forms import Cell, Field, Form, Line, Section, Table
from service.pages.words import day, speaker

GROUND_DAYS = 60  # How far ahead a ground that ends is shown: long enough to ask the teller again.
LINES_MAX = 500  # Lines of one table; a steward looks at the newest or the soonest.


@dataclass(frozen=True)
class Desk:
    """What the steward's pages look at."""

    ledger: Ledger
    accounts: Accounts
    ontology: Ontology
    notes: Notes
    processing: Processing
    sources: Sources
    states: Callable[[], Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class View:
    """One look at the desk: in a language, at a time."""

    desk: Desk
    links: Links
    now: datetime

    @property
    def lang(self) -> str:
        """The reader's language."""
        return self.links.language

    def say(self, key: str, **gaps: object) -> str:
        """Words of the page as plain text."""
        return str(speaker(self.lang)(key, **gaps))

    def day(self, time: str | None) -> str:
        """A day as people write it; a dash where there is none."""
        return day(time, self.lang) if time else "–"

    def through(self, time: str | None) -> str:
        """The last day on which something counts that ends at an instant."""
        ends = datetime.fromisoformat(time) if time and len(time) > len("2026-01-31") else None
        return self.day((ends - timedelta(microseconds=1)).isoformat() if ends else time)

    def name(self, slug: str, current: Current | None = None) -> str:
        """What a party is called, in the reader's language where it can be."""
        if slug == ANYBODY:
            return self.say("steward.anybody")
        found = current or party_of(self.desk.ledger, slug)
        names = names_of_party(self.links.base, slug, found.payload or b"") if found else {}
        return names.get(self.lang) or next(iter(names.values()), slug)

    def party(self, slug: str) -> Cell:
        """A party in a table."""
        if slug == ANYBODY or not slug:
            return Cell(self.name(slug) if slug else "–")
        return Cell(slug, self.links.party(f"{self.links.base}/id/{slug}"))

    def slugs(self) -> list[str]:
        """Every party of the register."""
        return sorted(current.iri.rsplit("/", 1)[-1] for current in self.desk.ledger.parties())

    def parties(self) -> tuple[tuple[str, str], ...]:
        """Every party as a choice."""
        return (("", self.say("steward.choose")), *((slug, slug) for slug in self.slugs()))

    def perspectives(self) -> tuple[tuple[str, str], ...]:
        """Every perspective as a choice."""
        ontology = self.desk.ontology
        return tuple((one, self.perspective(one)) for one in perspectives_of(ontology))

    def perspective(self, notation: str) -> str:
        """What a perspective is called."""
        concept = self.desk.ontology.notations[SCHEME + "perspective"].get(notation, "")
        return self.desk.ontology.labels(concept, self.lang) if concept else notation


def overview(view: View, _name: str) -> Section:
    """Whether all is well: the stores, the ledger, and what is amiss."""
    states = view.desk.states()
    rows = [
        Line(
            (
                Cell(view.say(f"steward.store.{audience}")),
                Cell(str(state.get("position", "–"))),
                Cell(str(state["ledger_position"])),
                Cell(view.say("steward.yes") if state["in_step"] else view.say("steward.no")),
                Cell(view.say("steward.yes") if state["caged"] else view.say("steward.no")),
            )
        )
        for audience, state in states.items()
    ]
    outage = view.desk.ledger.outage
    told = [view.say("steward.outage", reason=outage) if outage else view.say("steward.takes")]
    if view.desk.ledger.scrubbing:
        told.append(view.say("steward.scrubbing"))
    if view.desk.notes.dropped:
        told.append(view.say("steward.dropped", count=view.desk.notes.dropped))
    looked = [
        Line((Cell(one.nl if view.lang == "nl" else one.en, lang=view.lang),))
        for one in amiss(view.desk.ledger, view.desk.accounts, view.now)[:LINES_MAX]
    ]
    stores = Table("stores", ("store", "position", "ledger", "step", "caged"), tuple(rows))
    return Section("overview", (stores, Table("amiss", ("amiss",), tuple(looked))), told=tuple(told))


def party_fields(view: View, names: Mapping[str, str], perspectives: Sequence[str]) -> tuple[Field, ...]:
    """The fields of what a party is called and from where it looks."""
    return (
        Field("name", help="name", required=True, values=(names.get("nl", ""),)),
        Field("nameEn", values=(names.get("en", ""),)),
        Field("perspective", "choices", view.perspectives(), values=tuple(perspectives)),
    )


def parties(view: View, slug: str) -> Section | None:
    """Everybody in the register, or one party to change; None when there is no such party."""
    if slug:
        return one_party(view, slug)
    lines = []
    for one in view.slugs():
        current = party_of(view.desk.ledger, one)
        views = ", ".join(view.perspective(iri.rsplit("/", 1)[-1]) for iri in (current.perspectives if current else ()))
        change = Cell(
            view.say("steward.change"), f"{STEWARD_PAGES[view.lang]}/{view.say('steward.path.parties')}/{one}"
        )
        lines.append(Line((view.party(one), Cell(view.name(one, current)), Cell(views or "–"), change)))
    add = Form("partyAdd", (Field("slug", help="slug", required=True), *party_fields(view, {}, ())))
    return Section("parties", (Table("parties", ("party", "called", "perspectives", "change"), tuple(lines)),), (add,))


def one_party(view: View, slug: str) -> Section | None:
    """One party: a form to change it, and what is kept of it."""
    current = party_of(view.desk.ledger, slug)
    if current is None:
        return None
    names = names_of_party(view.links.base, slug, current.payload or b"")
    held = [iri.rsplit("/", 1)[-1] for iri in current.perspectives]
    carries = (("slug", slug), ("expected", current.contribution))
    change = Form("partyChange", party_fields(view, names, held), carries)
    kept = tuple(
        Line(
            (
                Cell(one.kind, lang="en"),
                Cell(str(one.count) if one.count is not None else view.say("steward.few", few=FEW)),
                Cell(", ".join(one.grounds) or "–", lang="en"),
                Cell(", ".join(view.say(f"audience.{name}") for name in one.audiences)),
                Cell(", ".join(one.recorders)),
                Cell(view.day(one.ends)),
            )
        )
        for one in view.desk.processing.of(slug)
    )
    columns = ("kind", "count", "ground", "audience", "recorder", "until")
    return Section("parties", (Table("processing", columns, kept),), (change,), subject=view.name(slug, current))


def namespaces(view: View, _name: str) -> Section:
    """Where parties speak in domains of their own."""
    lines = tuple(
        Line(
            (Cell(prefix, code=True), view.party(party)),
            Form("namespaceRemove", carries=(("party", party), ("namespace", prefix)), subject=prefix),
        )
        for prefix, party in view.desk.accounts.all_namespaces()
    )
    add = Form(
        "namespaceAdd",
        (
            Field("party", "choice", view.parties(), required=True),
            Field("namespace", "address", help="namespace", required=True),
        ),
    )
    return Section("namespaces", (Table("namespaces", ("namespace", "party", "do"), lines),), (add,))


def tokens(view: View, _name: str) -> Section:
    """The tokens that count, those that ended, and a form for a new one."""

    def line(one: Token) -> Line:
        rights = "; ".join(
            view.say(f"steward.right.{right.value}") for right in sorted(one.rights, key=lambda r: r.value)
        )
        revoke = Form("tokenRevoke", carries=(("token", one.id),), subject=f"{one.id}, {one.party}")
        cells = (
            Cell(one.id, code=True),
            view.party(one.party),
            Cell(rights),
            Cell(f"{view.day(one.created)} ({one.made_by or '–'})"),
            Cell(view.day(one.used)),
            Cell(view.through(one.expires) if one.ends(view.now) is None else view.day(one.ends(view.now))),
        )
        return Line(cells, revoke if one.ends(view.now) is None else None)

    every = view.desk.accounts.tokens()
    live = tuple(line(one) for one in every if one.ends(view.now) is None)
    ended = tuple(line(one) for one in every if one.ends(view.now) is not None)
    rights = tuple((right.value, view.say(f"steward.right.{right.value}")) for right in Right)
    create = Form(
        "tokenCreate",
        (
            Field("party", "choice", view.parties(), required=True),
            Field("right", "choice", (("", view.say("steward.choose")), *rights), required=True),
            Field("expires", "date", help="expires", values=(a_year(view),)),
        ),
    )
    columns = ("token", "party", "right", "made", "used")
    tables = (Table("tokens", (*columns, "until", "do"), live), Table("tokensEnded", (*columns, "ended"), ended))
    return Section("tokens", tables, (create,))


def a_year(view: View) -> str:
    """A year from now: what is proposed as an end."""
    return (view.now.date() + timedelta(days=365)).isoformat()


def delegations(view: View, _name: str) -> Section:
    """Who may record for whom, who might once, and a form for a new delegation."""

    def line(one: Delegation) -> Line:
        over = one.over(view.now)
        carries = (("recorder", one.recorder), ("holder", one.holder), ("kind", one.kind))
        end = Form("delegationEnd", carries=carries, subject=f"{one.recorder}, {view.name(one.holder)}")
        cells = (
            view.party(one.recorder),
            view.party(one.holder),
            Cell(view.say(f"steward.kind.{one.kind}")),
            Cell(f"{view.day(one.since)} ({one.given_by or '–'})"),
            Cell(view.day(over) if over else view.through(one.until)),
        )
        return Line(cells, end if over is None else None)

    given = view.desk.accounts.delegations()
    live = tuple(line(one) for one in given if one.over(view.now) is None)
    over = [one for one in given if one.over(view.now) is not None]
    ended = tuple(line(one) for one in (*over, *view.desk.accounts.delegations(ended=True)))
    kinds = tuple((kind, view.say(f"steward.kind.{kind}")) for kind in KINDS)
    give = Form(
        "delegationGive",
        (
            Field("recorder", "choice", view.parties(), help="recorder", required=True),
            Field("holder", "choice", (*view.parties(), (ANYBODY, view.name(ANYBODY))), required=True),
            Field("kind", "choice", kinds, required=True),
            Field("until", "date", help="until"),
        ),
    )
    columns = ("recorder", "holder", "kind", "since")
    tables = (
        Table("delegations", (*columns, "until", "do"), live),
        Table("delegationsEnded", (*columns, "ended"), ended),
    )
    return Section("delegations", tables, (give,))


def grounds(view: View, _name: str) -> Section:
    """The grounds that end soon: ask again, or it goes from every answer on that day."""
    lines = tuple(
        Line(
            (
                Cell(one.iri.removeprefix(f"{view.links.base}/id/"), code=True),
                view.party(one.party),
                Cell(view.say(f"audience.{one.audience}")),
                Cell(view.day(one.ends)),
            )
        )
        for one in view.desk.processing.ending(view.now, GROUND_DAYS, LINES_MAX)
    )
    return Section("grounds", (Table("grounds", ("document", "party", "audience", "until"), lines),))


def erasure(_view: View, _name: str) -> Section:
    """A form to erase one document."""
    fields = (
        Field("address", "address", help="address", required=True),
        Field("sure", "confirm", required=True),
    )
    return Section("erasure", forms=(Form("erase", fields),))


def sources(view: View, _name: str) -> Section:
    """Where partners let us fetch, and how each stands; the command line adds and removes."""
    lines = tuple(
        Line(
            (
                Cell(one.source.name, code=True),
                view.party(one.source.party),
                Cell(one.source.address, code=True),
                Cell(view.day(one.tried)),
                Cell(view.day(one.good)),
                Cell(str(one.failures)),
            )
        )
        for one in view.desk.sources.all()
    )
    columns = ("source", "party", "address", "tried", "good", "failures")
    return Section("sources", (Table("sources", columns, lines),))


def readers(view: View, _name: str) -> Section:
    """How much was read of what is not public, without names of documents."""
    lines = tuple(
        Line(
            (
                Cell(view.day(day_read)),
                view.party(reader),
                Cell(view.say(f"steward.door.{door}")),
                view.party(holder),
                Cell(view.say(f"audience.{audience}")),
                Cell(str(documents) if holder else "–"),
                Cell(str(times)),
            )
        )
        for day_read, holder, audience, reader, door, documents, times in view.desk.notes.counts(LINES_MAX)
    )
    columns = ("day", "reader", "door", "holder", "audience", "documents", "times")
    told = (view.say("steward.kept", days=view.desk.notes.days),)
    return Section("readers", (Table("readers", columns, lines),), told=told)


SECTIONS: Mapping[str, Callable[[View, str], Section | None]] = {
    "overview": overview,
    "parties": parties,
    "namespaces": namespaces,
    "tokens": tokens,
    "delegations": delegations,
    "grounds": grounds,
    "sources": sources,
    "erasure": erasure,
    "readers": readers,
}
