"""A new kind of instrument and a new relation come in by data alone: published, asked and shown without new code."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.running import ROOT, copy_of, start_service, wijkgraaf
from tests.stories import BASE, PREFIXES

WORDS = """\
@prefix lw: <https://w3id.org/lerende-wijk/def#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix onze: <https://wijk.example/def#> .

onze:Lied a owl:Class ;
    rdfs:subClassOf lw:Instrument ;
    lw:documentClass true ;
    rdfs:label "Lied"@nl, "Song"@en ;
    skos:definition "Een lied dat in de wijk wordt gezongen."@nl, "A song that is sung in the neighbourhood."@en .

<https://wijk.example/id/concept/relation/singsAbout> a skos:Concept ;
    skos:inScheme <https://w3id.org/lerende-wijk/id/scheme/relation> ;
    skos:topConceptOf <https://w3id.org/lerende-wijk/id/scheme/relation> ;
    skos:notation "singsAbout" ;
    skos:prefLabel "bezingt"@nl, "sings about"@en ;
    skos:definition "Het eerste is een lied over het tweede."@nl, "The first is a song about the second."@en ;
    lw:sentence "bezingt"@nl, "sings about"@en .
"""
SONG = (
    PREFIXES
    + f"""\
<{BASE}/id/voorbeeld-bewoners/lied> a <https://wijk.example/def#Lied> ;
    lw:heldBy <{BASE}/id/voorbeeld-bewoners> ; lw:audience audience:public ;
    dcterms:title "Het lied van de singel"@nl ;
    dcterms:description "Wij zingen dit lied elk jaar bij het water."@nl ;
    lw:appliesTo <{BASE}/id/wijk/pl-oost> .
<{BASE}/id/voorbeeld-bewoners/bezingt> a lw:Connection ;
    lw:heldBy <{BASE}/id/voorbeeld-bewoners> ; lw:audience audience:public ;
    lw:from <{BASE}/id/voorbeeld-bewoners/lied> ; lw:to <{BASE}/id/wijk/pl-oost> ;
    lw:relation <https://wijk.example/id/concept/relation/singsAbout> ;
    lw:rationale "In elke regel komt een straat voor."@nl .
"""
)


def test_added_words_count_and_removed_ones_leave_what_was_said(moerwijk_folder: Path, tmp_path: Path) -> None:
    """By command, into the data folder; after removal the song is read as it was, and no new one comes in."""
    folder = tmp_path / "Onze"
    (folder / "ontology").mkdir(parents=True)
    (folder / "ontology" / "onze.ttl").write_text(WORDS)
    data = copy_of(moerwijk_folder, tmp_path)
    headers, where = {"Content-Type": "text/turtle"}, ("--data", str(data))
    wijkgraaf("vocabulary", "add", str(folder), *where)
    assert ["onze"] == [line.split("\t")[0] for line in wijkgraaf("vocabulary", "list", *where).stdout.splitlines()]
    service = start_service(data, BASE)
    with service.client(service.token("voorbeeld-bewoners", "contribute")) as client:
        assert 201 == client.post("/contributions", content=SONG.encode(), headers=headers).status_code
        said = client.get("/doc/voorbeeld-bewoners/lied.nt").text
        assert "Start the service again" in service.run("vocabulary", "remove", "onze").stderr
    service.stop()
    again = start_service(data, BASE)
    try:
        with again.client(again.token("voorbeeld-bewoners", "contribute")) as client:
            assert said == client.get("/doc/voorbeeld-bewoners/lied.nt").text
            other = SONG.replace("voorbeeld-bewoners/lied>", "voorbeeld-bewoners/lied-2>")
            assert 422 == client.post("/contributions", content=other.encode(), headers=headers).status_code
    finally:
        again.stop()


AMISS = {
    "is a word of ours": WORDS.replace("onze:Lied a", "lw:Story a"),
    "has no label in en": WORDS.replace('"Lied"@nl, "Song"@en', '"Lied"@nl'),
    "has no definition in nl": WORDS.replace('"Een lied dat in de wijk wordt gezongen."@nl, ', ""),
    "has no place here": WORDS + "<https://wijk.example/def> owl:imports <https://elsewhere.example/> .",
    "onze.ttl": WORDS[:-4],
}


@pytest.mark.parametrize("said", AMISS)
def test_words_that_may_not_count_say_what_to_mend(tmp_path: Path, said: str) -> None:
    """Words of ours, words without a name in both languages, imports, a file cut off: nothing is added."""
    (tmp_path / "ontology").mkdir()
    (tmp_path / "ontology" / "onze.ttl").write_text(AMISS[said])
    checked = wijkgraaf("vocabulary", "check", str(tmp_path), "--data", str(tmp_path / "data"), check=False)
    assert (1, True) == (checked.returncode, said in " ".join(checked.stderr.split())), checked.stderr


def test_shapes_that_would_loosen_ours_may_not_count(tmp_path: Path) -> None:
    """A shape of ours cannot be switched off, and a shape that no engine reads is told."""
    (tmp_path / "shapes").mkdir()
    where = ("--data", str(tmp_path / "data"))
    file = tmp_path / "shapes" / "onze.ttl"
    file.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <https://w3id.org/lerende-wijk/shapes#Story> sh:deactivated true ."
    )
    off = wijkgraaf("vocabulary", "check", str(tmp_path), *where, check=False)
    assert (1, True) == (off.returncode, "is a word of ours" in " ".join(off.stderr.split()))
    file.write_text((ROOT / "tests" / "data" / "extra" / "shapes" / "short.ttl").read_text())
    assert 0 == wijkgraaf("vocabulary", "check", str(tmp_path), *where).returncode


def test_a_new_kind_and_a_new_relation_need_no_code(moerwijk_folder: Path, tmp_path: Path) -> None:
    """Refused without the words; with them taken in, found by two questions, and shown on the page."""
    extra = tmp_path / "extra"
    (extra / "ontology").mkdir(parents=True)
    (extra / "ontology" / "onze.ttl").write_text(WORDS)
    data = copy_of(moerwijk_folder, tmp_path)
    headers = {"Content-Type": "text/turtle"}

    without = start_service(data, BASE)
    with without.client(without.token("voorbeeld-bewoners", "contribute")) as client:
        refused = client.post("/contributions", content=SONG.encode(), headers=headers)
        assert (422, "UnknownWord") == (refused.status_code, refused.json()["errors"][0]["name"])
    without.stop()

    service = start_service(data, BASE, env={"WIJKGRAAF_EXTRA": f'["{extra}"]'})
    try:
        with service.client(service.token("voorbeeld-bewoners", "contribute")) as client:
            taken = client.post("/contributions", content=SONG.encode(), headers=headers)
            assert 201 == taken.status_code, taken.text
        csv = {"Accept": "text/csv"}
        place = httpx.get(f"{service.url}/queries/instruments-for-a-place?place=pl-oost&lang=en", headers=csv)
        assert any("voorbeeld-bewoners/lied" in line and "Song" in line for line in place.text.splitlines())
        thing = f"{BASE}/id/voorbeeld-bewoners/lied"
        tied = httpx.get(f"{service.url}/queries/what-is-connected-to-this?thing={thing}&lang=nl", headers=csv)
        assert any("bezingt" in line for line in tied.text.splitlines())
        page = httpx.get(f"{service.url}/doc/voorbeeld-bewoners/lied?lang=nl", headers={"Accept": "text/html"})
        assert 200 == page.status_code
        assert {True} == {word in page.text for word in ("Lied", "Het lied van de singel", "bezingt")}
    finally:
        service.stop()
