"""Fetching from a partner's server: only from where we may, no more than we may, and never longer."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from kg.harvesting.addresses import Leave, is_open, look_at, open_addresses
from kg.harvesting.fetching import Fetched, Limits, Unfetched, Wanted, fetch
from kg.objection import Objection
from tests.partner import Partner, partner

LIMITS = Limits(bytes_max=100_000, seconds_max=5.0, wait_seconds_max=2.0)
HERE = Leave(private=True, plain=True)
BASE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def server() -> Iterator[Partner]:
    """A partner's server."""
    with partner() as one:
        yield one


def got(
    address: str,
    leave: Leave = HERE,
    limits: Limits = LIMITS,
    names: dict[str, list[str]] | None = None,
    **wanted: object,
) -> Fetched | Unfetched:
    """What fetching gives; `names` are looked up here, others as this machine does."""

    async def looked_up(host: str, _port: int) -> Sequence[str]:
        if names is None:
            return [host]
        if not names.get(host):
            raise OSError(f"no {host}")
        return [names[host].pop(0)] if len(names[host]) > 1 else names[host]

    return asyncio.run(fetch(Wanted(address, "*/*", **wanted), leave, limits, base=BASE, resolve=looked_up))  # type: ignore[arg-type]


def why(answer: Fetched | Unfetched) -> str:
    """The name of the objection."""
    assert isinstance(answer, Unfetched), answer
    return answer.objection.name


CLOSED = (
    "127.0.0.1 127.8.8.8 ::1 0.0.0.0 :: 10.0.0.8 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 fe80::1 fe80::1%1 "
    "fc00::1 fd00:ec2::254 fec0::1 224.0.0.1 ff02::1 255.255.255.255 240.0.0.1 192.0.2.1 2001:db8::1 "
    "::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 2002:7f00:1:: 2001:0:7f00:1:: "
    "168.63.129.16 100.100.100.200 localhost"
)


@pytest.mark.parametrize("address", CLOSED.split())
def test_no_address_of_our_own_networks_is_open(address: str) -> None:
    """Private, loopback, link-local, shared, multicast, reserved, disguised and metadata addresses stay closed."""
    assert not is_open(address, private=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "145.97.1.1", "2606:4700::1111", "2001:610::1"])
def test_a_public_address_is_open(address: str) -> None:
    """Where partners publish."""
    assert is_open(address, private=False)


