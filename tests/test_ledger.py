"""The ledger through its own door: what it takes in and refuses, what it keeps, and what it answers."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kg.contribution import Document, Neighbour, Slice
from kg.ledger import Act, Batch, Change, Ledger, LedgerUnavailable, Receipt
from kg.ledger.chain import audience_genesis, position_digest
from kg.objection import OBJECTIONS
from kg.party import AUDIENCES
from kg.vocabulary import LW
from tests.neighbourhood import BASE, NOW, Stores, batch, document, folder, iri, made_anew, refused, taken

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def place() -> Iterator[Path]:
    """The folder of this test's ledger."""
    with folder() as place:
        yield place


@pytest.fixture
def url(place: Path) -> str:
    """Where the ledger of this test stands."""
    return f"sqlite:///{place}/ledger.sqlite"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """A new ledger; whatever a test does to it, it is sound afterwards."""
    with Ledger.create(url, BASE) as ledger:
        yield ledger
        assert () == ledger.verify().faults


@pytest.fixture
def stores(ledger: Ledger) -> Iterator[Stores]:
    """Stores that follow the ledger's changes; in the end they are what a rebuild gives."""
    stores = Stores()
    ledger.on_change(stores.apply)
    yield stores
    for audience in AUDIENCES:
        assert made_anew(ledger, audience) == stores.lines(audience)


# Taking in.


def test_a_receipt_proves_what_was_taken_in(ledger: Ledger, stores: Stores) -> None:
    """The holder gets id, digest, salt and its place in each chain; salt and payload give the digest in the chain."""
    story = document("ans", "v1")
    receipt = taken(ledger, batch("ans", story))
    (one,) = receipt.contributions
    assert (True, story.iri, "publish", story.digest, "public", None, False) == (
        receipt.created,
        one.iri,
        one.kind,
        one.digest,
        one.audience,
        one.supersedes,
        one.unchanged,
    )
    assert {"public": 1, "partners": 1} == one.position_in_audience
    recorded = ledger.contribution(one.id)
    assert recorded is not None
    assert (story.payload, story.digest, one.salt, receipt.batch) == (
        recorded.payload,
        recorded.digest,
        recorded.salt,
        recorded.batch,
    )
    assert (recorded,) == ledger.batch(receipt.batch)
    assert () == ledger.batch("nothing")
    assert ledger.contribution("nothing") is None
    assert {f"{BASE}/contributions/{one.id}", f"{BASE}/graph/ledger"} == {
        graph.value for graph in stores.stores["public"].named_graphs()
    }


def test_the_same_again_writes_nothing(ledger: Ledger, stores: Stores) -> None:
    """Unchanged documents give the earlier receipt, and no position moves."""
    story, other = document("ans", "v1"), document("ans", "v2")
    first = taken(ledger, batch("ans", story))
    again = taken(ledger, batch("ans", story))
    assert (False, first.batch) == (again.created, again.batch)
    assert tuple(replace(one, unchanged=True) for one in first.contributions) == again.contributions
    assert {"public": 1, "partners": 1} == ledger.positions()
    both = taken(ledger, batch("ans", story, other))
    assert (True, [True, False]) == (both.created, [one.unchanged for one in both.contributions])
    assert {"public": 2, "partners": 2} == ledger.positions()


