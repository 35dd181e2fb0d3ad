"""Reading: bytes become documents, the same ones from every format, or an objection that says where and what to do."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from itertools import count

import pyoxigraph as ox
import pytest

from kg import vocabulary as word
from kg.brackets import NESTING_MAX, look_over
from kg.contribution import Document
from kg.objection import Objection
from kg.reading import (
    BODY_BYTES_MAX,
    DOCUMENT_BYTES_MAX,
    DOCUMENT_TRIPLES_MAX,
    MEDIA_TYPES,
    UNFOLDED_BYTES_MAX,
    read,
)
from tests.examples import BASE, ONTOLOGY, examples, read_example
from tests.examples import MEDIA_TYPES as MEDIA_TYPES_OF

SPEAKER = f"{BASE}/id/bewoners"
PREFIXES = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in word.PREFIXES.items())
LINEAR_SECONDS_MAX = 5.0  # Several megabytes take well under a second; what is quadratic takes hours.


def read_text(text: str | bytes, media_type: str = "text/turtle", base_iri: str | None = None) -> tuple[object, ...]:
    """What is read from a text that the residents send, with names minted as n0, n1 …"""
    numbers = count()
    return read(
        text.encode() if isinstance(text, str) else text,
        media_type,
        base=BASE,
        speaker=SPEAKER,
        ontology=ONTOLOGY,
        base_iri=base_iri,
        mint=lambda: f"n{next(numbers)}",
    )


def documents(text: str | bytes, media_type: str = "text/turtle", base_iri: str | None = None) -> tuple[Document, ...]:
    """The documents of a text that can be read."""
    found = read_text(text, media_type, base_iri)
    assert [] == [o for o in found if isinstance(o, Objection)]
    return tuple(d for d in found if isinstance(d, Document))


def objections(text: str | bytes, media_type: str = "text/turtle") -> list[Objection]:
    """The objections to a text that can't be read."""
    found = read_text(text, media_type)
    assert [] == [d for d in found if isinstance(d, Document)]
    return [o for o in found if isinstance(o, Objection)]


def names(text: str | bytes, media_type: str = "text/turtle") -> list[str]:
    """The names of the objections to a text that can't be read."""
    return [o.name for o in objections(text, media_type)]


STORY = f"""{PREFIXES}
<{SPEAKER}/v/tuin001> a lw:Story ; lw:heldBy <{SPEAKER}> ; lw:audience <{word.CONCEPT}audience/public> ;
    dcterms:description "Wij geven de planten \\"water\\"."@nl ; dcterms:issued "2019"^^xsd:gYear ;
    lw:toldBy <{SPEAKER}/v/tuin001#t> .
<{SPEAKER}/v/tuin001#t> a lw:Teller ; lw:perspective <{word.CONCEPT}perspective/residents> .
"""


def test_every_format_gives_the_same_document() -> None:
    """Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD of one statement: one payload and one digest."""
    triples = [quad.triple for quad in ox.parse(STORY, format=ox.RdfFormat.TURTLE)]
    bodies = {media: ox.serialize(triples, format=form) or b"" for media, (form, _) in MEDIA_TYPES.items()}
    assert len(bodies) == 6
    assert 1 == len({document for media, body in bodies.items() for document in documents(body, media)})


def test_the_shipped_context_gives_the_same_document_as_turtle() -> None:
    """Plain JSON with our context, under either of its addresses."""
    story = {
        "id": f"{SPEAKER}/v/tuin001",
        "type": "Story",
        "heldBy": SPEAKER,
        "audience": "public",
        "description": {"nl": 'Wij geven de planten "water".'},
        "issuedYear": "2019",
        "toldBy": {"id": f"{SPEAKER}/v/tuin001#t", "type": "Teller", "perspective": "residents"},
    }
    contexts = [f"{BASE}/context.jsonld", "https://w3id.org/lerende-wijk/context.jsonld"]
    bodies = [json.dumps({"@context": context, **story}) for context in contexts]
    assert {documents(STORY)} == {documents(body, "application/ld+json") for body in bodies}


