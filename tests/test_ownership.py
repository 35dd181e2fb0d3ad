"""Ownership: everybody about their own things, in known words, at addresses that mean what they say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import vocabulary as word
from kg.contribution import Document
from kg.objection import Objection
from kg.ownership import FINDINGS_MAX, check_ownership, normal_form, strict_normal_form
from kg.reading import read
from tests.examples import BASE, ONTOLOGY

PREFIXES = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in word.PREFIXES.items())
DOMAIN = "https://bewoners.example/id/"


def check(
    turtle: str, slug: str = "bewoners", *, namespaces: tuple[str, ...] = (), others: tuple[str, ...] = ()
) -> tuple[Objection, ...]:
    """The objections to a text that the party `slug` sends; `<…>` may be relative to its own namespace."""
    speaker = f"{BASE}/id/{slug}"
    body = f"{PREFIXES}@base <{speaker}/> .\n{turtle}"
    found = read(body.encode(), "text/turtle", base=BASE, speaker=speaker, ontology=ONTOLOGY, mint=lambda: "abcdefg")
    documents = tuple(d for d in found if isinstance(d, Document))
    assert len(found) == len(documents), found
    return check_ownership(
        documents,
        speaker=speaker,
        namespaces=(f"{speaker}/", *namespaces),
        base=BASE,
        ontology=ONTOLOGY,
        other_namespaces=others,
    )


def names(turtle: str, slug: str = "bewoners") -> list[str]:
    """The names of the objections."""
    return [o.name for o in check(turtle, slug)]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("<tuin>", []),
        ("<v/abc1234>", []),
        ("<tuin#deel-1>", []),
        ("<../gemeente/plan>", ["ForeignSubject"]),
        ("<../bewoners>", ["ForeignSubject"]),
        ("<../bewoners2/tuin>", ["ForeignSubject"]),
        (f"<{BASE}/view/bewoners>", ["ForeignSubject"]),
        (f"<{BASE}/contributions/1>", ["ForeignSubject"]),
        (f"<{BASE}/graph/ledger>", ["ForeignSubject"]),
        (f"<{word.LW}Story>", ["ForeignSubject"]),
        (f"<{word.CONCEPT}theme/housing>", ["ForeignSubject"]),
        ("<https://elders.example/x>", ["ForeignSubject"]),
        ("<urn:isbn:1>", ["ForeignSubject"]),
        (f"<{BASE}/id/bewoners/../gemeente/plan>", ["IriNotNormal"]),
        (f"<{BASE}/id/bewoners/%2e%2e/gemeente/plan>", ["IriNotNormal"]),
        (f"<{BASE}/id/bewoners//tuin>", ["IriNotNormal"]),
        ("<HTTP://127.0.0.1:8000/id/bewoners/tuin>", ["IriNotNormal"]),
        (f"<{BASE}/id/bewoners/tu%69n>", ["IriNotNormal"]),
        ("<Tuin>", ["NameUnclear"]),
        ("<tuin/bank>", ["NameUnclear"]),
        ("<tuin?x=1>", ["NameUnclear"]),
        (f"<{'a' * 81}>", ["NameUnclear"]),
        ("<.tuin>", ["NameUnclear"]),
        ("<tuin#>", ["NameUnclear"]),
        ("<tuin#a/b>", ["NameUnclear"]),
    ],
)
def test_one_speaks_about_ones_own_things(subject: str, expected: list[str]) -> None:
    """A subject lies in a namespace of the speaker, in its normal form, under a name that can be said (I2)."""
    assert expected == names(f"{subject} a lw:Offer .")


def test_the_steward_speaks_about_parties_and_nobody_else_does() -> None:
    """`/id/{party}` is described in the register; the things of a party are that party's own, also for the steward."""
    assert [] == names("<../gemeente> a lw:Party .", "wijk")
    assert ["ForeignSubject"] == names("<../gemeente/plan> a lw:Policy .", "wijk")
    assert ["NameUnclear"] == names("<../Gemeente> a lw:Party .", "wijk")