def test_other_content_replaces_only_when_asked(ledger: Ledger, stores: Stores) -> None:
    """Without a word it is a conflict; with If-Match only on the version that was seen; with replace always."""
    first = taken(ledger, batch("ans", document("ans", "v1"))).contributions[0]
    second = document("ans", "v1", "Nieuw")
    assert [("ExistsDifferently", second.iri)] == refused(ledger, batch("ans", second))
    stale = Act("publish", second.iri, second, expected="another")
    assert [("Stale", second.iri)] == refused(ledger, batch("ans", stale))
    now_it_fits = Act("publish", second.iri, second, expected=first.id)
    one = taken(ledger, batch("ans", now_it_fits)).contributions[0]
    assert ("replace", first.id) == (one.kind, one.supersedes)
    third = document("ans", "v1", "Nog nieuwer")
    assert "replace" == taken(ledger, batch("ans", third, replace=True)).contributions[0].kind
    fourth = document("ans", "v1", "Het nieuwst")
    assert "replace" == taken(ledger, batch("ans", Act("replace", fourth.iri, fourth))).contributions[0].kind
    absent = document("ans", "v2")
    assert [("Stale", absent.iri)] == refused(ledger, batch("ans", Act("publish", absent.iri, absent, expected="x")))
    assert ["publish", "replace", "replace", "replace"] == [one.kind for one in ledger.history(second.iri)]
    assert [None, *[one.id for one in ledger.history(second.iri)[:3]]] == [
        one.supersedes for one in ledger.history(second.iri)
    ]


def test_a_batch_is_all_or_nothing_and_names_every_objection(ledger: Ledger, stores: Stores) -> None:
    """Two documents that are refused are both named, and the good one beside them is not taken in."""
    taken(ledger, batch("ans", document("ans", "v1"), document("ans", "v2")))
    made = batch("ans", document("ans", "v1", "x"), document("ans", "v2", "x"), document("ans", "v3"))
    assert [("ExistsDifferently", iri("ans", "v1")), ("ExistsDifferently", iri("ans", "v2"))] == refused(ledger, made)
    assert ledger.document(iri("ans", "v3")) is None
    twice = batch("ans", document("ans", "v4"), document("ans", "v4", "x"))
    assert [("SameTwice", iri("ans", "v4"))] == refused(ledger, twice)
    assert all(name in OBJECTIONS for name in ("ExistsDifferently", "SameTwice", "Moved", "KeyReused", "Ended"))


def test_only_the_holder_speaks_and_withdraws(ledger: Ledger) -> None:
    """Whoever is not the holder is refused, whatever it does; what is not there cannot end."""
    story = document("ans", "v1")
    taken(ledger, batch("ans", story))
    assert [("NotHolder", story.iri)] == refused(ledger, batch("bo", Act("withdraw", story.iri)))
    assert [("NotHolder", story.iri)] == refused(ledger, batch("bo", Act("erase", story.iri)))
    assert [("NotCurrent", iri("ans", "v9"))] == refused(ledger, batch("ans", Act("withdraw", iri("ans", "v9"))))
    assert [("NotCurrent", story.iri)] == refused(ledger, batch("ans", Act("groundEnded", story.iri)))
    stale = Act("withdraw", story.iri, expected="another")
    assert [("Stale", story.iri)] == refused(ledger, batch("ans", stale))
    taken(ledger, batch("ans", Act("withdraw", story.iri)))
    assert [("NotCurrent", story.iri)] == refused(ledger, batch("ans", Act("withdraw", story.iri)))


def test_a_recorder_from_public_sources_stands_back_for_the_holder(ledger: Ledger) -> None:
    """What the holder has touched itself, an editor may not replace, withdraw or publish again; others it may."""
    story = document("ans", "v1")

    def by_editors(act: Act | Document, *, replace: bool = False) -> Batch:
        return batch("ans", act, recorder="redactie", delegation="publicSource", replace=replace)

    taken(ledger, by_editors(story))
    second = document("ans", "v1", "Beter")
    taken(ledger, by_editors(second, replace=True))
    taken(ledger, batch("ans", document("ans", "v1", "Van mij"), replace=True))
    assert [("NotHolder", story.iri)] == refused(ledger, by_editors(second, replace=True))
    assert [("NotHolder", story.iri)] == refused(ledger, by_editors(Act("withdraw", story.iri)))
    assert [("NotHolder", story.iri)] == refused(ledger, by_editors(Act("erase", story.iri)))
    taken(ledger, batch("ans", Act("withdraw", story.iri)))
    assert [("NotHolder", story.iri)] == refused(ledger, by_editors(second))
    taken(ledger, by_editors(document("ans", "v2")))
    by_professional = batch("ans", second, recorder="zorg", delegation="namens", replace=True)
    assert ("ans", "zorg", "namens") == (lambda one: (one.party, one.recorder, one.delegation))(
        ledger.history(taken(ledger, by_professional).contributions[0].iri)[-1]
    )


