"""Files that somebody explores: which they are, and the crew that answers questions about them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.objection import Objection, object_to, with_words
from kg.ontology import Ontology
from kg.settings import Settings
from kg.workers import Crew

FORMATS: Mapping[str, str] = {
    ".ttl": "turtle",
    ".trig": "trig",
    ".nt": "ntriples",
    ".nq": "nquads",
    ".jsonld": "jsonld",
    ".json": "jsonld",
    ".rdf": "rdfxml",
    ".xml": "rdfxml",
    ".owl": "rdfxml",
}
LOADING_SECONDS_MAX = 3600.0  # A file of hundreds of millions of triples; who waits sees it and can stop it.
PUBLIC = "public"  # Files have one audience: who may read them is for whoever serves them to say.


@dataclass(frozen=True)
class RdfFile:
    """One file: its format (a name of `kg.answering.RDF_FORMATS`), and the graph in which its triples stand."""

    path: Path
    format: str
    gzipped: bool
    graph: str | None = None


def rdf_file(path: Path, graph: str | None = None) -> RdfFile | Objection:
    """What a file is, told by its ending (`.gz` behind it for gzip); an objection when that tells nothing."""
    gzipped = path.suffix.lower() == ".gz"
    ending = (path.with_suffix("") if gzipped else path).suffix.lower()
    if ending not in FORMATS:
        return with_words(
            object_to("MediaTypeUnknown", focus=str(path), value=path.name),
            nl=f"{path}: dit einde kennen wij niet. Wel: {', '.join(FORMATS)}, elk ook met .gz.",
            en=f"{path}: we do not know this ending. Known: {', '.join(FORMATS)}, each also with .gz.",
        )
    if not path.is_file():
        return with_words(
            object_to("NotThere", focus=str(path)), nl=f"{path}: is er niet.", en=f"{path}: no such file."
        )
    return RdfFile(path, FORMATS[ending], gzipped, graph)


class Exploring:
    """Files in a reader process, and the crew that answers about them; what `kg.asking` asks."""

    def __init__(
        self,
        files: Sequence[RdfFile],
        settings: Settings,
        ontology: Ontology,
        *,
        address: str = "http://localhost",
        base: str | None = None,
        union: bool = False,
    ) -> None:
        self.files = tuple(files)
        self.address = address
        self.settings = settings
        self.ontology = ontology
        self.union = union
        self.crews: dict[str, Crew] = {}
        self.state: Mapping[str, Any] = {}
        self._given_base = base
        self._spool = tempfile.TemporaryDirectory(prefix="wijkgraaf-")
        # The reader is a child of this one thread that stays: the kernel ends it when its parent thread ends.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="exploring")

    @property
    def base(self) -> str:
        """What was given, else the base of the snapshot among the files, else the address where they are served."""
        return str(self.state["base"])

    @property
    def folder(self) -> Path:
        """A folder of its own for large answers, gone with it."""
        return Path(self._spool.name)

    def start(self) -> tuple[Objection, ...]:
        """Loads every file; an objection for each that can't be read, and then it is not open."""
        crew = self._starter.submit(self._make).result()
        self.crews[PUBLIC] = crew
        return tuple(_objection(fault) for fault in self.state["faults"])

    def close(self) -> None:
        """Ends the reader and its workers, and removes what was spooled."""
        for crew in self.crews.values():
            crew.close()
        self._starter.shutdown()
        self._spool.cleanup()

    def crew(self, audience: str) -> Crew:
        """The crew; made anew from the files when its reader has ended."""
        if not self.crews[audience].alive:
            self.crews[audience].close()
            self.crews[audience] = self._starter.submit(self._make).result()
        return self.crews[audience]

    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """What the reader says of itself."""
        crew = self.crew(PUBLIC)
        state = dict(crew.state())
        more = {"in_step": True, "caged": crew.caged, "reader": crew.pid, "workers": list(crew.workers())}
        return {PUBLIC: state | more}

    def _make(self) -> Crew:
        """A reader with every file in it; `state` tells what could not be read."""
        config = {
            "base": self._given_base,
            "address": self.address,
            "digest": self._digest(),
            "words": self.ontology.ntriples.decode(),
        }
        crew = Crew(
            "kg.explored",
            config,
            headroom_bytes=self.settings.worker_headroom_bytes,
            reply_seconds=LOADING_SECONDS_MAX,
        )
        try:
            crew.start()
            self.state = crew.state()
            for file in self.files:
                self.state = self._take(crew, file)
            if not self.state["faults"]:
                crew.warm(1)
        except BaseException:
            crew.close()
            raise
        return crew

    def _take(self, crew: Crew, file: RdfFile) -> Mapping[str, Any]:
        """Has the reader take one file, and asks how it stands then; a reader that ends over it is a fault of the file.

        After a fault no further file is read.
        """
        if self.state["faults"]:
            return self.state
        with file.path.open("rb") as source:
            try:
                crew.load(_head(file), source.fileno())
                return crew.state()
            except (RuntimeError, OSError):
                words = crew.last_words.rsplit("\n", 1)[-1] or "there was not enough memory for it"
                fault = {"name": str(file.path), "detail": words, "line": None, "column": None}
                return {**self.state, "faults": [fault]}

    def _digest(self) -> str:
        """SHA-256 over the files and how they are read: an ETag of another set of files never looks the same."""
        whole = hashlib.sha256(f"{self._given_base} {self.union}".encode() + self.ontology.ntriples)
        for file in self.files:
            whole.update(f"\n{file.format} {file.gzipped} {file.graph} ".encode())
            with file.path.open("rb") as source:
                whole.update(hashlib.file_digest(source, "sha256").digest())
        return whole.hexdigest()


def _head(file: RdfFile) -> dict[str, Any]:
    return {
        "name": str(file.path),
        "format": file.format,
        "gzipped": file.gzipped,
        "graph": file.graph,
        # A file's relative IRIs are relative to where it stands, or to the graph that it is.
        "base": file.graph or file.path.absolute().as_uri(),
    }


def _objection(fault: Mapping[str, Any]) -> Objection:
    """What could not be read, with the file's name before it."""
    name, detail, line = fault["name"], str(fault["detail"])[:300], fault["line"]
    where = f":{line}:{fault['column']}" if line else ""
    found = object_to("SyntaxUnclear", focus=name, value=detail, line=line, column=fault["column"])
    return with_words(
        found, nl=f"{name}{where}: niet te lezen: {detail}", en=f"{name}{where}: cannot be read: {detail}"
    )
