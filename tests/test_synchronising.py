"""Synchronising: a whole viewpoint becomes what was sent, only what differs is written, nothing goes by accident."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.admission import Admitted, Refused, Submission
from kg.settings import Settings
from kg.synchronising import FREELY_WITHDRAWN, Synchronised, synchronise
from service.app import House, open_house
from tests.running import copy_of, wijkgraaf
from tests.stories import BASE, PREFIXES, connection, response, story

TRIG = "application/trig"
NQUADS = "application/n-quads"
FORMATS = {
    "turtle": "text/turtle",
    "trig": TRIG,
    "ntriples": "application/n-triples",
    "nquads": NQUADS,
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
}


@pytest.fixture(scope="module")
def house(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Rooms that take in, without doors and projections."""
    data = copy_of(moerwijk_folder, tmp_path_factory.mktemp("synchronising"))
    for party in ("straat", "model", "buur", "grens", "rond"):
        wijkgraaf("party", "add", party, "--name", party, "--perspective", "residents", "--data", str(data))
    opened = open_house(Settings(data=data), answering=False)
    yield opened
    opened.close()


def iri(party: str, name: str) -> str:
    """The name of a party's thing."""
    return f"{BASE}/id/{party}/{name}"


def sent(party: str, *bodies: str, media_type: str = "text/turtle", **given: str) -> Submission:
    """What a party sends for itself."""
    text = "\n".join(bodies)
    return Submission(text.encode(), media_type, party, given.pop("recorder", party), **given)  # type: ignore[arg-type]


def done(house: House, submission: Submission, **how: object) -> Synchronised:
    """A synchronisation that is taken over."""
    outcome = synchronise(house.admission, submission, **how)  # type: ignore[arg-type]
    assert isinstance(outcome, Synchronised), outcome
    return outcome


def refused(house: House, submission: Submission, **how: object) -> list[str]:
    """The names of the objections to a synchronisation."""
    outcome = synchronise(house.admission, submission, **how)  # type: ignore[arg-type]
    assert isinstance(outcome, Refused), outcome
    return [o.name for o in outcome.objections]


def last_entry(house: House) -> int:
    """The number of the ledger's last entry."""
    with closing(sqlite3.connect(house.ledger.file)) as connection:
        return int(connection.execute("SELECT max(number) FROM entries").fetchone()[0])


def payloads(house: House, party: str) -> dict[str, bytes]:
    """A party's current documents."""
    return {current.iri: current.payload or b"" for current in house.ledger.view(party)}


def as_fetched(house: House, party: str) -> bytes:
    """A viewpoint as GET gives it in N-Quads."""
    lines = (
        (current.payload or b"").replace(b" .\n", f" <{BASE}/contributions/{current.contribution}> .\n".encode())
        for current in house.ledger.view(party)
    )
    return b"".join(lines)


def test_new_differing_and_missing_documents(house: House) -> None:
    """What is new comes in, what differs is replaced, what is missing is withdrawn, and the rest is left alone."""
    first = done(house, sent("straat", *(story("straat", name) for name in ("a", "b", "c"))))
    assert ([iri("straat", n) for n in "abc"], (), (), 0) == (
        list(first.added), first.replaced, first.withdrawn, first.unchanged
    )  # fmt: skip
    assert first.receipt is not None
    assert len(first.receipt.contributions) == 3
    before = last_entry(house)
    again = sent("straat", story("straat", "a"), story("straat", "b", text="Anders."), story("straat", "d"))
    second = done(house, again)
    assert (second.added, second.replaced, second.withdrawn) == (
        (iri("straat", "d"),), (iri("straat", "b"),), (iri("straat", "c"),)
    )  # fmt: skip
    assert (second.unchanged, last_entry(house) - before) == (1, 3)
    assert payloads(house, "straat").keys() == {iri("straat", n) for n in "abd"}


def test_the_same_again_writes_nothing(house: House) -> None:
    """A viewpoint that is as it was has no receipt and no entry."""
    whole = sent("buur", story("buur", "x"), story("buur", "y"))
    done(house, whole)
    before = last_entry(house)
    again = done(house, whole)
    assert (again.receipt, again.unchanged, last_entry(house)) == (None, 2, before)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_fetched_can_be_sent_back(house: House, form: str) -> None:
    """GET → PUT writes nothing in any format; with an edit it writes that edit."""
    done(house, sent("rond", *(story("rond", n) for n in ("a", "b")), connection("rond", "c", iri("rond", "a"), GOAL)))
    body = house.admission.convert(as_fetched(house, "rond"), form)
    whole = Submission(body, FORMATS[form], "rond", "rond")
    outcome = done(house, whole)
    assert (outcome.receipt, outcome.unchanged) == (None, 3)
    edited = Submission(body.replace(b"schimmel", form.encode(), 1), FORMATS[form], "rond", "rond")
    assert done(house, edited, dry_run=True).replaced == (iri("rond", "a"),)


