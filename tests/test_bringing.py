"""What was taken away is put up elsewhere: the same words, the same audiences, and nobody else's."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.arriving import Brought, brought_from
from kg.ledger import Ledger
from kg.ledger.lookups import Lookups
from tests.running import copy_of, wijkgraaf
from tests.stories import BASE, connection, response, story

HOLDER, OTHER, THERE = "buurtgroep", "voorbeeld-gemeente", "https://elders.example"
Elsewhere = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def file(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a group takes away: stories for everybody, for partners and for itself, ties to others, and a reply."""
    where = tmp_path_factory.mktemp("bringing")
    data = copy_of(moerwijk_folder, where)
    words = "".join(
        (
            story(HOLDER, "s-1", text=f"Een tekst met <{BASE}/id/{HOLDER}/s-2> erin"),
            story(HOLDER, "s-2", text="Voor partners", audience="partners"),
            story(HOLDER, "s-3", text="Voor onszelf", audience="own"),
            connection(HOLDER, "c-1", f"{BASE}/id/{HOLDER}/s-1", f"{BASE}/id/gemeente/b-agenda"),
            response(HOLDER, "r-1", f"{BASE}/id/redactie/c-45"),
        )
    )
    _speak(data, where, HOLDER, words, add=True)
    _speak(data, where, OTHER, response(OTHER, "t-reply", f"{BASE}/id/{HOLDER}/s-1", why="Dat is van ons."))
    wijkgraaf("export", "--party", HOLDER, "--to", str(where / "away.zip"), "--data", str(data))
    return where / "away.zip"


def _speak(data: Path, where: Path, party: str, words: str, *, add: bool = False) -> None:
    if add:
        _register(data, party)
    (where / "words.ttl").write_text(words)
    wijkgraaf("publish", str(where / "words.ttl"), "--party", party, "--data", str(data))


def _register(data: Path, party: str) -> None:
    named = ("--name", "Buurtgroep", "--name-en", "Neighbours", "--perspective", "residents")
    wijkgraaf("party", "add", party, *named, "--data", str(data))


def bring(file: Path, data: Path, *more: str, party: str = HOLDER) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Runs the command; its exit code and what it tells."""
    done = wijkgraaf("import", str(file), "--party", party, "--data", str(data), "--json", *more, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def held(data: Path, party: str = HOLDER) -> dict[str, tuple[str, bytes]]:
    """The party's present documents there: audience and words."""
    with Lookups(f"sqlite:///{data}/ledger.sqlite") as ledger:
        return {one.iri: (one.audience, one.payload or b"") for one in ledger.view(party)}


def test_with_the_same_names_the_viewpoint_is_the_same_to_the_byte(
    file: Path, moerwijk_folder: Path, tmp_path: Path
) -> None:
    """Everything comes, each with its audience; the viewpoint's digest is equal; nobody else's words come along."""
    data = copy_of(moerwijk_folder, tmp_path)
    _register(data, HOLDER)
    code, found = bring(file, data)
    assert (0, {}, 5) == (code, found["left"], len(found["taken"]))
    source = file.parent / "data"
    digests = []
    for folder in (source, data):
        with Lookups(f"sqlite:///{folder}/ledger.sqlite") as ledger:
            digests.append(ledger.view_digest(HOLDER))
            replied = ledger.document(f"{BASE}/id/{OTHER}/t-reply")
    assert digests[0] == digests[1]
    assert replied is None
    assert held(source) == held(data)
    code, again = bring(file, data)
    assert (0, {True}) == (code, {bool(one["unchanged"]) for one in again["taken"]})
    assert Ledger.open(f"sqlite:///{data}/ledger.sqlite", read_only=True).verify().sound


def test_under_another_base_only_the_names_change_and_what_is_tied_to_nothing_is_listed(
    file: Path, tmp_path: Path
) -> None:
    """The party's own things and what they tie to get the names of the new base; a text that looks like one stays."""
    data = tmp_path / "data"
    wijkgraaf("init", "--example", "moerwijk", "--base", THERE, "--data", str(data))
    _register(data, "buren")
    code, found = bring(file, data, party="buren")
    assert (0, {}) == (code, found["left"])
    before = held(file.parent / "data")
    after = held(data, "buren")
    things, things_there = f"{BASE}/id/".encode(), f"{THERE}/id/".encode()
    own, own_there = f"{BASE}/id/{HOLDER}".encode(), f"{THERE}/id/buren".encode()

    def renamed(line: bytes) -> bytes:
        subject, predicate, value = line.split(b" ", 2)
        value = value if value.startswith(b'"') else value.replace(own, own_there).replace(things, things_there)
        return b" ".join((subject.replace(own, own_there), predicate, value))

    assert {iri.replace(f"{BASE}/id/{HOLDER}", f"{THERE}/id/buren") for iri in before} == after.keys()
    for iri, (audience, words) in before.items():
        there = after[iri.replace(f"{BASE}/id/{HOLDER}", f"{THERE}/id/buren")]
        assert (audience, set(map(renamed, words.splitlines()))) == (there[0], set(there[1].splitlines()))


def test_what_ties_to_what_is_not_there_is_left_out_and_named(file: Path, tmp_path: Path) -> None:
    """In an empty ledger the connection and the response have nothing to tie to: exit 1, by name, the rest stands."""
    data = tmp_path / "data"
    wijkgraaf("init", "--wijk", "Elders", "--base", BASE, "--data", str(data))
    _register(data, HOLDER)
    code, told = bring(file, data, "--check")
    assert (1, {}) == (code, held(data))
    code, found = bring(file, data)
    assert (1, told["left"].keys()) == (code, found["left"].keys())
    left = {iri.rpartition("/")[2] for iri in found["left"]}
    assert {"c-1", "r-1"} <= left
    assert held(data).keys() == {one["document"] for one in found["taken"]}
    assert all(errors and errors[0]["message"] for errors in found["left"].values())


@pytest.mark.slow
def test_things_keep_their_names_where_the_party_has_registered_them(file: Path, tmp_path: Path) -> None:
    """With --names keep and the old namespace registered they keep them; not registered, all is left out."""
    data = tmp_path / "data"
    wijkgraaf("init", "--example", "moerwijk", "--base", THERE, "--data", str(data))
    _register(data, HOLDER)
    code, found = bring(file, data, "--names", "keep")
    assert (1, []) == (code, found["taken"])
    assert {} == held(data)
    wijkgraaf("party", "namespace", "add", HOLDER, f"{BASE}/id/{HOLDER}/", "--data", str(data))
    code, found = bring(file, data, "--names", "keep")
    assert (0, {}) == (code, found["left"])
    assert held(file.parent / "data").keys() == held(data).keys()


def test_a_file_that_is_not_whole_is_not_taken_over(file: Path, tmp_path: Path) -> None:
    """Cut off, altered or something else: a sentence that says so, and from the command exit 2."""
    cut, altered, other = tmp_path / "cut.zip", tmp_path / "altered.zip", tmp_path / "other.zip"
    cut.write_bytes(file.read_bytes()[:-2000])
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(altered, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            target.writestr(name, body.replace(b"Voor partners", b"Van iemand") if name == "viewpoint.nq" else body)
    other.write_text("geen zip")
    assert isinstance(brought_from(file), Brought)
    assert [str, str, str] == [type(brought_from(one)) for one in (cut, altered, other)]
    assert "viewpoint.nq is not as" in str(brought_from(altered))
    assert 2 == wijkgraaf("import", str(altered), "--party", HOLDER, check=False).returncode
