"""What each party says, side by side and never mixed: from the rows of named questions to frozen values.

Nothing is computed across parties but order. Pure functions: rows in, values out. No HTTP, no HTML, no SPARQL.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from kg.voices import (
    Card,
    Claim,
    End,
    Experience,
    Named,
    Party,
    Period,
    Reply,
    Section,
    SideBySide,
    Source,
    Teller,
    Tie,
    Viewpoint,
    Voice,
    Words,
)


class Value(Protocol):
    """One value of a row: what the asking room's cells offer."""

    @property
    def value(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def lang(self) -> str | None: ...
    @property
    def datatype(self) -> str | None: ...


Row = Mapping[str, Value]
Thing = TypeVar("Thing")

# A story without a title is named by its first words: this many characters, whole words.
NAME_CHARACTERS_MAX = 70


def words(row: Row, column: str) -> Words | None:
    """The text in a column, with its language."""
    cell = row.get(column)
    return None if cell is None or not cell.value else Words(cell.value, cell.lang)


def value(row: Row, column: str) -> str | None:
    """The plain value in a column."""
    cell = row.get(column)
    return None if cell is None else cell.value


def shortened(text: Words, limit: int = NAME_CHARACTERS_MAX) -> Words:
    """The first whole words of a text, with an ellipsis when something is left out."""
    if len(text.value) <= limit:
        return text
    return Words(text.value[:limit].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …", text.lang)


def slug(iri: str) -> str:
    """The last piece of an IRI, for a name where none is known."""
    return iri.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1]


def named(row: Row, column: str, notation: str = "") -> Named:
    """The thing in a column with the name beside it (`…Name`)."""
    iri = value(row, column) or ""
    return Named(iri, words(row, f"{column}Name") or Words(slug(iri)), value(row, notation) or slug(iri))


def voice(row: Row, column: str = "holder", fictional: str = "fictional") -> Voice | None:
    """The party in a column, as the one who speaks."""
    iri = value(row, column)
    if iri is None:
        return None
    return Voice(iri, words(row, f"{column}Name") or Words(slug(iri)), value(row, fictional) == "true")


def holder(row: Row) -> Voice:
    """The holder of a row; a statement without one is a broken promise, so it raises."""
    found = voice(row)
    assert found is not None, "a statement without its party"
    return found


def paraphrased_by(row: Row) -> Named | None:
    """Who read a statement in a public source and summed it up; None where its holder put it here itself."""
    return named(row, "paraphrasedBy") if "paraphrasedBy" in row else None


def grouped(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    """Rows by the value of one column, in the order in which each value first comes."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        found = value(row, key)
        if found is not None:
            groups.setdefault(found, []).append(row)
    return groups


def distinct(things: Iterable[Thing]) -> tuple[Thing, ...]:
    """Each thing once, in order."""
    return tuple(dict.fromkeys(things))


def by_name(item: Voice | Named) -> tuple[str, str]:
    """The neutral order: the alphabet, capitals aside, then the IRI so that it is total."""
    return item.name.value.casefold(), item.iri


def parties(rows: Sequence[Row]) -> tuple[Party, ...]:
    """The registered parties in alphabetical order, each with its perspectives."""
    found = []
    for group in grouped(rows, "party").values():
        first = group[0]
        who = voice(first, "party")
        assert who is not None
        views = distinct(named(row, "perspective", "perspectiveNotation") for row in group if "perspective" in row)
        found.append(
            Party(
                who,
                views,
                words(first, "kindName"),
                words(first, "text"),
                value(first, "holds") == "true",
                value(first, "homepage"),
                value(first, "puts") == "true",
                value(first, "read") == "true",
            )
        )
    return tuple(sorted(found, key=lambda party: by_name(party.voice)))


def concepts(rows: Sequence[Row]) -> tuple[Named, ...]:
    """The concepts of a scheme in alphabetical order of their labels."""
    found = [named(group[0], "concept", "notation") for group in grouped(rows, "concept").values()]
    return tuple(sorted(found, key=by_name))


def source(row: Row, column: str = "value", publisher: str = "note", year: str = "year") -> Source:
    """The source in a column, with its publisher and year where they are known."""
    title = words(row, f"{column}Name") or Words(slug(value(row, column) or ""))
    first = (value(row, year) or "")[:4]
    return Source(value(row, column) or "", title, value(row, publisher), first if first.isdigit() else None)


def card(rows: Sequence[Row], marks: Sequence[Row]) -> Card:
    """One card from its rows (several when it has texts in several languages) and its marks."""
    first = rows[0]
    by_mark: dict[str, list[Row]] = {}
    for mark in marks:
        by_mark.setdefault(value(mark, "mark") or "", []).append(mark)

    def of(name: str) -> tuple[Named, ...]:
        return distinct(named(row, "value", "note") for row in by_mark.get(name, ()))

    tellers = [
        Teller(value(row, "value") or "", words(row, "valueName") or Words(""), value(row, "note"))
        for row in by_mark.get("teller", ())
    ]
    sources = grouped(by_mark.get("source", ()), "value")
    return Card(
        iri=value(first, "thing") or "",
        kind=named(first, "kind"),
        title=words(first, "thingName"),
        text=words(first, "text"),
        holder=holder(first),
        tellers=tuple({(one.role, one.perspective): one for one in tellers}.values()),
        paraphrased_by=next(iter(of("paraphrasedBy")), None),
        sources=tuple(source(group[0]) for group in sources.values()),
        places=of("place"),
        themes=of("theme") or of("lifeDomain"),
        forms=of("form"),
        year=(value(first, "issued") or "")[:4] or None,
        year_text=words(first, "dateText"),
        last_seen=(value(first, "lastSeen") or "")[:4] or None,
    )


def cards(rows: Sequence[Row], marks: Sequence[Row]) -> tuple[Card, ...]:
    """All cards, in the order of the rows."""
    marks_of = grouped(marks, "thing")
    return tuple(card(group, marks_of.get(thing, ())) for thing, group in grouped(rows, "thing").items())


def card_name(of: Card) -> Words:
    """What a card is called: its title, else the first words of its text, else its kind."""
    return shortened(of.title or of.text or of.kind.name)


def ends(rows: Sequence[Row]) -> dict[str, End]:
    """What connections start from and lead to, by IRI."""
    found = {}
    for iri, group in grouped(rows, "end").items():
        name = words(group[0], "endName")
        found[iri] = End(
            iri,
            None if name is None else shortened(name),
            value(group[0], "kind"),
            voice(group[0]),
            value(group[0], "ended"),
            value(group[0], "view"),
        )
    return found


def replies(rows: Sequence[Row]) -> tuple[Reply, ...]:
    """All responses, each with what was said in return to it, in the order of the rows."""
    groups = grouped(rows, "response")
    children: dict[str, list[str]] = {}
    for iri, group in groups.items():
        children.setdefault(value(group[0], "target") or "", []).append(iri)

    def reply(iri: str, above: tuple[str, ...]) -> Reply:
        first = groups[iri][0]
        returned = tuple(reply(child, (*above, iri)) for child in children.get(iri, ()) if child not in above)
        return Reply(
            iri,
            value(first, "target") or "",
            named(first, "kind", "kindNotation"),
            holder(first),
            words(first, "rationale"),
            returned,
            words(first, "targetName"),
            value(first, "targetKind"),
            voice(first, "targetHolder"),
            paraphrased_by(first),
        )

    return tuple(reply(iri, ()) for iri in groups)


def ties(rows: Sequence[Row], end_rows: Sequence[Row], responses: Sequence[Reply]) -> tuple[Tie, ...]:
    """All connections with their ends and the responses to them, in the order of the rows."""
    known = ends(end_rows)

    def end(iri: str) -> End:
        # An end that the second question no longer met was withdrawn between the two.
        return known.get(iri) or End(iri, None, None, None, "withdrawn")

    found = []
    for iri, group in grouped(rows, "tie").items():
        first = group[0]
        to = value(first, "to")
        found.append(
            Tie(
                iri,
                end(value(first, "from") or ""),
                named(first, "relation", "relationNotation"),
                None if to is None else end(to),
                words(first, "calledUpon"),
                words(first, "rationale"),
                value(first, "basis") != "read",
                holder(first),
                tuple(reply for reply in responses if reply.target == iri),
                paraphrased_by(first),
                value(first, "basis"),
            )
        )
    return tuple(found)


def perspective_of(of: Card, home: Mapping[str, Party]) -> str | None:
    """The perspective a card stands under: its teller's, else the first of its holder's by notation."""
    told = sorted(teller.perspective for teller in of.tellers if teller.perspective)
    if told:
        return told[0]
    party = home.get(of.holder.iri)
    views = sorted((view.notation, view.iri) for view in party.perspectives) if party else []
    return views[0][1] if views else None


def card_order(newest_first: bool, of: Card) -> tuple[int, str, str]:
    """Within a party: by name, or the newest year first (unknown years last) when the reader asks for that."""
    year = -int(of.year) if newest_first and of.year and of.year.isdigit() else 1 if newest_first else 0
    return year, card_name(of).value.casefold(), of.iri


def viewpoints(shown: Iterable[Card], newest_first: bool) -> tuple[Viewpoint, ...]:
    """The cards by their holder, parties and cards each in their order."""
    held: dict[Voice, list[Card]] = {}
    for one in shown:
        held.setdefault(one.holder, []).append(one)
    made = [
        Viewpoint(party, tuple(sorted(own, key=lambda one: card_order(newest_first, one))))
        for party, own in held.items()
    ]
    return tuple(sorted(made, key=lambda viewpoint: by_name(viewpoint.party)))


def sections(
    shown: Sequence[Card],
    perspectives: Sequence[Named],
    registered: Sequence[Party],
    *,
    newest_first: bool = False,
) -> tuple[Section, ...]:
    """Cards by perspective, then by party; parties that keep something elsewhere but nothing here stay, silent."""
    home = {party.voice.iri: party for party in registered}
    speaking = {one.holder.iri for one in shown}
    made = []
    for perspective in sorted(perspectives, key=by_name):
        held = viewpoints((one for one in shown if perspective_of(one, home) == perspective.iri), newest_first)
        silent = [
            party.voice
            for party in registered
            if party.keeps
            and party.voice.iri not in speaking
            and party.perspectives
            and min(party.perspectives, key=lambda view: view.notation).iri == perspective.iri
        ]
        if held or silent:
            made.append(Section(perspective, held, tuple(sorted(silent, key=by_name))))
    return tuple(made)


def flat(responses: Iterable[Reply]) -> tuple[Reply, ...]:
    """The responses with all that was said in return to them, each once."""
    found: dict[str, Reply] = {}
    for reply in responses:
        found[reply.iri] = reply
        found.update({one.iri: one for one in flat(reply.replies)})
    return tuple(found.values())


def side_by_side(
    card_rows: Sequence[Row],
    mark_rows: Sequence[Row],
    tie_rows: Sequence[Row],
    end_rows: Sequence[Row],
    response_rows: Sequence[Row],
    known_parties: Sequence[Party],
    perspectives: Sequence[Named],
    *,
    register: str,
    period: Period | None = None,
    chosen: frozenset[str] = frozenset(),
    newest_first: bool = False,
    cut: bool = False,
) -> SideBySide:
    """Viewpoints beside one another: every card stays its party's own, every connection keeps who made it.

    `register` is the party whose things are not a voice (they stand apart); `chosen` keeps these parties only.
    """
    registered = tuple(p for p in known_parties if p.voice.iri != register and (not chosen or p.voice.iri in chosen))
    every = [one for one in cards(card_rows, mark_rows) if not chosen or one.holder.iri in chosen]
    found = [one for one in every if period is None or period.holds(one.year)]
    voices = [one for one in found if one.holder.iri != register]
    shown = {one.iri for one in found}
    said = replies(response_rows)
    kept = tuple(
        tie
        for tie in ties(tie_rows, end_rows, said)
        if tie.origin.iri in shown or (tie.target is not None and tie.target.iri in shown)
    )
    tied = {tie.iri for tie in kept}
    home = {party.voice.iri: party for party in registered}
    placed = {perspective.iri for perspective in perspectives}
    return SideBySide(
        sections(voices, perspectives, registered, newest_first=newest_first),
        kept,
        flat(reply for reply in said if reply.target in shown or reply.target in tied),
        tuple(sorted((one for one in found if one.holder.iri == register), key=lambda one: card_order(False, one))),
        viewpoints((one for one in voices if perspective_of(one, home) not in placed), newest_first),
        tuple(sorted({one.year for one in every if one.year})),
        cut,
    )


def experiences(rows: Sequence[Row]) -> tuple[Experience, ...]:
    """Experiences voice by voice, in the order of the rows."""
    return tuple(
        Experience(
            iri,
            named(group[0], "about"),
            named(group[0], "criterion"),
            named(group[0], "kind", "kindNotation"),
            words(group[0], "rationale"),
            holder(group[0]),
        )
        for iri, group in grouped(rows, "experience").items()
    )


def claims(rows: Sequence[Row]) -> tuple[Claim, ...]:
    """What sources say about one thing, each for itself, in the order of the rows."""
    return tuple(
        Claim(
            iri,
            words(group[0], "claimName"),
            words(group[0], "value"),
            tuple(source(row, "source", "publisher") for row in group if "source" in row),
            holder(group[0]),
        )
        for iri, group in grouped(rows, "claim").items()
    )
