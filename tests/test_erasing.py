"""Erasing through the door and the command: gone from everywhere here, for those who may, with words that say what."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from kg.ledger import Ledger
from tests.inside import Inside, inside
from tests.running import Service, copy_of, wijkgraaf
from tests.stories import BASE, connection, story
from tests.test_times import TURTLE, let_go, now, say

HOLDER = "voorbeeld-bewoners"
RDF = {"Accept": "application/n-quads"}
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to, each with stories of its own."""
    data = copy_of(moerwijk_folder, tmp_path_factory.mktemp("erasing"))
    (data / "wijkgraaf.toml").write_text('neighbourhood = "Moerwijk"\n')
    with inside(data) as service:
        yield service


@pytest.fixture(scope="module")
def tokens(service: Inside) -> dict[str, dict[str, str]]:
    """A header for each role."""
    return {
        "anonymous": {},
        "partner": service.token("voorbeeld-zorg", "read-partners"),
        "other party": service.token("voorbeeld-gemeente", "contribute"),
        "recorder": service.token("redactie", "record-for"),
        "holder": service.token(HOLDER, "contribute"),
        "steward": service.token("wijk", "steward"),
    }


@pytest.fixture(autouse=True)
def _room(service: Inside) -> None:
    """Each test begins with room for two pasts."""
    let_go(service)


def erase(service: Inside, name: str, who: dict[str, str], **more: str) -> httpx.Response:
    """One DELETE that erases."""
    return service.client.delete(f"/doc/{HOLDER}/{name}", params={"erase": "true"} | more, headers=who)


def scrubbed(service: Inside) -> None:
    """Waits until the ledger has written its file anew."""
    deadline = time.monotonic() + 30
    while service.house.ledger.scrubbing and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not service.house.ledger.scrubbing


