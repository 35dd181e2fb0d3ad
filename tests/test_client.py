"""The Python client: typed tables in which every row keeps its voice, the same for an address and for a folder."""

from __future__ import annotations

import csv
import http.server
import itertools
import logging
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import rdflib

import service.client as wijk
from service.client import Client, Graph, Iri, Table, Text, Typed, errors
from tests.running import ROOT, Service, copy_of
from tests.stories import BASE, story

LW = "https://w3id.org/lerende-wijk/def#"
XSD = "http://www.w3.org/2001/XMLSchema#"
AGENDA = f"{BASE}/id/gemeente/b-agenda"
# rdflib's own readers of named graphs call deprecated names of rdflib.
THEIR_WARNINGS = "ignore:.*deprecated:DeprecationWarning"


@pytest.fixture(scope="module")
def client(moerwijk: Service) -> Iterator[Client]:
    """A client of the example, as anybody."""
    with Client(moerwijk.url) as opened:
        yield opened


def test_each_term_keeps_its_type_and_its_language(client: Client) -> None:
    """Numbers, moments and truth become Python's, a text keeps its language, and what is ill-typed stays as written."""
    values = {
        "integer": ('"12"^^xsd:integer', 12),
        "year": ('"2023"^^xsd:gYear', 2023),
        "decimal": ('"1.50"^^xsd:decimal', Decimal("1.50")),
        "double": ('"-INF"^^xsd:double', float("-inf")),
        "truth": ("true", True),
        "day": ('"2026-02-28"^^xsd:date', date(2026, 2, 28)),
        "moment": ('"2026-02-28T12:00:00+01:00"^^xsd:dateTime', datetime(2026, 2, 28, 11, tzinfo=UTC)),
        "plain": ('"woord"', "woord"),
        "text": ('"woord"@nl', Text("woord", "nl")),
        "iri": ("<urn:een>", Iri("urn:een")),
        "noDay": ('"2026-02-30"^^xsd:date', Typed("2026-02-30", f"{XSD}date")),
        "noNumber": ('"1_0"^^xsd:integer', Typed("1_0", f"{XSD}integer")),
        "hours": ('"PT1H"^^xsd:duration', Typed("PT1H", f"{XSD}duration")),
    }
    chosen = " ".join(f"({written} AS ?{name})" for name, (written, _) in values.items())
    table = client.query(f"PREFIX xsd: <{XSD}> SELECT {chosen} ?unbound {{}}")
    (row,) = table
    assert {**{name: value for name, (_, value) in values.items()}, "unbound": None} == row
    assert [type(value) for _, value in values.values()] == [type(row[name]) for name in values]
    assert ("nl", f"{XSD}date") == (row["text"].lang, row["noDay"].datatype)
    again = pickle.loads(pickle.dumps(table))
    assert (table, "nl") == (again, again.rows[0][table.columns.index("text")].lang)


def test_each_form_of_query_gives_what_it_is(client: Client) -> None:
    """Rows, a truth, or triples that rdflib reads; and where in the ledger the answer stands."""
    stories = client.query(f"SELECT ?story {{ ?story a <{LW}Story> }} ORDER BY ?story")
    assert (("story",), True, True) == (stories.columns, len(stories) > 20, (stories.position or 0) > 400)
    assert client.query(f"ASK {{ <{stories.rows[0][0]}> a <{LW}Story> }}") is True
    made = client.query(f"CONSTRUCT {{ ?s a <{LW}Story> }} WHERE {{ ?s a <{LW}Story> }}")
    subjects = sorted(str(s) for s in made.to_rdflib().subjects())
    assert [str(row[0]) for row in stories.rows] == subjects
    assert stories.position == made.position


