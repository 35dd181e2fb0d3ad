"""Files explored as `wijkgraaf explore` does it: the same app over HTTP, on a port of its own, in this process."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import uvicorn

from kg.exploring import Exploring, RdfFile, rdf_file
from kg.ontology import Ontology, read_ontology
from kg.questions import load_questions
from kg.settings import Settings, folder
from service.exploring import make_explore_app
from tests.running import READY_SECONDS


@cache
def _ontology() -> Ontology:
    return read_ontology([folder("ontology")])


@contextlib.contextmanager
def explored(
    default: Sequence[Path], named: Mapping[str, Path], where: Path, *, base: str | None = None, union: bool = False
) -> Iterator[str]:
    """An endpoint over these files with the published limits; yields its address. `where` is a folder for it."""
    files = [*(rdf_file(path) for path in default), *(rdf_file(path, graph) for graph, path in named.items())]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        exploring = Exploring(
            [f for f in files if isinstance(f, RdfFile)],
            Settings(data=where),
            _ontology(),
            address=address,
            base=base,
            union=union,
        )
        try:
            assert () == exploring.start()
            assert len(files) == len(exploring.files)
            questions = load_questions([folder("queries")], _ontology(), exploring.base)
            app = make_explore_app(exploring, questions)
            server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))  # type: ignore[arg-type]
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="explored")
            thread.start()
            deadline = time.monotonic() + READY_SECONDS
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.005)
            try:
                yield address
            finally:
                server.should_exit = True
                thread.join(READY_SECONDS)
        finally:
            exploring.close()