def holding(folder: Path, words: str) -> list[str]:
    """The files of a folder in which words stand, packed ones unpacked."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            held += gzip.decompress(held) if file.suffix == ".gz" else b""
            found += [file.name] if words.encode() in held else []
    return found


def test_what_is_erased_after_withdrawing_is_nowhere_any_more(
    service: Inside, tokens: dict[str, dict[str, str]]
) -> None:
    """Withdrawn, everybody reads it in the past; erased, it is in no answer, version, dump, receipt or file."""
    words = "Woorden die straks nergens meer staan"
    iri = say(service, tokens["holder"], "w-1", words)
    other = say(service, tokens["holder"], "w-2", "Ernaast")
    tie = connection(HOLDER, "w-3", other, iri).encode()
    assert 201 == service.client.post("/contributions", content=tie, headers=tokens["holder"] | TURTLE).status_code
    first = service.client.get(f"/doc/{HOLDER}/w-1", headers=RDF).headers["link"]
    receipt = next(
        part.split(">")[0][1:].removeprefix(BASE) for part in first.split(", ") if 'rel="describedby"' in part
    )
    made = service.client.post("/snapshots", json={"name": "voor-wissen"}, headers=tokens["steward"])
    assert 201 == made.status_code
    at = now()
    asked = {"query": f"SELECT * {{ <{iri}> ?p ?o }}", "at": at}

    def answers() -> dict[str, httpx.Response]:
        """Everything that ever told the words, the past included, as anybody asks for it."""
        get = service.client.get
        ahead = {"Accept-Datetime": format_datetime(datetime.now(UTC), usegmt=True)}
        gate = get(f"/doc/{HOLDER}/w-1", headers=RDF | ahead)
        dumps = {form: get(f"/snapshots/voor-wissen.{form}.gz") for form in ("nq", "trig")}
        unpacked = {
            form: httpx.Response(one.status_code, content=gzip.decompress(one.content)) for form, one in dumps.items()
        }
        return unpacked | {
            "at": get(f"/doc/{HOLDER}/w-1", params={"at": at}, headers=RDF),
            "snapshot": get(f"/doc/{HOLDER}/w-1", params={"at": "voor-wissen"}, headers=RDF),
            "page": get(f"/doc/{HOLDER}/w-1", params={"at": at, "lang": "nl"}, headers=HTML),
            "gate": get(gate.headers["location"].removeprefix(BASE), headers=RDF)
            if gate.has_redirect_location
            else gate,
            "view": get(f"/view/{HOLDER}", params={"at": at}, headers=RDF),
            "sparql": get("/sparql", params=asked, headers={"Accept": "text/csv"}),
        }

    assert 200 == service.client.delete(f"/doc/{HOLDER}/w-1", headers=tokens["holder"]).status_code
    before = answers()
    assert {} == {name: one.status_code for name, one in before.items() if words not in one.text}
    assert "heeft het later ingetrokken" in before["page"].text
    assert "Zo verwijst u" not in before["page"].text
    ended = erase(service, "w-1", tokens["holder"])
    assert 200 == ended.status_code, ended.text
    (told,) = ended.json()["contributions"]
    assert ("erase", iri, None, None) == (told["kind"], told["document"], told["digest"], told["salt"])
    for part in ("gone", "remains", "cannotBeUndone"):
        assert told[part].keys() == {"nl", "en"}
    after = answers()
    now_there = {
        name: service.client.get(path, headers=how | who)
        for role, who in tokens.items()
        for name, path, how in (
            (f"document {role}", f"/doc/{HOLDER}/w-1", RDF),
            (f"page {role}", f"/doc/{HOLDER}/w-1", HTML),
            (f"view {role}", f"/view/{HOLDER}", RDF),
            (f"words {role}", receipt, RDF),
            (f"receipt {role}", receipt, {"Accept": "application/json"}),
            (f"end {role}", told["contribution"].removeprefix(BASE), {"Accept": "application/json"}),
            (f"side {role}", "/nl/naast-elkaar", HTML),
        )
    }
    assert [] == [name for name, one in (after | now_there).items() if words in one.text]
    assert {410} == {one.status_code for name, one in now_there.items() if name.startswith(("document", "page"))}
    assert "Dit is gewist" in now_there["page anonymous"].text
    assert 410 == after["at"].status_code
    beside = service.client.get(f"/doc/{HOLDER}/w-2", headers=HTML | {"Accept-Language": "nl"}).text
    assert f"{BASE}/id/{HOLDER}/w-3" in beside
    again = erase(service, "w-1", tokens["holder"])
    assert (200, True) == (again.status_code, again.json()["contributions"][0]["unchanged"])
    scrubbed(service)
    assert [] == holding(service.house.settings.data, words)
    assert Ledger.open(service.house.settings.ledger_url, read_only=True).verify().sound


MAY = {"anonymous": 401, "partner": 403, "other party": 403, "recorder": 403, "holder": 200, "steward": 200}


@pytest.mark.parametrize("audience", ["public", "partners", "own"])
@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("role", MAY)
def test_the_holder_and_the_steward_erase_and_nobody_else_does(
    service: Inside, tokens: dict[str, dict[str, str]], role: str, withdrawn: bool, audience: str
) -> None:
    """As for withdrawing: 401 without a token, 403 for who may know of it, 404 for who may not; also once withdrawn."""
    name = f"m-{role.replace(' ', '-')}-{withdrawn:d}-{audience}"
    body = story(HOLDER, name, text=f"Verhaal {name}", audience=audience).encode()
    assert 201 == service.client.post("/contributions", content=body, headers=tokens["holder"] | TURTLE).status_code
    if withdrawn:
        assert 200 == service.client.delete(f"/doc/{HOLDER}/{name}", headers=tokens["holder"]).status_code
    unknown = {"partner": audience == "own", "other party": audience == "own", "recorder": audience != "public"}
    expected = 404 if unknown.get(role) else MAY[role]
    answer = erase(service, name, tokens[role])
    assert expected == answer.status_code, answer.text
    left = service.house.ledger.document(f"{BASE}/id/{HOLDER}/{name}")
    assert left is not None
    assert (left.ended == "erased") == (expected == 200)
    if expected != 200 and not withdrawn:
        assert expected == service.client.delete(f"/doc/{HOLDER}/{name}", headers=tokens[role]).status_code


def test_who_records_for_a_party_erases_as_it_may_withdraw(service: Inside, tokens: dict[str, dict[str, str]]) -> None:
    """With a delegation from public sources it erases what it recorded, also withdrawn; not what the holder made."""
    data = str(service.house.settings.data)
    wijkgraaf("party", "delegate", "redactie", HOLDER, "--kind", "namens", "--data", data)
    body = story(HOLDER, "r-1", text="Namens iemand", audience="own").encode()
    behalf = {"onBehalfOf": HOLDER}
    recorder = tokens["recorder"]
    taken = service.client.post("/contributions", content=body, headers=recorder | TURTLE, params=behalf)
    assert 201 == taken.status_code, taken.text
    assert 200 == service.client.delete(f"/doc/{HOLDER}/r-1", headers=recorder).status_code
    assert 200 == erase(service, "r-1", recorder).status_code
    assert "erased" == getattr(service.house.ledger.document(f"{BASE}/id/{HOLDER}/r-1"), "ended", None)


def test_the_door_says_what_it_does_and_refuses_what_it_does_not_know(
    service: Inside, tokens: dict[str, dict[str, str]]
) -> None:
    """The OpenAPI text has `erase`; another value or parameter is 400 and ends nothing; so is a stale If-Match, 412."""
    say(service, tokens["holder"], "d-1", "Blijft staan")
    for wrong in ({"erase": "ja"}, {"erase": ""}, {"wis": "true"}):
        answer = service.client.delete(f"/doc/{HOLDER}/d-1", params=wrong, headers=tokens["holder"])
        assert 400 == answer.status_code, wrong
    assert 412 == erase(service, "d-1", tokens["holder"] | {"If-Match": '"iets-anders"'}).status_code
    assert 404 == erase(service, "bestaat-niet", tokens["holder"]).status_code
    assert 200 == service.client.get(f"/doc/{HOLDER}/d-1", headers=RDF).status_code
    described = service.client.get("/api/openapi.json").json()["paths"]["/doc/{path}"]["delete"]
    assert {"erase", "If-Match"} <= {parameter["name"] for parameter in described["parameters"]}
    told = service.client.delete(f"/doc/{HOLDER}/d-1", headers=tokens["holder"]).json()["contributions"][0]
    assert ("withdraw", True) == (told["kind"], "?erase=true" in told["means"]["nl"])


def test_the_pages_say_that_withdrawing_is_not_erasing(service: Inside, tokens: dict[str, dict[str, str]]) -> None:
    """The page of what was withdrawn says who did it and that the past still has it, and leads to how to erase."""
    say(service, tokens["holder"], "p-1", "Straks ingetrokken")
    service.client.delete(f"/doc/{HOLDER}/p-1", headers=tokens["holder"])
    for lang, words, about in (
        ("nl", ("Wie dit bijhield, heeft het ingetrokken", "hoe het vroeger was"), "/nl/over#terugnemen"),
        ("en", ("Whoever kept this here has withdrawn it", "how it was before"), "/en/about#terugnemen"),
    ):
        gone = service.client.get(f"/doc/{HOLDER}/p-1", params={"lang": lang}, headers=HTML)
        assert 410 == gone.status_code
        assert [] == [part for part in (*words, f'href="{about}"') if part not in gone.text]
        told = service.client.get(about.split("#")[0], headers=HTML).text
        assert 'id="terugnemen"' in told


def test_a_citation_names_the_neighbourhood_and_no_times_of_erasing(
    service: Inside, tokens: dict[str, dict[str, str]]
) -> None:
    """One erasure of what was withdrawn counts for two events; the sentences say that something changed, as of when."""
    say(service, tokens["holder"], "c-1", "In de momentopname")
    assert 201 == service.client.post("/snapshots", json={"name": "citeer"}, headers=tokens["steward"]).status_code
    whole = service.client.get("/snapshots/citeer.json").json()
    assert f"Nothing had been redacted as of {whole['asOf']}." in whole["citation"]
    assert whole["citation"].startswith("Parties of Moerwijk (")
    assert "Moerwijk: citeer" == whole["title"]
    service.client.delete(f"/doc/{HOLDER}/c-1", headers=tokens["holder"])
    assert 200 == erase(service, "c-1", tokens["holder"]).status_code
    for end in (".bib", ".cff", ".jsonld", ".json", ".ttl"):
        text = service.client.get(f"/snapshots/citeer{end}").text
        assert "Changed since it was made, as of " in text, end
        assert "2 times" not in text
    page = service.client.get("/snapshots/citeer.html", params={"lang": "nl"}).text
    assert "2 keer" not in page
    assert "misschien niet meer in" in page


def test_the_command_erases_when_one_is_sure(shared: Service) -> None:
    """Without a terminal it needs --yes (exit 2 and nothing is erased); on the folder and over HTTP; with a receipt."""
    token = shared.token(HOLDER, "contribute")
    with shared.client(token) as client:
        for name in ("o-1", "o-2"):
            body = story(HOLDER, name, text=f"Met de opdracht {name}").encode()
            assert 201 == client.post("/contributions", content=body, headers=TURTLE).status_code
        iri, second = f"{BASE}/id/{HOLDER}/o-1", f"{BASE}/id/{HOLDER}/o-2"
        unsure = shared.run("erase", iri, check=False)
        assert (2, "", True) == (unsure.returncode, unsure.stdout, "--yes" in unsure.stderr)
        assert 200 == client.get(f"/doc/{HOLDER}/o-1", headers=RDF).status_code
        assert 1 == shared.run("erase", iri, "--yes", "--party", "voorbeeld-gemeente", check=False).returncode
        assert 200 == client.get(f"/doc/{HOLDER}/o-1", headers=RDF).status_code
        assert 2 == shared.run("erase", "o-1", "--yes", check=False).returncode
        withdrawn = shared.run("withdraw", iri)
        assert (f"{iri}\twithdrawn\n", True) == (withdrawn.stdout, "erase=true" in withdrawn.stderr)
        done = shared.run("erase", iri, "--yes")
        assert f"{iri}\terased\n" == done.stdout
        assert "cannot be called back" in " ".join(done.stderr.split())
        far = wijkgraaf("erase", second, "--yes", "--json", "--url", shared.url, "--token", token)
        assert "erase" == json.loads(far.stdout)["contributions"][0]["kind"]
        for name in ("o-1", "o-2"):
            assert 410 == client.get(f"/doc/{HOLDER}/{name}", headers=RDF).status_code
