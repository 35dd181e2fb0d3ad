"""Taking away: a party gets all that is its own, with what others replied, as a zip that anybody can check."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from kg.vocabulary import PROV
from tests.running import Service, wijkgraaf
from tests.stories import BASE, connection, response, story

HOLDER, OTHER = "voorbeeld-bewoners", "voorbeeld-gemeente"
TURTLE = {"Content-Type": "text/turtle"}


def opened(body: bytes) -> dict[str, bytes]:
    """The files of a zip, by path."""
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def quads(body: bytes) -> list[ox.Quad]:
    """N-Quads, parsed."""
    return list(ox.parse(body, format=ox.RdfFormat.N_QUADS))


def put(client: httpx.Client, body: str, **params: str) -> dict[str, str]:
    """Publishes one document; its item on the receipt."""
    answer = client.post("/contributions", content=body.encode(), headers=TURTLE, params=params)
    assert answer.is_success, answer.text
    item: dict[str, str] = answer.json()["contributions"][0]
    return item


@pytest.fixture(scope="module")
def taken(shared: Service) -> dict[str, bytes]:
    """What the holder takes away after it published, replaced, withdrew and erased, and others replied."""
    with (
        shared.client(shared.token(HOLDER, "contribute")) as own,
        shared.client(shared.token(OTHER, "contribute")) as other,
    ):
        put(own, story(HOLDER, "t-1", text="Eerste woorden"))
        put(own, story(HOLDER, "t-1", text="Latere woorden"), replace="true")
        put(own, story(HOLDER, "t-own", text="Voor mijzelf", audience="own"))
        put(own, story(HOLDER, "t-gone", text="Ingetrokken woorden"))
        put(own, story(HOLDER, "t-erased", text="Gewiste woorden"))
        assert own.delete(f"/doc/{HOLDER}/t-gone").is_success
        assert own.delete(f"/doc/{HOLDER}/t-erased", params={"erase": "true"}).is_success
        put(other, response(OTHER, "t-reply", f"{BASE}/id/{HOLDER}/t-1", why="Dat herkennen wij."))
        agenda = f"{BASE}/id/gemeente/b-agenda"
        put(other, connection(OTHER, "t-hidden", f"{BASE}/id/{HOLDER}/t-1", agenda, audience="own"))
        answer = own.get(f"/export/{HOLDER}")
    assert (200, "application/zip") == (answer.status_code, answer.headers["content-type"])
    assert "private, no-store" == answer.headers["cache-control"]
    return opened(answer.content)


def test_all_that_is_its_own_is_in_it_each_in_its_place(taken: dict[str, bytes]) -> None:
    """Present words, earlier ones and withdrawn ones apart; erased ones nowhere; replies as far as it may read them."""
    assert b"Latere woorden" in taken["viewpoint.nq"]
    assert b"Voor mijzelf" in taken["viewpoint.nq"]
    assert b"Eerste woorden" in taken["versions.nq"]
    assert b"Ingetrokken woorden" in taken["versions.nq"]
    assert b"Dat herkennen wij." in taken["replies.nq"]
    assert f"<{BASE}/id/{OTHER}>".encode() in taken["replies.nq"]
    everything = b"".join(taken.values())
    assert [] == [one for one in (b"Gewiste woorden", b"t-hidden") if one in everything]
    graphs = {quad.graph_name for quad in quads(taken["viewpoint.nq"])}
    documents = [name for name in taken if name.startswith("documents/")]
    assert len(graphs) == len(documents)
    alone = {str(one.triple) for name in documents for one in ox.parse(taken[name], format=ox.RdfFormat.TURTLE)}
    assert {str(quad.triple) for quad in quads(taken["viewpoint.nq"])} == alone


def test_a_program_and_a_person_can_tell_what_is_in_it(taken: dict[str, bytes]) -> None:
    """Every file has its checksum and stands in the RO-Crate; words and provenance are readable RDF; two READMEs."""
    sums = dict(reversed(line.split("  ")) for line in taken["manifest-sha256.txt"].decode().splitlines())
    assert {name: hashlib.sha256(body).hexdigest() for name, body in taken.items() if name in sums} == sums
    assert {"manifest-sha256.txt"} == taken.keys() - sums.keys()
    graph = {one["@id"]: one for one in json.loads(taken["ro-crate-metadata.json"])["@graph"]}
    parts = {one["@id"] for one in graph["./"]["hasPart"]}
    assert sums.keys() - {"ro-crate-metadata.json"} == parts
    assert f"{BASE}/view/{HOLDER}" == graph["./"]["identifier"]
    assert all(graph[name]["contentSize"] == str(len(taken[name])) for name in parts)
    assert all(
        f"`{name}`".encode() in taken[readme]
        for readme in ("README.md", "LEESMIJ.md")
        for name in ("viewpoint.nq", "versions.nq", "replies.nq", "receipts.jsonl", "provenance.ttl")
    )
    told = list(ox.parse(taken["provenance.ttl"], format=ox.RdfFormat.TURTLE))
    generated = {one.subject.value for one in told if one.predicate.value == f"{PROV}generatedAtTime"}
    spoken = {
        str(quad.graph_name)[1:-1]
        for name in ("viewpoint.nq", "versions.nq", "replies.nq")
        for quad in quads(taken[name])
    }
    assert spoken <= generated
    assert any(one.predicate.value == f"{PROV}wasRevisionOf" for one in told)
    assert any(one.predicate.value == f"{PROV}invalidatedAtTime" for one in told)
    assert list(ox.parse(taken["vocabulary.ttl"], format=ox.RdfFormat.TURTLE))
    assert "@context" in json.loads(taken["context.jsonld"])


def test_the_receipts_prove_that_the_words_still_stand(
    shared: Service, taken: dict[str, bytes], tmp_path: Path
) -> None:
    """`verify --url --receipts` is sound with them, and finds a receipt that was altered."""
    kept = tmp_path / "receipts.jsonl"
    kept.write_bytes(taken["receipts.jsonl"])
    words = ("verify", "--url", shared.url, "--party", HOLDER, "--receipts", str(kept))
    sound = wijkgraaf(*words, "--token", shared.token(HOLDER, "contribute"), check=False)
    assert (0, True) == (sound.returncode, "sound" in sound.stdout), sound.stdout + sound.stderr
    lines = [json.loads(line) for line in taken["receipts.jsonl"].splitlines()]
    one = next(line for line in lines if line["document"] == f"{BASE}/id/{HOLDER}/t-1" and line["supersededBy"] is None)
    one["digest"] = hashlib.sha256(b"iets anders").hexdigest()
    kept.write_text("\n".join(map(json.dumps, lines)))
    assert 1 == wijkgraaf(*words, "--token", shared.token(HOLDER, "contribute"), check=False).returncode


def test_nobody_else_takes_it_away(shared: Service) -> None:
    """Without a token 401, another party or a lesser right 403 with what to do, no such party 404; a stray word 400."""
    with shared.client() as nobody:
        assert 401 == nobody.get(f"/export/{HOLDER}").status_code
    with shared.client(shared.token(OTHER, "contribute")) as other:
        refused = other.get(f"/export/{HOLDER}")
        assert (403, "ExportElsewhere") == (refused.status_code, refused.json()["errors"][0]["name"])
        assert 404 == other.get("/export/bestaat-niet").status_code
        assert 400 == other.get(f"/export/{OTHER}", params={"at": "gisteren"}).status_code
    with shared.client(shared.token(HOLDER, "read-partners")) as reader:
        assert 403 == reader.get(f"/export/{HOLDER}").status_code
    with shared.client(shared.token("wijk", "steward")) as steward:
        assert 403 == steward.get(f"/export/{HOLDER}").status_code


def test_the_command_writes_a_file_that_only_its_owner_reads(shared: Service, tmp_path: Path) -> None:
    """On the folder and over HTTP; what is there is not overwritten (exit 2); nothing is left of what failed."""
    file, far = tmp_path / "a.zip", tmp_path / "b.zip"
    shared.run("export", "--party", HOLDER, "--to", str(file))
    assert (0o600, True) == (file.stat().st_mode & 0o777, "viewpoint.nq" in opened(file.read_bytes()))
    assert 2 == shared.run("export", "--party", HOLDER, "--to", str(file), check=False).returncode
    token = shared.token(HOLDER, "contribute")
    wijkgraaf("export", "--party", HOLDER, "--to", str(far), "--url", shared.url, "--token", token)
    assert opened(far.read_bytes())["viewpoint.nq"] == opened(file.read_bytes())["viewpoint.nq"]
    gone = tmp_path / "c.zip"
    assert 1 == shared.run("export", "--party", "bestaat-niet", "--to", str(gone), check=False).returncode
    assert {"a.zip", "b.zip"} == {one.name for one in tmp_path.iterdir()}