def test_what_was_read_and_has_moved_sends_the_batch_round_again(ledger: Ledger) -> None:
    """Every IRI of the slice is looked at again at commit: changed, ended or come into being, it is refused."""
    place = document("wijk", "plein", kind="Place")
    taken(ledger, batch("wijk", place))
    for change in (
        batch("wijk", document("wijk", "plein", "Nieuw", kind="Place"), replace=True),
        batch("wijk", Act("withdraw", place.iri)),
        batch("wijk", Act("erase", place.iri)),
    ):
        made = batch("ans", document("ans", "v1", ties=[place.iri]), ledger=ledger)
        taken(ledger, change)
        assert [("Moved", place.iri)] == refused(ledger, made)
    absent = batch("ans", document("ans", "v1", references=[iri("bo", "v1")]), ledger=ledger)
    taken(ledger, batch("bo", document("bo", "v1")))
    assert [("Moved", iri("bo", "v1"))] == refused(ledger, absent)
    taken(ledger, batch("ans", document("ans", "v1", references=[iri("bo", "v1")]), ledger=ledger))


def test_a_response_of_one_kind_cannot_slip_in_twice(ledger: Ledger) -> None:
    """Two responses that were checked at the same time: the second hears that its slice has moved."""
    story = document("ans", "v1")
    taken(ledger, batch("ans", story))
    answers = [document("bo", name, response=("recognises", story.iri), kind="Response") for name in ("r1", "r2")]
    first, second = (batch("bo", answer, ledger=ledger) for answer in answers)
    taken(ledger, first)
    assert [("Moved", answers[0].iri)] == refused(ledger, second)
    piece = ledger.slice_for([answers[1]])
    assert (("recognises", story.iri, answers[0].iri),) == piece.own_responses
    taken(ledger, batch("bo", Act("withdraw", answers[0].iri)))
    assert () == ledger.slice_for([answers[1]]).own_responses


def test_the_same_new_text_gets_one_name(ledger: Ledger) -> None:
    """A text whose name was minted is found again, until it changes; two at once are sent round again."""
    first = document("ans", "v/abc1234", minted_from="digest")
    taken(ledger, batch("ans", first))
    assert first.iri == ledger.minted_before(first.holder, "digest")
    assert ledger.minted_before(f"{BASE}/id/bo", "digest") is None
    second = document("ans", "v/xyz9876", minted_from="digest")
    assert [("Moved", second.iri)] == refused(ledger, batch("ans", second))
    taken(ledger, batch("ans", document("ans", "v/abc1234", "Anders"), replace=True))
    assert ledger.minted_before(first.holder, "digest") is None
    taken(ledger, batch("ans", second))