def test_a_source_that_may_be_private_opens_our_networks_and_no_more() -> None:
    """Loopback and private networks, never link-local (where clouds tell secrets), multicast or a disguise."""
    opened = [address for address in CLOSED.split() if is_open(address, private=True)]
    ours = "127.0.0.1 127.8.8.8 ::1 10.0.0.8 172.16.0.1 192.168.1.1 100.64.0.1 fc00::1 192.0.2.1 2001:db8::1"
    assert ours == " ".join(opened)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://partner.example/x", "file:///etc/passwd", "gopher://partner.example/", "https://", "https:///x", "x",
        "https://me:secret@partner.example/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
        "https://0177.0.0.1/", "https://127.1/", "https://①②⑦.0.0.1/", "https://partner.example/" + "x" * 3000,
        "https://partner\n.example/", "https://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    """Other schemes, names and passwords, numbers that browsers read as addresses, no host."""
    found = look_at(address, Leave(private=True, elsewhere=True, plain=True))
    assert isinstance(found, Objection)
    assert found.name == "AddressUnclear"


def test_http_is_refused_unless_the_source_may(server: Partner) -> None:
    """Without https anybody on the way could speak for the partner."""
    address = server.put("/plain.ttl", "<a> <b> <c> .")
    assert why(got(address, Leave(private=True))) == "AddressPlain"
    assert isinstance(got(address), Fetched)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost.", "[::ffff:127.0.0.1]", "[::1]", "partner.example"])
def test_a_private_address_is_refused_by_whatever_name(server: Partner, host: str) -> None:
    """By number, as localhost, as IPv6 in disguise, and under a name that happens to lead here; nothing is asked."""
    names = {"partner.example": ["127.0.0.1"], "localhost.": ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"],
             "::ffff:127.0.0.1": ["::ffff:127.0.0.1"], "::1": ["::1"]}  # fmt: skip
    before = len(server.asked)
    found = got(f"http://{host}:{server.port}/x", Leave(plain=True), names=names)
    assert (why(found), len(server.asked)) == ("AddressClosed", before)


def test_one_closed_address_among_open_ones_closes_the_name() -> None:
    """Who answers with a public address and ours hopes that we take the second."""

    async def both(_host: str, _port: int) -> Sequence[str]:
        return ["145.97.1.1", "127.0.0.1"]

    url = look_at("https://partner.example/", Leave())
    assert not isinstance(url, Objection)
    found = asyncio.run(open_addresses(url, Leave(), both))
    assert isinstance(found, Objection)
    assert (found.name, found.limit) == ("AddressClosed", "127.0.0.1")


def test_the_connection_goes_to_the_address_that_was_looked_at(server: Partner) -> None:
    """A name is looked up once: what it means a moment later does not count. The server is asked under its name."""
    address = server.put("/once.ttl", "<a> <b> <c> .").replace("127.0.0.1", "partner.example")
    # The first look-up gives the server; another one would lead to where nobody listens.
    found = got(address, names={"partner.example": ["127.0.0.1", "127.9.9.9"]})
    assert isinstance(found, Fetched)
    assert server.asked[-1].headers["host"] == f"partner.example:{server.port}"


def test_a_name_that_is_nowhere_is_told() -> None:
    """The steward can mend it."""
    assert why(got("https://partner.example/", names={})) == "HostUnknown"


def test_nothing_of_the_environment_comes_along(server: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine, no cookie of an earlier answer, no referrer."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    address = server.put("/cookie.ttl", "<a> <b> <c> .", headers={"Set-Cookie": "who=you"})
    got(address)
    assert isinstance(got(address), Fetched)
    assert {"cookie", "referer", "authorization"}.isdisjoint(server.asked[-1].headers)


def test_redirects_are_refused_unless_the_source_may(server: Partner) -> None:
    """And then followed, as often as is honest."""
    aim = server.put("/aim.ttl", "<a> <b> <c> .")
    start = server.put("/start", b"", status=302, headers={"Location": "/aim.ttl"})
    round_ = server.put("/round", b"", status=307, headers={"Location": "/round"})
    assert why(got(start)) == "LeadsElsewhere"
    followed = got(start, replace(HERE, elsewhere=True))
    assert isinstance(followed, Fetched)
    assert followed.address == aim
    assert why(got(round_, replace(HERE, elsewhere=True))) == "LeadsRound"


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("http://169.254.169.254/latest/meta-data/", "AddressClosed"),
        ("http://inside.example/x", "AddressClosed"),
        ("http://[::ffff:127.0.0.1]/x", "AddressClosed"),
        ("//inside.example/x", "AddressClosed"),
        ("file:///etc/passwd", "AddressUnclear"),
        ("http://me:secret@partner.example/", "AddressUnclear"),
        ("http://partner.example:22/", "AddressUnclear"),
        ("http://2130706433/", "AddressUnclear"),
    ],
)
def test_every_hop_is_looked_at(server: Partner, location: str, name: str) -> None:
    """A server that sends us to our own networks, another port or another scheme is not followed."""
    start = server.put("/hop", b"", status=302, headers={"Location": location})
    names = {"127.0.0.1": ["127.0.0.1"], "inside.example": ["169.254.169.254"], "partner.example": ["127.0.0.1"],
             "169.254.169.254": ["169.254.169.254"], "::ffff:127.0.0.1": ["::ffff:127.0.0.1"]}  # fmt: skip
    assert why(got(start, replace(HERE, elsewhere=True), names=names)) == name
    assert server.asked[-1].path == "/hop"


def test_a_query_is_never_sent_on(server: Partner) -> None:
    """What is posted goes to the address that was registered."""
    start = server.put("/sparql", b"", status=307, headers={"Location": "/other"})
    assert why(got(start, replace(HERE, elsewhere=True), form=b"query=x")) == "LeadsElsewhere"


def test_what_is_unchanged_is_not_sent_again(server: Partner) -> None:
    """The ETag of the answer goes with the next request, and 304 is understood."""
    address = server.put("/same.ttl", "<a> <b> <c> .")
    first = got(address)
    assert isinstance(first, Fetched)
    again = got(address, etag=first.etag)
    assert isinstance(again, Fetched)
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_too_large_is_left(server: Partner, packed: bool) -> None:
    """By its announced length, and by counting what is unpacked: a bomb of 50 MB stops at the limit."""
    body = gzip.compress(bytes(50_000_000)) if packed else bytes(LIMITS.bytes_max + 1)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    assert why(got(server.put("/large", body, headers=headers))) == "FetchTooLarge"
    if packed:
        assert why(got(server.put("/large.gz", body, "application/gzip"))) == "FetchTooLarge"
        twice = gzip.compress(gzip.compress(bytes(50_000_000)))
        assert why(got(server.put("/twice", twice, headers=headers))) == "FetchTooLarge"


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {}])
def test_gzip_is_unpacked(server: Partner, headers: dict[str, str]) -> None:
    """On its way or as a file, also of several parts; the format is then told by the address."""
    text = b"<a> <b> <c> .\n" * 5_000
    parts = gzip.compress(text[:700]) + gzip.compress(text[700:])
    found = got(server.put("/packed.ttl.gz", parts, TURTLE_GZIP if not headers else "text/turtle", headers=headers))
    assert isinstance(found, Fetched)
    assert found.body == text
    assert found.size_bytes == len(parts)


TURTLE_GZIP = "application/gzip"


def test_what_breaks_off_is_told_apart_from_what_is_short(server: Partner) -> None:
    """Half a file is never taken for a whole one: by its length, and by the end of what is packed."""
    text = b"<a> <b> <c> .\n" * 500
    assert why(got(server.put("/cut.ttl", text, cut_short=100))) == "FetchCutShort"
    packed = gzip.compress(text)
    assert why(got(server.put("/cut.gz", packed[:-12], TURTLE_GZIP))) == "FetchCutShort"
    assert why(got(server.put("/torn.gz", packed[:20] + b"\0\1\2" + packed[23:], TURTLE_GZIP))) == "FetchCutShort"


def test_what_is_slow_is_left(server: Partner) -> None:
    """A server that says nothing, and one that says a little all the time."""
    short = replace(LIMITS, wait_seconds_max=0.2, seconds_max=0.6)
    assert why(got(server.put("/silent", "x", silent_seconds=1.0), limits=short)) == "FetchTooSlow"
    drip = server.put("/drip", "x" * 100, piece_bytes=1, piece_seconds=0.1)
    assert why(got(drip, limits=short)) == "FetchTooSlow"


def test_what_is_not_there_is_told_with_its_status(server: Partner) -> None:
    """And with how long the server asks us to stay away."""
    address = server.put("/busy", "later", status=503, headers={"Retry-After": "120"})
    found = got(address)
    assert (why(found), isinstance(found, Unfetched) and (found.status, found.again_after)) == (
        "AnswerRefused",
        (503, "120"),
    )
    assert why(got(server.url + "/nowhere")) == "AnswerRefused"


def test_where_nobody_listens_is_told() -> None:
    """A server that is down is an outage of theirs, with a reason."""
    assert why(got("http://127.0.0.1:1/x")) == "Unreachable"


def test_an_unknown_packing_is_told(server: Partner) -> None:
    """Nothing is guessed."""
    assert why(got(server.put("/br", b"xx", headers={"Content-Encoding": "br"}))) == "FetchedUnclear"
