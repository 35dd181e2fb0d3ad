"""Who may do what: the table, the decision beside it, what people read of it, and what a refused caller is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from kg.accounts import Accounts
from kg.ledger.acts import Current
from kg.objection import Objection
from kg.party import STEWARD, Caller, Right
from service.cli import app
from service.rights import OPENS, Act, Allowed, Calling, Delegated, may
from tests.running import ROOT, Service, copy_of, start_service
from tests.stories import BASE, story

TURTLE = {"Content-Type": "text/turtle"}
AUDIENCES = ("own", "table", "partners", "public")
HIDDEN = {"own": "zzzz-1", "partners": "zzzz-2"}  # Names that no suggestion on a page is like.
WHO = ("holder", "recorder", "table", "stranger", STEWARD)


def rows_of(file: Path, heading: str) -> list[list[str]]:
    """The cells of the table under this heading, its first two lines left out."""
    lines = file.read_text().partition(f"{heading}\n")[2].splitlines()
    table: list[list[str]] = []
    for line in lines:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip("|").split("|")])
        elif table:
            break
    return table[2:]


def test_the_page_about_rights_is_the_table() -> None:
    """docs/access.md says of each right exactly what the table says."""
    answer = {False: "no", True: "yes"}
    told = [
        [f"`{right.value}`" if right else "none", opens.store, *(answer[bool(cell)] for cell in opens[1:])]
        for right, opens in OPENS.items()
    ]
    assert told == rows_of(ROOT / "docs" / "access.md", "## Rights")


def test_the_readme_says_the_same_in_few_words() -> None:
    """Its table has the same rights, and of each the words that belong to what is open, and no others."""
    rows = {cells[0].strip("`"): cells[1:] for cells in rows_of(ROOT / "README.md", "### Who may do what")}
    assert ["none", *(right.value for right in Right)] == list(rows)
    for right, opens in OPENS.items():
        reads, writes = rows[right.value if right else "none"]
        assert (opens.store == "partners") == ("for partners" in reads)
        assert opens.own == ("own and table documents" in reads)
        assert opens.recorded == ("what it recorded" in reads)
        assert opens.keeps == ("the register" in writes)
        if not opens.keeps:
            assert opens.contributes == ("its party's things" in writes)
            assert opens.records == ("things of parties that let it" in writes)


def document(audience: str) -> Current:
    """A current document of `holder`, recorded by `recorder`, with `table` at its table."""
    stores = {"public": {"public", "partners"}, "partners": {"partners"}}.get(audience, set())
    return Current(
        iri=f"{BASE}/id/holder/x",
        party="holder",
        recorder="recorder",
        entry=1,
        contribution="c",
        classes=(),
        audience=audience,
        table=(f"{BASE}/id/table",) if audience == "table" else (),
        ground=None,
        ground_ends=None,
        perspectives=(),
        dated=None,
        ended=None,
        ended_at=None,
        visible=frozenset(stores),
        seen=frozenset(),
        digest="d",
    )


def calling(party: str | None, right: Right | None) -> Calling:
    """A caller with one right, or an anonymous one."""
    rights = frozenset({right}) if right else frozenset()
    return Calling(Caller(party if right else None, rights, "t" if right else None), "client")


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("right", list(OPENS))
def test_each_cell_of_reading_follows_from_the_table(right: Right | None, who: str, audience: str) -> None:
    """A document is read through a store, by its holder or table, or by its recorder, and in no other way."""
    opens, caller = OPENS[right], calling(who, right)
    in_store = audience == "public" or (audience == "partners" and opens.store == "partners")
    sits = audience == "table" and who == "table"
    expected = in_store or (opens.own and (who == "holder" or sits)) or (opens.recorded and who == "recorder")
    for act in (Act.READ, Act.KNOW):
        found = may(caller, act, document(audience))
        assert expected == isinstance(found, Allowed)
        if isinstance(found, Objection):
            assert ("NotThere", f"{BASE}/id/holder/x") == (found.name, found.focus)


@pytest.mark.parametrize("delegated", ["namens", "publicSource", None])
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("right", list(OPENS))
def test_each_cell_of_speaking_follows_from_the_table(right: Right | None, who: str, delegated: Delegated) -> None:
    """For itself with a right to contribute, for another with a delegation and a right to record; else it is told."""
    opens, caller = OPENS[right], calling(who, right)
    own = may(caller, Act.SPEAK)
    assert (Allowed(who, who, "byHolder") if opens.contributes else "refused") == (
        own if isinstance(own, Allowed) else "refused"
    )
    if who == "holder":
        return
    found = may(caller, Act.SPEAK, "holder", delegated)
    if opens.records and delegated is not None:
        assert Allowed("holder", who, str(delegated)) == found
    else:
        assert isinstance(found, Objection)
        lacks = "TokenMissing" if right is None else "NotDelegated" if delegated is None else "RightMissing"
        assert lacks == found.name


@pytest.mark.parametrize(("right", "act"), list(product(OPENS, (Act.WITHDRAW, Act.ERASE))))
def test_only_the_steward_erases_what_another_holds_and_withdraws_nothing(right: Right | None, act: Act) -> None:
    """What the caller may not know of is not there; what it knows of is another's."""
    for audience in AUDIENCES:
        caller = calling("stranger", right)
        found = may(caller, act, document(audience))
        if act is Act.ERASE and OPENS[right].keeps:
            assert Allowed("holder", STEWARD, "namens") == found
        else:
            assert isinstance(found, Objection)
            known = isinstance(may(caller, Act.KNOW, document(audience)), Allowed)
            expected = ("NotHolder" if right else "TokenMissing") if known else "NotThere"
            assert expected == found.name