def test_an_idempotency_key_gives_one_receipt(ledger: Ledger) -> None:
    """The same message under the same key is answered as before, whatever happened since; another is refused."""
    story = document("ans", "v1")
    made = batch("ans", story, document("ans", "v2"), key="sleutel")
    first = taken(ledger, made)
    taken(ledger, batch("ans", document("ans", "v1", "Anders"), replace=True))
    again = taken(ledger, made)
    assert (False, first.batch) == (again.created, again.batch)
    assert [one.id for one in first.contributions] == [one.id for one in again.contributions]
    other = batch("ans", document("ans", "v3"), key="sleutel")
    assert [("KeyReused", None)] == refused(ledger, other)
    # Another party's key is its own.
    taken(ledger, batch("bo", document("bo", "v1"), key="sleutel"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda story: replace(story, holder=f"{BASE}/id/bo"),
        lambda story: replace(story, iri=iri("bo", "v1")),
        lambda story: replace(story, payload=story.payload + b"<http://else.example/> <p:p> <o:o> .\n"),
        lambda story: replace(story, payload=b""),
        lambda story: replace(story, payload=story.payload.rstrip(b"\n")),
    ],
)
def test_what_no_door_lets_through_is_a_bug_not_an_entry(ledger: Ledger, spoil: object) -> None:
    """A batch whose payload is not about its own document raises ValueError with whoever made it."""
    story = spoil(document("ans", "v1"))  # type: ignore[operator]
    made = batch("ans", Act("publish", iri("ans", "v1"), story))
    with pytest.raises(ValueError, match="v1"):
        ledger.submit(made, NOW).result(10)
    assert {"public": 0, "partners": 0} == ledger.positions()


# What ends.


def test_what_was_withdrawn_leaves_a_tombstone_and_may_come_back(ledger: Ledger, stores: Stores) -> None:
    """Withdrawn: no content, a tombstone where it was seen, ties stay; brought back on purpose only: as before."""
    story = document("ans", "v1", audience="partners")
    tie = document("bo", "c1", ties=[story.iri], audience="partners", kind="Connection")
    taken(ledger, batch("ans", story))
    taken(ledger, batch("bo", tie))
    public = ledger.heads()["public"]
    taken(ledger, batch("ans", Act("withdraw", story.iri)))
    current = ledger.document(story.iri)
    assert current is not None
    assert ("withdrawn", frozenset({"partners"}), story.payload) == (current.ended, current.seen, current.payload)
    assert [tie.iri] == [one.iri for one in ledger.dependents(story.iri)]
    register = "\n".join(line.decode() for line in stores.lines("partners") if b"/graph/register>" in line)
    assert f'<{story.iri}> <{LW}ended> "withdrawn"' in register
    assert "Story" not in register
    assert "Vocht" not in register
    assert public == ledger.heads()["public"]
    assert [("Withdrawn", story.iri)] == refused(ledger, batch("ans", story))
    taken(ledger, batch("ans", story, replace=True))
    again = ledger.document(story.iri)
    assert again is not None
    assert (None, frozenset({"partners"}), frozenset()) == (again.ended, again.visible, again.seen)


def test_a_ground_that_is_over_is_written_by_the_clock(ledger: Ledger) -> None:
    """A store made on the morning after shows a tombstone before the clock wrote the entry, and the same after it."""
    stores = Stores()
    ledger.on_change(stores.apply)
    story = document("ans", "v1", ground_ends="2030-01-02")
    taken(ledger, batch("ans", story))
    taken(ledger, batch("bo", document("bo", "c1", ties=[story.iri], kind="Connection")))
    assert made_anew(ledger, "public", NOW + DAY) == stores.lines("public")
    before_the_clock = made_anew(ledger, "public", NOW + 2 * DAY)
    assert before_the_clock != stores.lines("public")
    answer = ledger.end_grounds(NOW + 2 * DAY).result(10)
    assert isinstance(answer, Receipt)
    assert answer.created
    assert before_the_clock == made_anew(ledger, "public", NOW + 2 * DAY) == stores.lines("public")
    assert ["publish", "groundEnded"] == [one.kind for one in ledger.history(story.iri)]
    late = document("ans", "v2", ground_ends="2030-01-01")
    assert [("GroundEnded", late.iri)] == refused(ledger, batch("ans", late), NOW + DAY)
    # Every batch lets the clock come round first.
    taken(ledger, batch("ans", document("ans", "v3", ground_ends="2030-02-01")), NOW + 2 * DAY)
    taken(ledger, batch("bo", document("bo", "v1")), NOW + 60 * DAY)
    ended = ledger.document(iri("ans", "v3"))
    assert ended is not None
    assert ("groundEnded", "2030-02-02T00:00:00.000000Z") == (ended.ended, ended.ended_at)