def test_a_long_query_and_its_graphs_arrive(client: Client) -> None:
    """Too long for an address, it goes as a form; the graphs asked for are obeyed, and an unknown one is noted."""
    query = f"SELECT DISTINCT ?holder {{ ?thing <{LW}heldBy> ?holder }} # {'x' * 3000}"
    view = f"{BASE}/view/gemeente"
    assert [f"{BASE}/id/gemeente"] == list(client.query(query, default_graphs=[view]).column("holder"))
    unknown = client.query(query, default_graphs=["urn:nergens"])
    assert (0, True) == (len(unknown), "urn:nergens" in " ".join(unknown.notes))


def test_every_question_gives_each_row_its_voice(client: Client) -> None:
    """All named questions, by the catalogue: whose words a row holds stands in front, as an IRI and as a name."""
    required = {"thing": AGENDA, "party": "gemeente", "place": "pl-oost"}
    named = client.questions()
    assert len(named) > 25
    for row in named:
        words = str(row["parameters"])
        given = {name: value for name, value in required.items() if f"{name}* " in words}
        table = client.ask(str(row["name"]), **given)
        assert ("voice", "voice_name") == table.columns[:2], row["name"]
        for found in table:
            assert isinstance(found["voice"], Iri), row["name"]


def test_statements_of_every_kind_keep_their_voice(client: Client) -> None:
    """Stories, connections, what is open and what stands side by side: each row names its party and who read it."""
    tables = {
        "stories": client.stories(theme="housing"),
        "connections": client.connections(AGENDA),
        "beside": client.side_by_side(theme="housing"),
        "open": client.still_open(),
    }
    for name, table in tables.items():
        assert len(table) > 3, name
        assert ("voice", "voice_name") == table.columns[:2], name
        about_places = [row for row in table if row.get("what") == "voiceless"]
        assert all(row["voice"] and row["voice_name"] for row in table if row not in about_places), name
    beside = {(row["voice"], row["read_by"]) for row in tables["beside"] if row["item"] == AGENDA}
    assert {(f"{BASE}/id/gemeente", f"{BASE}/id/redactie")} == beside
    assert len({row["voice"] for row in tables["beside"]}) > 5
    nowhere = client.ask("open-calls", place="nergens")
    assert (0, ("unknown place: nergens",)) == (len(nowhere), nowhere.notes)
    assert repr(nowhere).endswith("; unknown place: nergens>")
    narrower = client.stories(theme="housing", place="pl-oost")
    assert len(narrower) < len(tables["stories"])


@pytest.mark.filterwarnings(THEIR_WARNINGS)
def test_a_document_and_a_view_say_whose_they_are(client: Client) -> None:
    """As triples that are exactly the holder's, with the holder and the receipt; a view holds one voice."""
    document = client.document(AGENDA)
    assert f"{BASE}/id/gemeente" == document.voice
    assert (document.contribution or "").startswith(f"{BASE}/contributions/")
    assert (rdflib.URIRef(AGENDA), rdflib.URIRef(f"{LW}heldBy"), rdflib.URIRef(document.voice or "")) in (
        document.to_rdflib()
    )
    for asked in ("gemeente", f"{BASE}/id/gemeente"):
        view = client.view(asked)
        holders = set(view.to_rdflib().objects(None, rdflib.URIRef(f"{LW}heldBy")))
        assert ({f"{BASE}/id/gemeente"}, f"{BASE}/id/gemeente") == ({str(h) for h in holders}, view.voice)


