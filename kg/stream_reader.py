"""The role of a worker that reads pages of a stream for whoever follows it: what others wrote is parsed only there."""

from __future__ import annotations

import socket
from dataclasses import asdict
from typing import Any

import pyoxigraph as ox

from kg import framing
from kg.brackets import look_over
from kg.reading import MEDIA_TYPES
from kg.streams import Paths, read_page

ACCEPT = (
    "application/trig, application/n-quads;q=0.9, text/turtle;q=0.8, application/n-triples;q=0.8, "
    "application/ld+json;q=0.7"
)
"""TriG first: its relative addresses hold wherever the service is reached."""
_JSON_LD_KEYS = (b'"@context"',)


def hold(_config: dict[str, Any]) -> StreamReader:
    """The role of a reader that holds nothing."""
    return StreamReader()


class StreamReader:
    """Reads pages."""

    def apply(self, frame: framing.Frame) -> None:
        """Nothing is held, so nothing changes."""
        raise ValueError(f"a reader of pages takes no changes, not {frame.head}")

    def answer(self, frame: framing.Frame, sock: socket.socket) -> None:
        """One page: its members, where it goes on, what it says of the stream; or `fault`, why it can't be read."""
        address, media = str(frame.head["address"]), str(frame.head["media_type"])
        if media not in MEDIA_TYPES:
            framing.send(sock, "page", {"fault": f"{media or 'no media type'} is not read"})
            return
        form, family = MEDIA_TYPES[media]
        unfit = look_over(frame.body, family)
        if unfit is not None:
            framing.send(sock, "page", {"fault": unfit.message_en})
            return
        if form == ox.RdfFormat.JSON_LD and any(key in frame.body for key in _JSON_LD_KEYS):
            # A context elsewhere would have to be fetched; one within can grow without end.
            framing.send(sock, "page", {"fault": "JSON-LD with a context is not read here; another format is"})
            return
        lines = form in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
        known = frame.head.get("paths")
        paths = Paths(**{**known, "deletions": tuple(known["deletions"])}) if known else None
        try:
            # Nameless things get names of their own: pages are put together later.
            quads = ox.parse(frame.body, format=form, base_iri=None if lines else address, rename_blank_nodes=True)
            page = read_page(quads, address, paths)
        except SyntaxError as error:
            framing.send(sock, "page", {"fault": f"line {error.lineno}: {error.msg}"[:300]})
            return
        members = [{**asdict(one), "triples": len(one.triples)} for one in page.members]
        framing.send(sock, "page", {**asdict(page), "members": members}, b"".join(m.triples for m in page.members))

    def state(self) -> dict[str, Any]:
        """Nothing is held."""
        return {}