def test_a_payload_is_sorted_distinct_lines_with_the_forms_as_written() -> None:
    """`01` stays `01`, a triple said twice is there once, and the digest is that of the lines."""
    (document,) = documents(f'{PREFIXES} <{SPEAKER}/x> lw:accuracyMetres 01, 1, "1.10"^^xsd:decimal, 01 .')
    lines = document.payload.split(b"\n")
    assert [b'"01"', b'"1"', b'"1.10"'] == [line.split()[2].partition(b"^^")[0] for line in lines[:-1]]
    assert lines[:-1] == sorted(set(lines[:-1]))
    assert b"" == lines[-1]
    assert replace(document, iri="urn:x:other").digest == document.digest


def test_subjects_are_grouped_into_documents_by_what_stands_before_the_hash() -> None:
    """A part belongs to its document; documents come in the order of their addresses."""
    found = documents(f"{PREFIXES} <{SPEAKER}/b#x> a lw:Teller . <{SPEAKER}/b> a lw:Story . <{SPEAKER}/a> a lw:Offer .")
    assert [(f"{SPEAKER}/a", 1), (f"{SPEAKER}/b", 2)] == [(d.iri, d.payload.count(b"\n")) for d in found]


def test_what_a_document_says_of_itself_is_there_without_its_payload() -> None:
    """Holder, kinds, audience, table, ties, references, ground and response."""
    (story,) = [d for e in examples("accepted/story") if e.name.endswith("consent.ttl") for d in read_example(e)]
    assert isinstance(story, Document)
    assert ("consent", "2027-01-15", "partners") == (story.ground, story.ground_ends, story.audience)
    assert (f"{BASE}/id/wijk/zuiderbuurt", f"{BASE}/id/zorg") == story.references
    (response,) = [d for e in examples("accepted/response") if "asks" in e.name for d in read_example(e)]
    assert isinstance(response, Document)
    assert ("asks", f"{BASE}/id/gemeente/woonplan") == response.response
    assert (f"{BASE}/id/gemeente/woonplan",) == response.ties
    (table,) = [d for e in examples("accepted/story") if "for-the-table" in e.name for d in read_example(e)]
    assert isinstance(table, Document)
    assert ("table", (f"{BASE}/id/gemeente", f"{BASE}/id/zorg")) == (table.audience, table.table)


@pytest.mark.parametrize("said", ["", "lw:x", "<urn:a:public>", "'public'", "'AUD'", "<AUD>, lw:x", "<AUD>, <AUD2>"])
def test_an_audience_that_is_not_clear_is_the_holder_alone(said: str) -> None:
    """Saying nothing, or nothing that we know, never makes anything public."""
    audience = f"lw:audience {said.replace('AUD', word.CONCEPT + 'audience/public')}" if said else ""
    (document,) = documents(f"{PREFIXES} <{SPEAKER}/x> a lw:Offer ; {audience} .")
    assert "own" == document.audience


# Names


def test_what_the_writer_leaves_unnamed_gets_a_name() -> None:
    """`<>`, `<#part>` and `<other>`: the same relative name is the same address, also where it is pointed to."""
    found = documents(
        f"{PREFIXES} <> a lw:Story ; lw:toldBy <#t> ; dcterms:isPartOf <deel> . <#t> a lw:Teller . <deel> a lw:Offer ."
    )
    assert [f"{SPEAKER}/v/n0", f"{SPEAKER}/v/n1"] == [d.iri for d in found]
    assert f"<{SPEAKER}/v/n0#t>".encode() in found[0].payload
    assert f"<{SPEAKER}/v/n1>".encode() in found[0].payload
    assert (f"{SPEAKER}/v/n1",) == found[0].references