def test_all_pages_are_followed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small pages hold the rows of one large one, in the same order."""
    whole = client.ask("instruments-for-a-place")
    monkeypatch.setattr(wijk, "ROWS_PER_PAGE", 7)
    paged = client.ask("instruments-for-a-place")
    assert len(whole) > 70
    assert (whole.columns, whole.rows) == (paged.columns, paged.rows)


def test_pages_begin_again_when_somebody_publishes_meanwhile(shared: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer holds at one position: what came between the pages is in the whole answer, and in it once."""
    shared.run("party", "add", "tussendoor", "--name", "Tussendoor", "--perspective", "residents")
    token = shared.token("tussendoor", "contribute")
    monkeypatch.setattr(wijk, "ROWS_PER_PAGE", 30)
    numbers = itertools.count()
    with Client(shared.url) as reader, shared.client(token) as writer:
        sent = reader._way.request

        def publish_after_the_first_page(*words: Any, **more: Any) -> Any:
            answer = sent(*words, **more)
            if next(numbers) == 0:
                text = story("tussendoor", "nieuw", text="Tussen twee bladzijden.")
                taken = writer.post("/contributions", content=text, headers={"Content-Type": "text/turtle"})
                assert 201 == taken.status_code
            return answer

        monkeypatch.setattr(reader._way, "request", publish_after_the_first_page)
        table = reader.stories()
    assert [f"{BASE}/id/tussendoor/nieuw"] == [row["story"] for row in table if row["voice_name"] == "Tussendoor"]
    assert len(set(table.rows)) == len(table.rows)