def test_the_clock_never_turns_the_order_round(ledger: Ledger) -> None:
    """An entry that comes with an earlier time gets that of the entry before it."""
    taken(ledger, batch("ans", document("ans", "v1")), NOW)
    taken(ledger, batch("ans", document("ans", "v2")), NOW - HOUR)
    times = [ledger.history(iri("ans", name))[0].time for name in ("v1", "v2")]
    assert ["2030-01-01T12:00:00.000000Z", "2030-01-01T12:00:00.000000Z"] == times


# Reading.


def test_the_slice_says_what_is_there_what_ended_and_what_is_absent(ledger: Ledger) -> None:
    """Class, holder, audience and last entry of each reference, in order; perspectives and the earliest date too."""
    perspective = "https://w3id.org/lerende-wijk/id/concept/perspective/residents"
    party = document("wijk", "groep", kind="Party")
    xsd, terms = "http://www.w3.org/2001/XMLSchema#", "http://purl.org/dc/terms/"
    lines = [
        *party.payload.decode().splitlines(keepends=True),
        f"<{party.iri}> <{LW}perspective> <{perspective}> .\n",
        f'<{party.iri}> <{terms}issued> "2019-05-01"^^<{xsd}date> .\n',
        f'<{party.iri}> <{terms}created> "2018"^^<{xsd}gYear> .\n',
    ]
    taken(ledger, batch("wijk", replace(party, payload="".join(sorted(lines)).encode())))
    at_table = document("bo", "tafel", audience="table", table=[f"{BASE}/id/ans"])
    taken(ledger, batch("bo", document("bo", "weg"), document("bo", "gewist"), at_table))
    taken(ledger, batch("bo", Act("withdraw", iri("bo", "weg")), Act("erase", iri("bo", "gewist"))))
    asked = document(
        "ans", "v1", references=[party.iri, at_table.iri, *(iri("bo", name) for name in ("weg", "gewist", "nooit"))]
    )
    bo = f"{BASE}/id/bo"
    assert Slice(
        (
            Neighbour(iri("bo", "gewist"), 6, (), bo, None, "erased"),
            Neighbour(iri("bo", "nooit"), None, (), None, None, None),
            Neighbour(at_table.iri, 4, (LW + "Story",), bo, "table", None, table=(f"{BASE}/id/ans",)),
            Neighbour(iri("bo", "weg"), 5, (LW + "Story",), bo, "public", "withdrawn"),
            Neighbour(party.iri, 1, (LW + "Party",), f"{BASE}/id/wijk", "public", None, (perspective,), "2018"),
        ),
        (),
    ) == ledger.slice_for([asked])
    assert Slice((), ()) == ledger.slice_for([])
    assert [party.iri] == [one.iri for one in ledger.parties()]


def test_a_view_is_what_a_party_says_now(ledger: Ledger) -> None:
    """All its current documents for itself; for an audience, those that stand in its store."""
    made = [document("ans", f"v{n}", audience=a) for n, a in enumerate(("own", "table", "partners", "public"))]
    taken(ledger, batch("ans", *made, document("ans", "weg")))
    taken(ledger, batch("ans", Act("withdraw", iri("ans", "weg"))))
    taken(ledger, batch("bo", document("bo", "v1")))
    assert [(one.iri, one.payload) for one in made] == [(one.iri, one.payload) for one in ledger.view("ans")]
    assert [made[2].iri, made[3].iri] == [one.iri for one in ledger.view("ans", "partners")]
    assert [made[3].iri] == [one.iri for one in ledger.view("ans", "public")]
    assert [] == list(ledger.view("niemand"))


