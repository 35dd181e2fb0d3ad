"""A running service for tests: started on a folder and a port of its own, talked to, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from kg.accounts import Accounts, utc_now
from kg.party import Right
from kg.settings import Settings

ROOT = Path(__file__).parent.parent
LEDGER = "ledger.sqlite"
COPY = """
import sqlite3, sys
source, target = (sqlite3.connect(path) for path in sys.argv[1:])
source.backup(target)
target.execute("PRAGMA journal_mode=WAL").close()
there = {name for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
for table in {"tokens", "token_marks", "reads"} & there:
    target.execute(f"DELETE FROM {table}").close()  # Of other tests: who used what is not this one's.
target.commit()
source.close(), target.close()
"""
READY_SECONDS = 60.0  # Generous: two cores may be busy with other tests.


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Service:
    """A running service and how to talk to it and about it."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]
    base: str

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str, check: bool = True, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """The `wijkgraaf` command on this service's data folder."""
        return wijkgraaf(*words, "--data", str(self.data), check=check, text=text)

    def token(self, party: str, right: str) -> str:
        """A new token, made beside the service as the command makes it, without a second for its process."""
        with Accounts(Settings(data=self.data).ledger_url) as accounts:
            return accounts.create_token(party, Right(right), utc_now())

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client, with a token or without."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the process and waits for it."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)


def wijkgraaf(*words: str, check: bool = True, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "service", *words], cwd=ROOT, input=text, capture_output=True, text=True, timeout=120
    )
    if check and done.returncode != 0:
        raise AssertionError(f"wijkgraaf {' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def start_service(
    data: Path, base: str, *flags: str, env: dict[str, str] | None = None, folder: Path = ROOT
) -> Service:
    """Starts a service on a folder and waits until it is ready."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "serve", "--data", str(data), "--port", str(port), *flags],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    return until_ready(Service(data, port, process, base))


def until_ready(service: Service) -> Service:
    """The same service, once it answers; a service that ends before is a failure of the test."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            if httpx.get(f"{service.url}/readyz", timeout=5).status_code == 200:
                return service
        except httpx.TransportError:
            time.sleep(0.05)
    service.stop(signal.SIGKILL)
    raise AssertionError("the service did not become ready")


def copy_of(folder: Path, where: Path) -> Path:
    """A data folder of one's own with the same ledger.

    The folder may be in use: a service that nobody publishes to still notes who used a token. So the ledger's file is
    copied by SQLite, which knows what of its log counts, and not byte by byte under a hand that writes.
    """
    data = where / "data"
    shutil.copytree(folder, data, ignore=shutil.ignore_patterns("*.sock", "*-lock", "ledger.sqlite*"))
    # Not opened by this process, which may have it open elsewhere: closing it here would let go of those locks.
    subprocess.run([sys.executable, "-c", COPY, str(folder / LEDGER), str(data / LEDGER)], check=True, timeout=60)
    shutil.copy(folder / f"{LEDGER}-mark", data / f"{LEDGER}-mark")
    return data