def test_the_same_unnamed_text_is_known_again() -> None:
    """The digest of what was written, before a name was minted, is the same each time; another text has another."""
    first, again, other = (documents(f'{PREFIXES} <> dcterms:title "{t}"@nl .')[0] for t in ("een", "een", "twee"))
    assert first.minted_from == again.minted_from != other.minted_from
    assert documents(STORY)[0].minted_from is None


def test_a_base_that_is_given_is_used() -> None:
    """PUT knows the address: nothing is minted."""
    (document,) = documents(f"{PREFIXES} <> a lw:Story ; lw:toldBy <#t> .", base_iri=f"{SPEAKER}/v/tuin001")
    assert (f"{SPEAKER}/v/tuin001", None) == (document.iri, document.minted_from)
    assert f"<{SPEAKER}/v/tuin001#t>".encode() in document.payload


def test_a_relative_name_that_is_not_described_is_refused() -> None:
    """It would get an address at which there is nothing; shown as it was written."""
    (objection,) = objections(f"{PREFIXES} <> a lw:Story ; lw:appliesTo <plein> .")
    assert ("RelativeUnknown", "<>", "plein") == (objection.name, objection.focus, objection.value)


def test_a_part_without_a_name_is_refused_with_the_remedy() -> None:
    """Once for each place, naming the property and `#part`."""
    found = objections(f"{PREFIXES} <> a lw:Story ; lw:toldBy [ a lw:Teller ] ; lw:ground [ a lw:Ground ] .")
    assert [("BlankNode", word.LW + "toldBy"), ("BlankNode", word.LW + "ground")] == [(o.name, o.path) for o in found]
    assert all("<#part>" in o.message_en and "<#deel>" in o.message_nl for o in found)


# What cannot be read


def test_a_syntax_error_says_where() -> None:
    """Line and column, in every format that knows them."""
    turtle = f"{PREFIXES}<> a lw:Story ;\n  lw:toldBy <#t> nog iets ."
    (objection,) = objections(turtle)
    assert ("SyntaxUnclear", len(word.PREFIXES) + 2) == (objection.name, objection.line)
    (objection,) = objections('{"@id": "x",\n "y" }', "application/ld+json")
    assert ("SyntaxUnclear", 2, 6) == (objection.name, objection.line, objection.column)
    (objection,) = objections("<urn:a:b> <urn:a:c> .", "application/n-triples")
    assert ("SyntaxUnclear", 1) == (objection.name, objection.line)


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b"", "text/turtle", "EmptyBody"),
        (b" \n# niets\n", "text/turtle", "EmptyBody"),
        (b"[]", "application/ld+json", "EmptyBody"),
        (b"{}", "application/ld+json", "EmptyBody"),
        (b"x", "text/html", "MediaTypeUnknown"),
        (b"x", "application/json", "MediaTypeUnknown"),
        (b"x", "text/turtle; charset=iso-8859-1", "CharsetUnknown"),
        (b"<urn:a:b> <urn:a:c> '\xff' .", "text/turtle", "SyntaxUnclear"),
        ("<urn:a:b> <urn:a:c> 'd' .".encode("utf-16"), "text/turtle", "CharsetUnknown"),
        (b'{"@id": "a", "@id": "b"}', "application/ld+json", "SyntaxUnclear"),
        (b'{"lw:x": NaN}', "application/ld+json", "SyntaxUnclear"),
        (b'{"@context": {"@base": null}, "@id": "a"}', "application/ld+json", "SyntaxUnclear"),
        (b'{"@contexxt": {}}', "application/ld+json", "UnknownWord"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "application/rdf+xml", "SyntaxUnclear"),
        ("<?xml version='1.0'?><!DOCTYPE a>".encode("utf-16"), "application/rdf+xml", "CharsetUnknown"),
        (b"<!doctype a><a/>", "application/rdf+xml", "DoctypeFound"),
        (b"<a><![CDATA[<!ENTITY b>]]></a>", "application/rdf+xml", "DoctypeFound"),
        (b"<a></b>", "application/rdf+xml", "SyntaxUnclear"),
        (b"<urn:a:b> <urn:a:c> <<( <urn:a:b> <urn:a:c> 'd' )>> .", "application/n-triples", "TripleTermFound"),
        (b"<urn:a:b> <urn:a:c> 'd'@nl--ltr .", "text/turtle", "TripleTermFound"),
        (b"<urn:a:b> <urn:a:c> 'd' ~ <urn:a:e> .", "text/turtle", "TripleTermFound"),
        (b"<urn:a:g> { <urn:a:b> <urn:a:c> 'd' }", "application/trig", "GraphName"),
        (b"_:g { <urn:a:b> <urn:a:c> 'd' }", "application/trig", "GraphName"),
        (b"<urn:a:b> <urn:a:c> '\\u0000' .", "text/turtle", "UnsafeText"),
        (b"<urn:a:b> <urn:a:" + b"c" * 2100 + b"> 'd' .", "text/turtle", "UnsafeIri"),
    ],
)
def test_what_cannot_be_read_is_an_objection(body: bytes, media_type: str, expected: str) -> None:
    """Never an exception, and nothing is guessed or dropped."""
    assert [expected] == names(body, media_type)


