"""A new kind of instrument and a new relation come in by data alone: published, asked and shown without new code."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.running import copy_of, start_service
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
