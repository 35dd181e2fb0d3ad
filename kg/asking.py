"""The one way out: a question to one audience's projection, with limits, in turn."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kg.framing import Frame, receive, send
from kg.objection import Objection, object_to
from kg.query_text import QueryText, look_at
from kg.questions import Question, bind, page
from kg.settings import Settings
from kg.workers import Crew, Ended, Worker

OWN_SECONDS_MAX = 30.0  # A question of ours that takes longer is a bug in the question.
OWN_LANE = ""  # Pages, documents and named questions: never behind callers' SPARQL.
TRY_SECONDS = 0.2  # A look-up takes a hundredth of it; ten that turn out to be long cost a newcomer two seconds.
AGAIN_SECONDS = 5  # When to ask again what was let go under a question: making it anew takes less.
_ENDINGS = {"time": "TimeOut", "memory": "MemoryOut", "crash": "EngineEnded"}


class Stores(Protocol):
    """What is asked: the projections of a ledger, or files that somebody explores."""

    @property
    def base(self) -> str:
        """What relative IRIs are resolved against, and what views begin with."""

    @property
    def union(self) -> bool:
        """Whether the default graph is the union of all graphs."""

    @property
    def folder(self) -> Path:
        """Where an answer that outgrows memory stands while it is sent."""

    @property
    def crews(self) -> Mapping[str, Crew]:
        """Audience to those who answer it."""

    def crew(self, audience: str) -> Crew | Objection:
        """Those who answer an audience (or its past: `public@12`), made anew when they have ended."""


@dataclass(frozen=True)
class Answer:
    """An answer in a file that is ours alone. `position` is the audience's, at which it holds; `state` its digest."""

    file: int
    size_bytes: int
    position: int
    notes: tuple[str, ...]
    state: str = ""
    more: bool = False  # Whether there are rows after the first `rows_max`, where so many were asked.
    count: int | None = None  # How many there are in all, where that was asked and found.

    def read(self) -> bytes:
        """The whole answer; closes the file."""
        try:
            return os.pread(self.file, self.size_bytes, 0)
        finally:
            os.close(self.file)


