"""Serves a house on its address and on the socket in its data folder, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
from collections.abc import Generator
from typing import Literal

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kg.settings import Settings
from service.headers import Asgi

OFFER = re.compile(rb"\r\nupgrade[ \t]*:", re.IGNORECASE)
BACKLOG = 512  # Connections the kernel keeps for us while we are busy.
HEAD_BYTES_MAX = 256 * 1024  # A request's line and headers: a query of the longest kind, escaped, and more besides.
STOP_SECONDS_MAX = 10  # Answers under way may be finished when we are told to stop.


class ByWhatIsOffered(HttpToolsProtocol):
    """HTTP/1.1 by the fast parser; by the other one where a client offers to go on in another protocol.

    Every Java client offers HTTP/2 so, and httptools then loses the body of its request. h11 reads it as HTTP/1.1, at
    less than half the speed.
    """

    idle = True
    """Whether no request has begun that is not whole yet."""

    def data_received(self, data: bytes) -> None:
        """Bytes of a connection; the first that offer another protocol hand the connection over."""
        answered = self.cycle is None or self.cycle.response_complete
        if self.idle and answered and OFFER.search(data):
            self._unset_keepalive_if_required()
            self.connections.discard(self)
            other = H11Protocol(self.config, self.server_state, self.app_state, self.loop)
            self.transport.set_protocol(other)
            other.connection_made(self.transport)
            other.data_received(data)
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self.idle = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request is whole."""
        self.idle = True
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """The offer came in pieces: what follows is lost to the parser, so the client is told to send it again."""
        self.send_400_response("Send this request without an Upgrade header.")


class Listener(uvicorn.Server):
    """One of the process's two servers; it leaves signals to the process, which then closes the house in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Takes no signals."""
        yield


def listen(settings: Settings) -> socket.socket:
    """The address, taken before anything is opened, so that a busy port is told at once (OSError)."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
    except OSError:
        sock.close()
        raise
    sock.listen(BACKLOG)
    return sock


def listen_in_folder(settings: Settings) -> socket.socket:
    """The socket in the data folder, for the operator's account alone."""
    settings.socket.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        sock.bind(str(settings.socket))
    finally:
        os.umask(before)
    sock.listen(BACKLOG)
    return sock


def serve(app: Asgi, settings: Settings, public: socket.socket) -> None:
    """Serves until a signal; answers under way are finished."""
    folder = listen_in_folder(settings)

    def config(lifespan: Literal["on", "off"]) -> uvicorn.Config:
        return uvicorn.Config(
            app,
            lifespan=lifespan,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
            http=ByWhatIsOffered,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        )

    async def run() -> None:
        servers = (Listener(config("on")), Listener(config("off")))

        def stop() -> None:
            for server in servers:
                server.should_exit = True

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        side = asyncio.create_task(servers[1].serve(sockets=[folder]))
        try:
            await servers[0].serve(sockets=[public])
        finally:
            stop()
            await side

    try:
        with asyncio.Runner(loop_factory=config("off").get_loop_factory()) as runner:
            runner.run(run())
    finally:
        settings.socket.unlink(missing_ok=True)
