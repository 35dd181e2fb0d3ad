"""Pages of an event stream, catalogues and tables → what can be taken in; nothing is fetched to read them."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from kg.gathering import gather
from kg.harvesting.bringing import members_from
from kg.harvesting.recipes import ours, read_mapping, recipe_bytes
from kg.objection import Objection
from kg.streams import Member, Page, Paths, newest, read_page

BASE = "http://127.0.0.1:8000"
STREAM = """\
@prefix ldes: <https://w3id.org/ldes#> .
@prefix tree: <https://w3id.org/tree#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix as: <https://www.w3.org/ns/activitystreams#> .
@prefix lw: <https://w3id.org/lerende-wijk/def#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
AT = "https://partner.example/feed"


def page(text: str, known: Paths | None = None) -> Page:
    """What a page says, in TriG."""
    return read_page(ox.parse((STREAM + text).encode(), format=ox.RdfFormat.TRIG, base_iri=AT), AT, known)


def triples(member: Member) -> set[str]:
    """Its lines."""
    return set(member.triples.decode().splitlines())


VERSIONS = """
<#stream> a ldes:EventStream ; ldes:timestampPath dcterms:created ; ldes:versionOfPath dcterms:isVersionOf ;
    tree:view <> ; tree:member <v1>, <v2>, <v3> .
<> a tree:Node ; tree:relation [ a tree:GreaterThanOrEqualToRelation ; tree:node <feed?page=2> ], <#back> .
<#back> tree:node <feed> .
<v1> dcterms:isVersionOf <a> ; dcterms:created "2026-01-01T12:00:00+02:00"^^xsd:dateTime ; dcterms:title "Oud"@nl .
<v2> dcterms:isVersionOf <a> ; dcterms:created "2026-01-01T11:00:00Z"^^xsd:dateTime ; dcterms:title "Nieuw"@nl ;
    lw:toldBy <v2#teller> .
<v2#teller> lw:role "een bewoner"@nl .
<v3> dcterms:isVersionOf <b> ; dcterms:created "2026-01-02T00:00:00Z"^^xsd:dateTime ; a as:Delete .
"""


def test_a_version_becomes_the_document_with_its_parts() -> None:
    """What made it a version is left out, its name becomes the document's, and its parts come along."""
    found = {member.iri.rsplit("/", 1)[-1]: member for member in page(VERSIONS).members}
    a = "https://partner.example/a"
    assert triples(found["v2"]) == {
        f'<{a}> <http://purl.org/dc/terms/title> "Nieuw"@nl .',
        f"<{a}> <https://w3id.org/lerende-wijk/def#toldBy> <{a}#teller> .",
        f'<{a}#teller> <https://w3id.org/lerende-wijk/def#role> "een bewoner"@nl .',
    }
    assert (found["v3"].ended, found["v3"].triples) == (True, b"")


def test_the_newest_version_is_the_latest_instant_not_the_latest_text() -> None:
    """12:00 at +02:00 is before 11:00 UTC; the order of the members does not matter."""
    members = page(VERSIONS).members
    for order in (members, members[::-1]):
        last = newest(order)
        assert {d.rsplit("/", 1)[-1]: m.iri.rsplit("/", 1)[-1] for d, m in last.items()} == {"a": "v2", "b": "v3"}


def test_a_sequence_decides_between_equal_times() -> None:
    """By number, so that 10 comes after 9."""
    text = """<#s> a ldes:EventStream ; ldes:sequencePath lw:place ; tree:member <x>, <y> .
        <x> dcterms:isVersionOf <d> ; dcterms:created "2026-01-01T00:00:00Z" ; lw:place 10 .
        <y> dcterms:isVersionOf <d> ; dcterms:created "2026-01-01T00:00:00Z" ; lw:place 9 ."""
    assert newest(page(text).members)["https://partner.example/d"].iri == "https://partner.example/x"


def test_a_page_leads_on_and_never_back_to_itself() -> None:
    """Relations by name or without one; the address of a stream leads to its view."""
    assert page(VERSIONS).onward == ("https://partner.example/feed?page=2",)
    assert page("<#s> a ldes:EventStream ; tree:view <feed?page=1> .").onward == (
        "https://partner.example/feed?page=1",
    )