GOAL = f"{BASE}/id/gemeente/b-agenda"


def test_only_the_partys_own_contributions_name_a_graph(house: House) -> None:
    """Another's contribution, one that does not exist and any other graph are refused, all with the same words."""
    done(house, sent("straat", story("straat", "a"), story("straat", "b"), story("straat", "d")))
    other = next(house.ledger.view("gemeente")).contribution
    own = house.ledger.document(iri("straat", "a"))
    assert own is not None
    body = (own.payload or b"").decode()
    for graph in (f"{BASE}/contributions/{other}", f"{BASE}/contributions/nergens", f"{BASE}/graph/ledger"):
        lines = body.replace(" .\n", f" <{graph}> .\n").replace("schimmel", "vocht")
        assert refused(house, sent("straat", lines, media_type=NQUADS), adds_only=True) == ["GraphName"]
    for graph in (f"{BASE}/contributions/{own.contribution}", f"{BASE}/view/straat"):
        lines = body.replace(" .\n", f" <{graph}> .\n").replace("schimmel", "vocht")
        done(house, sent("straat", lines, media_type=NQUADS), adds_only=True, dry_run=True)


def test_withdrawn_comes_back_and_erased_does_not(house: House) -> None:
    """A withdrawn document that stands in the body is there again; an erased one refuses the whole message."""
    done(house, sent("buur", story("buur", "x"), story("buur", "y")))
    done(house, sent("buur", story("buur", "x")))
    back = done(house, sent("buur", story("buur", "x"), story("buur", "y")))
    assert (back.added, back.returned) == ((iri("buur", "y"),), (iri("buur", "y"),))
    ended = house.admission.end("erase", iri("buur", "y"), party="buur", recorder="buur", delegation="byHolder")
    assert not isinstance(ended, Refused)
    before = payloads(house, "buur")
    both = sent("buur", story("buur", "x", text="Nieuw."), story("buur", "y"))
    assert refused(house, both) == refused(house, both, dry_run=True) == ["Ended"]
    assert payloads(house, "buur") == before


def test_one_refused_document_refuses_all(house: House) -> None:
    """Nothing is kept of a message with a wrong document, and every objection is told."""
    before, last = payloads(house, "straat"), last_entry(house)
    wrong = sent(
        "straat", story("straat", "goed"), story("straat", "fout", ground=False), story("buur", "van-een-ander")
    )
    assert set(refused(house, wrong)) == {"ForeignSubject", "SecondHolder", "BareTie"}
    assert "GroundMissing" in refused(house, sent("straat", story("straat", "g"), story("straat", "f", ground=False)))
    assert (payloads(house, "straat"), last_entry(house)) == (before, last)


def test_an_emptying_has_to_be_meant(house: House) -> None:
    """More than a few withdrawals, or an empty body, need `allow_withdraw`; the words say how many, and how."""
    many = [story("grens", f"s{n:02}") for n in range(2 * FREELY_WITHDRAWN)]
    done(house, sent("grens", *many))
    last = last_entry(house)
    outcome = synchronise(house.admission, sent("grens", *many[: FREELY_WITHDRAWN - 1]))
    assert isinstance(outcome, Refused)
    (why,) = outcome.objections
    assert (why.name, why.path, why.value) == ("WithdrawsMuch", "allowWithdraw", str(FREELY_WITHDRAWN + 1))
    assert f"?allowWithdraw={FREELY_WITHDRAWN + 1}" in why.message_en
    assert refused(house, sent("grens", ""), allow_withdraw=len(many) - 1) == ["WithdrawsMuch"]
    assert refused(house, sent("grens", "# niets\n")) == ["WithdrawsMuch"]
    assert last_entry(house) == last
    assert len(done(house, sent("grens", *many[FREELY_WITHDRAWN:])).withdrawn) == FREELY_WITHDRAWN
    assert len(done(house, sent("grens", ""), allow_withdraw=FREELY_WITHDRAWN).withdrawn) == FREELY_WITHDRAWN
    assert done(house, sent("grens", "")).unchanged == 0