def test_what_a_store_hides_it_does_not_hint_at(ledger: Ledger, stores: Stores) -> None:
    """A version that an audience never saw is not named there as superseded, and its position does not move."""
    taken(ledger, batch("ans", document("ans", "v1", "Klad", audience="own")))
    assert {"public": 0, "partners": 0} == ledger.positions()
    second = taken(ledger, batch("ans", document("ans", "v1", audience="partners"), replace=True)).contributions[0]
    taken(ledger, batch("ans", document("ans", "v1", "Open", audience="public"), replace=True))
    assert {"public": 1, "partners": 2} == ledger.positions()
    assert not any(b"supersedes" in line for line in stores.lines("public"))
    assert any(b"supersedes" in line and second.id.encode() in line for line in stores.lines("partners"))


def test_what_narrows_takes_what_ties_to_it_along(ledger: Ledger, stores: Stores) -> None:
    """A story that becomes less public hides its connection and the response to that; wider again, all come back."""
    story = document("ans", "v1")
    tie = document("bo", "c1", ties=[story.iri], kind="Connection")
    reply = document("cor", "r1", response=("asks", tie.iri), kind="Response")
    taken(ledger, batch("ans", story))
    taken(ledger, batch("bo", tie))
    taken(ledger, batch("cor", reply))
    before = stores.lines("public")
    narrowed = taken(ledger, batch("ans", document("ans", "v1", audience="partners"), replace=True)).contributions[0]
    assert [] == stores.lines("public")
    assert [4, 4] == [narrowed.position_in_audience[audience] for audience in AUDIENCES]
    taken(ledger, batch("ans", story, replace=True))
    # Three graphs and what is said of them, as before: the version in between is not named here.
    assert len(before) == len(stores.lines("public"))


# One writer.


def test_answers_come_after_the_commit_and_after_the_stores(ledger: Ledger, url: str) -> None:
    """When a store hears of a change it is on disk for everybody, and its batch is not answered yet."""
    seen: list[tuple[int, bool]] = []
    submitted = threading.Event()

    def listener(change: Change) -> None:
        submitted.wait(10)
        with Ledger.open(url, read_only=True) as beside:
            seen.append((beside.positions()[change.audience], future.done()))

    ledger.on_change(listener)
    future = ledger.submit(batch("ans", document("ans", "v1", audience="partners")), NOW)
    submitted.set()
    assert isinstance(future.result(10), Receipt)
    assert [(1, False)] == seen


def test_waiting_batches_share_a_commit_and_spoil_each_other_not(ledger: Ledger) -> None:
    """Forty batches that wait come in together: one refused and one buggy among them, the others are all there."""
    stores = Stores()
    entered, held = threading.Event(), threading.Event()

    def hold(_change: Change) -> None:
        entered.set()
        held.wait(10)

    ledger.on_change(hold)
    ledger.on_change(stores.apply)
    first = ledger.submit(batch("ans", document("ans", "v0")), NOW)
    entered.wait(10)
    made = [batch("ans", document("ans", f"v{n}")) for n in range(1, 41)]
    made[10] = batch("bo", Act("withdraw", iri("ans", "v3")))
    made[20] = batch("bo", document("ans", "v99"))
    waiting = [ledger.submit(one, NOW) for one in made]
    held.set()
    wait([first, *waiting], 20)
    assert [10, 20] == [
        n for n, future in enumerate(waiting) if future.exception() or not isinstance(future.result(), Receipt)
    ]
    assert 39 == len(list(ledger.view("ans")))
    # Each store heard of all of them in order.
    assert list(range(1, 40)) == [change.position for change in stores.changes if change.audience == "public"]


