"""Side by side, never mixed: what the pure functions make of rows."""

from __future__ import annotations

import dataclasses

from kg import voices
from kg.asking import Cell
from kg.perspectives import Row, concepts, parties, replies, side_by_side
from kg.voices import Card, Period, SideBySide

BASE = "http://wijk.example"
RESIDENTS, PRESS, POLICY = (f"{BASE}/perspective/{name}" for name in ("residents", "press", "policyMakers"))


def row(**values: str) -> Row:
    """A row of cells; a value that begins like an address is an IRI, the rest is Dutch text."""
    return {
        name: Cell(value, "uri") if value.startswith("http") else Cell(value, "literal", "nl")
        for name, value in values.items()
    }


def party(slug: str, name: str, perspective: str, *, keeps: bool = True) -> Row:
    """A registered party."""
    return row(
        party=f"{BASE}/id/{slug}",
        partyName=name,
        perspective=perspective,
        perspectiveNotation=perspective.rsplit("/", 1)[-1],
        holds="true" if keeps else "false",
    )


def card(slug: str, thing: str, text: str, **more: str) -> Row:
    """A card of a party."""
    kind = more.pop("kind", "Policy")
    names = {"gemeente": "Gemeente", "krant": "De Krant", "buren": "De Buren", "wijk": "Het register"}
    return row(
        thing=f"{BASE}/id/{slug}/{thing}",
        thingName=thing,
        text=text,
        kind=f"http://def#{kind}",
        kindName=kind,
        holder=f"{BASE}/id/{slug}",
        holderName=names[slug],
        **more,
    )


def tie(slug: str, name: str, start: str, end: str, reason: str, basis: str = "stated") -> Row:
    """A connection that a party makes."""
    return row(
        tie=f"{BASE}/id/{slug}/{name}",
        **{"from": f"{BASE}/id/{start}"},
        to=f"{BASE}/id/{end}",
        relation="http://relation/answers",
        relationName="gaat in op",
        relationNotation="answers",
        rationale=reason,
        basis=basis,
        holder=f"{BASE}/id/{slug}",
        holderName=slug,
    )


def response(slug: str, name: str, target: str, reason: str) -> Row:
    """A response of a party."""
    return row(
        response=f"{BASE}/id/{slug}/{name}",
        target=f"{BASE}/id/{target}",
        kind="http://response/seesDifferently",
        kindName="ziet dit anders",
        holder=f"{BASE}/id/{slug}",
        holderName=slug,
        rationale=reason,
    )


PARTIES = [
    party("gemeente", "Gemeente", POLICY),
    party("krant", "De Krant", PRESS),
    party("buren", "De Buren", RESIDENTS),
    party("wijk", "Het register", PRESS),
]
PERSPECTIVES = [
    row(concept=iri, conceptName=name, notation=iri.rsplit("/", 1)[-1])
    for iri, name in ((RESIDENTS, "bewoners"), (PRESS, "pers"), (POLICY, "beleidsmakers"))
]
CARDS = [
    card("gemeente", "plan", "Wij knappen op.", issued="2020"),
    card("krant", "v1", "Schimmel op de muur.", kind="Story"),
    card("buren", "aanbod", "Wij klussen graag.", kind="Offer", issued="2015"),
    card("wijk", "plein", "Een plein.", kind="Facility"),
]
MARKS = [
    row(
        thing=f"{BASE}/id/krant/v1",
        mark="teller",
        value=f"{BASE}/id/krant/v1#t",
        valueName="een bewoonster",
        note=RESIDENTS,
    )
]
TIES = [
    tie("gemeente", "c1", "gemeente/plan", "krant/v1", "Het plan noemt schimmel."),
    tie("buren", "c2", "buren/aanbod", "krant/v1", "Wij lezen dit erin.", "read"),
]
ENDS = [row(end=f"{BASE}/id/{name}", endName=name) for name in ("gemeente/plan", "krant/v1", "buren/aanbod")]
RESPONSES = [
    response("krant", "r1", "gemeente/c1", "Het plan noemt het niet."),
    response("gemeente", "r2", "krant/r1", "Toch wel."),
    response("buren", "r3", "krant/v1", "Bij ons ook."),
]


def made(*, without: str = "", **choices: object) -> SideBySide:
    """The side by side of the rows above, without the rows that one party holds."""

    def kept(rows: list[Row]) -> list[Row]:
        return [r for r in rows if "holder" not in r or r["holder"].value != f"{BASE}/id/{without}"]

    return side_by_side(
        kept(CARDS),
        [m for m in MARKS if not m["thing"].value.startswith(f"{BASE}/id/{without}/")],
        kept(TIES),
        ENDS,
        kept(RESPONSES),
        parties(PARTIES),
        concepts(PERSPECTIVES),
        register=f"{BASE}/id/wijk",
        **choices,  # type: ignore[arg-type]
    )