def test_tables_go_to_data_frames_and_files(client: Client, tmp_path: Path) -> None:
    """pandas, polars, Arrow, CSV: the same rows and columns, numbers as numbers, languages where they are asked for."""
    table = client.stories()
    years = [value for value in table.column("issued") if value is not None]
    assert years
    assert all(isinstance(year, int) for year in years)
    frame, polar, arrow = table.to_pandas(), table.to_polars(), table.to_arrow()
    table.to_csv(tmp_path / "stories.csv")
    with (tmp_path / "stories.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert {table.columns} == {tuple(frame.columns), tuple(polar.columns), tuple(arrow.column_names), tuple(rows[0])}
    for name in ("voice", "story", "text"):
        values = list(table.column(name))
        assert values == frame[name].tolist() == polar[name].to_list() == arrow[name].to_pylist()
        assert values == [row[table.columns.index(name)] for row in rows[1:]]
    assert sum(years) == frame["issued"].sum() == polar["issued"].sum()
    assert (frame["issued"].isna().sum(), "Int64") == (len(table) - len(years), str(frame["issued"].dtype))
    tagged = table.to_pandas(languages=True)
    assert {"en", "nl"} >= set(tagged["text_lang"].dropna()) != set()
    empty = client.stories(theme="housing", place="wijk/nergens")
    assert (0, 0, 0, 0) == (len(empty), len(empty.to_pandas()), len(empty.to_polars()), len(empty.to_arrow()))


def test_columns_of_several_types_and_large_numbers_become_text(client: Client) -> None:
    """Nothing is rounded or dropped: what one type cannot hold is given as it is written, in every library."""
    mixed = client.query(
        f"PREFIX xsd: <{XSD}> SELECT ?mixed ?large ?when {{ VALUES (?mixed ?large ?when) {{"
        '(1 123456789012345678901234567890 "2026-01-01T00:00:00Z"^^xsd:dateTime)'
        '("een"@nl 2 "2026-01-01T00:00:00"^^xsd:dateTime) (UNDEF UNDEF UNDEF) } }'
    )
    assert ((1, 123456789012345678901234567890), ("een", 2)) == tuple(row[:2] for row in mixed.rows[:2])
    for name, expected in (
        ("mixed", ["1", "een"]),
        ("large", ["123456789012345678901234567890", "2"]),
        ("when", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00"]),
    ):
        assert expected == mixed.to_pandas()[name].tolist()[:2]
        assert [*expected, None] == mixed.to_polars()[name].to_list() == mixed.to_arrow()[name].to_pylist()


def test_a_notebook_shows_words_as_words() -> None:
    """Markup in a text is text, only web addresses are links, and a long table says how much of it stands there."""
    rows = (("<script>x</script>", Iri("javascript:alert(1)"), Iri("https://example.org/?a='b'"), Text("hoi", "nl")),)
    shown = Table(("a", "b", "c", "d"), rows * 150, position=3, notes=("<b>",))._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "href='javascript" not in shown
    assert "href='https://example.org/?a=&#x27;b&#x27;'" in shown
    assert "<td lang='nl'>hoi</td>" in shown
    assert "the first 100 of 150 rows, at position 3" in shown


@pytest.mark.parametrize(("name", "extra"), [("pandas", "pandas"), ("polars", "polars"), ("pyarrow", "parquet")])
def test_a_missing_library_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch, name: str, extra: str) -> None:
    """No ImportError from inside, but what to install."""
    monkeypatch.setitem(sys.modules, name, None)
    table = Table(("a",), ((1,),))
    convert = {"pandas": table.to_pandas, "polars": table.to_polars, "pyarrow": table.to_arrow}[name]
    with pytest.raises(errors.NotInstalled, match=rf"wijkgraaf\[{extra}\]"):
        convert()


def test_errors_carry_the_problem(moerwijk: Service) -> None:
    """By kind, with words in the client's language, the place in the query, and the limit that was met."""
    with Client(moerwijk.url, language="nl") as dutch:
        with pytest.raises(errors.Unclear, match="regel 2") as unclear:
            dutch.query("SELECT *\nWHERE { ?s ?p }")
        assert unclear.value.problem is not None
        assert (400, 2) == (unclear.value.problem.status, unclear.value.problem.line)
        assert (unclear.value.problem.column or 0) > 1
        assert "QueryUnclear" == unclear.value.problem.errors[0]["name"]
        with pytest.raises(errors.Unavailable) as late:
            dutch.query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
        assert late.value.problem is not None
        assert ("3 s", None) == (late.value.problem.limit, late.value.problem.retry_after)
        with pytest.raises(errors.NotThere, match="open-calls"):
            dutch.ask("open-cals")
        with pytest.raises(errors.NotThere):
            dutch.document(f"{BASE}/id/gemeente/nergens")
        with pytest.raises(errors.Unclear, match="shops"):
            dutch.stories(theme="winkels")
    with Client(moerwijk.url, token="nonsense") as unknown, pytest.raises(errors.NotAllowed):
        unknown.query("ASK {}")
    with Client("http://127.0.0.1:9") as nobody, pytest.raises(errors.Unreachable):
        nobody.questions()


@dataclass
class Elsewhere:
    """A server that is not ours: it answers what it is told to, and keeps what it was sent."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """It, listening on a port of its own."""
    state = Elsewhere()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, dict(self.headers)))
            status, headers, body = state.answers.pop(0)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


TRUE = (200, {"Content-Type": "application/sparql-results+json"}, b'{"head": {}, "boolean": true}')


def test_it_comes_back_when_the_service_says_when(elsewhere: Elsewhere) -> None:
    """429 and 503 with Retry-After, as often as `retries` allows and no oftener; without it, and for others, never."""
    busy = (429, {"Retry-After": "0"}, b"")
    past = (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"")
    with Client(elsewhere.url, retries=2) as patient:
        elsewhere.answers = [busy, past, TRUE]
        assert patient.query("ASK {}") is True
        elsewhere.answers = [busy, busy, busy, TRUE]
        with pytest.raises(errors.Unavailable) as told:
            patient.query("ASK {}")
        assert told.value.problem is not None
        assert (429, 0.0, [TRUE]) == (told.value.problem.status, told.value.problem.retry_after, elsewhere.answers)
        for answer in ((503, {}, b""), (429, {"Retry-After": "3600"}, b""), (500, {"Retry-After": "0"}, b"")):
            elsewhere.answers = [answer, TRUE]
            with pytest.raises((errors.Unavailable, errors.Broken)):
                patient.query("ASK {}")
            assert [TRUE] == elsewhere.answers


def test_it_goes_to_no_other_host_and_tells_nobody_its_token(
    elsewhere: Elsewhere, caplog: pytest.LogCaptureFixture
) -> None:
    """A redirect to another host or port is an error, one to itself is followed; no log or error has the token."""
    caplog.set_level(logging.DEBUG)
    with Client(elsewhere.url, token="geheim-123") as client:
        for other in ("http://127.0.0.1:9/sparql", "https://example.org/", "//example.org/sparql"):
            elsewhere.answers = [(302, {"Location": other}, b"")]
            with pytest.raises(errors.Elsewhere) as gone:
                client.query("ASK {}")
            assert "geheim-123" not in f"{gone.value!r} {gone.value}"
        elsewhere.asked.clear()
        elsewhere.answers = [(307, {"Location": "/elders"}, b""), TRUE]
        assert client.query("ASK {}") is True
        assert ["/elders"] == [path for path, _ in elsewhere.asked[1:]]
        assert {"Bearer geheim-123"} == {headers["Authorization"] for _, headers in elsewhere.asked}
        elsewhere.answers = [(302, {"Location": "/rond"}, b"")] * 5
        with pytest.raises(wijk.WijkgraafError, match="circle"):
            client.query("ASK {}")
        assert "geheim-123" not in f"{client!r} {client.__dict__['where']}"
    assert "geheim-123" not in caplog.text
    for address in ("http://u:p@127.0.0.1/", "ftp://127.0.0.1", "http://127.0.0.1/?token=x"):
        with pytest.raises(ValueError, match="address"):
            Client(address)


def test_what_is_no_answer_is_told(elsewhere: Elsewhere) -> None:
    """A page of HTML where an error's words should be, JSON that breaks off, rows without a head: errors of ours."""
    json_type = {"Content-Type": "application/sparql-results+json"}
    with Client(elsewhere.url) as client:
        elsewhere.answers = [(502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>")]
        with pytest.raises(errors.Broken, match="502"):
            client.query("ASK {}")
        for body in (b'{"head":', b"[]", b'{"head": {"vars": ["a"]}, "results": {"bindings": [{"a": {}}]}}'):
            elsewhere.answers = [(200, json_type, body)]
            with pytest.raises(errors.Unreadable):
                client.query("ASK {}")


def test_the_past_is_asked_with_a_zone(elsewhere: Elsewhere) -> None:
    """`at` goes along as RFC 3339 in UTC or as a name; a moment without a zone is refused, redactions are told."""
    told = {**TRUE[1], "Wijkgraaf-Position": "7", "Wijkgraaf-Redactions": "2"}
    rows = b'{"head": {"vars": []}, "results": {"bindings": []}}'
    with Client(elsewhere.url) as client:
        elsewhere.answers = [(200, told, rows)] * 2
        moment = datetime.fromisoformat("2026-03-01T12:30:00+01:00")
        answers = [client.query("ASK {}", at=moment), client.ask("open-calls", at="lente 2026")]
        assert [(7, 2)] * 2 == [(answer.position, answer.redactions) for answer in answers]
        assert "at=2026-03-01T11%3A30%3A00Z" in elsewhere.asked[0][0]
        assert "at=lente+2026" in elsewhere.asked[1][0].replace("%20", "+")
        with pytest.raises(ValueError, match="zone"):
            client.query("ASK {}", at=datetime(2026, 3, 1))


def children() -> set[int]:
    """The processes that this one has started and that have not ended."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


@pytest.mark.filterwarnings(THEIR_WARNINGS)
def test_a_folder_answers_like_an_address(moerwijk: Service, tmp_path: Path) -> None:
    """Through the socket of a running service, and opened here where none runs: the same; closing ends each process."""
    query = f"SELECT ?story ?holder {{ ?story a <{LW}Story> ; <{LW}heldBy> ?holder }} ORDER BY ?story"
    before = children()
    with Client(moerwijk.url, moerwijk.token("gemeente", "read-partners")) as address:
        expected = (address.query(query), address.side_by_side(theme="housing").rows, address.view("gemeente").content)
    with Client(moerwijk.data) as running:
        assert before == children()
        found = (running.query(query), running.side_by_side(theme="housing").rows, running.view("gemeente").content)
    assert expected == found
    closed = copy_of(moerwijk.data, tmp_path)
    with Client(str(closed)) as opened:
        assert before < children()
        found = (opened.query(query), opened.side_by_side(theme="housing").rows, opened.view("gemeente").content)
        with pytest.raises(errors.Unclear):
            opened.query("SELECT")
        with pytest.raises(errors.Unreachable, match="another process"):
            Client(closed)
    assert (expected, before) == (found, children())
    opened.close()  # Twice does no harm.
    with pytest.raises(wijk.WijkgraafError, match="closed"):
        opened.query(query)


def test_who_forgets_to_close_leaves_nothing_running(moerwijk_folder: Path, tmp_path: Path) -> None:
    """A script that opens a folder and ends: so do its processes."""
    script = (
        "import pathlib, sys; from service.client import Client\n"
        "client = Client(sys.argv[1]); assert client.query('ASK { ?s ?p ?o }')\n"
        "tasks = pathlib.Path('/proc/self/task').iterdir()\n"
        "print(' '.join((task / 'children').read_text() for task in tasks))"
    )
    words = [sys.executable, "-W", "error", "-c", script, str(copy_of(moerwijk_folder, tmp_path))]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (0, "") == (done.returncode, done.stderr)
    started = [int(pid) for pid in done.stdout.split()]
    assert started
    assert [] == [pid for pid in started if Path(f"/proc/{pid}").exists() and os.getpgid(pid)]


def test_a_folder_without_a_ledger_is_told(tmp_path: Path) -> None:
    """With the command that makes one; a token has no place there, and a graph knows its bytes."""
    with pytest.raises(errors.Unreachable, match="wijkgraaf init"):
        Client(tmp_path / "nergens")
    with pytest.raises(ValueError, match="without a token"):
        Client(tmp_path, token="x")
    assert b"<a> <b> <c> ." == bytes(Graph(b"<a> <b> <c> .", "text/turtle"))


@pytest.mark.filterwarnings(THEIR_WARNINGS)
def test_the_past_answers_as_it_was(shared: Service) -> None:
    """A query, a document and a viewpoint at a moment: the words of then, with position and what is gone since."""
    shared.run("party", "add", "toen", "--name", "Toen", "--perspective", "residents")
    token = shared.token("toen", "contribute")
    mine = f"{BASE}/id/toen/lamp"
    query = f"SELECT ?text {{ <{mine}> <http://purl.org/dc/terms/description> ?text }}"
    with Client(shared.url) as reader, shared.client(token) as writer:

        def say(text: str) -> datetime:
            body = story("toen", "lamp", text=text).encode()
            headers = {"Content-Type": "text/turtle"}
            assert 201 == writer.post("/contributions?replace=true", content=body, headers=headers).status_code
            time.sleep(0.002)
            return datetime.now(UTC)

        moments = {text: say(text) for text in ("De lamp is stuk.", "De lamp brandt.")}
        answers = {text: reader.query(query, at=at) for text, at in moments.items()}
        assert {text: [(text,)] for text in moments} == {text: list(a.rows) for text, a in answers.items()}
        first, second = answers.values()
        assert (1, 0) == ((second.position or 0) - (first.position or 0), first.redactions)
        for text, at in moments.items():
            for graph in (reader.document(mine, at=at), reader.view("toen", at=at)):
                others = moments.keys() - {text}
                assert (True, []) == (text in str(graph), [other for other in others if other in str(graph)])
                assert f"{BASE}/id/toen" == graph.voice
        shared.run("withdraw", mine)
        with pytest.raises(errors.NotThere):
            reader.document(mine)
        assert ["De lamp is stuk."] == list(reader.query(query, at=moments["De lamp is stuk."]).column("text"))
        with pytest.raises(errors.Unclear):
            reader.query(query, at="geen tijd")
