"""A process that holds what its workers need, and forks them: started by exec, single-threaded, without network.

The web process starts it (`kg.workers`), hands it one socket, and names a role: a module with a function
`hold(config) -> Role`. What the role holds (a store, compiled shapes) is shared with the workers by fork.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import signal
import socket
import sys
from typing import Any, NoReturn, Protocol

from kg import cage, framing

RECENT_ENDINGS_MAX = 256  # How many workers' exit states are remembered, for whoever asks why one ended.


class Role(Protocol):
    """What a reader holds and what its workers do with it."""

    def apply(self, frame: framing.Frame) -> None:
        """Takes a change into what is held; the same in the reader and in each of its workers."""

    def answer(self, frame: framing.Frame, sock: socket.socket) -> None:
        """Answers one question on `sock`; runs in a worker only."""

    def state(self) -> dict[str, Any]:
        """What is held, in numbers, for health and comparison."""


def main() -> None:
    """Runs a reader: `python -m kg.reader DESCRIPTOR PARENT ROLE`."""
    descriptor, parent, role_name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    cage.die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us by closing the socket.
    sock = socket.socket(fileno=descriptor)
    caged = cage.forbid_network()
    frame = framing.receive(sock)
    if frame is None:
        return
    role: Role = importlib.import_module(role_name).hold(dict(frame.head))
    framing.send(sock, "ready", {"pid": os.getpid(), "caged": caged})
    Reader(sock, role).serve()


class Reader:
    """The loop of a reader: load, apply, fork, tell."""

    def __init__(self, sock: socket.socket, role: Role) -> None:
        self.sock = sock
        self.role = role
        self.endings: dict[int, int] = {}

    def serve(self) -> None:
        """Until the parent closes the socket."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # Wakes nothing: children are reaped when somebody asks.
        while (frame := framing.receive(self.sock)) is not None:
            match frame.kind:
                case "apply":
                    self.role.apply(frame)
                    for file in frame.files:
                        os.close(file)
                case "fork":
                    self.fork(int(frame.head["headroom"]))
                case "ending":
                    self.tell_ending(int(frame.head["pid"]))
                case "state":
                    self.reap()
                    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
                    framing.send(
                        self.sock, "state", {**self.role.state(), "bytes_max": usage, "threads": cage.threads()}
                    )
                case unknown:
                    raise ValueError(f"a reader has no answer to {unknown!r}")

    def fork(self, headroom_bytes: int) -> None:
        """Makes a warm worker and passes its socket and its process handle to the parent."""
        self.reap()
        if cage.threads() != 1:
            # A child forked beside other threads hangs on locks that nobody will open: 24 of 60 in an experiment.
            raise RuntimeError(f"a reader may fork only with one thread, it has {cage.threads()}")
        ours, theirs = socket.socketpair()
        reader = os.getpid()
        pid = os.fork()
        if pid == 0:
            ours.close()
            self.sock.close()
            cage.die_with_parent(reader)
            be_worker(theirs, self.role, headroom_bytes)
        theirs.close()
        handle = os.pidfd_open(pid)
        framing.send(self.sock, "forked", {"pid": pid}, files=[ours.fileno(), handle])
        ours.close()
        os.close(handle)

    def reap(self) -> None:
        """Notes how children ended, so that none stays a zombie."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self.endings[pid] = status
                while len(self.endings) > RECENT_ENDINGS_MAX:
                    del self.endings[next(iter(self.endings))]

    def tell_ending(self, pid: int) -> None:
        """Waits for the worker `pid`, which has closed its socket, and tells which signal ended it (0: none)."""
        if pid not in self.endings:
            with contextlib.suppress(ChildProcessError):
                self.endings[pid] = os.waitpid(pid, 0)[1]
        status = self.endings.get(pid, 0)
        framing.send(self.sock, "ending", {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0})


def be_worker(sock: socket.socket, role: Role, headroom_bytes: int) -> NoReturn:
    """The life of a worker: changes and questions from one socket, until it closes or a limit ends it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # Writing past the limit is then an error we can answer.
    cage.limit_memory(headroom_bytes)
    try:
        while (frame := framing.receive(sock)) is not None:
            if frame.kind == "apply":
                role.apply(frame)
            else:
                cage.limit_cpu(float(frame.head.get("seconds", 60)))
                try:
                    role.answer(frame, sock)
                except MemoryError:
                    framing.send(sock, "objection", {"name": "MemoryOut"})
            for file in frame.files:
                os.close(file)
    except (BrokenPipeError, ConnectionResetError):
        pass  # Who asked has gone; so do we.
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