def test_a_member_in_a_graph_of_its_own_is_what_stands_there() -> None:
    """As a stream in TriG gives it; what is said around it is not the document's."""
    text = """<#s> a ldes:EventStream ; tree:member <c1> .
        <c1> dcterms:isVersionOf <d> ; dcterms:created "2026-01-01T00:00:00Z" ; lw:recordedBy <somebody> .
        <c1> { <d> dcterms:title "Titel"@nl . <d#part> lw:role "x"@nl . }"""
    (member,) = page(text).members
    d = "https://partner.example/d"
    assert triples(member) == {
        f'<{d}> <http://purl.org/dc/terms/title> "Titel"@nl .',
        f'<{d}#part> <https://w3id.org/lerende-wijk/def#role> "x"@nl .',
    }


def test_the_words_of_the_first_page_hold_on_the_next() -> None:
    """A page in the middle need not say again by which words the stream orders its members."""
    first = page("<#s> a ldes:EventStream ; ldes:timestampPath dcterms:issued ; ldes:versionOfPath dcterms:source .")
    text = """<#s> tree:member <x> . <x> dcterms:source <d> ; dcterms:issued "2026-01-01" ."""
    (member,) = page(text, first.paths).members
    assert (member.document, member.time) == ("https://partner.example/d", "2026-01-01")


def test_what_is_no_stream_says_so() -> None:
    """A page without a collection has none."""
    assert page("<a> dcterms:title 'x' .").stream is None


def test_members_cross_to_the_other_process_as_they_are() -> None:
    """What a checker sends is what it read."""
    text = (STREAM + VERSIONS).encode()
    found = gather("page", {"address": AT, "media_type": "text/turtle", "paths": None}, text)
    assert not isinstance(found, Objection)
    fields, body = found
    assert members_from(fields["members"], body) == list(page(VERSIONS).members)


@pytest.mark.parametrize(
    ("text", "name"),
    [("<a> <b> .", "SyntaxUnclear"), ("<a> <b> " + "[ <b> " * 3000 + "1" + "]" * 3000 + " .", "TooNested")],
)
def test_a_page_that_cannot_be_read_is_told(text: str, name: str) -> None:
    """With the same names as a contribution, and before a parser would end its process."""
    found = gather("page", {"address": AT, "media_type": "text/turtle", "paths": None}, text.encode())
    assert isinstance(found, Objection)
    assert found.name == name


