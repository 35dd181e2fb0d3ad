"""Messages between our own processes: a small JSON head, bytes, and open files, over a Unix socket."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HEADER = struct.Struct("!IQ")
HEAD_BYTES_MAX = 16 * 1024 * 1024  # A head carries names and short texts; more is a bug, not a message.
FILES_MAX = 4


@dataclass(frozen=True)
class Frame:
    """One message. `files` are descriptors that now belong to the receiver."""

    kind: str
    head: Mapping[str, Any]
    body: bytes = b""
    files: tuple[int, ...] = field(default=())


def send(
    sock: socket.socket, kind: str, head: Mapping[str, Any] | None = None, body: bytes = b"", files: Sequence[int] = ()
) -> None:
    """Sends one message; blocks until the kernel has all of it."""
    text = json.dumps({"kind": kind, **(head or {})}, separators=(",", ":")).encode()
    start = HEADER.pack(len(text), len(body)) + text
    if files:
        # Descriptors travel with the first byte; the rest follows as ordinary bytes.
        sent = socket.send_fds(sock, [start], list(files))
        start = start[sent:]
    if len(body) < 65536:
        sock.sendall(start + body)
    else:
        sock.sendall(start)
        sock.sendall(body)


def receive(sock: socket.socket) -> Frame | None:
    """The next message, or None when the other side has gone."""
    start, files, _, _ = socket.recv_fds(sock, HEADER.size, FILES_MAX)
    while 0 < len(start) < HEADER.size:
        more = sock.recv(HEADER.size - len(start))
        if not more:
            break
        start += more
    if len(start) < HEADER.size:
        for file in files:
            os.close(file)
        return None
    head_bytes, body_bytes = HEADER.unpack(start)
    if head_bytes > HEAD_BYTES_MAX:
        raise ValueError(f"a head of {head_bytes} bytes")
    text = _exactly(sock, head_bytes)
    body = _exactly(sock, body_bytes)
    if text is None or body is None:
        for file in files:
            os.close(file)
        return None
    head = json.loads(text)
    return Frame(head.pop("kind"), head, bytes(body), tuple(files))


def _exactly(sock: socket.socket, count: int) -> bytearray | None:
    """`count` bytes, or None when the other side went away in between."""
    buffer = bytearray(count)
    view = memoryview(buffer)
    while view:
        got = sock.recv_into(view)
        if got == 0:
            return None
        view = view[got:]
    return buffer
