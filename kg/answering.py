"""Answers one question from one store, inside a worker: which graphs it is about, and the answer into a file."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import RawIOBase
from typing import IO, Any, TypeAlias, cast

import pyoxigraph as ox

from kg import cage, framing, tables
from kg.engines import memory
from kg.query_text import QueryText, look_at
from kg.rewriting import Rewritten, rewrite
from kg.traps import astray, distrusted, left_open, traps
from kg.vocabulary import HELD_BY, PREFIXES

SPOOL_MEMORY_BYTES_MAX = 16 * 1024 * 1024  # Up to here an answer stays in memory; above, in a file on disk.
GRAPHS_AS_LIST_MAX = 1000  # A list of graphs costs 4.5 ms at 1,000 and grows; above, a temporary store is cheaper.

RESULT_FORMATS: Mapping[str, ox.QueryResultsFormat] = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
RDF_FORMATS: Mapping[str, ox.RdfFormat] = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}
# What XML 1.0 cannot hold: most control characters and two of Unicode's non-characters, not even as references; and a
# property whose IRI ends in nothing that may be an element's name, for which the engine writes an empty one.
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|<oxprefix: ")
_NOT_XML_BYTES_MAX = 11  # The longest of them: it may begin in one chunk and end in the next.
_UNKNOWN_FUNCTION = re.compile(r"The custom function <(.*)> is not supported")
TABLE_FORMATS = frozenset({"parquet", "spreadsheet"})  # Made here of the rows; the engine has the others.

Results: TypeAlias = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph


class TooLarge(Exception):
    """The answer passed its limit. Never leaves this room."""


class NotForXml(Exception):
    """The answer holds what XML cannot hold. Never leaves this room."""


class Spool(RawIOBase):
    """The answer on its way: into memory first, into a file that the parent opens when it grows."""

    def __init__(self, file: int, sock: socket.socket, limit_bytes: int) -> None:
        self.file = file
        self.sock = sock
        self.limit_bytes = limit_bytes
        self.written = 0
        self.on_disk = False

    def writable(self) -> bool:
        """It is for writing only."""
        return True

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        """Appends; asks the parent for a file on disk when memory is full, refuses when the limit is passed."""
        self.written += len(chunk)
        if self.written > self.limit_bytes:
            raise TooLarge
        if self.written > SPOOL_MEMORY_BYTES_MAX and not self.on_disk:
            self._move()
        view = memoryview(chunk)
        while view:
            view = view[os.write(self.file, view) :]
        return len(chunk)

    def _move(self) -> None:
        framing.send(self.sock, "more")
        frame = framing.receive(self.sock)
        if frame is None:
            os._exit(0)  # Who asked has gone.
        size = os.lseek(self.file, 0, os.SEEK_CUR)
        offset = 0
        while offset < size:
            offset += os.sendfile(frame.files[0], self.file, offset, size - offset)
        self.file = frame.files[0]
        self.on_disk = True


class XmlSpool(Spool):
    """An answer in XML: what would not parse, or would parse as something else, is never written."""

    tail = b""

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        """Appends; a carriage return as a reference, because a parser reads a bare one as a line feed."""
        looked_at = self.tail + chunk
        if _NOT_XML.search(looked_at):
            raise NotForXml
        self.tail = looked_at[-_NOT_XML_BYTES_MAX + 1 :]
        super().write(chunk.replace(b"\r", b"&#13;"))
        return len(chunk)


@dataclass(frozen=True)
class Graphs:
    """What a question is about: everything (None), or these default and named graphs."""

    default: tuple[ox.NamedNode, ...] | None
    named: tuple[ox.NamedNode, ...] | None
    notes: tuple[str, ...] = ()


def answer(store: ox.Store, base: str, position: int, digest: str, frame: framing.Frame, sock: socket.socket) -> None:
    """Answers `frame` (body: text; file: where to; head: format, limit_bytes, rows_max, graphs, union, rewrite).

    `position` and `digest` tell which state of the store this is. With `rows_max` the reply tells in `more` whether
    there are rows after those.
    """
    head = frame.head
    limit_bytes = int(head["limit_bytes"])
    cage.limit_file(limit_bytes)
    text = frame.body.decode()
    looked = look_at(text, base + "/")
    graphs = choose_graphs(store, base, looked, head)
    form = str(head["format"])
    spool = (XmlSpool if form in ("xml", "rdfxml") else Spool)(frame.files[0], sock, limit_bytes)
    about = {"query": text, "position": str(position)}
    rewritten = rewrite(text) if head.get("rewrite") else Rewritten(text)
    try:
        union = bool(head.get("union", True))
        results, rewritten = evaluate(store, text, looked, rewritten, base, graphs, union=union)
        more = give(results, form, spool, about, head.get("rows_max"))
    except SyntaxError as error:
        told = place(error)
        if looked.undeclared and "Prefix not found" in str(error):
            told["detail"] = "PREFIX " + ", ".join(looked.undeclared)
        framing.send(sock, "objection", {"name": "QueryUnclear", **told})
    except RuntimeError as error:
        unknown = _UNKNOWN_FUNCTION.fullmatch(str(error))
        if unknown is None:
            raise
        # The standard makes it an error in the expression, which many a query answers with nothing: we say so instead.
        framing.send(sock, "objection", {"name": "FunctionUnknown", "detail": unknown[1]})
    except NotForXml:
        framing.send(sock, "objection", {"name": "NotForXml"})
    except TooLarge:
        framing.send(sock, "objection", {"name": "AnswerTooLarge"})
    except OSError as error:
        if error.errno not in (errno.EFBIG, errno.ENOSPC):
            raise
        framing.send(sock, "objection", {"name": "AnswerTooLarge"})
    else:
        notes = [*graphs.notes, *rewritten.notes, *traps(text), *astray(looked, base), *distrusted(left_open(text))]
        if looked.form == "describe" and spool.written == nothing_bytes(form):
            notes.append("DESCRIBE found nothing: this is not here, or not for you")
        told = {"bytes": spool.written, "position": position, "notes": notes, "state": digest, "more": more}
        framing.send(sock, "answer", told)
    finally:
        if spool.on_disk:
            os.close(spool.file)


def choose_graphs(store: ox.Store, base: str, looked: QueryText, head: Mapping[str, Any]) -> Graphs:
    """The dataset: what the protocol's parameters say, else what FROM says, else everything.

    A viewpoint's IRI stands for the contributions in it. A graph that is not here is an empty one, and noted.
    """
    default: Sequence[str] = head.get("default_graphs") or ()
    named: Sequence[str] = head.get("named_graphs") or ()
    if not default and not named:
        if not looked.has_dataset:
            return Graphs(None, None)
        default, named = looked.from_default, looked.from_named
    notes: list[str] = []
    found = tuple(tuple(g for iri in iris for g in _graphs_of(store, base, iri, notes)) for iris in (default, named))
    return Graphs(found[0], found[1], tuple(notes))


def _graphs_of(store: ox.Store, base: str, iri: str, notes: list[str]) -> list[ox.NamedNode]:
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        notes.append(f"not a graph: {iri[:200]}")
        return []
    prefix = f"{base}/view/"
    if iri.startswith(prefix):
        holder = ox.NamedNode(f"{base}/id/{iri[len(prefix) :]}")
        ledger = ox.NamedNode(f"{base}/graph/ledger")
        found = [
            q.subject
            for q in store.quads_for_pattern(None, ox.NamedNode(HELD_BY), holder, ledger)
            if isinstance(q.subject, ox.NamedNode)
        ]
        if not found:
            notes.append(f"empty: {iri[:200]}")
        return found
    if not memory.has_graph(store, iri):
        notes.append(f"empty: {iri[:200]}")
    return [node]


def evaluate(
    store: ox.Store, text: str, looked: QueryText, rewritten: Rewritten, base: str, graphs: Graphs, *, union: bool
) -> tuple[Results, Rewritten]:
    """The query on its graphs, and the form in which it was asked; raises SyntaxError for an unclear one.

    Rows come as they are read from it.
    """
    default: list[GraphName] | None = None if graphs.default is None else [*graphs.default]
    named: list[ox.NamedNode | ox.BlankNode] | None = None if graphs.named is None else [*graphs.named]
    if graphs.default is not None and len(graphs.default) > GRAPHS_AS_LIST_MAX and not named:
        store, default = memory.part(store, graphs.default), [ox.DefaultGraph()]

    functions = left_open(text)

    def ask(text: str) -> Results:
        return store.query(
            text,
            custom_functions={**functions} or None,
            base_iri=base + "/",
            use_default_graph_as_union=union and default is None and named is None,
            default_graph=default,
            named_graphs=named,
        )

    try:
        results = ask(rewritten.text)
    except SyntaxError:
        if not rewritten.changed:
            raise
        rewritten = Rewritten(text)  # What is unclear is told at the caller's own line and column.
        results = ask(text)
    if isinstance(results, ox.QuerySolutions):
        spelt = spelt_out(rewritten.text, looked, [variable.value for variable in results.variables])
        results = ask(spelt) if spelt != rewritten.text else results
    return results, rewritten


def give(results: Results, answer_format: str, spool: Spool, about: dict[str, str], rows_max: int | None) -> bool:
    """Writes what came out in a format of the three tables; returns whether rows are left after `rows_max`."""
    output = cast(IO[bytes], spool)
    if isinstance(results, ox.QueryTriples):
        ox.serialize(results, output=output, format=RDF_FORMATS[answer_format], prefixes=PREFIXES)
    elif isinstance(results, ox.QuerySolutions) and answer_format in TABLE_FORMATS:
        if answer_format == "parquet":
            return tables.write_parquet(results, spool.write, about, rows_max)
        return tables.write_spreadsheet(results, spool.write, rows_max)
    elif isinstance(results, ox.QuerySolutions) and rows_max is not None:
        return give_first(results, RESULT_FORMATS[answer_format], output, rows_max)
    else:
        results.serialize(output=output, format=RESULT_FORMATS[answer_format])
    return False


@cache
def nothing_bytes(answer_format: str) -> int:
    """How long an answer without triples is: some formats have a beginning and an end."""
    return len(ox.serialize([], format=RDF_FORMATS[answer_format], prefixes=PREFIXES) or b"")


def give_first(results: ox.QuerySolutions, form: ox.QueryResultsFormat, output: IO[bytes], rows_max: int) -> bool:
    """The first rows, and whether there are more, of one evaluation and without a loop over rows.

    The engine serialises all that it finds. In TSV a row is a line, whatever stands in it, so there the rest is cut.
    """
    lines = results.serialize(format=ox.QueryResultsFormat.TSV) or b""
    end = lines.find(b"\n")
    for _ in range(rows_max):
        end = lines.find(b"\n", end + 1)
        if end < 0:
            break
    more = 0 <= end < len(lines) - 1
    page = lines[: end + 1] if more else lines
    if form == ox.QueryResultsFormat.TSV:
        output.write(page)
    else:
        ox.parse_query_results(page, format=ox.QueryResultsFormat.TSV).serialize(output=output, format=form)
    return more


def spelt_out(text: str, looked: QueryText, columns: Sequence[str]) -> str:
    """`SELECT *` with these columns in the order in which the caller names them: the engine gives them by alphabet.

    `looked` is of the caller's text; `text` is that, or what it was rewritten to, the same as far as the star.
    """
    if looked.star is None:
        return text
    order = {name: at for at, name in enumerate(looked.variables)}
    wanted = sorted(columns, key=lambda name: order.get(name, len(order)))
    if wanted == list(columns):
        return text
    return text[: looked.star] + " ".join(f"?{name}" for name in wanted) + text[looked.star + 1 :]


def place(error: SyntaxError) -> dict[str, Any]:
    """Line, column and words of a syntax error in a query: the parser writes "error at 1:11: …"."""
    words = str(error)
    line = column = None
    if words.startswith("error at "):
        where, _, words = words.removeprefix("error at ").partition(": ")
        line, column = (int(n) for n in where.split(":"))
    # What the parser expected, without its classes of characters, which tell people nothing.
    wanted = [w for w in words.removeprefix("expected ").removeprefix("one of ").split(", ") if "[" not in w]
    return {"line": line, "column": column, "detail": f"≠ {', '.join(wanted)}"[:200] if wanted else words[:200]}
