"""The Python client: questions to a service or to a data folder, answered as tables in which every row keeps its voice.

    with Client("http://127.0.0.1:8000") as wijk:
        wijk.stories(theme="housing").to_pandas()

Tables of statements begin with `voice`, the IRI of the party whose words a row holds, and `voice_name`. What was read
in a public source and put here by others says so in `read_by`; nothing here merges, scores or sums up.
"""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from service.client import errors
from service.client.errors import NotThere, Problem, Unreachable, Unreadable, WijkgraafError
from service.client.graph import Graph, holder
from service.client.table import Table
from service.client.terms import Blank, Iri, Quoted, Term, Text, Typed, term, written
from service.client.way import Indoors, Network, Way, send

__all__ = [
    "Blank",
    "Client",
    "Graph",
    "Iri",
    "Problem",
    "Quoted",
    "Table",
    "Term",
    "Text",
    "Typed",
    "WijkgraafError",
    "errors",
]

TIMEOUT_SECONDS = 90.0  # A partner's query may take 60 s, and has to wait for its turn.
RETRIES_MAX = 3  # The service says when to come back; who was sent away four times should look what is going on.
ROWS_PER_PAGE = 5_000  # Half of what the service gives at once: large answers in few pages, none near its limits.
ADDRESS_CHARACTERS_MAX = 2_000  # A longer query goes as a form: proxies cut addresses off at 4,000 and up.
RESTARTS_MAX = 3  # Somebody published while we turned the pages; more often than this, ask at one moment with `at`.

_ROWS = "application/sparql-results+json"
_TRIPLES = "text/turtle"
# The pages that give the same items as JSON, by the language of their address.
_PAGES = {
    "side_by_side": {"nl": "/nl/naast-elkaar.json", "en": "/en/side-by-side.json"},
    "still_open": {"nl": "/nl/nog-open.json", "en": "/en/still-open.json"},
}
_FIRST_COLUMNS = ("voice", "voice_name", "read_by", "what", "item")
_IRIS = ("item", "voice", "relation", "from", "to", "read_by")
_LINK = re.compile(r'<([^>]*)>\s*;\s*rel="([^"]*)"')
_VOICE = {"holder": "voice", "holderName": "voice_name"}


