"""A SPARQL store for one audience, made from the ledger; thrown away, it comes back the same."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg import answering, framing
from kg.engines import memory


def hold(config: dict[str, Any]) -> Projection:
    """The role of a reader that keeps one audience's store: `config` has base and audience."""
    return Projection(str(config["base"]), str(config["audience"]))


class Projection:
    """One audience's store, the position of the ledger that it shows, and that position's digest."""

    def __init__(self, base: str, audience: str) -> None:
        self.base = base
        self.audience = audience
        self.store = ox.Store()
        self.position = 0
        self.digest = ""

    def apply(self, frame: framing.Frame) -> None:
        """Takes a whole file of quads, or one change: graphs out, quads out, quads in."""
        if frame.kind == "apply" and frame.files:
            memory.take_whole(self.store, Path(f"/proc/self/fd/{frame.files[0]}"))
        else:
            border = int(frame.head.get("remove_bytes", 0))
            graphs: Sequence[str] = frame.head.get("remove_graphs", ())
            memory.take_change(self.store, graphs, frame.body[:border], frame.body[border:])
        self.position = int(frame.head.get("position", self.position))
        self.digest = str(frame.head.get("digest", self.digest))

    def answer(self, frame: framing.Frame, sock: socket.socket) -> None:
        """One question, answered into the file that came with it."""
        answering.answer(self.store, self.base, self.position, self.digest, frame, sock)

    def state(self) -> dict[str, Any]:
        """Audience, position, digest and number of quads."""
        return {
            "audience": self.audience,
            "position": self.position,
            "digest": self.digest,
            "quads": len(self.store),
        }