DCAT = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dcterms: <http://purl.org/dc/terms/> .
<https://p.example/wonen> a dcat:Dataset ; dcat:distribution
    [ dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ; dcat:downloadURL <wonen.csv> ],
    [ dcterms:format <http://publications.europa.eu/resource/authority/file-type/RDF_XML> ; dcat:accessURL <w.rdf> ],
    [ dcat:mediaType "text/turtle" ; dcat:downloadURL <wonen.ttl> ; dcat:accessURL <page> ] .
<https://p.example/zorg> a dcat:Dataset .
"""


def chosen(dataset: str | None, text: str = DCAT) -> dict[str, str] | str:
    """The file of a dataset, or the name of the objection."""
    head = {"address": "https://p.example/catalogue", "media_type": "text/turtle", "dataset": dataset}
    found = gather("catalogue", head, text.encode())
    return found.name if isinstance(found, Objection) else found[0]


def test_the_file_of_a_dataset_is_found_by_its_media_type() -> None:
    """Written as an address, as text or by the EU's list; what is quickest to read is taken."""
    found = chosen("https://p.example/wonen")
    assert found == {"address": "https://p.example/wonen.ttl", "media_type": "text/turtle"}
    only_xml = DCAT.replace('"text/turtle"', '"text/html"')
    assert chosen("https://p.example/wonen", only_xml) == {
        "address": "https://p.example/w.rdf",
        "media_type": "application/rdf+xml",
    }


def test_a_dataset_is_named_where_there_are_several() -> None:
    """And one without a file in a format of ours says so."""
    assert chosen(None) == "CatalogueUnclear"
    assert chosen("https://p.example/nothing") == "CatalogueUnclear"
    assert chosen("https://p.example/zorg") == "DistributionMissing"


PROPOSALS = """\
id;author/name;author/url;participatory_space/url;title/nl;title/en;body/nl;state;votes;published_at;url;is_amend
7;Somebody;https://p.example/u;https://p.example/s;Meer bankjes;More benches;"<p>Bij het plein; dat &amp; daar.</p>";accepted;3;2026-02-03 10:00:00 +0100;https://p.example/f/7;false
8;Somebody;;;Weg ermee;;x;withdrawn;0;2026-02-03;https://p.example/f/8;false
9;Somebody;;;Een wijziging;;x;;0;2026-02-03;https://p.example/f/9;true
10;Somebody;;;Zonder dag;;;;0;;javascript:alert(1);
"""  # noqa: E501


def rows(text: str, name: str = "decidim-proposals") -> str:
    """The triples of a table by one of our mappings, or the name of the objection."""
    recipe = recipe_bytes(name)
    assert isinstance(recipe, bytes)
    mapping = read_mapping(recipe, name, f"{BASE}/id/gemeente")
    assert not isinstance(mapping, Objection)
    found = gather("table", {"address": AT, "holder": f"{BASE}/id/gemeente", "mapping": mapping}, text.encode())
    return found.name if isinstance(found, Objection) else found[1].decode()


def test_a_row_becomes_a_document_of_the_publisher() -> None:
    """Title, text without its marks, day and address; who wrote it is not read at all."""
    found = rows(PROPOSALS)
    seven = f"<{BASE}/id/gemeente/decidim-proposal-7>"
    assert f'{seven} <http://purl.org/dc/terms/description> "Bij het plein; dat & daar."@nl .' in found
    assert f'{seven} <http://purl.org/dc/terms/title> "More benches"@en .' in found
    assert f'{seven} <http://purl.org/dc/terms/issued> "2026-02-03"^^<http://www.w3.org/2001/XMLSchema#date> .' in found
    assert f"{seven} <http://www.w3.org/ns/prov#hadPrimarySource> <https://p.example/f/7> ." in found
    assert f"{seven} <https://w3id.org/lerende-wijk/def#heldBy> <{BASE}/id/gemeente> ." in found
    assert "Somebody" not in found
    assert "javascript" not in found


def test_rows_that_the_mapping_skips_are_left_out() -> None:
    """What was withdrawn there, and amendments."""
    found = rows(PROPOSALS)
    assert [n for n in ("7", "8", "9", "10") if f"decidim-proposal-{n}>" in found] == ["7", "10"]


def test_a_table_with_other_columns_is_told() -> None:
    """With the columns that it has, so that the mapping can be mended."""
    assert rows("nummer;titel\n1;x\n") == "ColumnMissing"
    assert rows("id;body/nl\n1;x\n") == "ColumnMissing"
    assert rows("") == "ColumnMissing"


def test_bytes_that_are_no_table_are_told() -> None:
    """With their line."""
    assert rows('id;title/nl\n1;"open\n') == "SyntaxUnclear"


@pytest.mark.parametrize("name", sorted(ours()))
def test_each_mapping_of_ours_can_be_read(name: str) -> None:
    """And speaks of the words of the vocabulary with full addresses."""
    recipe = recipe_bytes(name)
    assert isinstance(recipe, bytes)
    mapping = read_mapping(recipe, name, f"{BASE}/id/gemeente")
    assert not isinstance(mapping, Objection)
    assert mapping["kind"].startswith("https://w3id.org/lerende-wijk/def#")


MAPPING = "kind = 'lw:Policy'\n[name]\ncolumn = 'id'\n[[field]]\nword = 'dcterms:title'\ncolumns = ['x']\nas = 'text'\n"


@pytest.mark.parametrize(
    "text",
    ["", "kind = 1", "= x", MAPPING.replace("dcterms:title", "no:such"), MAPPING.replace("'text'", "'shout'"),
     MAPPING + "loud = 1\n"],
)  # fmt: skip
def test_a_mapping_that_says_something_else_is_told(text: str) -> None:
    """By the name of its file, with what is wrong."""
    found = read_mapping(text.encode(), "own.toml", f"{BASE}/id/gemeente")
    assert isinstance(found, Objection)
    assert (found.name, found.value) == ("RecipeUnreadable", "own.toml")