def test_contexts_that_would_be_fetched_are_all_named() -> None:
    """At the top, in an array, in a scoped term and brought in by another: nothing is fetched."""
    body = {
        "@context": ["https://a.example/c", {"x": {"@id": "urn:x:y", "@context": "https://b.example/c"}}],
        "x": {"@context": {"@import": "https://c.example/c"}, "@id": "urn:x:z"},
    }
    found = objections(json.dumps(body), "application/ld+json")
    assert {f"https://{host}.example/c" for host in "abc"} == {o.value for o in found}
    assert {"ForeignContext"} == {o.name for o in found}


def test_a_name_in_json_that_is_no_word_is_not_dropped() -> None:
    """A JSON-LD parser leaves out what it does not know; here it becomes an unknown word of ours."""
    for context in (f"{BASE}/context.jsonld", {"lw": word.LW}, None):
        body = {"@context": context, "@id": f"{SPEAKER}/x", "@type": word.LW + "Offer", "tilte": "x"}
        (document,) = documents(json.dumps(body), "application/ld+json")
        assert f"<{word.LW}tilte>".encode() in document.payload


def test_bytes_changed_at_random_give_documents_or_objections() -> None:
    """Whatever is lost, doubled or put in: never an exception, never nothing."""
    chance = random.Random(20261122)
    files = [(e.file.read_bytes(), e.file.suffix) for folder in ("accepted", "refused") for e in examples(folder)]
    for _ in range(600):
        body, suffix = chance.choice(files)
        other, _ = chance.choice(files)
        at, length = chance.randrange(len(body)), chance.randint(0, 12)
        piece = chance.choice(
            [b"", other[:40], bytes(chance.randrange(256) for _ in range(3)), b"<>", b'"', b"[", b"{"]
        )
        found = read_text(body[:at] + piece + body[at + length :], MEDIA_TYPES_OF[suffix])
        assert found
        assert {type(f) for f in found} in ({Document}, {Objection})


# Sizes and depths


def test_the_limits_hold_from_the_first_that_is_too_much() -> None:
    """Triples and bytes of one document, each at its limit and one above."""
    triples = "".join(f'<{SPEAKER}/x> lw:value "{n}"@nl .\n' for n in range(DOCUMENT_TRIPLES_MAX + 1))
    assert ["TooManyTriples"] == names(PREFIXES + triples)
    assert 1 == len(documents(PREFIXES + triples[triples.index("\n") + 1 :]))
    empty = len(documents(f'{PREFIXES} <{SPEAKER}/x> lw:value ""@nl .')[0].payload)
    longest = "x" * (DOCUMENT_BYTES_MAX - empty)
    assert 1 == len(documents(f'{PREFIXES} <{SPEAKER}/x> lw:value "{longest}"@nl .'))
    assert ["DocumentTooLarge"] == names(f'{PREFIXES} <{SPEAKER}/x> lw:value "{longest}x"@nl .')


