"""The steward's pages: signing in, what the cookie opens and what it does not, and each form with its refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from kg.accounts import Accounts
from kg.ledger import Ledger
from kg.party import Caller, Right
from kg.sessions import Sessions
from kg.settings import Settings
from service.addresses import things_at
from tests.neighbourhood import BASE as NEAR
from tests.neighbourhood import NOW
from tests.page_reading import Element, read_page
from tests.running import Service, copy_of, start_service
from tests.stories import BASE, story

PAGES = {
    "nl": (
        "/nl/beheer",
        ("betrokkenen", "naamruimten", "sleutels", "machtigingen", "gronden", "bronnen", "wissen", "inzage"),
    ),
    "en": (
        "/en/steward",
        ("parties", "namespaces", "tokens", "delegations", "grounds", "sources", "erasure", "readers"),
    ),
}
EVERY = [
    (start, "/".join(part for part in (start, rest) if part))
    for start, rests in PAGES.values()
    for rest in ("", *rests)
]
DPV, XSD = "https://w3id.org/dpv#", "http://www.w3.org/2001/XMLSchema#"
TURTLE = {"Content-Type": "text/turtle"}


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service to keep."""
    started = start_service(copy_of(moerwijk_folder, tmp_path_factory.mktemp("steward")), BASE)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def accounts(service: Service) -> Iterator[Accounts]:
    """Its accounts."""
    with Accounts(f"sqlite:///{service.data}/ledger.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def secret(accounts: Accounts) -> str:
    """A steward's token."""
    return accounts.create_token("wijk", Right.STEWARD, datetime.now(UTC))


def browser(service: Service) -> httpx.Client:
    """A client that behaves as a browser does: it says from where it sends, and keeps cookies."""
    return httpx.Client(base_url=service.url, headers={"Origin": service.url, "Accept": "text/html"}, timeout=60)


@contextmanager
def signed_in(service: Service, secret: str) -> Iterator[httpx.Client]:
    """The same, signed in."""
    with browser(service) as client:
        answer = client.post("/nl/beheer", data={"act": "signIn", "token": secret})
        assert (303, "/nl/beheer") == (answer.status_code, answer.headers["location"]), answer.text
        yield client


@pytest.fixture(scope="module")
def steward(service: Service, secret: str) -> Iterator[httpx.Client]:
    """A steward who is signed in."""
    with signed_in(service, secret) as client:
        yield client


def page(client: httpx.Client, address: str, status: int = 200) -> Element:
    """A page as elements."""
    answer = client.get(address)
    assert status == answer.status_code, answer.text[:500]
    return read_page(answer.text)


def named(html: Element, name: str) -> list[Element]:
    """The fields of this name."""
    return [field for field in html.all("input") if field.attributes.get("name") == name]


def word(client: httpx.Client) -> str:
    """The word that the forms of this session carry."""
    return named(page(client, "/nl/beheer"), "word")[0].attributes["value"]


def send(client: httpx.Client, page_address: str, act: str, **fields: str | list[str]) -> httpx.Response:
    """A form as the page would send it."""
    return client.post(page_address, data={"act": act, "word": word(client), **fields})


def wrong(answer: httpx.Response, status: int = 422) -> dict[str, str]:
    """Field to what is said beside it; each is tied to its field, and stands in the list on top."""
    assert status == answer.status_code, answer.text[:800]
    html = read_page(answer.text)
    said: dict[str, str] = {}
    for field in html.all(aria_invalid="true"):
        described = field.attributes["aria-describedby"].split()
        own = [e for e in html.all("p", id=None) if e.attributes["id"] in described and e.has_class("wrong-words")]
        assert own, field.attributes
        said[field.attributes["id"].partition("-")[2]] = own[0].text
    listed = next(e for e in html.all("div") if e.has_class("wrong-list"))
    for link in listed.all("a"):
        assert html.all(id=link.attributes["href"].removeprefix("#"))
    return said or {"": listed.text}


def test_without_a_session_every_address_leads_to_signing_in(service: Service) -> None:
    """What is there and what is not look the same; a token in a header opens nothing here."""
    with browser(service) as client:
        for start, address in (
            *EVERY,
            ("/nl/beheer", "/nl/beheer/bestaat-niet"),
            ("/nl/beheer", "/nl/beheer/betrokkenen/x"),
        ):
            answer = client.get(address)
            if address == start:
                assert 200 == answer.status_code
                assert ["signIn-token"] == [
                    e.attributes["id"] for e in read_page(answer.text).all("input", type="password")
                ]
            else:
                assert (303, start) == (answer.status_code, answer.headers["location"])
            assert "private, no-store" == answer.headers["cache-control"]
        bearer = client.get(
            "/nl/beheer/sleutels", headers={"Authorization": "Bearer " + service.token("wijk", "steward")}
        )
        assert 303 == bearer.status_code
        nothing = client.post("/nl/beheer/sleutels", data={"act": "tokenCreate", "party": "wijk", "right": "steward"})
        assert 403 == nothing.status_code


def test_the_cookie_is_closed_off_and_counts_on_these_pages_alone(service: Service, secret: str) -> None:
    """HttpOnly, SameSite=Strict, for the two paths, Secure with TLS; elsewhere its bearer is anonymous."""
    with browser(service) as client:
        answer = client.post("/nl/beheer", data={"act": "signIn", "token": secret})
        cookies = answer.headers.get_list("set-cookie")
        assert {"/nl/beheer", "/en/steward"} == {re.findall(r"Path=([^;]+)", one)[0] for one in cookies}
        for one in cookies:
            assert all(part in one for part in ("HttpOnly", "SameSite=strict", "Max-Age="))
            assert "Secure" not in one
            assert secret not in one
        value = cookies[0].partition("=")[2].partition(";")[0]
        with service.client() as other:
            other.headers["Cookie"] = f"wijkgraaf_session={value}"
            assert "projections" not in other.get("/readyz").json()
            assert 401 == other.get("/readers").status_code
            assert 401 == other.post("/contributions", content=b"", headers=TURTLE).status_code
            assert 200 == other.get("/nl/beheer/sleutels").status_code
        files = [file for file in service.data.iterdir() if file.is_file() and not file.name.endswith(".sock")]
        assert [] == [file.name for file in files if value.encode() in file.read_bytes()]


def test_signing_out_ends_the_session_also_for_who_copied_the_cookie(service: Service, secret: str) -> None:
    """The cookie goes, and the session with it."""
    with signed_in(service, secret) as client:
        copied = client.cookies.get("wijkgraaf_session", path="/nl/beheer")
        assert 303 == send(client, "/nl/beheer", "signOut").status_code
        with browser(service) as other:
            other.headers["Cookie"] = f"wijkgraaf_session={copied}"
            assert 303 == other.get("/nl/beheer/sleutels").status_code


def test_a_session_ends_when_its_token_is_revoked(service: Service, accounts: Accounts) -> None:
    """At the next page."""
    own = accounts.create_token("wijk", Right.STEWARD, datetime.now(UTC))
    with signed_in(service, own) as client:
        assert 200 == client.get("/en/steward/tokens", follow_redirects=False).status_code
        caller = accounts.caller(own)
        assert isinstance(caller, Caller)
        accounts.revoke(str(caller.token_id), datetime.now(UTC))
        assert 303 == client.get("/en/steward/tokens").status_code


def test_a_form_from_elsewhere_does_nothing(service: Service, steward: httpx.Client, accounts: Accounts) -> None:
    """Another origin, none, or another session's word: refused, and nothing is made."""
    before = len(accounts.tokens())
    fields = {"act": "tokenCreate", "party": "gemeente", "right": "contribute"}
    for origin in ("https://elders.example", "null", ""):
        answer = steward.post("/nl/beheer/sleutels", data={**fields, "word": word(steward)}, headers={"Origin": origin})
        assert 403 == answer.status_code, origin
    for said in ("", "x", "é"):
        assert 403 == steward.post("/nl/beheer/sleutels", data={**fields, "word": said}).status_code
    plain = steward.post("/nl/beheer/sleutels", content=b"act=tokenCreate", headers={"Content-Type": "text/plain"})
    assert 415 == plain.status_code
    assert before == len(accounts.tokens())
    with browser(service) as client:
        far = client.post(
            "/nl/beheer", data={"act": "signIn", "token": "x"}, headers={"Origin": "https://elders.example"}
        )
        assert 403 == far.status_code


def test_who_fails_too_often_has_to_wait(moerwijk_folder: Path, tmp_path: Path) -> None:
    """Five wrong tokens, each told beside its field and never shown again; then also the right one has to wait."""
    own = start_service(copy_of(moerwijk_folder, tmp_path), BASE)
    try:
        right, reader = own.token("wijk", "steward"), own.token("gemeente", "read-partners")
        with browser(own) as client:
            for token, said in (("", "sleutel nodig"), (reader, "read-partners"), *(3 * [("fout", "geldt niet")])):
                answer = client.post("/nl/beheer", data={"act": "signIn", "token": token})
                assert said in wrong(answer, 403)["token"]
                assert not token or token not in answer.text
            late = client.post("/nl/beheer", data={"act": "signIn", "token": right})
            assert "te vaak" in wrong(late, 429)["token"]
            assert int(late.headers["retry-after"]) > 0
            assert [] == late.headers.get_list("set-cookie")
    finally:
        own.stop()


@pytest.mark.parametrize(("start", "address"), EVERY)
def test_each_page_is_complete_in_both_languages(steward: httpx.Client, start: str, address: str) -> None:
    """A heading, a way to the same page in the other language, labels for each field, and no script."""
    answer = steward.get(address)
    assert 200 == answer.status_code
    assert "private, no-store" == answer.headers["cache-control"]
    assert "null" == answer.headers["access-control-allow-origin"]
    html = read_page(answer.text)
    assert 1 == len(html.all("h1"))
    assert [] == html.all("script")
    labelled = {label.attributes.get("for") for label in html.all("label")}
    for field in [*html.all("select"), *html.all("textarea"), *html.all("input")]:
        assert field.attributes.get("type") in ("hidden", "checkbox") or field.attributes["id"] in labelled
    there = html.all("a", hreflang=None)[0].attributes["href"]
    back = read_page(steward.get(there).text).all("a", hreflang=None)[0].attributes["href"]
    assert address == back
    for form in html.all("form", method="post"):
        assert named(form, "word") or form.all("input", type="password")


def test_a_party_is_added_and_changed_by_the_register(service: Service, steward: httpx.Client) -> None:
    """A contribution of `wijk`; all else that the register says of the party stays; a change in between is seen."""
    address = "/nl/beheer/betrokkenen"
    said = wrong(send(steward, address, "partyAdd", slug="Fout!", name="", perspective=["residents", "x"]))
    assert {"slug", "name", "perspective"} == set(said)
    assert "Fout! kan geen naam" in said["slug"]
    taken = wrong(send(steward, address, "partyAdd", slug="gemeente", name="x"))
    assert "al een betrokkene gemeente" in taken["slug"]
    added = send(steward, address, "partyAdd", slug="vvk", name="Club <b>", nameEn="Club", perspective=["residents"])
    assert (303, f"{address}?done=partyAdd") == (added.status_code, added.headers["location"])
    told = steward.get(added.headers["location"]).text
    assert "Club &lt;b&gt;" in told
    assert "De betrokkene staat in het register." in told
    before = steward.get("/doc/gemeente", headers={"Accept": "application/n-triples"}).text
    html = page(steward, f"{address}/gemeente")
    expected = named(html, "expected")[0].attributes["value"]
    fields = {
        "slug": "gemeente",
        "expected": expected,
        "name": "Gemeente anders",
        "nameEn": "Other",
        "perspective": ["press"],
    }
    done = send(steward, f"{address}/gemeente", "partyChange", **fields)
    assert (303, f"{address}/gemeente?done=partyChange") == (done.status_code, done.headers["location"])
    after = steward.get("/doc/gemeente", headers={"Accept": "application/n-triples"}).text

    def rest(text: str) -> set[str]:
        lines = text.splitlines()
        return {one for one in lines if "/terms/title>" not in one and "#perspective>" not in one}

    assert rest(before) == rest(after)
    assert all(one in after for one in ('"Gemeente anders"@nl', '"Other"@en', "concept/perspective/press"))
    stale = send(steward, f"{address}/gemeente", "partyChange", **fields | {"name": "Nog anders"})
    assert "intussen anders dan u zag" in wrong(stale, 412)[""]
    receipt = service.run("party", "show", "gemeente").stdout
    assert "Gemeente anders" in receipt
    assert 404 == steward.get(f"{address}/bestaat-niet").status_code


def test_a_token_is_made_shown_once_and_revoked(service: Service, steward: httpx.Client, accounts: Accounts) -> None:
    """The secret stands on the page once, in no address; it works, says who made it, and ends when revoked."""
    address = "/en/steward/tokens"
    said = wrong(send(steward, address, "tokenCreate", party="niemand", right="alles", expires="gisteren"))
    assert {"party", "right", "expires"} == set(said)
    late = wrong(send(steward, address, "tokenCreate", party="gemeente", right="contribute", expires="2020-01-31"))
    assert "2020-01-31 has passed" in late["expires"]
    ends = (datetime.now(UTC) + timedelta(days=10)).date()
    made = send(steward, address, "tokenCreate", party="gemeente", right="contribute", expires=ends.isoformat())
    assert (303, f"{address}?done=tokenCreate") == (made.status_code, made.headers["location"])
    shown = page(steward, made.headers["location"])
    secret = next(e for e in shown.all("div") if e.has_class("secret")).all("code")[0].text
    assert secret.startswith("wijkgraaf_")
    assert secret not in steward.get(made.headers["location"]).text
    caller = accounts.caller(secret)
    assert isinstance(caller, Caller)
    token = next(one for one in accounts.tokens() if one.id == caller.token_id)
    assert (f"{ends + timedelta(days=1)}", True) == (
        (token.expires or "")[:10],
        (token.made_by or "").startswith("wijk "),
    )
    assert 303 == send(steward, address, "tokenRevoke", token=token.id).status_code
    with service.client(secret) as client:
        assert 401 == client.get("/doc/gemeente/b-agenda").status_code
    assert "There is no token" in wrong(send(steward, address, "tokenRevoke", token=token.id))[""]


def test_namespaces_and_delegations_are_given_and_ended(steward: httpx.Client, accounts: Accounts) -> None:
    """With the reasons of the command line beside the fields."""
    spaces, given = "/nl/beheer/naamruimten", "/nl/beheer/machtigingen"
    said = wrong(send(steward, spaces, "namespaceAdd", party="", namespace="x.example"))
    assert {"party"} <= set(said)
    said = wrong(send(steward, spaces, "namespaceAdd", party="gemeente", namespace=f"{BASE}/id/"))
    assert "daar spreekt een ander" in said["namespace"]
    fields = {"party": "gemeente", "namespace": "https://gemeente.example/id/"}
    assert 303 == send(steward, spaces, "namespaceAdd", **fields).status_code
    assert ("https://gemeente.example/id/", "gemeente") in accounts.all_namespaces()
    assert 303 == send(steward, spaces, "namespaceRemove", **fields).status_code
    assert ("https://gemeente.example/id/", "gemeente") not in accounts.all_namespaces()
    said = wrong(send(steward, given, "delegationGive", recorder="gemeente", holder="gemeente", kind="x", until="x"))
    assert {"holder", "kind", "until"} == set(said)
    assert (
        "alleen voor een betrokkene"
        in wrong(send(steward, given, "delegationGive", recorder="gemeente", holder="*", kind="namens"))["holder"]
    )
    pair = {"recorder": "voorbeeld-gemeente", "holder": "voorbeeld-bewoners", "kind": "namens"}
    assert 303 == send(steward, given, "delegationGive", **pair, until="2099-12-31").status_code
    assert "31 december 2099" in page(steward, given).all("section")[0].text
    live = next(one for one in accounts.delegations() if one.recorder == "voorbeeld-gemeente")
    assert ("2100-01-01", True) == ((live.until or "")[:10], (live.given_by or "").startswith("wijk "))
    assert 303 == send(steward, given, "delegationEnd", **pair).status_code
    assert "voorbeeld-gemeente" not in {one.recorder for one in accounts.delegations()}
    shown = page(steward, given)
    assert "voorbeeld-gemeente" in shown.all("section")[1].text


def test_a_document_is_erased_after_a_box_is_ticked(service: Service, steward: httpx.Client) -> None:
    """By its name or by the address of its page; without the box, or for what is not there, nothing goes."""
    with service.client(service.token("voorbeeld-bewoners", "contribute")) as holder:
        body = story("voorbeeld-bewoners", "te-wissen", text="gaat-helemaal-weg", audience="own")
        assert 201 == holder.post("/contributions", content=body.encode(), headers=TURTLE).status_code
        address = "/en/steward/erasure"
        assert {"address", "sure"} == set(wrong(send(steward, address, "erase", address="")))
        assert {"sure"} == set(
            wrong(send(steward, address, "erase", address=f"{BASE}/id/voorbeeld-bewoners/te-wissen"))
        )
        assert "gaat-helemaal-weg" not in steward.get("/doc/voorbeeld-bewoners/te-wissen").text
        # As it stands in the bar of a browser, on whatever port it is served.
        seen = f"{service.url}/doc/voorbeeld-bewoners/te-wissen?lang=nl"
        fields = {"address": seen, "sure": "yes"}
        done = send(steward, address, "erase", **fields)
        assert (303, f"{address}?done=erase") == (done.status_code, done.headers["location"])
        assert 410 == holder.get("/doc/voorbeeld-bewoners/te-wissen").status_code
        assert 200 == steward.get(done.headers["location"]).status_code


def test_the_steward_sees_no_words_that_are_not_public(service: Service, steward: httpx.Client) -> None:
    """Grounds that end are shown with the name of the document, never with what it says."""
    soon = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    body = story("voorbeeld-bewoners", "bijna-om", text="geheime-woorden", audience="partners", ground=False)
    subject = f"{BASE}/id/voorbeeld-bewoners/bijna-om"
    body = body.replace("lw:toldBy", f"lw:ground <{subject}#grond> ; lw:toldBy", 1) + (
        f"<{subject}#grond> a lw:Ground ; lw:groundKind ground:consent ; lw:consentScope audience:partners ;\n"
        f" <{DPV}hasConsentStatus> <{DPV}ConsentGiven> ; <{DPV}isIndicatedAtTime> '2026-01-15'^^<{XSD}date> ;\n"
        f" dcterms:valid '{soon}'^^<{XSD}date> .\n"
    )
    with service.client(service.token("voorbeeld-bewoners", "contribute")) as holder:
        answer = holder.post("/contributions", content=body.encode(), headers=TURTLE)
        assert 201 == answer.status_code, json.dumps(answer.json(), indent=1)
    for address in (
        "/nl/beheer/gronden",
        "/nl/beheer/betrokkenen/voorbeeld-bewoners",
        "/nl/beheer/inzage",
        "/nl/beheer",
    ):
        assert "geheime-woorden" not in steward.get(address).text
    assert "voorbeeld-bewoners/bijna-om" in steward.get("/nl/beheer/gronden").text


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[tuple[Sessions, Accounts]]:
    """Sessions of a new ledger: twenty minutes idle, eight hours in all."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    Ledger.create(url, NEAR).close()
    with Accounts(url) as accounts:
        opened = Sessions(url, idle=timedelta(minutes=20), longest=timedelta(hours=8))
        yield opened, accounts
        opened.close()


def test_a_session_ends_when_nobody_is_there_and_after_a_day_s_work(sessions: tuple[Sessions, Accounts]) -> None:
    """Idle for twenty minutes, or open for eight hours though somebody is there; and with its token."""
    kept, accounts = sessions
    caller = accounts.caller(accounts.create_token("wijk", Right.STEWARD, NOW, NOW + timedelta(hours=100)), NOW)
    assert isinstance(caller, Caller)
    idle = kept.begin(caller, NOW)
    found = kept.find(idle, NOW + timedelta(minutes=19))
    assert found is not None
    assert caller == found.caller
    assert kept.find(idle, NOW + timedelta(minutes=38)) is not None
    assert kept.find(idle, NOW + timedelta(minutes=58)) is None
    assert kept.find(idle, NOW) is None  # Once over it is gone for good.
    busy = kept.begin(caller, NOW)
    for quarter in range(1, 32):
        assert kept.find(busy, NOW + timedelta(minutes=15 * quarter)) is not None
    assert kept.find(busy, NOW + timedelta(hours=8)) is None
    assert kept.find("x", NOW) is None
    short = accounts.caller(accounts.create_token("wijk", Right.STEWARD, NOW, NOW + timedelta(minutes=5)), NOW)
    assert isinstance(short, Caller)
    assert kept.find(kept.begin(short, NOW), NOW + timedelta(minutes=6)) is None


def test_a_last_day_is_the_same_day_by_command_and_on_the_page(service: Service) -> None:
    """A token made through a day counts to the end of that day, however it was made."""
    service.run("token", "create", "--party", "gemeente", "--right", "read-partners", "--expires", "2098-01-31")
    with Accounts(Settings(data=service.data).ledger_url) as accounts:
        assert "2098-02-01T00:00:00" in {(one.expires or "")[:19] for one in accounts.tokens()}


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("http://elders:9/doc/buren/v/abc1234?lang=nl", f"{BASE}/id/buren/v/abc1234"),
        ("/doc/buren/lift.html", f"{BASE}/id/buren/lift"),
        (f"{BASE}/doc?iri=https%3A%2F%2Fcorp.example%2F1", "https://corp.example/1"),
        ("https://corp.example/doc/1", "https://corp.example/doc/1"),
    ],
)
def test_an_address_as_it_is_copied_leads_to_its_thing(address: str, meant: str) -> None:
    """Of a page on any host and in any format, or a name in a domain of a partner's own."""
    assert meant in things_at(BASE, address)


def test_what_is_wrong_is_said_in_the_language_of_the_page(service: Service, steward: httpx.Client) -> None:
    """Under /en/ in English and under /nl/ in Dutch, whatever the browser prefers."""
    for lang, other in (("en", "nl"), ("nl", "en")):
        start = {"en": "/en/steward/tokens", "nl": "/nl/beheer/sleutels"}[lang]
        told = steward.get(f"{start}?done=zzz", headers={"Accept": "text/html", "Accept-Language": other})
        assert (400, f'<html lang="{lang}">') == (told.status_code, told.text[told.text.find("<html") :][:16])