def test_one_process_writes_and_others_read_beside_it(ledger: Ledger, url: str) -> None:
    """A second writer is refused; a reader sees what is committed, verifies, and takes nothing in."""
    taken(ledger, batch("ans", document("ans", "v1")))
    with pytest.raises(LedgerUnavailable, match="another process writes"):
        Ledger.open(url)
    with Ledger.open(url, read_only=True) as beside:
        assert ledger.heads() == beside.heads()
        assert beside.verify().sound
        with pytest.raises(LedgerUnavailable, match="read only"):
            beside.submit(batch("ans", document("ans", "v2")), NOW).result(10)
        taken(ledger, batch("ans", document("ans", "v2")))
        assert ledger.heads() == beside.heads()


def test_closed_and_opened_again_it_is_the_same(url: str) -> None:
    """Heads, documents and the next entry go on where they were; what comes after closing is refused."""
    ledger = Ledger.create(url, BASE + "/")
    taken(ledger, batch("ans", document("ans", "v1")))
    heads = ledger.heads()
    ledger.close()
    with pytest.raises(LedgerUnavailable, match="closed"):
        ledger.submit(batch("ans", document("ans", "v2")), NOW).result(10)
    with Ledger.open(url) as again:
        assert (BASE, heads) == (again.base, again.heads())
        taken(again, batch("ans", document("ans", "v2")))
        assert again.verify().sound
    with pytest.raises(LedgerUnavailable, match="already"):
        Ledger.create(url, BASE)


def test_what_is_no_ledger_is_not_opened(tmp_path: Path) -> None:
    """A missing file, another kind of file and another database are outages with a reason; nothing is made."""
    with pytest.raises(LedgerUnavailable, match="there is no ledger"):
        Ledger.open(f"sqlite:///{tmp_path}/nothing.sqlite")
    assert [] == list(tmp_path.iterdir())
    (tmp_path / "text").write_text("Dit is geen grootboek. " * 100)
    with pytest.raises(LedgerUnavailable, match="cannot be read as a ledger"):
        Ledger.open(f"sqlite:///{tmp_path}/text")
    with pytest.raises(ValueError, match="SQLite file"):
        Ledger.open("postgresql://ledger.example/ledger")
    with pytest.raises(ValueError, match="SQLite file"):
        Ledger.open("sqlite://")


def test_the_ledger_is_for_its_owner_alone(ledger: Ledger, place: Path) -> None:
    """No file of it can be read by another account of the machine."""
    taken(ledger, batch("ans", document("ans", "v1", audience="own")))
    assert {"ledger.sqlite": 0o600, "ledger.sqlite-wal": 0o600} == {
        file.name: file.stat().st_mode & 0o777 for file in place.iterdir() if file.name.endswith(("sqlite", "-wal"))
    }


def test_an_outsider_can_check_the_public_chain(ledger: Ledger, stores: Stores) -> None:
    """From what the public is told, and the base alone, follows every digest; the holder's salt opens its own."""
    story = document("ans", "v1")
    one = taken(ledger, batch("ans", story)).contributions[0]
    taken(ledger, batch("bo", document("bo", "c1", ties=[story.iri]), document("bo", "klad", audience="own")))
    taken(ledger, batch("ans", document("ans", "v1", "Nieuw"), replace=True))
    taken(ledger, batch("bo", document("bo", "klad", "Nieuw", audience="own"), replace=True))
    taken(ledger, batch("ans", Act("withdraw", story.iri)))
    digest = audience_genesis(BASE, "public")
    for told in ledger.told("public"):
        assert digest == told.previous
        digest = position_digest("public", told.position, digest, told.entered, told.left, told.ended)
        assert digest == told.digest
    assert (4, digest) == ledger.heads()["public"]
    first = ledger.told("public", most=1)[0].entered[0]
    assert one.salt is not None
    assert first["payload_digest"] == hashlib.sha256(bytes.fromhex(one.salt) + story.payload).hexdigest()
    assert first["name_digest"] == hashlib.sha256(bytes.fromhex(one.salt) + story.iri.encode()).hexdigest()
    assert [2, 3] == [told.position for told in ledger.told("public", after=1, most=2)]
    assert not any("klad" in str(told) for told in ledger.told("public"))
