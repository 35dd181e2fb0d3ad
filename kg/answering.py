"""Answers one question from one store, inside a worker: which graphs it is about, and the answer into a file."""

from __future__ import annotations

import contextlib
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
from kg.query_text import QueryText, look_at, tokens
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


class Enough(Exception):
    """All is known that was asked. Never leaves this room."""


class First(RawIOBase):
    """The first lines of what the engine writes, and how many there are, read on for that as far as so many bytes."""

    def __init__(self, lines_max: int, counted_bytes_max: int) -> None:
        self.lines_max = lines_max
        self.counted_bytes_max = counted_bytes_max
        self.chunks: list[bytes] = []
        self.lines = self.read_bytes = 0
        self.ended_early = False

    def writable(self) -> bool:
        """It is for writing only."""
        return True

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        """Keeps what belongs to the first lines, counts the rest, and stops the engine when that is enough."""
        if self.lines <= self.lines_max:
            self.chunks.append(bytes(chunk))
        self.lines += chunk.count(b"\n")
        self.read_bytes += len(chunk)
        if self.lines > self.lines_max and self.read_bytes > self.counted_bytes_max:
            self.ended_early = True
            raise Enough
        return len(chunk)

    @property
    def more(self) -> bool:
        """Whether lines are left after the first."""
        return self.lines > self.lines_max

    @property
    def count(self) -> int | None:
        """How many lines there are, where all were read."""
        return None if self.ended_early else self.lines

    def kept(self) -> bytes:
        """The first lines."""
        whole = b"".join(self.chunks)
        return b"\n".join(whole.split(b"\n")[: self.lines_max]) + b"\n" if self.more else whole


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
    there are rows after those, and in `count` how many there are in all where that was found within counted_bytes_max.
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
        more, count = give(results, form, spool, about, head.get("rows_max"), int(head.get("counted_bytes_max") or 0))
    except SyntaxError as error:
        framing.send(sock, "objection", unread(error, text, looked))
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
        told: dict[str, Any] = {"bytes": spool.written, "position": position, "notes": notes, "state": digest}
        told |= {"more": more, "count": count}
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


def give(
    results: Results,
    answer_format: str,
    spool: Spool,
    about: dict[str, str],
    rows_max: int | None,
    counted_bytes_max: int = 0,
) -> tuple[bool, int | None]:
    """Writes what came out in a format of the three tables; returns whether rows are left after `rows_max`.

    With `counted_bytes_max` also how many there are, and of a graph in Turtle as many lines instead of rows.
    """
    output = cast(IO[bytes], spool)
    if isinstance(results, ox.QueryTriples):
        form = RDF_FORMATS[answer_format]
        if rows_max is None or not counted_bytes_max:
            ox.serialize(results, output=output, format=form, prefixes=PREFIXES)
            return False, None
        first = First(rows_max, counted_bytes_max)
        with contextlib.suppress(Enough):
            ox.serialize(results, output=cast(IO[bytes], first), format=form, prefixes=PREFIXES)
        output.write(first.kept())
        return first.more, first.count
    if isinstance(results, ox.QuerySolutions) and answer_format in TABLE_FORMATS:
        if answer_format == "parquet":
            return tables.write_parquet(results, spool.write, about, rows_max), None
        return tables.write_spreadsheet(results, spool.write, rows_max), None
    if isinstance(results, ox.QuerySolutions) and rows_max is not None:
        return give_first(results, RESULT_FORMATS[answer_format], output, rows_max, counted_bytes_max)
    results.serialize(output=output, format=RESULT_FORMATS[answer_format])
    return False, None


@cache
def nothing_bytes(answer_format: str) -> int:
    """How long an answer without triples is: some formats have a beginning and an end."""
    return len(ox.serialize([], format=RDF_FORMATS[answer_format], prefixes=PREFIXES) or b"")


def give_first(
    results: ox.QuerySolutions, form: ox.QueryResultsFormat, output: IO[bytes], rows_max: int, counted_bytes_max: int
) -> tuple[bool, int | None]:
    """The first rows, and whether there are more, of one evaluation that ends when enough is known.

    In TSV a row is a line, whatever stands in it, and its first line are the columns.
    """
    first = First(rows_max + 1, counted_bytes_max)
    with contextlib.suppress(Enough):
        results.serialize(output=cast(IO[bytes], first), format=ox.QueryResultsFormat.TSV)
    if form == ox.QueryResultsFormat.TSV:
        output.write(first.kept())
    else:
        ox.parse_query_results(first.kept(), format=ox.QueryResultsFormat.TSV).serialize(output=output, format=form)
    return first.more, None if first.count is None else first.count - 1


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


def unread(error: SyntaxError, text: str, looked: QueryText) -> dict[str, Any]:
    """The objection to a query that the engine did not read: it is empty, a prefix is unknown, or its place."""
    if next(iter(tokens(text)), None) is None:
        return {"name": "QueryEmpty", "line": 1, "column": 1}
    if looked.undeclared:
        prefix = looked.undeclared[0]
        start = next((at for kind, token, at, _ in tokens(text) if kind == "name" and token.startswith(prefix)), 0)
        told = {"line": text.count("\n", 0, start) + 1, "column": start - text.rfind("\n", 0, start)}
        iri = PREFIXES.get(prefix[:-1], "…")
        return {"name": "PrefixUnknown", "detail": prefix, "limit": f"PREFIX {prefix} <{iri}>", **told}
    return place(error)


def place(error: SyntaxError) -> dict[str, Any]:
    """Line, column and words of a syntax error in a query: the parser writes "error at 1:11: …"."""
    words = str(error)
    line = column = None
    if words.startswith("error at "):
        where, _, words = words.removeprefix("error at ").partition(": ")
        line, column = (int(n) for n in where.split(":"))
    # What the parser expected, without its classes of characters, which tell people nothing.
    listed = words.startswith("expected ")
    words = words.removeprefix("expected ").removeprefix("one of ")
    wanted = [w if w == '"\\""' else w.strip('"') for w in words.split(", ") if "[" not in w or w == '"["']
    if listed and wanted and all(len(w.split()) == 1 for w in wanted):
        return {"name": "QueryUnclear", "line": line, "column": column, "detail": " ".join(wanted)[:200]}
    said = ", ".join(w for w in wanted if " " in w) or words
    # A list of nothing but classes of characters: a name or a number was expected.
    said = "?x <iri> a:b 0-9" if listed and not wanted else said
    name = "QueryUnclear" if listed and not wanted else "QueryWrong"
    return {"name": name, "line": line, "column": column, "detail": said[:200]}
