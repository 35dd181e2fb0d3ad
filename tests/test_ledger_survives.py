"""What the ledger survives: kill -9, a full or failing disk, flipped bits, a torn log; and what it forgets."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from kg.ledger import Act, Ledger, LedgerUnavailable, Receipt
from kg.party import AUDIENCES
from tests.neighbourhood import BASE, NOW, Stores, batch, document, folder, iri, made_anew, refused, taken

ROOT = Path(__file__).parent.parent
KILLS = 10
FLIPS = 60
SEED = 20300101  # One seed, so that a fault that is found is found again.

WRITER = """
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from kg.ledger import Ledger
from tests.neighbourhood import NOW, batch, document

def speak(numbered):
    ledger, party, number = numbered
    receipt = ledger.submit(batch(party, document(party, f"v{number}", "woord " * (number % 700))), NOW).result()
    # One write call a line: a torn line is nobody's acknowledgement.
    os.write(1, f"{receipt.contributions[0].iri} {receipt.contributions[0].id}\\n".encode())

ledger = Ledger.open(sys.argv[1])
start = int(sys.argv[2])
with ThreadPoolExecutor(4) as pool:
    list(pool.map(speak, ((ledger, f"p{n % 4}", start + n) for n in range(100_000))))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for one ledger."""
    with folder() as place:
        yield place


def address(place: Path) -> str:
    """The ledger's address in a folder."""
    return f"sqlite:///{place}/ledger.sqlite"


def small_history(ledger: Ledger) -> None:
    """Everything that can happen to a ledger, once or more."""
    taken(ledger, batch("wijk", document("wijk", "plein", kind="Place")))
    taken(
        ledger,
        batch("ans", document("ans", "v1", "woord " * 300, ties=[iri("wijk", "plein")], ground_ends="2030-01-02")),
    )
    taken(
        ledger,
        batch("bo", document("bo", "c1", ties=[iri("ans", "v1")]), document("bo", "klad", audience="own"), key="k"),
    )
    taken(ledger, batch("bo", document("bo", "r1", response=("asks", iri("ans", "v1")), audience="partners")))
    taken(ledger, batch("cor", document("cor", "v1"), document("cor", "c1", ties=[iri("cor", "v1")])))
    taken(ledger, batch("cor", document("cor", "v1", "Anders", minted_from="abc"), replace=True))
    taken(ledger, batch("dirk", document("dirk", "v1"), document("dirk", "v2", audience="table", table=["x"])))
    taken(ledger, batch("dirk", Act("withdraw", iri("dirk", "v1"))))
    taken(ledger, batch("cor", Act("erase", iri("cor", "v1"))))
    ledger.end_grounds(NOW.replace(day=5)).result(10)


# The process ends.