def spoken(of: SideBySide) -> set[tuple[str, str]]:
    """Every text on the page with the party whose it is."""
    found = {(card.holder.iri, card.text.value) for card in (*of.cards, *of.register) if card.text}
    found |= {(tie.holder.iri, tie.rationale.value) for tie in of.ties if tie.rationale}
    return found | {(reply.holder.iri, reply.rationale.value) for reply in of.responses if reply.rationale}


def test_a_story_stands_under_the_perspective_of_its_teller() -> None:
    """The press printed it, a resident told it: it stands with the residents, and the press keeps it."""
    sections = {section.perspective.name.value: section for section in made().sections}
    told = [view for view in sections["bewoners"].viewpoints if view.party.name.value == "De Krant"]
    assert [("een bewoonster", "De Krant")] == [
        (card.tellers[0].role.value, card.holder.name.value) for view in told for card in view.cards
    ]


def test_sections_and_parties_stand_in_alphabetical_order() -> None:
    """No party stands before another for any other reason than its name."""
    page = made()
    assert ["beleidsmakers", "bewoners"] == [section.perspective.name.value for section in page.sections]
    names = [view.party.name.value for view in page.sections[1].viewpoints]
    assert sorted(names) == names


def test_no_value_has_a_place_for_merged_words() -> None:
    """Each value that carries words carries its party too; none has a field for a total, a score or a summary."""
    forbidden = {"summary", "score", "total", "consensus", "agreement", "average", "count", "similarity", "winner"}
    speaking = {"Card", "Tie", "Reply", "Experience", "Claim"}
    for name, kind in vars(voices).items():
        if dataclasses.is_dataclass(kind):
            fields = {one.name for one in dataclasses.fields(kind)}
            assert set() == fields & forbidden, name
            if name in speaking:
                assert "holder" in fields, name


def test_removing_a_party_removes_all_its_words_and_only_its_words() -> None:
    """What the others say is the same, word for word, with and without it."""
    everything = spoken(made())
    for slug in ("gemeente", "krant", "buren"):
        iri = f"{BASE}/id/{slug}"
        left = spoken(made(without=slug))
        assert set() == {said for said in left if said[0] == iri}
        gone = everything - left - {said for said in everything if said[0] == iri}
        # A response or connection has nothing to stand under once what it was about is gone; nobody's own cards go.
        assert set() == {said for said in gone if said[1] in {r["text"].value for r in CARDS}}


def test_a_party_without_anything_here_stays_and_is_silent() -> None:
    """With a period in which only the neighbours speak, the municipality keeps its place."""
    page = made(period=Period(2015, 2015))
    silent = [voice.name.value for section in page.sections for voice in section.silent]
    assert ["Gemeente", "De Krant"] == silent


def test_an_unknown_year_is_a_value_of_its_own() -> None:
    """The story bears no year: it stands under "unknown" and in no span of years."""
    assert ["v1"] == [title(card) for card in made(period=Period(unknown=True)).cards]
    assert ["plan"] == [title(card) for card in made(period=Period(2018, 2022)).cards]


def title(card: Card) -> str:
    """A card's title."""
    return card.title.value if card.title else ""


def test_what_the_register_holds_is_no_voice() -> None:
    """The square is in the register: it stands apart, in no section."""
    page = made()
    assert ["plein"] == [title(card) for card in page.register]
    assert "plein" not in [title(card) for card in page.cards]


def test_a_reading_is_told_from_what_a_source_states() -> None:
    """The second connection is its holder's own reading."""
    assert [True, False] == [tie.stated for tie in made().ties]


def test_what_is_said_in_return_stands_under_what_it_returns_to() -> None:
    """The newspaper answers the connection, the municipality answers the newspaper."""
    first = replies(RESPONSES)[0]
    assert ["Toch wel."] == [reply.rationale.value for reply in first.replies if reply.rationale]


def test_responses_that_go_round_in_a_circle_end() -> None:
    """Two responses to each other are shown once each, not for ever."""
    circle = [response("a", "r1", "b/r2", "x"), response("b", "r2", "a/r1", "y")]
    assert [["y"], ["x"]] == [[r.rationale.value for r in one.replies if r.rationale] for one in replies(circle)]