@dataclass(frozen=True)
class Cell:
    """One term in a row: its value, what it is ("uri", "literal", "bnode"), language and datatype."""

    value: str
    kind: str
    lang: str | None = None
    datatype: str | None = None

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Rows:
    """A table of terms; a column without a value in a row is absent from it."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]
    position: int


class Turns:
    """Who may ask now: at most `workers` at once, fair between clients, with places kept free for those who have none.

    One place is kept for the service's own questions and one for clients that have nothing running. Nobody can tell
    beforehand how long a question will take: who would have to wait for others may first try, one at a time, whether
    theirs is a short one.
    """

    def __init__(self, settings: Settings) -> None:
        self.free = settings.workers_max + 2
        self.settings = settings
        self.running: Counter[str] = Counter()
        self.waiting: list[tuple[str, asyncio.Future[None]]] = []
        self.trying: set[str] = set()
        self._one_try = asyncio.Lock()

    def may(self, client: str) -> bool:
        """Whether `client` may start one more now."""
        if client == OWN_LANE:
            return self.free >= 1
        if self.running[client] >= self.settings.running_per_client_max:
            return False
        return self.free >= (3 if self.running[client] else 2)

    def may_try(self, client: str) -> bool:
        """Whether `client` would wait for others now, and has no try going on."""
        if client == OWN_LANE or client in self.trying or self.may(client):
            return False
        few = len(self.trying) < self.settings.queued_max
        return few and self.running[client] < self.settings.running_per_client_max

    @contextlib.asynccontextmanager
    async def one_try(self, client: str) -> AsyncIterator[None]:
        """A try of `client`, when those before it are over."""
        self.trying.add(client)
        try:
            async with self._one_try:
                yield
        finally:
            self.trying.discard(client)

    async def enter(self, client: str) -> bool:
        """Waits for a turn; False when there are too many waiting already."""
        if self.may(client):
            self._start(client)
            return True
        if client != OWN_LANE:
            mine = sum(1 for c, _ in self.waiting if c == client)
            others = sum(1 for c, _ in self.waiting if c != OWN_LANE)
            if mine >= self.settings.queued_per_client_max or others >= self.settings.queued_max:
                return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((client, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(client)
            else:
                self.waiting.remove((client, turn))
            raise
        return True

    def _start(self, client: str) -> None:
        self.free -= 1
        self.running[client] += 1

    def leave(self, client: str) -> None:
        """Gives the place to the next: our own questions first, then who has the fewest running, then the oldest."""
        self.free += 1
        self.running[client] -= 1
        if not self.running[client]:
            del self.running[client]
        order = sorted(range(len(self.waiting)), key=lambda i: (self.running[self.waiting[i][0]], i))
        order.sort(key=lambda i: self.waiting[i][0] != OWN_LANE)
        for i in order:
            who, turn = self.waiting[i]
            if self.may(who):
                del self.waiting[i]
                self._start(who)
                turn.set_result(None)
                return


class Asking:
    """Asks each audience's projection: callers' SPARQL, and named questions."""

    def __init__(self, stores: Stores, questions: Mapping[str, Question], settings: Settings) -> None:
        self.stores = stores
        self.questions = questions
        self.settings = settings
        self.base = stores.base
        self.endings: Counter[str] = Counter()  # How workers ended under a question: "time", "memory", "crash".
        self._turns: dict[str, Turns] = {}
        # For each of two audiences the places of `Turns`, and one for short tries.
        self._threads = ThreadPoolExecutor(2 * (settings.workers_max + 3), thread_name_prefix="asking")

    def close(self) -> None:
        """Lets no further question in."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def load(self) -> tuple[int, int]:
        """How many questions are being answered now, and how many wait for their turn."""
        turns = self._turns.values()
        return sum(sum(t.running.values()) for t in turns), sum(len(t.waiting) for t in turns)

    @property
    def open_to_callers(self) -> bool:
        """Whether callers' own SPARQL is answered: only by workers without a network, unless the operator says so."""
        caged = all(crew.caged for crew in self.stores.crews.values())
        return caged or self.settings.free_sparql_without_cage

    def look(self, text: str) -> QueryText | Objection:
        """The cheap checks before any parser: length, nesting, patterns, SERVICE, updates."""
        limits = self.settings
        if len(text.encode()) > limits.query_bytes_max:
            return object_to("QueryTooLong", limit=f"{limits.query_bytes_max} bytes")
        looked = look_at(text, self.base + "/")
        if looked.nesting > limits.query_nesting_max:
            return object_to("QueryTooNested", limit=str(limits.query_nesting_max))
        if looked.operators > limits.query_operators_max:
            return object_to("QueryTooManyOperators", limit=str(limits.query_operators_max))
        if looked.patterns > limits.query_patterns_max:
            return object_to("QueryTooManyPatterns", limit=str(limits.query_patterns_max))
        if looked.form == "update":
            return object_to("UpdateRefused")
        if looked.service:
            return object_to("ServiceRefused")
        view = next((g for g in looked.graphs if g.startswith(f"{self.base}/view/")), None)
        return object_to("ViewAsGraph", value=view) if view else looked

    async def ask(
        self,
        audience: str,
        text: str,
        *,
        answer_format: str,
        seconds: float = OWN_SECONDS_MAX,
        client: str = OWN_LANE,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        bytes_max: int | None = None,
        rows_max: int | None = None,
        counted_bytes_max: int = 0,
        rewrite: bool = False,
    ) -> Answer | Objection:
        """One query to one audience's projection; the answer is complete or there is an objection.

        With `rows_max` only that many rows are given, and the answer says whether there are more; it reads on
        as far as `counted_bytes_max` to say how many, and then gives a graph's first lines likewise.
        `rewrite`: a caller's EXISTS may be asked in another form (`kg.rewriting`); our own questions stay as written.
        """
        turns = self._turns.setdefault(audience.partition("@")[0], Turns(self.settings))
        head = {
            "format": answer_format,
            "limit_bytes": min(bytes_max or self.settings.answer_bytes_max, self.settings.answer_bytes_max),
            "default_graphs": list(default_graphs),
            "named_graphs": list(named_graphs),
            "union": self.stores.union,
            "rows_max": rows_max,
            "counted_bytes_max": counted_bytes_max,
            "rewrite": rewrite,
        }
        if turns.may_try(client):
            async with turns.one_try(client):
                answer = await self._run(audience, text, head, TRY_SECONDS, is_try=True)
            if not isinstance(answer, Objection) or answer.name != "TimeOut":
                return answer
        if not await turns.enter(client):
            return object_to("Busy")
        try:
            return await self._run(audience, text, head, seconds)
        finally:
            turns.leave(client)

    async def _run(
        self, audience: str, text: str, head: Mapping[str, object], seconds: float, *, is_try: bool = False
    ) -> Answer | Objection:
        """In its turn: the question in a thread; when nobody waits for it any more, it is ended."""
        box: list[Worker] = []
        work = asyncio.get_running_loop().run_in_executor(
            self._threads, self._converse, audience, text.encode(), head, seconds, box, is_try
        )
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            for worker in box:
                worker.kill()  # Who asked has gone: nobody waits for this answer.
            with contextlib.suppress(Exception):
                answer = await work
                if isinstance(answer, Answer):
                    os.close(answer.file)
            raise

    def _converse(
        self,
        audience: str,
        text: bytes,
        head: Mapping[str, object],
        seconds: float,
        box: list[Worker],
        is_try: bool,
    ) -> Answer | Objection:
        """In a thread: one conversation with one worker."""
        crew = self.stores.crew(audience)
        if isinstance(crew, Objection):
            return crew
        try:
            worker = crew.take()
        except (OSError, RuntimeError):
            if crew.alive:
                raise
            return object_to("NotReady", limit=f"{AGAIN_SECONDS} s")
        file = os.memfd_create("answer", os.MFD_CLOEXEC)
        box.append(worker)
        reply: Frame | Ended = Ended("crash")
        try:
            reply = crew.converse(worker, "query", head, text, [file], seconds=seconds)
            if isinstance(reply, Frame) and reply.kind == "more":
                os.close(file)
                file, reply = self._go_on(crew, worker)
        finally:
            box.clear()
            # A worker that has loaded the library for Parquet has too little room left for other questions.
            spent = head["format"] == "parquet"
            crew.give_back(worker, dead=spent or not isinstance(reply, Frame))
        if isinstance(reply, Frame) and reply.kind == "answer":
            told = reply.head
            size, position, notes = int(told["bytes"]), int(told["position"]), tuple(told["notes"])
            return Answer(file, size, position, notes, str(told["state"]), bool(told["more"]), told["count"])
        os.close(file)
        if isinstance(reply, Ended):
            if reply.by == "closed":
                return object_to("NotReady", limit=f"{AGAIN_SECONDS} s")
            if not (is_try and reply.by == "time"):
                self.endings[reply.by] += 1
            room = f"{self.settings.worker_headroom_bytes >> 20} MB"
            return object_to(_ENDINGS[reply.by], limit=f"{seconds:g} s" if reply.by == "time" else room)
        return self._objection(reply, head["limit_bytes"])

    def _go_on(self, crew: Crew, worker: Worker) -> tuple[int, Frame | Ended]:
        """Gives the worker a file on disk for an answer that outgrew memory; the clock of the question runs on."""
        with tempfile.TemporaryFile(dir=self.stores.folder) as disk:
            file = os.dup(disk.fileno())
        try:
            send(worker.sock, "file", files=[file])
            reply = receive(worker.sock)
        except TimeoutError:
            worker.kill()
            return file, Ended("time")
        except (BrokenPipeError, ConnectionResetError):
            return file, Ended("crash")
        return file, reply if reply is not None else Ended("crash")

    def _objection(self, reply: Frame, bytes_max: object) -> Objection:
        head = reply.head
        limit = f"{bytes_max} bytes" if head["name"] == "AnswerTooLarge" else head.get("limit")
        line = head.get("line")
        return object_to(
            str(head["name"]),
            line=line if line else None,
            column=head.get("column"),
            value=head.get("detail"),
            limit=limit,
        )

    async def rows(
        self,
        audience: str,
        question: str,
        values: Mapping[str, str],
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> Rows:
        """A named question's answer as a table; the question is ours, so an objection to it is a bug or an outage."""
        text = bind(self.questions[question], values)
        if not isinstance(text, str):
            raise ValueError(f"{question}: {text[0].message_en}")
        if limit is not None:
            text = page(text, limit, offset)
        answer = await self.ask(audience, text, answer_format="json")
        if isinstance(answer, Objection):
            raise Unanswered(answer)
        return rows_of(answer.read(), answer.position)


class Unanswered(Exception):
    """One of our own questions got no answer; carries the objection that tells why."""

    def __init__(self, objection: Objection) -> None:
        super().__init__(objection.message_en)
        self.objection = objection


def rows_of(results: bytes, position: int) -> Rows:
    """SPARQL results in JSON as a table."""
    found = json.loads(results)
    return Rows(
        tuple(found["head"].get("vars", ())),
        tuple(
            {
                name: Cell(term["value"], term["type"], term.get("xml:lang"), term.get("datatype"))
                for name, term in binding.items()
            }
            for binding in found["results"]["bindings"]
        ),
        position,
    )
