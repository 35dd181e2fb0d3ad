"""How the service listens: what clients do on the wire that no library of ours does."""

from __future__ import annotations

import json
import socket
import time

import pytest

from tests.running import Service
from tests.stories import story


def test_an_offer_in_pieces_is_refused_never_taken_for_an_empty_body(moerwijk: Service) -> None:
    """Whoever cuts the word in two is told to leave it out; nothing is read as if no body came."""
    begun = b"POST /validate HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgra"
    rest = b"de: h2c\r\nContent-Length: 4\r\nContent-Type: text/turtle\r\n\r\n"
    with socket.create_connection(("127.0.0.1", moerwijk.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(begun)
        time.sleep(0.2)
        connection.sendall(rest)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert (b"HTTP/1.1 400", True) == (answer[:12], b"without an Upgrade header" in answer)


@pytest.mark.parametrize("chunked", [False, True], ids=("whole", "chunked"))
def test_who_offers_another_protocol_is_answered_in_this_one(moerwijk: Service, chunked: bool) -> None:
    """A Java client offers HTTP/2 with each request: its body is read all the same, and the next request too."""
    token = moerwijk.token("voorbeeld-bewoners", "contribute")
    body = story("voorbeeld-bewoners", "van-java").encode()
    framed = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n" if chunked else body
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = (
        "POST /validate HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        f"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n{length}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: text/turtle\r\n\r\n"
    ).encode()
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", moerwijk.port), timeout=60) as connection:
        connection.sendall(head)  # As it does: the body comes by itself.
        connection.sendall(framed + last)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    first, second = answer.split(b"HTTP/1.1 ")[1:]
    assert (b"200 OK", b"200 OK") == (first[:6], second[:6])
    assert json.loads(first.split(b"\r\n\r\n", 1)[1])["wouldBeTakenIn"] is True