@pytest.mark.parametrize("right", list(OPENS))
def test_only_the_steward_keeps_the_register(right: Right | None) -> None:
    """Everybody else is told what it has, what is needed and who can give it."""
    found = may(calling("stranger", right), Act.KEEP)
    if OPENS[right].keeps:
        assert Allowed() == found
    elif right is None:
        assert isinstance(found, Objection)
        assert "TokenMissing" == found.name
    else:
        assert isinstance(found, Objection)
        assert ("RightMissing", right.value, "steward") == (found.name, found.value, found.limit)
        assert all(word in found.message_en for word in (right.value, "steward"))


# Through the door.


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service to write to."""
    started = start_service(copy_of(moerwijk_folder, tmp_path_factory.mktemp("rights")), BASE)
    yield started
    started.stop()


def refused(answer: httpx.Response, status: int) -> dict[str, str]:
    """The first reason of a refusal."""
    assert status == answer.status_code, answer.text
    return dict(answer.json()["errors"][0])


def test_who_has_a_token_that_ended_is_told_when_and_nobody_else_is(service: Service) -> None:
    """Expired and revoked say so with the time; a secret that never was says that it is not known."""
    url = f"sqlite:///{service.data}/ledger.sqlite"
    with Accounts(url) as accounts:
        made = datetime.now(UTC) - timedelta(days=2)
        secret = accounts.create_token("voorbeeld-zorg", Right.CONTRIBUTE, made, made + timedelta(days=1))
    with service.client(secret) as client:
        told = refused(client.get("/doc/gemeente/b-agenda"), 401)
        assert "TokenExpired" == told["name"]
        assert f"{made + timedelta(days=1):%Y-%m-%d %H:%M} UTC" in told["message"]["en"]  # type: ignore[index]
    secret = service.token("voorbeeld-zorg", "contribute")
    with service.client(secret) as client:
        assert 200 == client.get("/doc/gemeente/b-agenda").status_code
        tokens = json.loads(service.run("token", "list", "--json").stdout)
        service.run("token", "revoke", max(tokens, key=lambda one: str(one["created"]))["id"])
        assert "TokenRevoked" == refused(client.get("/doc/gemeente/b-agenda"), 401)["name"]
    with service.client(secret + "x") as client:
        assert "TokenUnknown" == refused(client.get("/doc/gemeente/b-agenda"), 401)["name"]


def test_a_professional_records_for_a_resident_until_the_delegation_ends(service: Service) -> None:
    """The holder is kept and the recorder shown; ended, what was recorded stays and its recorder changes nothing."""
    recorder, holder = service.client(service.token("voorbeeld-zorg", "record-for")), "een-straat"
    service.run("party", "add", holder, "--name", "Een straat", "--perspective", "residents")
    body = story(holder, "namens-1", text="opgetekend", audience="own").encode()
    where = {"onBehalfOf": holder}
    without = recorder.post("/contributions", content=body, headers=TURTLE, params=where)
    assert "NotDelegated" == refused(without, 403)["name"]
    service.run("party", "delegate", "voorbeeld-zorg", holder, "--until", "2099-12-31")
    with service.client(service.token("voorbeeld-zorg", "contribute")) as other:
        told = refused(other.post("/contributions", content=body, headers=TURTLE, params=where), 403)
        assert ("RightMissing", "contribute", "record-for") == (told["name"], told["value"], told["limit"])
    taken = recorder.post("/contributions", content=body, headers=TURTLE, params=where)
    assert 201 == taken.status_code, taken.text
    receipt = recorder.get(taken.headers["location"], headers={"Accept": "application/json"}).json()
    assert (f"{BASE}/id/{holder}", f"{BASE}/id/voorbeeld-zorg", "namens") == (
        receipt["heldBy"],
        receipt["recordedBy"],
        receipt["delegation"],
    )
    service.run("party", "undelegate", "voorbeeld-zorg", holder)
    changed = story(holder, "namens-1", text="veranderd", audience="own").encode()
    again = recorder.post("/contributions", content=changed, headers=TURTLE, params={**where, "replace": "true"})
    assert "DelegationEnded" == refused(again, 403)["name"]
    assert "DelegationEnded" == refused(recorder.delete(f"/doc/{holder}/namens-1"), 403)["name"]
    with service.client(service.token(holder, "contribute")) as mine:
        kept = mine.get(f"/doc/{holder}/namens-1", headers={"Accept": "text/turtle"})
        assert (200, True) == (kept.status_code, "opgetekend" in kept.text)
    recorder.close()


def test_another_s_namespace_is_refused_with_those_that_are_yours(service: Service) -> None:
    """The words name the speaker's own places and no other party's."""
    service.run("party", "namespace", "add", "voorbeeld-zorg", "https://zorg.example/id/")
    service.run("party", "namespace", "add", "voorbeeld-gemeente", "https://gemeente.example/id/")
    with service.client(service.token("voorbeeld-zorg", "contribute")) as client:
        body = story("voorbeeld-zorg", "x").replace(f"{BASE}/id/voorbeeld-zorg/x", "https://gemeente.example/id/x")
        told = refused(client.post("/contributions", content=body.encode(), headers=TURTLE), 422)
    assert "ForeignSubject" == told["name"]
    assert f"{BASE}/id/voorbeeld-zorg/, https://zorg.example/id/" == told["limit"]
    assert "https://gemeente.example/id/\t" not in str(told).replace("https://gemeente.example/id/x", "")
    listed = service.run("party", "namespace", "list").stdout.splitlines()
    assert ["https://gemeente.example/id/\tvoorbeeld-gemeente", "https://zorg.example/id/\tvoorbeeld-zorg"] == listed
    service.run("party", "namespace", "remove", "voorbeeld-gemeente", "https://gemeente.example/id/")
    assert 1 == len(service.run("party", "namespace", "list").stdout.splitlines())


def test_a_hidden_document_is_refused_byte_for_byte_as_one_that_never_was(service: Service) -> None:
    """To a stranger with any right: the same status, headers and body but for the address that was asked."""
    with service.client(service.token("voorbeeld-bewoners", "contribute")) as holder:
        for audience in ("own", "partners"):
            body = story("voorbeeld-bewoners", HIDDEN[audience], audience=audience).encode()
            assert 201 == holder.post("/contributions", content=body, headers=TURTLE).status_code

    def told(client: httpx.Client, verb: str, name: str, accept: str) -> tuple[int, dict[str, str], str]:
        answer = client.request(verb, f"/doc/voorbeeld-bewoners/{name}", headers={"Accept": accept})
        headers = {key: text for key, text in answer.headers.items() if key not in ("date", "content-length")}
        return answer.status_code, headers, answer.text.replace(name, "NAME")

    for right in (None, "record-for", "steward"):
        with service.client(service.token("voorbeeld-gemeente", right) if right else None) as client:
            for audience in ("own", "partners"):
                for accept in ("text/turtle", "application/json", "text/html"):
                    assert told(client, "GET", "zzzz-3", accept) == told(client, "GET", HIDDEN[audience], accept)
                if right:
                    assert told(client, "DELETE", "zzzz-3", "*/*") == told(client, "DELETE", HIDDEN[audience], "*/*")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("party", "delegate", "voorbeeld-zorg", "niemand"), "holder: There is no party niemand"),
        (("party", "delegate", "niemand", "voorbeeld-zorg"), "recorder: There is no party niemand"),
        (("party", "delegate", "voorbeeld-zorg", "voorbeeld-zorg"), "holder: voorbeeld-zorg needs no delegation"),
        (("party", "delegate", "voorbeeld-zorg", "*"), "holder: Recording at somebody's wish"),
        (
            ("party", "delegate", "voorbeeld-zorg", "gemeente", "--kind", "x"),
            "kind: A delegation is",
        ),
        (("party", "delegate", "voorbeeld-zorg", "gemeente", "--until", "2020-01-31"), "until: 2020-01-31 has passed"),
        (("party", "delegate", "voorbeeld-zorg", "gemeente", "--until", "morgen"), "until: morgen is no date"),
        (("party", "undelegate", "voorbeeld-zorg", "gemeente"), "recorder: voorbeeld-zorg has no delegation"),
        (("party", "namespace", "add", "niemand", "https://x.example/"), "party: There is no party niemand"),
        (("party", "namespace", "add", "gemeente", "x.example"), "namespace: x.example is no namespace"),
        (("party", "namespace", "add", "gemeente", f"{BASE}/id/"), f"namespace: {BASE}/id/ lies within or around"),
        (("party", "namespace", "remove", "gemeente", "https://x.example/"), "namespace: https://x.example/ is no"),
        (("party", "add", "Fout!", "--name", "Fout"), "slug: Fout! cannot be a name"),
        (("party", "add", "gemeente", "--name", "Fout"), "slug: There is a party gemeente already"),
        (("party", "add", "nieuw", "--name", " "), "name: Fill in what this party is called"),
        (("party", "show", "niemand"), "niemand: no such party"),
        (("token", "create", "--party", "niemand", "--right", "contribute"), "party: There is no party niemand"),
        (("token", "revoke", "0123"), "token: There is no token 0123"),
    ],
)
def test_the_command_line_says_what_is_wrong_and_where(service: Service, words: tuple[str, ...], said: str) -> None:
    """Each is exit code 2 with the field and what to do."""
    done = CliRunner().invoke(app, [*words, "--data", str(service.data)])
    assert (2, True) == (done.exit_code, said in done.stderr), done.stderr


def test_the_doctor_says_what_is_amiss(service: Service) -> None:
    """Tokens that never end and delegations that nobody can use are told; what is broken makes it end with 1."""
    service.token("voorbeeld-gemeente", "read-partners")
    told = service.run("doctor", check=False)
    assert 0 == told.returncode, told.stdout
    assert "of voorbeeld-gemeente never expires" in told.stdout
    assert "redactie may record for others (" in told.stdout
    with Accounts(f"sqlite:///{service.data}/ledger.sqlite") as accounts:
        accounts.delegate("voorbeeld-zorg", "niemand", "namens", datetime.now(UTC))
    told = service.run("doctor", check=False)
    assert (1, True) == (
        told.returncode,
        "wrong: voorbeeld-zorg may record for niemand, but niemand is no party" in told.stdout,
    )


def test_a_party_is_shown_with_all_that_is_its_own(service: Service) -> None:
    """Names, namespaces, tokens and delegations of one party."""
    shown = service.run("party", "show", "voorbeeld-zorg").stdout
    assert f"{BASE}/id/voorbeeld-zorg" == shown.splitlines()[0]
    assert "perspective\tprofessionals" in shown
    assert f"namespace\t{BASE}/id/voorbeeld-zorg/" in shown