class Client:
    """A service, by its address or by the data folder that it keeps; close it, or use it in `with`.

    `token` lets a party read what is for partners; a data folder is read as its operator reads it, partners' things
    included. `language` (nl or en) is that of names and of errors. `retries` bounds how often a request is sent again
    when the service is too busy and says when to come back; nothing else is tried again.
    """

    def __init__(
        self,
        where: str | Path,
        token: str | None = None,
        *,
        language: str = "en",
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES_MAX,
    ) -> None:
        if language not in ("nl", "en"):
            raise ValueError("language is nl or en")
        self.where = where
        self.language = language
        self.retries = retries
        self._way = _way(where, token, timeout)
        # Processes end also when nobody closes the client.
        self._closing = weakref.finalize(self, self._way.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({str(self.where)!r})"

    def close(self) -> None:
        """Ends connections and every process that was started for this client."""
        self._closing()

    def query(
        self,
        text: str,
        *,
        at: str | datetime | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
    ) -> Any:
        """The answer to a SPARQL query: a Table of its rows, a bool for ASK, a Graph of its triples.

        `at` asks the past: a moment with its zone, a snapshot's name, or RFC 3339 text.
        """
        sent = [("query", text), *_moment(at)]
        sent += [("default-graph-uri", graph) for graph in default_graphs]
        sent += [("named-graph-uri", graph) for graph in named_graphs]
        headers = {"Accept": f"{_ROWS}, {_TRIPLES};q=0.9"}
        if sum(len(quote(value)) for _, value in sent) > ADDRESS_CHARACTERS_MAX:
            form: dict[str, list[str]] = {}
            for name, value in sent:
                form.setdefault(name, []).append(value)
            return self._read(self._send("POST", "/sparql", data=form, headers=headers), text)
        return self._read(self._send("GET", "/sparql", params=sent, headers=headers), text)

    def questions(self) -> Table:
        """The catalogue of named questions: name, question in both languages, parameters (`*` must be given)."""
        answer = self._send("GET", "/queries", headers={"Accept": "application/json"})
        rows = tuple(_catalogue_row(found) for found in _json(answer)["questions"])
        return Table(("name", "question_nl", "question_en", "parameters"), rows, query="/queries")

    def ask(self, name: str, *, at: str | datetime | None = None, **parameters: Any) -> Any:
        """The answer to a named question, all pages of it: a Table, or a Graph where the question makes one.

        Parameters as the catalogue says; one that is None is not given. `voice` and `voice_name` are the question's
        `holder`, other columns have its names in Python's spelling (`storyName` is `story_name`).
        """
        given = {key: written(value) for key, value in parameters.items() if value is not None}
        asked = [*{"lang": self.language, **given}.items(), *_moment(at)]
        for restart in range(RESTARTS_MAX + 1):
            try:
                pages = list(self._pages(f"/queries/{quote(name, safe='')}", asked))
            except NotThere as gone:
                if gone.problem is None or gone.problem.status != 410 or restart == RESTARTS_MAX:
                    raise
            else:
                break
        return _joined(pages)

    def stories(self, theme: str | None = None, place: str | None = None, domain: str | None = None) -> Table:
        """Stories, a row for each teller, topic and place; of a theme, a place or a life domain."""
        return cast("Table", self.ask("stories-on-a-theme", theme=theme, place=place, domain=domain))

    def connections(self, thing: str) -> Table:
        """Every connection from or to a thing, with who makes it and why."""
        return cast("Table", self.ask("what-is-connected-to-this", thing=thing))

    def side_by_side(self, theme: str | None = None, place: str | None = None) -> Table:
        """What each party says beside what the others say: cards, connections and responses, each in its own words."""
        return self._page("side_by_side", theme=theme, place=place)

    def still_open(self, theme: str | None = None, place: str | None = None) -> Table:
        """What nobody has connected yet in these data; `what` names the list a row stands in."""
        return self._page("still_open", theme=theme, place=place)

    def document(self, iri: str, *, at: str | datetime | None = None) -> Graph:
        """What was said about one thing, exactly as its holder said it, with whose it is."""
        found = self._graph("/doc", [("iri", iri), *_moment(at)], _TRIPLES)
        return found if found.voice else replace(found, voice=holder(found.content))

    def view(self, party: str, *, at: str | datetime | None = None) -> Graph:
        """All of a party's contributions that this reader may read, each in its graph; by the party's name or IRI."""
        name = quote(party.rstrip("/").rpartition("/")[2], safe="")
        found = self._graph(f"/view/{name}", _moment(at), "application/trig")
        register = self._send("HEAD", f"/doc/{name}", headers={"Accept": _TRIPLES})
        return replace(found, voice=_links(register).get("canonical"))

    def _graph(self, path: str, params: Sequence[tuple[str, str]], accept: str) -> Graph:
        answer = self._send("GET", path, params=params, headers={"Accept": accept})
        links = _links(answer)
        base, found, party = links.get("collection", "").rpartition("/view/")
        return Graph(
            answer.content,
            _media(answer),
            voice=f"{base}/id/{party}" if found else None,
            contribution=links.get("describedby"),
            query=str(answer.url),
            **_standing(answer),
        )

    def _page(self, page: str, **parameters: str | None) -> Table:
        """The items of a page as a table."""
        given = [(key, value) for key, value in parameters.items() if value is not None]
        answer = self._send("GET", _PAGES[page][self.language], params=given, headers={"Accept": "application/json"})
        body = _json(answer)
        items: list[dict[str, Any]] = [{_snake(key): value for key, value in item.items()} for item in body["items"]]
        columns = tuple(dict.fromkeys((*_FIRST_COLUMNS, *(key for item in items for key in item))))
        rows = tuple(tuple(_item_term(column, item.get(column)) for column in columns) for item in items)
        standing = {**_standing(answer), "position": body.get("position")}
        return Table(columns, rows, query=str(answer.url), **standing)

    def _pages(self, path: str, asked: Sequence[tuple[str, str]]) -> Iterator[Table | Graph]:
        """Each page of a named question's answer, at one position."""
        after: str | None = None
        while True:
            params = [*asked, ("limit", str(ROWS_PER_PAGE)), *([("after", after)] if after else [])]
            answer = self._send("GET", path, params=params, headers={"Accept": f"{_ROWS}, {_TRIPLES};q=0.9"})
            yield self._read(answer, str(answer.url))
            following = _links(answer).get("next")
            if following is None:
                return
            after = parse_qs(urlsplit(following).query)["after"][0]

    def _send(self, method: str, url: str, *, headers: Mapping[str, str], **request: Any) -> httpx.Response:
        if not self._closing.alive:
            raise WijkgraafError("This client is closed: open another one")
        return send(
            self._way,
            method,
            url,
            headers={"Accept-Language": self.language, **headers},
            retries=self.retries,
            **request,
        )

    def _read(self, answer: httpx.Response, query: str) -> Any:
        """An answer as what it is."""
        media = _media(answer)
        if media != _ROWS:
            return Graph(answer.content, media, query=query, **_standing(answer))
        body = _json(answer)
        try:
            if "boolean" in body:
                return bool(body["boolean"])
            columns = tuple(body["head"]["vars"])
            rows = tuple(
                tuple(term(row[column]) if column in row else None for column in columns)
                for row in body["results"]["bindings"]
            )
        except (KeyError, TypeError) as error:
            raise Unreadable(f"The answer is not what {_ROWS} looks like: {error!r}") from error
        return Table(columns, rows, query=query, **_standing(answer))


def _way(where: str | Path, token: str | None, timeout: float) -> Way:
    """The way to an address, or into a data folder. Raises ValueError for what is neither."""
    if isinstance(where, str) and re.match(r"[a-z]+://", where):
        url = httpx.URL(where)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("a service has an address that begins with http:// or https://")
        if url.userinfo or url.query:
            raise ValueError("an address carries no password and no token: give the token as an argument of its own")
        return Network(url, token, timeout)
    if token is not None:
        raise ValueError("a data folder is opened by who owns it, without a token")
    folder = Path(where)
    if not (folder / "ledger.sqlite").is_file():
        raise Unreachable(f"No ledger in {folder}. Make one with: wijkgraaf init --data {folder}")
    return Indoors(folder, timeout)


def _moment(at: str | datetime | None) -> list[tuple[str, str]]:
    """`at` as a parameter. Raises ValueError for a moment without a zone: it would be another one elsewhere."""
    if at is None:
        return []
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise ValueError("a moment needs its zone: datetime(…, tzinfo=UTC)")
        return [("at", at.astimezone(UTC).isoformat().replace("+00:00", "Z"))]
    return [("at", at)]


def _catalogue_row(found: Mapping[str, Any]) -> tuple[Term, ...]:
    """One question as a row of the catalogue."""
    words = ", ".join(f"{p['parameter']}{'*' if p['required'] else ''} ({p['type']})" for p in found["parameters"])
    said = found["question"]
    return found["name"], Text(said["nl"], "nl"), Text(said["en"], "en"), words


def _joined(pages: Sequence[Table | Graph]) -> Table | Graph:
    """All pages as one answer, with whose words each row holds in front."""
    first = pages[0]
    if isinstance(first, Graph):
        return first
    rows = tuple(row for page in cast("Sequence[Table]", pages) for row in page.rows)
    names = [_VOICE.get(column, _snake(column)) for column in first.columns]
    order = sorted(range(len(names)), key=lambda place: (names[place] != "voice", names[place] != "voice_name", place))
    return replace(
        first,
        columns=tuple(names[place] for place in order),
        rows=tuple(tuple(row[place] for place in order) for row in rows),
    )


def _item_term(column: str, value: Any) -> Term:
    """One value of an item of a page."""
    if column == "fictional":
        return bool(value == "true")
    if value is None:
        return None
    return Iri(value) if column in _IRIS else str(value)


def _snake(name: str) -> str:
    """`storyName` → `story_name`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def _links(answer: httpx.Response) -> dict[str, str]:
    """What the answer links to, by the kind of link; of alternates, the last."""
    return {rel: target for target, rel in _LINK.findall(answer.headers.get("link", ""))}


def _media(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _json(answer: httpx.Response) -> Any:
    """The answer's JSON. Raises Unreadable."""
    try:
        return json.loads(answer.content)
    except ValueError as error:
        raise Unreadable(f"The answer is not JSON: {error}") from error


def _standing(answer: httpx.Response) -> dict[str, Any]:
    """What the answer says of itself: position, redactions, notes."""
    position = answer.headers.get("wijkgraaf-position", "")
    redactions = answer.headers.get("wijkgraaf-redactions", "")
    notes = answer.headers.get("wijkgraaf-note", "")
    return {
        "position": int(position) if position.isdigit() else None,
        "redactions": int(redactions) if redactions.isdigit() else None,
        "notes": tuple(note for note in notes.split("; ") if note),
    }