def test_what_was_acknowledged_survives_kill_9(place: Path) -> None:
    """Killed ten times while four threads write: every acknowledged document is there once, and all is sound."""
    Ledger.create(address(place), BASE).close()
    chance = random.Random(SEED)
    acknowledged: list[tuple[str, str]] = []
    for kill in range(KILLS):
        command = [sys.executable, "-c", WRITER, address(place), str(kill * 100_000)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            time.sleep(chance.uniform(0, 0.15))
            child.send_signal(signal.SIGKILL)
            told = (first + child.stdout.read()).decode()
        for line in told.splitlines(keepends=True):
            if line.endswith("\n"):
                name, contribution = line.split()
                acknowledged.append((name, contribution))
    with Ledger.open(address(place)) as ledger:
        assert () == ledger.verify().faults
        for name, contribution in acknowledged:
            assert [contribution] == [one.id for one in ledger.history(name)]
    assert len(acknowledged) > KILLS
    assert len(acknowledged) == len(set(acknowledged))


# The disk fails.


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a full disk: writes beyond this size fail in the kernel."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [1, 4096, 20_000, 40_000])
def test_a_full_disk_acknowledges_nothing_and_reads_go_on(place: Path, room: int) -> None:
    """Wherever in the commit the disk is full: an outage, no entry, no further write until all was looked at."""
    with Ledger.create(address(place), BASE) as ledger:
        stores = Stores()
        ledger.on_change(stores.apply)
        kept = document("ans", "v1")
        taken(ledger, batch("ans", kept))
        text = random.Random(SEED).randbytes(60_000).hex()
        with no_file_larger_than((place / "ledger.sqlite-wal").stat().st_size + room):
            failed = ledger.submit(batch("ans", document("ans", "v2", text)), NOW)
            with pytest.raises(LedgerUnavailable, match="could not write"):
                failed.result(10)
            assert ledger.document(kept.iri) is not None
        with pytest.raises(LedgerUnavailable, match="could not write"):
            ledger.submit(batch("ans", document("ans", "v3")), NOW).result(10)
        assert (1, 1) == (stores.positions["public"], ledger.positions()["public"])
        assert ledger.resume().sound
        taken(ledger, batch("ans", document("ans", "v3")))
        assert ledger.document(iri("ans", "v2")) is None
        assert made_anew(ledger, "public") == stores.lines("public")
        assert ledger.verify().sound


@pytest.mark.parametrize("why", ["disk I/O error", "database or disk is full"])
def test_a_commit_that_fails_answers_everybody_with_an_outage(place: Path, why: str) -> None:
    """EIO or a full disk at the fsync of a shared commit: every batch in it hears so, and no store hears anything."""
    with Ledger.create(address(place), BASE) as ledger:
        stores = Stores()
        ledger.on_change(stores.apply)
        taken(ledger, batch("ans", document("ans", "v1")))
        assert ledger._writer is not None
        engine = ledger._writer._engine

        def fail(_connection: object) -> None:
            raise sqlite3.OperationalError(why)

        event.listen(engine, "commit", fail)
        futures = [ledger.submit(batch("ans", document("ans", f"v{n}")), NOW) for n in range(2, 30)]
        for future in futures:
            assert isinstance(future.exception(10), LedgerUnavailable)
        assert (1, why in str(ledger.outage)) == (stores.positions["public"], True)
        event.remove(engine, "commit", fail)
        assert ledger.resume().sound
        taken(ledger, batch("ans", document("ans", "v2")))
        assert 2 == len(list(ledger.view("ans")))


def test_a_lock_that_another_holds_too_long_is_no_damage(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the command line keeps the file locked, a batch meets an outage; the next one is taken in."""
    monkeypatch.setattr("kg.ledger.tables.BUSY_MILLISECONDS_MAX", 50)
    with Ledger.create(address(place), BASE) as ledger:
        other = sqlite3.connect(place / "ledger.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable, match="locked"):
            ledger.submit(batch("ans", document("ans", "v1")), NOW).result(10)
        other.execute("ROLLBACK")
        other.close()
        assert ledger.outage is None
        taken(ledger, batch("ans", document("ans", "v1")))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_store_that_cannot_follow_stops_the_writing(place: Path) -> None:
    """A listener that raises: what is on disk is acknowledged, and nothing more is taken in."""
    with Ledger.create(address(place), BASE) as ledger:

        def broken(_change: object) -> None:
            raise RuntimeError("the reader is gone")

        ledger.on_change(broken)
        taken(ledger, batch("ans", document("ans", "v1")))
        with pytest.raises(LedgerUnavailable, match="could not follow"):
            ledger.submit(batch("ans", document("ans", "v2")), NOW).result(10)
        assert ledger.document(iri("ans", "v1")) is not None


# Bits change.


def contents(file: Path) -> list[object]:
    """Every row of the ledger's own tables; an exception's words where they cannot be read."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    rows: list[object] = []
    try:
        for table in ("meta", "entries", "payloads", "chain", "documents", "erased", "ties", "responses"):
            rows.extend(connection.execute(f"SELECT '{table}', * FROM {table} ORDER BY 1, 2, 3").fetchall())
    except sqlite3.DatabaseError as error:
        rows.append(str(error))
    finally:
        connection.close()
    return rows


def is_noticed(place: Path) -> bool:
    """Whether opening or verifying the ledger in this folder says that something is wrong."""
    try:
        with Ledger.open(address(place), read_only=True) as ledger:
            return not ledger.verify().sound
    except LedgerUnavailable:
        return True


@pytest.mark.parametrize("closed", [True, False])
def test_a_flipped_bit_is_noticed(place: Path, closed: bool) -> None:
    """One bit anywhere in the files: it is noticed, or not one row of the ledger differs; also in an unfinished log."""
    first = place / "first"
    first.mkdir()
    ledger = Ledger.create(address(first), BASE)
    small_history(ledger)
    while ledger.scrubbing:
        time.sleep(0.01)
    taken(ledger, batch("eef", document("eef", "v1")))
    if closed:
        ledger.close()
    whole = place / "whole"
    shutil.copytree(first, whole)
    ledger.close()
    before = contents(shutil.copytree(whole, place / "before") / "ledger.sqlite")
    assert not is_noticed(shutil.copytree(whole, place / "as-it-is"))
    chance = random.Random(SEED)
    files = [
        file for file in sorted(whole.iterdir()) if file.stat().st_size and not file.name.endswith(("-shm", "-lock"))
    ]
    noticed = 0
    for flip in range(FLIPS // 2):
        file = chance.choice(files)
        copy = shutil.copytree(whole, place / f"flip{flip}")
        damaged = bytearray((copy / file.name).read_bytes())
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        (copy / file.name).write_bytes(damaged)
        (copy / "ledger.sqlite-shm").unlink(missing_ok=True)
        found = is_noticed(copy)
        noticed += found
        assert found or before == contents(copy / "ledger.sqlite"), f"{file.name} {flip}"
        shutil.rmtree(copy)
    assert noticed > FLIPS // 8


CHANGES = [
    ("the base", "UPDATE meta SET value = 'http://elsewhere.example' WHERE name = 'base'"),
    ("the key of erased names", "UPDATE meta SET value = '00' || substr(value, 3) WHERE name = 'key'"),
    ("an entry's time", "UPDATE entries SET time = '2029-01-01T00:00:00.000000Z' WHERE number = 2"),
    ("who recorded", "UPDATE entries SET recorder = 'zorg' WHERE number = 2"),
    ("an audience", "UPDATE entries SET audience = 'public' WHERE audience = 'own'"),
    ("a key", "UPDATE entries SET idempotency_key = NULL"),
    ("an entry gone", "DELETE FROM entries WHERE number = (SELECT max(number) FROM entries)"),
    ("an entry in the middle gone", "DELETE FROM entries WHERE number = 4"),
    ("words", "UPDATE payloads SET payload = (SELECT payload FROM payloads WHERE entry = 1) WHERE entry = 2"),
    ("words gone", "UPDATE payloads SET payload = NULL WHERE entry = 2"),
    ("a payload gone", "DELETE FROM payloads WHERE entry = 2"),
    ("facts", """UPDATE payloads SET facts = replace(facts, '"consent"', '"own"') WHERE entry = 2"""),
    ("a salt", "UPDATE payloads SET salt = zeroblob(16) WHERE entry = 2"),
    ("a name", "UPDATE payloads SET iri = iri || 'x' WHERE entry = 2"),
    ("a position gone", "DELETE FROM chain WHERE audience = 'public' AND position = 2"),
    ("a position's effects", "UPDATE chain SET effects = replace(effects, '[]', '[\"x\"]') WHERE position = 1"),
    ("whose it is", "UPDATE documents SET party = 'bo' WHERE party = 'ans'"),
    ("who sees it", "UPDATE documents SET visible = 3 WHERE audience = 'own'"),
    ("that it ended", "UPDATE documents SET ended = NULL WHERE ended = 'withdrawn'"),
    ("a tombstone", "UPDATE documents SET stones = '{}' WHERE ended = 'withdrawn'"),
    ("what the holder did", "UPDATE documents SET by_holder = 0"),
    ("a document gone", "DELETE FROM documents WHERE party = 'wijk'"),
    ("a document more",
     "CREATE TEMP TABLE more AS SELECT * FROM documents WHERE party = 'wijk';"
     "UPDATE more SET iri = iri || '2'; INSERT INTO documents SELECT * FROM more"),
    ("a tie", "DELETE FROM ties WHERE document LIKE '%/bo/c1'"),
    ("a response", "UPDATE responses SET kind = 'joins'"),
    ("who knew the erased", "UPDATE erased SET seen = 0"),
    ("who names the erased", "UPDATE erased SET named = 0"),
    ("the erased gone", "DELETE FROM erased"),
    ("an index", "DELETE FROM ties; INSERT INTO ties SELECT 'x', 'y'"),
]  # fmt: skip


@pytest.mark.parametrize("change", [change for _, change in CHANGES], ids=[what for what, _ in CHANGES])
def test_whatever_is_changed_behind_its_back_is_a_fault(unchanged: Path, place: Path, change: str) -> None:
    """Each column counts: somebody with the file in hand cannot change it unnoticed."""
    copy = shutil.copytree(unchanged, place / "copy")
    connection = sqlite3.connect(copy / "ledger.sqlite")
    connection.executescript(change)
    assert connection.total_changes > 0
    connection.close()
    assert is_noticed(copy)


@pytest.fixture(scope="module")
def unchanged() -> Iterator[Path]:
    """A closed ledger in which everything has happened."""
    with folder() as place:
        with Ledger.create(address(place), BASE) as ledger:
            small_history(ledger)
        assert not is_noticed(place)
        yield place


def test_a_log_that_lost_its_end_is_never_silently_shorter(place: Path) -> None:
    """SQLite drops what follows a torn page of its log; the mark beside the ledger knows better, and writing stops."""
    first = place / "first"
    first.mkdir()
    with Ledger.create(address(first), BASE) as ledger:
        for number in range(5):
            taken(ledger, batch("ans", document("ans", f"v{number}")))
        torn = shutil.copytree(first, place / "torn")
    log = torn / "ledger.sqlite-wal"
    os.truncate(log, log.stat().st_size - 6000)
    (torn / "ledger.sqlite-shm").unlink()
    with Ledger.open(address(torn)) as ledger:
        assert "was acknowledged" in str(ledger.outage)
        with pytest.raises(LedgerUnavailable, match="was acknowledged"):
            ledger.submit(batch("ans", document("ans", "v9")), NOW).result(10)
        assert ledger.document(iri("ans", "v0")) is not None
        assert not ledger.verify().sound
        assert not ledger.resume().sound
        assert ledger.outage is not None


# It forgets.


def test_an_erased_story_is_in_no_file(place: Path) -> None:
    """Words, salts and names of sixty erased stories, in all their versions, are in no byte of the folder."""
    chance = random.Random(SEED)
    needles: list[bytes] = []
    with Ledger.create(address(place), BASE) as ledger:
        stores = Stores()
        ledger.on_change(stores.apply)
        names = [chance.randbytes(6).hex() for _ in range(300)]
        for start in range(0, 300, 30):
            said = [
                document("ans", name, chance.randbytes(chance.choice((10, 400, 6000))).hex(), minted_from=name * 3)
                for name in names[start : start + 30]
            ]
            taken(ledger, batch("ans", *said))
        erased = [iri("ans", name) for name in chance.sample(names, 60)]
        for name in erased[::5]:
            taken(ledger, batch("ans", document("ans", name.rsplit("/", 1)[1], "Nieuwe versie"), replace=True))
        taken(ledger, batch("ans", *(Act("withdraw", name) for name in erased[::7])))
        tie = document("bo", "c1", ties=[erased[0]], kind="Connection")
        taken(ledger, batch("bo", tie))
        for name in erased:
            needles.append(name.rsplit("/", 1)[1].encode())
            for one in ledger.history(name):
                packed = zlib.compress(one.payload or b"", 3)
                needles.append(bytes.fromhex(str(one.salt)))
                needles.extend([packed[len(packed) // 2 :][:40]] if one.payload else [])
        taken(ledger, batch("ans", *(Act("erase", name) for name in erased[:30])))
        for name in erased[30:]:
            taken(ledger, batch("ans", Act("erase", name)))
        deadline = time.monotonic() + 20
        while ledger.scrubbing and time.monotonic() < deadline:
            time.sleep(0.02)
        files = {file.name: file.read_bytes() for file in place.iterdir()}
        # The first is still named by who ties to it.
        kept = needles.pop(0)
        assert [] == [(name, needle) for name, held in files.items() for needle in needles if needle in held]
        assert any(kept in held for held in files.values())
        assert ledger.verify().sound
        for audience in AUDIENCES:
            assert made_anew(ledger, audience) == stores.lines(audience)
        assert [("Ended", erased[3])] == refused(ledger, batch("ans", document("ans", erased[3].rsplit("/", 1)[1])))


def test_what_is_left_of_an_erased_story_says_nothing_of_it(place: Path) -> None:
    """Its tombstone stands while somebody visible ties to it; its contributions keep an id, no name and no words."""
    with Ledger.create(address(place), BASE) as ledger:
        stores = Stores()
        ledger.on_change(stores.apply)
        story = document("ans", "v1")
        one = taken(ledger, batch("ans", story)).contributions[0]
        tie = document("bo", "c1", ties=[story.iri], audience="partners", kind="Connection")
        taken(ledger, batch("bo", tie))
        ended = taken(ledger, batch("ans", Act("erase", story.iri))).contributions[0]
        assert (None, None, {"public": 2, "partners": 3}) == (ended.digest, ended.salt, ended.position_in_audience)
        recorded = ledger.contribution(one.id)
        assert recorded is not None
        assert (None, None, None, "erased") == (recorded.iri, recorded.payload, recorded.salt, recorded.ended)
        assert () == ledger.history(story.iri)
        left = ledger.document(story.iri)
        assert left is not None
        assert ("erased", "ans", frozenset(AUDIENCES), None) == (left.ended, left.party, left.seen, left.payload)
        named = [any(story.iri.encode() in line for line in stores.lines(audience)) for audience in AUDIENCES]
        assert [False, True] == named
        again = ledger.submit(batch("ans", Act("erase", story.iri)), NOW).result(10)
        assert isinstance(again, Receipt)
        assert not again.created
        taken(ledger, batch("bo", Act("withdraw", tie.iri)))
        assert not any(story.iri.encode() in line for line in stores.lines("partners"))
        assert ledger.verify().sound


def test_scrubbing_goes_on_after_a_crash(place: Path) -> None:
    """A process that ends right after an erasure leaves a note in the file; the next one takes the work up."""
    Ledger.create(address(place), BASE).close()
    code = (
        "import os, sys; from kg.ledger import Act, Ledger; from tests.neighbourhood import NOW, batch, document;"
        "ledger = Ledger.open(sys.argv[1]); story = document('ans', 'v1');"
        "ledger.submit(batch('ans', story), NOW).result();"
        "ledger.submit(batch('ans', Act('erase', story.iri)), NOW).result(); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, address(place)], cwd=ROOT, check=False)
    assert 9 == done.returncode
    with Ledger.open(address(place)) as ledger:
        deadline = time.monotonic() + 10
        while ledger.scrubbing and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not ledger.scrubbing
        assert ledger.verify().sound
    connection = sqlite3.connect(place / "ledger.sqlite")
    assert (0,) == connection.execute("PRAGMA user_version").fetchone()
    connection.close()