def test_a_registered_domain_is_ones_own() -> None:
    """Also with capitals and folders, which are its owner's affair; a domain that only begins alike is not."""
    offer = "<https://bewoners.example/id/Map/Tuin> a lw:Offer ."
    assert () == check(offer, namespaces=(DOMAIN,))
    assert ["ForeignSubject"] == [o.name for o in check(offer)]
    assert ["ForeignSubject"] == [o.name for o in check(offer, namespaces=("https://bewoners.example/i",))]
    assert ["IriNotNormal"] == [o.name for o in check(offer.replace("Map/", "Map//"), namespaces=(DOMAIN,))]


def test_nothing_is_held_by_another() -> None:
    """lw:heldBy names the speaker wherever it stands, and a text in its place is no party (I3)."""
    assert [] == names("<tuin> a lw:Offer ; lw:heldBy <../bewoners> .")
    assert ["SecondHolder"] == names("<tuin> a lw:Offer ; lw:heldBy <../gemeente> .")
    assert ["SecondHolder"] == names("<tuin> a lw:Offer . <tuin#t> lw:heldBy <../gemeente> .")
    assert ["SecondHolder"] == names("<tuin> a lw:Offer ; lw:heldBy <../bewoners>, <../gemeente> .")
    assert ["SecondHolder"] == names(f'<tuin> a lw:Offer ; lw:heldBy "{BASE}/id/bewoners" .')


def test_only_pointing_words_point_to_what_is_anothers() -> None:
    """A bare tie is refused with the advice to make a connection; to one's own it is fine (I5)."""
    assert ["BareTie"] == names("<tuin> a lw:Offer ; dcterms:isPartOf <../gemeente/plan> .")
    assert ["BareTie"] == names("<tuin> a lw:Offer ; lw:toldBy <../gemeente/plan#verteller> .")
    assert ["BareTie"] == names("<tuin> a lw:Offer ; schema:url <../gemeente/plan> .")
    assert [] == names("<tuin> a lw:Offer ; dcterms:isPartOf <groter> ; lw:appliesTo <../wijk/plein> .")
    elsewhere = f"<tuin> a lw:Offer ; dcterms:isPartOf <{DOMAIN}plan> ."
    assert [] == names(elsewhere)
    assert ["BareTie"] == [o.name for o in check(elsewhere, others=(DOMAIN,))]


def test_all_unknown_words_come_at_once_with_the_nearest_known() -> None:
    """Predicates, kinds, concepts and datatypes, each named once (I13)."""
    found = check(
        f"""<tuin> a lw:Ofer ; dcterms:titel "x"@nl ; lw:heldby <../bewoners> ; lw:lastSeen "2020"^^xsd:gyear ;
        lw:theme <{word.CONCEPT}theme/hosing> . <huis> a lw:Ofer ."""
    )
    assert {"UnknownWord"} == {o.name for o in found}
    known = {
        word.LW + "Ofer": "lw:Offer",
        word.DCTERMS + "titel": "dcterms:title",
        word.LW + "heldby": "lw:heldBy",
        word.XSD + "gyear": "xsd:gYear",
        f"{word.CONCEPT}theme/hosing": f"{word.CONCEPT}theme/housing",
    }
    assert known == {o.value: o.limit for o in found}
    assert len(known) == len(found)


def test_words_of_the_ledger_stay_with_the_ledger() -> None:
    """Every word that the service alone writes, as predicate or as kind."""
    for iri in sorted(ONTOLOGY.service_words):
        kind = iri.rpartition("#")[2].rpartition("/")[2][0].isupper()
        said = f"a <{iri}>" if kind else f'<{iri}> "x"'
        assert ["LedgerWord"] == names(f"<tuin> a lw:Offer ; {said} ."), iri


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://krant.example/a?b=c#d", []),
        ("http://krant.example", []),
        ("https://web.archive.example/2020/https://krant.example/", []),
        ("https://[2001:db8::1]/a", []),
        ("mailto:tuin@bewoners.example", []),
        ("tel:+31701234567", []),
        ("urn:isbn:9789012345678", []),
        ("javascript:alert(1)", ["UnsafeIri"]),
        ("JavaScript:alert(1)", ["UnsafeIri"]),
        ("data:text/html,x", ["UnsafeIri"]),
        ("file:///etc/passwd", ["UnsafeIri"]),
        ("ftp://krant.example/", ["UnsafeIri"]),
        ("http:krant.example", ["UnsafeIri"]),
        ("http:///krant", ["UnsafeIri"]),
        ("https://krant.example@elders.example/", ["UnsafeIri"]),
        ("https://krant.example:443/", ["IriNotNormal"]),
        ("https://Krant.example/", ["IriNotNormal"]),
        ("https://krant.example/a/../b", ["IriNotNormal"]),
        ("https://krant.example/a/%2E%2e/b", ["IriNotNormal"]),
        ("MAILTO:tuin@bewoners.example", ["IriNotNormal"]),
    ],
)
def test_addresses_are_safe_and_written_one_way(address: str, expected: list[str]) -> None:
    """Schemes that a link may have, a host that is what it seems, and no second spelling (I2, I17)."""
    assert expected == names(f"<tuin> a lw:Offer ; schema:url <{address}> .")