def test_adding_withdraws_nothing(house: House) -> None:
    """With `adds_only` what is missing stays; an empty body is refused then."""
    done(house, sent("grens", story("grens", "een")), adds_only=True)
    outcome = done(house, sent("grens", story("grens", "twee")), adds_only=True)
    assert (outcome.added, outcome.withdrawn) == ((iri("grens", "twee"),), ())
    assert {iri("grens", "een"), iri("grens", "twee")} <= payloads(house, "grens").keys()
    assert refused(house, sent("grens", ""), adds_only=True) == ["EmptyBody"]


def test_only_what_may_be_withdrawn_is(house: House) -> None:
    """A source withdraws what it brought; who records for another only what it recorded."""
    done(house, sent("buur", story("buur", "van-zelf"), story("buur", "van-bron")), adds_only=True)
    outcome = done(house, sent("buur", story("buur", "x")), withdrawable={iri("buur", "van-bron")})
    assert outcome.withdrawn == (iri("buur", "van-bron"),)
    recorded = sent("buur", story("buur", "namens"), recorder="wijk", delegation="namens")
    done(house, recorded)
    assert iri("buur", "van-zelf") in payloads(house, "buur")
    other = done(house, sent("buur", story("buur", "namens-2"), recorder="wijk", delegation="namens"))
    assert other.withdrawn == (iri("buur", "namens"),)
    assert iri("buur", "van-zelf") in payloads(house, "buur")


def test_a_tie_to_what_goes_in_the_same_message_is_refused(house: House) -> None:
    """New words see the viewpoint as it will be: what is withdrawn in the same message is no target."""
    done(house, sent("straat", story("straat", "a"), story("straat", "weg")), allow_withdraw=99)
    tie = connection("straat", "naar-weg", iri("straat", "weg"), GOAL)
    assert "TargetEnded" in refused(house, sent("straat", story("straat", "a"), tie))
    done(house, sent("straat", story("straat", "a"), story("straat", "weg"), tie))


def test_a_response_may_move_to_another_document(house: House) -> None:
    """One response a target, of the viewpoint as it will be: the old one goes and the new one comes in one message."""
    target = f"{BASE}/id/redactie/c-45"
    done(house, sent("straat", response("straat", "r1", target)), allow_withdraw=99)
    assert "ResponseTwice" in refused(
        house, sent("straat", response("straat", "r1", target), response("straat", "r2", target))
    )
    moved = done(house, sent("straat", response("straat", "r2", target)))
    assert (moved.added, moved.withdrawn) == ((iri("straat", "r2"),), (iri("straat", "r1"),))


def test_an_unnamed_text_is_known_again_and_a_new_one_needs_a_name(house: House) -> None:
    """What got its name from the service before keeps it; a new text without a name would be a new thing each time."""
    admitted = house.admission.admit(sent("rond", story("rond", text="Zonder naam.")))
    assert isinstance(admitted, Admitted)
    whole = [story("rond", n) for n in ("a", "b")] + [connection("rond", "c", iri("rond", "a"), GOAL)]
    done(house, sent("rond", *whole), adds_only=True)
    outcome = done(house, sent("rond", *whole, story("rond", text="Zonder naam.")))
    assert (outcome.receipt, outcome.unchanged) == (None, 4)
    assert refused(house, sent("rond", *whole, story("rond", text="Nieuw."))) == ["NameMissing"]


def test_a_key_gives_the_earlier_outcome(house: House) -> None:
    """The same message with the same key gives the first receipt, whatever happened since; another is refused."""
    keyed = sent("buur", story("buur", "x", text="Met sleutel."), idempotency_key="nacht-1")
    first = done(house, keyed, allow_withdraw=99)
    done(house, sent("buur", story("buur", "x", text="Later.")))
    again = done(house, keyed, allow_withdraw=99)
    assert again.repeated
    assert first.receipt is not None
    assert again.receipt is not None
    assert (again.receipt.batch, again.replaced) == (first.receipt.batch, first.replaced)
    other = sent("buur", story("buur", "x", text="Iets anders."), idempotency_key="nacht-1")
    assert refused(house, other) == ["KeyReused"]


def test_a_mark_that_moved_stops_it(house: House) -> None:
    """`only_if` is the viewpoint that somebody saw: after a change by anybody it is refused."""
    mark = house.ledger.viewpoint("buur").mark
    done(house, sent("buur", story("buur", "x", text="Ongezien.")), only_if=mark)
    assert refused(house, sent("buur", story("buur", "x", text="Te laat.")), only_if=mark) == ["Stale"]


