"""A service inside the test's own process: the same doors, and the ledger at hand for what has no door."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from kg.ledger import Act, Batch, Receipt
from kg.settings import Settings
from service.app import House, make_app, open_house
from tests.running import wijkgraaf


@dataclass(frozen=True)
class Inside:
    """A house and its doors."""

    house: House
    client: httpx.Client

    def token(self, party: str, right: str) -> dict[str, str]:
        """The header of a new token."""
        data = str(self.house.settings.data)
        made = wijkgraaf("token", "create", "--party", party, "--right", right, "--data", data)
        return {"Authorization": f"Bearer {made.stdout.strip()}"}

    def end(self, kind: str, iri: str) -> None:
        """Withdraws or erases a document, as its holder."""
        party = iri.rsplit("/", 2)[-2]
        act = Act(kind, iri)  # type: ignore[arg-type]
        answer = self.house.ledger.submit(Batch(party, party, "byHolder", (act,)), self.house.times.pasts.now())
        assert isinstance(answer.result(30), Receipt)


@contextmanager
def inside(data: Path) -> Iterator[Inside]:
    """A service on this data folder, in a thread of its own."""
    house = open_house(Settings(data=data))
    server = uvicorn.Server(uvicorn.Config(make_app(house), log_level="warning", access_log=False))
    sock = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    try:
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=60) as client:
            yield Inside(house, client)
    finally:
        server.should_exit = True
        thread.join()
        sock.close()
        house.close()
