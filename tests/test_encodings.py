"""Wrong bytes: each is told with its place and what to do, and nothing is ever read as something else."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from kg.encodings import charset_of, place_in_xml
from kg.reading import MEDIA_TYPES
from tests.running import Service
from tests.test_reading import STORY, documents, objections

TURTLE = "<urn:a:b> <urn:a:c> 'zegt één ding' ."
XML = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="urn:a:b"><x xmlns="urn:a:">1</x></rdf:Description>
  <rdf:Description rdf:ID="1 2"/>
</rdf:RDF>"""


def test_bytes_of_another_alphabet_are_told_with_their_place_and_what_to_do() -> None:
    """Windows-1252: line, column, the text as it was meant, and how to save it otherwise; no mojibake."""
    (told,) = objections(b"# een\n" + TURTLE.encode("cp1252"))
    assert ("SyntaxUnclear", 2, 27) == (told.name, told.line, told.column)
    assert "'zegt é'" in told.message_nl
    assert "Windows-1252" in told.message_nl
    assert "CSV UTF-8" in told.message_nl
    assert "Windows-1252" in told.message_en
    assert "save the file as utf-8" in told.message_en.lower()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-16le-marked"])
def test_utf_16_is_named(encoding: str) -> None:
    """With its mark or without: not 'unexpected character', but which charset it is and which one is read."""
    body = b"\xff\xfe" + TURTLE.encode("utf-16-le") if encoding.endswith("marked") else TURTLE.encode(encoding)
    (told,) = objections(body)
    assert ("CharsetUnknown", "UTF-8") == (told.name, told.limit)
    assert told.value is not None
    assert told.value in ("UTF-16", "UTF-32")


def test_a_nul_is_told_with_its_place() -> None:
    """Counted in characters, as an editor does."""
    (told,) = objections("<urn:a:b>\r\n<urn:a:é> 'x\0y' .")
    assert ("SyntaxUnclear", "U+0000", 2, 13) == (told.name, told.value, told.line, told.column)


def test_mark_and_line_ends_make_no_difference() -> None:
    """UTF-8 with its mark, and the line ends of Windows: the same document, the same digest."""
    plain = documents(STORY)
    assert plain == documents(b"\xef\xbb\xbf" + STORY.encode())
    assert plain == documents(STORY.replace("\n", "\r\n"))


@pytest.mark.parametrize("media_type", sorted(MEDIA_TYPES))
def test_a_file_that_was_cut_off_is_refused_with_its_place(media_type: str) -> None:
    """Cut anywhere in its last statement, in every format: a line and a column, never the half of a document."""
    triples = [quad.triple for quad in ox.parse(STORY, format=ox.RdfFormat.TURTLE)]
    body = (ox.serialize(triples, format=MEDIA_TYPES[media_type][0]) or b"").strip()
    for end in range(len(body) - 30, len(body) - 1):
        (told,) = objections(body[:end], media_type)
        assert "SyntaxUnclear" == told.name
        assert (told.line or 0) * (told.column or 0) > 0, body[:end]


def test_rdf_xml_is_refused_at_the_tag_that_cannot_be_read() -> None:
    """Its parser does not say where; the line and column of the tag are told all the same."""
    (told,) = objections(XML, "application/rdf+xml")
    assert ("SyntaxUnclear", 3, 3) == (told.name, told.line, told.column)
    (cut,) = objections(XML[:140], "application/rdf+xml")
    assert 2 == cut.line
    assert (1, 1) == place_in_xml(b"<a", "http://a/")


@pytest.mark.parametrize(
    ("media_type", "charset"),
    [
        ("text/turtle", None),
        ("text/turtle; charset=UTF-8", "utf-8"),
        ('text/turtle;x=y; Charset="ISO-8859-1"', "iso-8859-1"),
        ("text/turtle; charset=", None),
        ("text/turtle; xcharset=latin1", None),
    ],
)
def test_a_content_type_names_its_charset(media_type: str, charset: str | None) -> None:
    """In any case of letters, quoted or not."""
    assert charset == charset_of(media_type)


@pytest.mark.parametrize("door", ["/contributions", "/validate"])
def test_the_doors_refuse_a_charset_that_they_would_not_obey(moerwijk: Service, door: str) -> None:
    """415 and the charset by name, before a byte of the body is looked at; UTF-8 said in any way is fine."""
    with moerwijk.client(moerwijk.token("voorbeeld-bewoners", "contribute")) as client:
        for charset, status in (("latin1", 415), ("UTF-16", 415), ('"utf-8"', 400), ("US-ASCII", 400)):
            sent = client.post(door, content=b"<", headers={"Content-Type": f"text/turtle; charset={charset}"})
            assert (charset, status) == (charset, sent.status_code)
            assert sent.json()["errors"][0]["name"] == ("CharsetUnknown" if status == 415 else "SyntaxUnclear")