def test_merging_words_are_left_to_their_shape() -> None:
    """So that the answer says what to do instead, not that the word is unknown (I4)."""
    assert [] == names("<tuin> a lw:Offer ; owl:sameAs <../gemeente/plan> .")


def test_a_very_wrong_body_gives_a_list_with_an_end() -> None:
    """As many objections as anybody mends at once."""
    wrong = "".join(f"<../gemeente/plan{n}> a lw:Policy .\n" for n in range(FINDINGS_MAX + 50))
    assert FINDINGS_MAX == len(check(wrong))


def test_no_documents_no_objections() -> None:
    """There is nothing to say about nothing."""
    empty = check_ownership((), speaker=f"{BASE}/id/x", namespaces=(), base=BASE, ontology=ONTOLOGY)
    assert () == empty


@pytest.mark.parametrize(
    ("iri", "normal"),
    [
        ("http://a.example", "http://a.example"),
        ("HTTP://A.example:80/b", "http://a.example/b"),
        ("https://a.example:/b", "https://a.example/b"),
        ("https://a.example:8443/b", "https://a.example:8443/b"),
        ("http://a.example/./b/../c/.", "http://a.example/c/"),
        ("http://a.example/../../b", "http://a.example/b"),
        ("http://a.example/b..c/d.", "http://a.example/b..c/d."),
        ("http://a.example/%7Eb%2Fc", "http://a.example/~b%2Fc"),
        ("http://a.example/b?x=../c#/../d", "http://a.example/b?x=../c#/../d"),
        ("URN:ISBN:1", "urn:ISBN:1"),
    ],
)
def test_the_normal_form(iri: str, normal: str) -> None:
    """RFC 3986, 6.2.2, as far as it can change where an address leads."""
    assert normal == normal_form(iri)


PATHS = st.lists(
    st.sampled_from(["a", "B", ".", "..", "", "%2e", "%2E%2e", "%7e", "é", "e\u0301", "%c3%a9"]), max_size=6
)


@given(
    PATHS, st.sampled_from(["http", "HTTPS", "Http"]), st.sampled_from(["a.example", "A.example:80", "a.example:443"])
)
def test_a_normal_form_is_its_own_and_stays_in_its_place(path: list[str], scheme: str, host: str) -> None:
    """Normalising twice changes nothing, and no normal form climbs out by dots."""
    iri = f"{scheme}://{host}/{'/'.join(path)}"
    for normalise in (normal_form, strict_normal_form):
        once = normalise(iri)
        assert once == normalise(once)
        assert not {".", ".."} & set(once.split("/"))


@given(PATHS)
def test_no_spelling_reaches_another_party(path: list[str]) -> None:
    """Whatever stands between, a subject that is accepted begins with the speaker's namespace and has no dots."""
    (document,) = read(
        b"<urn:x:y> a <urn:x:z> .", "text/turtle", base=BASE, speaker=BASE, ontology=ONTOLOGY, mint=lambda: ""
    )
    assert isinstance(document, Document)
    iri = f"{BASE}/id/bewoners/{'/'.join(path)}"
    found = check_ownership(
        (replace(document, iri=iri, payload=b""),),
        speaker=f"{BASE}/id/bewoners",
        namespaces=(f"{BASE}/id/bewoners/",),
        base=BASE,
        ontology=ONTOLOGY,
    )
    assert bool(found) or path in (["a"],)