def test_what_moves_meanwhile_sends_it_round_again(house: House) -> None:
    """A document that comes in between reading and writing is withdrawn too, because the body does not have it."""
    done(house, sent("buur", story("buur", "x")), allow_withdraw=99)
    between = iter([None])

    def progress(stage: str, _done: int, _of: int) -> None:
        if stage == "writing" and next(between, 0) is None:
            assert isinstance(house.admission.admit(sent("buur", story("buur", "ertussen"))), Admitted)

    outcome = done(house, sent("buur", story("buur", "x", text="Rondje.")), progress=progress)
    assert outcome.withdrawn == (iri("buur", "ertussen"),)
    assert payloads(house, "buur").keys() == {iri("buur", "x")}


def changed_of(house: House, party: str, count: int, changed: int) -> int:
    """How many entries it takes to change some documents of a viewpoint of so many."""
    texts = [story(party, f"s{number}") for number in range(count)]
    done(house, sent(party, *texts), allow_withdraw=count)
    before = last_entry(house)
    step = count // changed
    for number in range(0, step * changed, step):
        texts[number] = story(party, f"s{number}", text=f"Anders, {number}.")
    outcome = done(house, sent(party, *texts))
    assert (len(outcome.replaced), outcome.unchanged) == (changed, count - changed)
    return last_entry(house) - before


def test_a_hundred_changes_are_a_hundred_entries(house: House) -> None:
    """Of what is unchanged nothing is written, in a viewpoint that is judged in more than one part."""
    assert changed_of(house, "grens", 600, 100) == 100


@pytest.mark.slow
def test_a_hundred_changes_of_fifty_thousand_are_a_hundred_entries(house: House) -> None:
    """The same of 50,000 documents, in a body that goes through the lane of large ones."""
    assert changed_of(house, "grens", 50_000, 100) == 100


NAMES = st.sampled_from("abcdefgh")
VIEWPOINTS = st.dictionaries(NAMES, st.sampled_from(["Een.", "Twee.", "Drie."]), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(VIEWPOINTS, st.booleans(), st.sampled_from(sorted(FORMATS))), min_size=1, max_size=3))
def test_a_viewpoint_is_a_dictionary(house: House, steps: list[tuple[dict[str, str], bool, str]]) -> None:
    """After any sequence of messages the viewpoint is what a dictionary would be, and a dry run told it before."""
    known = {current.iri.rsplit("/", 1)[-1]: _text_of(current.payload) for current in house.ledger.view("model")}
    for wanted, adds_only, form in steps:
        text = "".join(story("model", name, text=text) for name, text in wanted.items()) or PREFIXES
        body = text.encode() if not wanted else house.admission.convert_turtle(text.encode(), form)
        media = FORMATS[form] if wanted else "text/turtle"
        whole = Submission(body, media, "model", "model")
        if adds_only and not wanted:
            assert refused(house, whole, adds_only=True) == ["EmptyBody"]
            continue
        expected = {
            "added": tuple(iri("model", n) for n in sorted(wanted.keys() - known.keys())),
            "replaced": tuple(iri("model", n) for n in sorted(wanted) if n in known and known[n] != wanted[n]),
            "withdrawn": () if adds_only else tuple(iri("model", n) for n in sorted(known.keys() - wanted.keys())),
            "unchanged": sum(known.get(n) == t for n, t in wanted.items()),
        }
        before = last_entry(house)
        dry = done(house, whole, adds_only=adds_only, allow_withdraw=8, dry_run=True)
        assert last_entry(house) == before
        wet = done(house, whole, adds_only=adds_only, allow_withdraw=8)
        for outcome in (dry, wet):
            assert expected == {name: getattr(outcome, name) for name in expected}
        assert dry.returned == wet.returned
        assert last_entry(house) - before == sum(len(expected[k]) for k in ("added", "replaced", "withdrawn"))  # type: ignore[arg-type]
        known = {**known, **wanted} if adds_only else dict(wanted)
    assert known == {c.iri.rsplit("/", 1)[-1]: _text_of(c.payload) for c in house.ledger.view("model")}


def _text_of(payload: bytes | None) -> str:
    """The description of a story."""
    line = next(line for line in (payload or b"").split(b"\n") if b"terms/description" in line)
    return line.decode().split('"')[1]