def test_a_body_that_is_too_large_is_not_parsed() -> None:
    """One byte above the limit, of a text that no parser would take."""
    assert ["TooLarge"] == names(b"[" * (BODY_BYTES_MAX + 1))


def test_what_unfolds_too_far_is_stopped_on_its_way() -> None:
    """A long prefix written once and used often: small as sent, enormous as read."""
    prefix = "urn:a:" + "p" * 2000
    some = "".join(f"p:{n} p:{n} p:{n} .\n" for n in range(UNFOLDED_BYTES_MAX // 6000 + 10))
    assert len(some) < UNFOLDED_BYTES_MAX // 100
    assert ["TooLarge"] == names(f"@prefix p: <{prefix}> .\n{some}")


def test_a_context_in_every_object_does_not_unfold_without_end() -> None:
    """Our context is put in place of its address, but not a hundred thousand times."""
    item = {"@context": f"{BASE}/context.jsonld", "id": f"{SPEAKER}/x"}
    assert ["TooLarge"] == names(json.dumps([item] * 100_000), "application/ld+json")


def nested(family: str, depth: int) -> bytes:
    """A text of brackets in brackets."""
    opens, closes = {"turtle": (b"(", b")"), "json": (b'{"a":', b"}"), "xml": (b"<a>", b"</a>")}[family]
    return opens * depth + (b"1" if family == "json" else b"") + closes * depth


@pytest.mark.parametrize("family", ["turtle", "json", "xml"])
def test_brackets_may_be_so_deep_and_no_deeper(family: str) -> None:
    """At the limit nothing is wrong, above it there is an objection; wide is not deep."""
    assert look_over(nested(family, NESTING_MAX), family) is None
    assert look_over(nested(family, 1) * 1000, family) is None
    too_deep = look_over(nested(family, NESTING_MAX + 1), family)
    assert too_deep is not None
    assert "TooNested" == too_deep.name


@pytest.mark.parametrize(
    "text",
    [
        '"' + "(" * 99 + '"',
        "'''" + "(" * 99 + "\n'''",
        '"""' + '"(' * 99 + '"""',
        "# " + "(" * 99,
        "<urn:a:" + "(" * 99 + ">",
        '"\\"' + "(" * 99 + '"',
        '"' + "<<" * 99 + '"',
    ],
)
def test_brackets_in_texts_remarks_and_addresses_do_not_count(text: str) -> None:
    """A story may be full of them."""
    assert look_over(text.encode(), "turtle") is None


@pytest.mark.parametrize("text", ["a:b\\#" + "(" * 99, "a:b\\'" + "(" * 99, "'x\n" + "(" * 99, "<a b" + "(" * 99])
def test_what_only_looks_like_a_text_or_remark_hides_no_brackets(text: str) -> None:
    """An escaped mark in a name, or a quotation mark that the line does not close."""
    found = look_over(text.encode(), "turtle")
    assert found is not None
    assert "TooNested" == found.name


@pytest.mark.parametrize(
    ("family", "body"),
    [
        ("turtle", b'\\"""x' * 1_000_000),
        ("turtle", b'"""\\"' * 1_000_000 + b"(" * 60),
        ("turtle", b"<" * 3_000_000 + b"(" * 60),
        ("json", b'"\\"{' * 1_000_000),
        ("xml", b"<!--" * 1_000_000),
        ("xml", b"<a b='" * 1_000_000),
        ("xml", b"<a /" * 1_000_000),
        ("xml", b"<" * 3_000_000),
    ],
)
def test_looking_over_takes_time_in_step_with_size(family: str, body: bytes) -> None:
    """Megabytes made to start the pass over at every character: a moment all the same."""
    began = time.perf_counter()
    look_over(body, family)
    assert time.perf_counter() - began < LINEAR_SECONDS_MAX
