"""News by mail: wanted first, told once, in the reader's language, and ended with one click; addresses stay here."""

from __future__ import annotations

import logging
import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import ValidationError

from kg.settings import Settings
from kg.subscriptions import FAILURES_MAX, Subscription, Subscriptions
from service.letters import Letters
from tests.inside import Inside, inside
from tests.page_reading import read_page
from tests.running import copy_of, wijkgraaf
from tests.stories import BASE, connection, story
from tests.test_inbox import activity, say, send

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
READER = "lezer@voorbeeld.example"
POLICY = f"{BASE}/id/gemeente/b-agenda"
SECRET = "een-geheim-voor-de-proef"
Who = Mapping[str, str]


@dataclass
class Box:
    """What a small mail server took over; `answer` is what it says to a letter."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    answer: bytes = b"250 ok"


class _Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as smtplib needs."""

    box: Box

    def handle(self) -> None:
        self.wfile.write(b"220 proef ESMTP\r\n")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"QUIT":
                self.wfile.write(b"221 dag\r\n")
                return
            if verb == b"EHLO":
                self.wfile.write(b"250-proef\r\n250 AUTH PLAIN\r\n")
            elif verb == b"AUTH":
                self.wfile.write(b"235 ok\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 ga door\r\n")
                lines: list[bytes] = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text)
                if self.box.answer.startswith(b"250"):
                    letter = message_from_bytes(b"".join(lines), policy=policy.default)
                    assert isinstance(letter, EmailMessage)
                    self.box.letters.append(letter)
                self.wfile.write(self.box.answer + b"\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """A mail server on this machine, for these tests."""
    found = Box()
    handler = type("Conversation", (_Conversation,), {"box": found})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory, box: Box) -> Iterator[Inside]:
    """A service that sends its mail to this server; its own clock is slower than these tests."""
    data = copy_of(moerwijk_folder, tmp_path_factory.mktemp("mail"))
    settings = {
        "mail_host": "127.0.0.1",
        "mail_port": box.port,
        "mail_security": "none",
        "mail_user": "wijk",
        "mail_from": "Wijk <wijk@voorbeeld.example>",
        "neighbourhood": "Moerwijk",
        "mail_password_file": str(data / "wachtwoord"),
    }
    (data / "wachtwoord").write_text(SECRET + "\n")
    lines = (f"{name} = {value!r}\n".replace("'", '"') for name, value in settings.items())
    (data / "wijkgraaf.toml").write_text("".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.app.POST_SECONDS", 3600.0)
        with inside(data) as service:
            yield service


@pytest.fixture(scope="module")
def who(service: Inside) -> dict[str, dict[str, str]]:
    """A header for each party that speaks here."""
    return {
        "residents": service.token("voorbeeld-bewoners", "contribute"),
        "care": service.token("voorbeeld-zorg", "contribute"),
        "reader": service.token("voorbeeld-bewoners", "read-partners"),
    }


@pytest.fixture(autouse=True)
def _nobody(service: Inside, box: Box) -> Iterator[None]:
    """Each test begins with no address and an empty box."""
    box.letters.clear()
    box.answer = b"250 ok"
    yield
    for one in service.house.subscriptions.all():
        service.house.subscriptions.remove(one.id)


def letters_of(service: Inside) -> Letters:
    """What the service's clock does, for a test that has a clock of its own."""
    house = service.house
    return Letters(
        house.settings, house.ledger, house.ontology, house.news, house.notices, house.subscriptions, threading.Lock()
    )


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def link_in(letter: EmailMessage, path: str) -> str:
    """The link in a letter, as this test's client follows it."""
    words = letter.get_content().split()
    return next(word for word in words if word.startswith(f"{BASE}{path}")).removeprefix(BASE)


def subscribe(service: Inside, who: Who, box: Box, *, lang: str = "nl", frequency: str = "at-once") -> Subscription:
    """An address that somebody confirmed."""
    form = {"address": READER, "lang": lang, "frequency": frequency}
    asked = service.client.post("/inbox/voorbeeld-bewoners/mail", data=form, headers=dict(who))
    assert (202, None) == (asked.status_code, asked.json()["confirmed"])
    assert 1 == letters_of(service).send_due(now())
    page = service.client.post(link_in(box.letters[-1], "/mail/confirm"), headers=FORM)
    assert 200 == page.status_code
    box.letters.clear()
    return next(one for one in service.house.subscriptions.all() if one.address == READER)


def test_an_address_gets_nothing_but_a_question_until_its_reader_says_yes(
    service: Inside, who: dict[str, Who], box: Box
) -> None:
    """Double opt-in: one letter with a link; opening the link does nothing yet, its button does."""
    form = {"address": READER, "frequency": "at-once"}
    made = service.client.post("/inbox/voorbeeld-bewoners/mail", data=form, headers=who["residents"])
    again = service.client.post("/inbox/voorbeeld-bewoners/mail", data=form, headers=who["residents"])
    assert made.json() == again.json()
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-0"))
    say(service, who["care"], connection("voorbeeld-zorg", "m-0", mine, POLICY))
    letters = letters_of(service)
    assert [1, 0, 0] == [letters.send_due(now() + timedelta(days=day)) for day in range(3)]
    asking = box.letters[0]
    assert (READER, "Wijk <wijk@voorbeeld.example>") == (asking["To"], asking["From"])
    assert "Wilt u nieuws van Moerwijk over Voorbeeld" in asking["Subject"]
    link = link_in(asking, "/mail/confirm")
    html = read_page(service.client.get(link, headers={"Accept": "text/html"}).text)
    assert ["post"] == [one.attributes["method"] for one in html.all("form")]
    assert [None] == [one.confirmed for one in service.house.subscriptions.all()]
    code = html.all("input", type="hidden")[0].attributes["value"]
    assert 200 == service.client.post("/mail/confirm", data={"code": code}).status_code
    assert [True] == [one.confirmed is not None for one in service.house.subscriptions.all()]
    # What happened before somebody wanted it is not told.
    assert 0 == letters.send_due(now())


def test_news_is_told_once_in_the_language_that_was_chosen(service: Inside, who: dict[str, Who], box: Box) -> None:
    """One letter with each sentence and its reason; the next round, and a restart, tell it no more."""
    subscribe(service, who["residents"], box, lang="en")
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-1", text="De deur klemt."))
    say(service, who["care"], connection("voorbeeld-zorg", "m-1", mine, POLICY))
    assert 1 == letters_of(service).send_due(now())
    letter = box.letters[0]
    assert ("text/plain", "en") == (letter.get_content_type(), letter["Content-Language"])
    text = letter.get_content()
    assert "says: ‘De deur klemt.’ illustrates ‘" in text
    assert "Why: Dit verhaal laat zien waar het plan over gaat." in text
    assert 0 == letters_of(service).send_due(now())
    with_a_restart = Letters(**{**vars(letters_of(service)), "subscriptions": Subscriptions(_url(service))})
    assert 0 == with_a_restart.send_due(now() + timedelta(days=2))


def _url(service: Inside) -> str:
    return service.house.settings.ledger_url


def test_a_letter_can_be_ended_with_one_click(service: Inside, who: dict[str, Who], box: Box) -> None:
    """RFC 8058: both headers, and a POST without anything else; the address is forgotten. The link in the text too."""
    subscribe(service, who["residents"], box)
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-2"))
    say(service, who["care"], connection("voorbeeld-zorg", "m-2", mine, POLICY))
    letters_of(service).send_due(now())
    letter = box.letters[0]
    assert "List-Unsubscribe=One-Click" == letter["List-Unsubscribe-Post"]
    address = letter["List-Unsubscribe"].strip("<>").removeprefix(BASE)
    assert address == link_in(letter, "/mail/stop")
    assert 200 == service.client.get(address).status_code
    assert [READER] == [one.address for one in service.house.subscriptions.all()]
    done = service.client.post(address, content=b"List-Unsubscribe=One-Click", headers=FORM)
    assert (200, ()) == (done.status_code, tuple(service.house.subscriptions.all()))
    assert 404 == service.client.post(address, content=b"List-Unsubscribe=One-Click", headers=FORM).status_code


def test_a_letter_holds_only_what_is_public(service: Inside, who: dict[str, Who], box: Box) -> None:
    """Of what is for partners, and of what somebody sent, it says that there is something; none of its words."""
    subscribe(service, who["residents"], box)
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-3"))
    tie = say(service, who["care"], connection("voorbeeld-zorg", "m-3", mine, POLICY, audience="partners"))
    send(service, who["care"], "voorbeeld-bewoners", activity("voorbeeld-zorg", summary="Vertrouwelijk"))
    assert 1 == letters_of(service).send_due(now())
    text = box.letters[0].get_content()
    assert "Er is ook nieuws dat niet openbaar is." in text
    assert "stuurde u een bericht" in text
    for hidden in (tie, "Vertrouwelijk", "laat zien", "m-3"):
        assert hidden not in text


def test_a_letter_that_is_not_taken_over_waits_and_is_the_same_later(
    service: Inside, who: dict[str, Who], box: Box
) -> None:
    """Tried again with a growing pause, with the same Message-ID; nothing is lost meanwhile, nothing told twice."""
    subscribe(service, who["residents"], box)
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-4"))
    say(service, who["care"], connection("voorbeeld-zorg", "m-4a", mine, POLICY))
    box.answer = b"451 straks"
    moment = now()
    assert 0 == letters_of(service).send_due(moment)
    say(service, who["care"], connection("voorbeeld-zorg", "m-4b", mine, POLICY, relation="motivates"))
    box.answer = b"250 ok"
    assert 0 == letters_of(service).send_due(moment + timedelta(minutes=1))
    assert 1 == letters_of(service).send_due(moment + timedelta(minutes=3))
    assert 1 == letters_of(service).send_due(moment + timedelta(minutes=4))
    first, second = (letter.get_content() for letter in box.letters)
    assert ("laat zien" in first, "was aanleiding voor" in first) == (True, False)
    assert ("laat zien:" in second, "was aanleiding voor" in second) == (False, True)
    assert box.letters[0]["Message-ID"] != box.letters[1]["Message-ID"]


def test_an_address_that_is_never_reached_is_forgotten(service: Inside, who: dict[str, Who], box: Box) -> None:
    """After many tries; each pause is at most a day."""
    subscribe(service, who["residents"], box)
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-5"))
    say(service, who["care"], connection("voorbeeld-zorg", "m-5", mine, POLICY))
    box.answer = b"550 onbekend"
    for day in range(1, FAILURES_MAX + 1):
        assert service.house.subscriptions.all()
        letters_of(service).send_due(now() + timedelta(days=2 * day))
    assert () == tuple(service.house.subscriptions.all())


def test_daily_news_goes_out_once_a_day(service: Inside, who: dict[str, Who], box: Box) -> None:
    """All that came since in one letter."""
    subscribe(service, who["residents"], box, frequency="daily")
    moment = now()
    assert 0 == letters_of(service).send_due(moment)
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-6"))
    say(service, who["care"], connection("voorbeeld-zorg", "m-6", mine, POLICY))
    assert [0, 1, 0] == [letters_of(service).send_due(moment + timedelta(hours=h)) for h in (23, 25, 26)]


def test_addresses_and_passwords_are_in_no_log_no_answer_and_no_store(
    service: Inside, who: dict[str, Who], box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when the server refuses them with the address in its words."""
    caplog.set_level(logging.DEBUG)
    one = subscribe(service, who["residents"], box)
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "m-7"))
    say(service, who["care"], connection("voorbeeld-zorg", "m-7", mine, POLICY))
    box.answer = f"550 {READER} onbekend {SECRET}".encode()
    letters_of(service).send_due(now())
    assert "a letter waits" in caplog.text
    for hidden in (READER, SECRET):
        assert hidden not in caplog.text
        assert hidden not in repr(service.house.settings)
        assert hidden not in repr(one)
    query = f'SELECT * {{ ?s ?p ?o FILTER(CONTAINS(STR(?o), "{READER}")) }}'
    asked = service.client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv", **who["residents"]})
    assert READER not in asked.text
    others = service.client.get("/inbox/voorbeeld-bewoners/mail", headers=who["care"])
    assert (403, False) == (others.status_code, READER in others.text)
    own = service.client.get("/inbox/voorbeeld-bewoners/mail", headers=who["residents"])
    assert [READER] == [each["address"] for each in own.json()["addresses"]]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"address": "geen-adres"}, 422),
        ({"address": "a@b.example\r\nBcc: c@d.example"}, 422),
        ({"address": "a@b..example"}, 422),
        ({"address": "x" * 300 + "@b.example"}, 422),
        ({}, 422),
        ({"address": READER, "lang": "fr"}, 400),
        ({"address": READER, "frequency": "hourly"}, 400),
        ({"address": READER, "other": "1"}, 400),
    ],
)
def test_what_is_no_address_is_refused(service: Inside, who: dict[str, Who], form: dict[str, str], status: int) -> None:
    """With a reason that does not repeat it; nothing is kept."""
    answer = service.client.post("/inbox/voorbeeld-bewoners/mail", data=form, headers={**FORM, **who["residents"]})
    assert status == answer.status_code, answer.text
    assert () == tuple(service.house.subscriptions.all())
    assert READER not in answer.text


def test_only_who_speaks_for_a_party_names_its_addresses(service: Inside, who: dict[str, Who]) -> None:
    """401, 403; a code that somebody made up is 404."""
    form = {"address": READER}
    post = service.client.post
    assert 401 == post("/inbox/voorbeeld-bewoners/mail", data=form).status_code
    assert 403 == post("/inbox/voorbeeld-bewoners/mail", data=form, headers=who["care"]).status_code
    assert 403 == post("/inbox/voorbeeld-bewoners/mail", data=form, headers=who["reader"]).status_code
    for code in ("", "x", "x.y", "é.1"):
        assert 404 == service.client.get("/mail/confirm", params={"code": code}).status_code
    made = post("/inbox/voorbeeld-bewoners/mail", data=form, headers=who["residents"]).json()
    stop = service.house.subscriptions.code("stop", made["id"])
    assert 404 == post("/mail/confirm", params={"code": stop}, headers=FORM).status_code
    assert (
        204
        == service.client.delete(f"/inbox/voorbeeld-bewoners/mail/{made['id']}", headers=who["residents"]).status_code
    )
    assert () == tuple(service.house.subscriptions.all())


def test_the_steward_keeps_addresses_on_the_command_line(service: Inside, box: Box) -> None:
    """add, list, remove and test, beside a running service; the inbox on the command line tells the same news."""
    data = ("--data", str(service.house.settings.data))
    made = wijkgraaf("mail", "add", READER, "--party", "voorbeeld-bewoners", *data).stdout.strip()
    assert (
        f"{made}\tvoorbeeld-bewoners\t{READER}\tnl\tdaily\tnot confirmed\n" == wijkgraaf("mail", "list", *data).stdout
    )
    wijkgraaf("mail", "remove", made, *data)
    assert "" == wijkgraaf("mail", "list", *data).stdout
    assert "sent\n" == wijkgraaf("mail", "test", READER, *data).stdout
    assert ["Moerwijk: dit is een proef"] == [letter["Subject"] for letter in box.letters]
    assert 2 == wijkgraaf("mail", "remove", made, *data, check=False).returncode


def test_addresses_travel_closed() -> None:
    """A mail server elsewhere without TLS is no setting."""
    with pytest.raises(ValidationError, match="mail_security"):
        Settings(mail_host="mail.example", mail_security="none")
