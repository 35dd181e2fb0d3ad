"""Processes that may be killed, and how to talk to them: a crew is one reader and the warm workers it forked.

Callers' text is parsed in workers only, never in the web process: nested braces, entity bombs and endless queries end
a worker, which is then replaced in milliseconds. Talking is blocking; doors do it in threads (`kg.asking`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kg import framing

READY_SECONDS_MAX = 120.0  # A reader that has not loaded its role by then is broken.
REPLY_SECONDS_MAX = 120.0  # Loading 5.6 million quads takes 38 s; a reader silent for longer is broken.
BEHIND_BYTES_MAX = 32 * 1024 * 1024  # A worker that is this far behind is replaced instead of fed.
EATEN_BYTES_MAX = 16 * 1024 * 1024  # Changes are a worker's private memory; after this many a fresh fork is smaller.
STDERR_BYTES_KEPT = 4096  # Rust prints a trace at each abort; the tail is enough to tell why.


@dataclass(frozen=True)
class Ended:
    """A worker ended under a question: killed by us when time was up, or by its own doing."""

    by: str  # "time", "memory", "crash"; "closed" when the whole crew was let go


class Worker:
    """One warm worker: its socket, a handle that can't name another process, and how far it has been fed."""

    def __init__(self, sock: socket.socket, handle: int, pid: int, fed: int) -> None:
        self.sock = sock
        self.handle = handle
        self.pid = pid
        self.fed = fed
        self.eaten_bytes = 0
        self.stale = False  # So far behind that it will not be fed again.

    def kill(self) -> None:
        """Ends the process at once; harmless when it has ended already."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def close(self) -> None:
        """Lets go of the socket and the handle; an idle worker ends by itself then."""
        self.sock.close()
        os.close(self.handle)


class Crew:
    """One reader, its warm workers, and the changes that some of them have not taken yet."""

    def __init__(
        self,
        role: str,
        config: Mapping[str, Any],
        *,
        headroom_bytes: int,
        reply_seconds: float = REPLY_SECONDS_MAX,
    ) -> None:
        self.role = role
        self.reply_seconds = reply_seconds
        self.config = dict(config)
        self.headroom_bytes = headroom_bytes
        self.caged = False
        self._control = threading.Lock()  # One conversation at a time with the reader.
        self._state = threading.Lock()  # Guards the log and the idle workers.
        self._log: deque[tuple[int, bytes, Mapping[str, Any]]] = deque()
        self._log_bytes = 0
        self._number = 0
        self._reader_fed = 0
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._stderr = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    # --- life

    def start(self) -> None:
        """Starts the reader by exec. Call it from a thread that stays: the kernel ends the reader with that thread."""
        ours, theirs = socket.socketpair()
        ours.set_inheritable(False)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kg.reader", str(theirs.fileno()), str(os.getpid()), self.role],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self._sock = ours
        threading.Thread(target=self._drain, args=(self._process,), daemon=True, name="reader-stderr").start()
        ours.settimeout(READY_SECONDS_MAX)
        framing.send(ours, "hold", self.config)
        ready = framing.receive(ours)
        if ready is None:
            raise RuntimeError(f"the reader for {self.role} did not start: {self.last_words}")
        ours.settimeout(self.reply_seconds)
        self.caged = bool(ready.head["caged"])

    def close(self) -> None:
        """Ends the reader and, with it, every worker."""
        self._closed = True
        with self._state:
            for worker in (*self._idle, *self._busy):
                worker.kill()
            for worker in self._idle:
                worker.close()
            self._idle.clear()
        if self._process is not None:
            self._sock.close()
            self._process.kill()
            self._process.wait()
            assert self._process.stderr is not None
            self._process.stderr.close()

    @property
    def pid(self) -> int:
        """The reader's process number."""
        assert self._process is not None
        return self._process.pid

    @property
    def busy(self) -> bool:
        """Whether somebody is being answered."""
        with self._state:
            return bool(self._busy)

    @property
    def alive(self) -> bool:
        """Whether the reader is there."""
        return self._process is not None and self._process.poll() is None and not self._closed

    @property
    def last_words(self) -> str:
        """The end of what the reader and its workers printed as errors."""
        return self._stderr.decode(errors="replace").strip()

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with contextlib.suppress(ValueError, OSError):
            while chunk := os.read(process.stderr.fileno(), 65536):
                self._stderr = (self._stderr + chunk)[-STDERR_BYTES_KEPT:]

    # --- changes

    def load(self, head: Mapping[str, Any], file: int) -> None:
        """Hands the reader a file to take in as a whole, before any worker is forked."""
        with self._control:
            framing.send(self._sock, "apply", head, files=[file])

    def apply(self, head: Mapping[str, Any], body: bytes) -> None:
        """Takes in a change: every question asked after this returns is answered with it."""
        with self._control:
            with self._state:
                self._number += 1
                self._log.append((self._number, body, dict(head)))
                self._log_bytes += len(body)
            framing.send(self._sock, "apply", head, body)
            with self._state:
                self._reader_fed = self._number
                self._trim()

    def _trim(self) -> None:
        """Forgets changes that everybody has; retires workers that keep too many waiting."""
        if self._log_bytes > BEHIND_BYTES_MAX:
            for worker in [w for w in self._idle if w.fed < self._reader_fed]:
                self._idle.remove(worker)
                worker.kill()
                worker.close()
            for worker in self._busy:
                worker.stale = worker.stale or worker.fed < self._reader_fed
        fed = (w.fed for w in (*self._idle, *self._busy) if not w.stale)
        low = min((self._reader_fed, *fed))
        while self._log and self._log[0][0] <= low:
            self._log_bytes -= len(self._log.popleft()[1])

    def _feed(self, worker: Worker) -> None:
        """Gives a worker the changes it has not had."""
        with self._state:
            waiting = [(n, b, h) for n, b, h in self._log if n > worker.fed]
        for number, body, head in waiting:
            framing.send(worker.sock, "apply", head, body)
            worker.fed = number
            worker.eaten_bytes += len(body)

    # --- questions

    def take(self) -> Worker:
        """A warm worker for one conversation; give it back with `give_back`."""
        with self._state:
            if self._idle:
                worker = self._idle.pop()
                self._busy.add(worker)
                return worker
        worker = self._fork()
        with self._state:
            self._busy.add(worker)
        return worker

    def give_back(self, worker: Worker, *, dead: bool = False) -> None:
        """Returns a worker; a dead one, or one grown too large, is let go."""
        with self._state:
            self._busy.discard(worker)
            spent = worker.stale or worker.eaten_bytes > EATEN_BYTES_MAX
            if not dead and not spent and not self._closed:
                self._idle.append(worker)
                return
        worker.kill()
        worker.close()

    def warm(self, count: int) -> None:
        """Forks workers until `count` are idle."""
        workers = [self.take() for _ in range(count)]
        for worker in workers:
            self.give_back(worker)

    def converse(
        self,
        worker: Worker,
        kind: str,
        head: Mapping[str, Any],
        body: bytes = b"",
        files: Sequence[int] = (),
        *,
        seconds: float,
    ) -> framing.Frame | Ended:
        """Feeds the worker, asks, and waits at most `seconds`; a worker that runs over is killed here."""
        try:
            worker.sock.settimeout(seconds)
            self._feed(worker)
            framing.send(worker.sock, kind, {**head, "seconds": seconds}, body, files)
            reply = framing.receive(worker.sock)
        except TimeoutError:
            worker.kill()
            return Ended("time")
        except (BrokenPipeError, ConnectionResetError):
            reply = None
        return self._ending(worker) if reply is None else reply

    def ask(
        self, kind: str, head: Mapping[str, Any], body: bytes = b"", files: Sequence[int] = (), *, seconds: float
    ) -> framing.Frame | Ended:
        """One question to any worker of the crew."""
        worker = self.take()
        reply: framing.Frame | Ended | None = None
        try:
            reply = self.converse(worker, kind, head, body, files, seconds=seconds)
        finally:
            self.give_back(worker, dead=not isinstance(reply, framing.Frame))
        return reply

    def _fork(self) -> Worker:
        with self._control:
            framing.send(self._sock, "fork", {"headroom": self.headroom_bytes})
            frame = framing.receive(self._sock)
            fed = self._number
        if frame is None:
            raise RuntimeError(f"the reader for {self.role} has ended: {self.last_words}")
        sock, handle = frame.files
        return Worker(socket.socket(fileno=sock), handle, int(frame.head["pid"]), fed)

    def _ending(self, worker: Worker) -> Ended:
        """Why a worker that closed its socket ended."""
        if self._closed:
            return Ended("closed")
        with self._control:
            framing.send(self._sock, "ending", {"pid": worker.pid})
            frame = framing.receive(self._sock)
        number = int(frame.head["signal"]) if frame is not None else 0
        if number == signal.SIGXCPU:
            return Ended("time")
        return Ended("memory" if number == signal.SIGABRT else "crash")

    def state(self) -> Mapping[str, Any]:
        """What the reader says of itself: position, digest, memory, threads."""
        with self._control:
            framing.send(self._sock, "state")
            frame = framing.receive(self._sock)
        if frame is None:
            raise RuntimeError(f"the reader for {self.role} has ended: {self.last_words}")
        return frame.head

    def workers(self) -> tuple[int, ...]:
        """Process numbers of the workers there are."""
        with self._state:
            return tuple(w.pid for w in (*self._idle, *self._busy))
