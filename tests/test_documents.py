"""One document at its own address: published, replaced by who saw it, added to, looked back on, taken away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest

from kg.accounts import Accounts
from kg.party import Right
from tests.running import Service
from tests.stories import BASE, PREFIXES, story
from tests.test_doors import triples

PARTY = "mijn-straat"
SPACE = "http://straat.example/dingen/"
TURTLE = {"Content-Type": "text/turtle"}
LW = "https://w3id.org/lerende-wijk/def#"


@pytest.fixture(scope="module")
def accounts(shared: Service) -> Iterator[Accounts]:
    """Tokens and delegations, made beside the service as the command makes them."""
    with Accounts(f"sqlite:///{shared.data}/ledger.sqlite") as accounts:
        yield accounts


@pytest.fixture(scope="module")
def holder(shared: Service, accounts: Accounts) -> Iterator[httpx.Client]:
    """A party with a domain of its own, and its token."""
    added = ("party", "add", PARTY, "--name", "Mijn straat", "--perspective", "residents", "--namespace", SPACE)
    shared.run(*added)
    with speaking(shared, accounts, PARTY) as client:
        yield client


@pytest.fixture(scope="module")
def anybody(shared: Service) -> Iterator[httpx.Client]:
    """Who has no token."""
    with shared.client() as client:
        yield client


def speaking(shared: Service, accounts: Accounts, party: str, right: Right = Right.CONTRIBUTE) -> httpx.Client:
    """A client with a new token."""
    return shared.client(accounts.create_token(party, right, datetime.now(UTC)))


def plan(title: str = "Een plan", *, holder: str = PARTY, audience: str = "public", subject: str = "") -> str:
    """A small document; its subject is what the address says."""
    return PREFIXES + (
        f'<{subject}> a lw:Policy ; lw:heldBy <{BASE}/id/{holder}> ; dcterms:title "{title}"@nl ; '
        f'lw:audience audience:{audience} ; dcterms:description "Wat wij willen doen."@nl .\n'
    )


def put(client: httpx.Client, path: str, body: str | None = None, **headers: str) -> httpx.Response:
    """One PUT of Turtle; a header's `_` is a `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(path, content=plan() if body is None else body, headers=TURTLE | named)


def met(answer: httpx.Response) -> tuple[int, list[str]]:
    """The status, and the names of what is objected to."""
    return answer.status_code, [error["name"] for error in answer.json().get("errors", ())]


def told(answer: httpx.Response) -> dict[str, str]:
    """The one contribution of a receipt."""
    (one,) = answer.json()["contributions"]
    return dict(one)


def test_who_replaces_says_what_it_saw(holder: httpx.Client) -> None:
    """201 with the address; then 428 without If-Match, 412 with another's; the tag of any answer does, weak or not."""
    path = f"/doc/{PARTY}/plan-1"
    first = put(holder, path)
    assert (201, path, f"{BASE}/id{path.removeprefix('/doc')}") == (
        first.status_code,
        first.headers["location"],
        told(first)["document"],
    )
    again = put(holder, path)
    assert (200, first.headers["etag"], False) == (again.status_code, again.headers["etag"], again.json()["created"])
    other = plan("Een ander plan")
    assert (428, ["MatchRequired"]) == met(put(holder, path, other))
    assert (412, ["Stale"]) == met(put(holder, path, other, If_Match='"0000"'))
    tags = [first.headers["etag"]]
    for number, accept in enumerate(("text/turtle", "application/ld+json", "application/n-quads")):
        replaced = put(holder, path, plan(f"Plan {number}"), If_Match=f'"0000", W/{tags[-1]}')
        assert (200, "location" in replaced.headers) == (replaced.status_code, False), replaced.text
        assert told(replaced)["supersedes"]
        tags.append(holder.get(path, headers={"Accept": accept}).headers["etag"])
        assert (412, ["Stale"]) == met(put(holder, path, other, If_Match=first.headers["etag"]))
    assert 200 == put(holder, path, other, If_Match="*").status_code
    assert (412, ["Stale"]) == met(put(holder, f"/doc/{PARTY}/nieuw", other, If_Match="*"))
    assert 404 == holder.get(f"/doc/{PARTY}/nieuw", headers={"Accept": "text/turtle"}).status_code


def test_a_document_is_only_created_when_asked(holder: httpx.Client) -> None:
    """`If-None-Match: *` makes it and never touches what is there, also when that says the same."""
    path = f"/doc/{PARTY}/plan-2"
    assert 201 == put(holder, path, If_None_Match="*").status_code
    assert (412, ["ExistsAlready"]) == met(put(holder, path, If_None_Match="*"))
    assert (412, ["ExistsAlready"]) == met(put(holder, path, plan("Anders"), If_None_Match="*"))
    assert (400, ["ParameterUnclear"]) == met(put(holder, path, If_None_Match='"abc"'))


def test_only_the_document_of_the_address_is_taken(holder: httpx.Client) -> None:
    """Another document, or one more, is refused by name and nothing is kept; every format gives one digest."""
    path, iri = f"/doc/{PARTY}/plan-3", f"{BASE}/id/{PARTY}/plan-3"
    elsewhere = f"{BASE}/id/{PARTY}/plan-4"
    for body in (plan(subject=elsewhere), plan() + plan(subject=elsewhere)):
        answer = put(holder, path, body)
        assert (422, ["OtherDocument"]) == met(answer)
        assert (iri, elsewhere) == (answer.json()["errors"][0]["focus"], answer.json()["errors"][0]["value"])
        assert {404} == {holder.get(p, headers=TURTLE).status_code for p in (path, path.replace("3", "4"))}
    digests = {told(put(holder, path))["digest"]}
    quads = list(ox.parse(plan(), format=ox.RdfFormat.TURTLE, base_iri=iri))
    for form in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS, ox.RdfFormat.TRIG, ox.RdfFormat.RDF_XML):
        body = ox.serialize(quads if form.supports_datasets else (q.triple for q in quads), format=form)
        sent = holder.put(path, content=body, headers={"Content-Type": form.media_type})
        digests.add(told(sent)["digest"])
    plain = {
        "@context": f"{BASE}/context.jsonld",
        "id": "",
        "type": "Policy",
        "heldBy": f"{BASE}/id/{PARTY}",
        "title": {"nl": "Een plan"},
        "audience": "public",
        "description": {"nl": "Wat wij willen doen."},
    }
    sent = holder.put(path, json=plain)
    assert 200 == sent.status_code, sent.text
    assert {told(sent)["digest"]} == digests
    assert triples(holder.get(path, headers={"Accept": "text/turtle"})) == {str(q.triple) for q in quads}


def test_what_was_withdrawn_comes_back_only_when_somebody_says_so(holder: httpx.Client) -> None:
    """409 that names `replace=true`; that brings it back and replaces nothing; what is erased stays away."""
    path = f"/doc/{PARTY}/plan-5"
    put(holder, path)
    assert (428, ["MatchRequired"]) == met(put(holder, f"{path}?replace=true", plan("Anders")))
    assert 200 == holder.delete(path).status_code
    refused = put(holder, path)
    assert (409, ["Withdrawn"]) == met(refused)
    assert "replace=true" in refused.json()["errors"][0]["message"]["en"]
    back = put(holder, f"{path}?replace=true", plan("Terug"))
    assert (201, path) == (back.status_code, back.headers["location"])
    assert 200 == holder.delete(f"{path}?erase=true").status_code
    assert (409, ["Ended"]) == met(put(holder, f"{path}?replace=true"))


def test_a_key_is_used_once(holder: httpx.Client) -> None:
    """The same body gives the earlier receipt, also beside a condition that no longer holds; another body is 422."""
    path = f"/doc/{PARTY}/plan-6"
    first = put(holder, path, Idempotency_Key="k-6", If_None_Match="*")
    again = put(holder, path, Idempotency_Key="k-6", If_None_Match="*")
    assert (201, 200) == (first.status_code, again.status_code)
    assert told(first)["contribution"] == told(again)["contribution"]
    assert (422, ["KeyReused"]) == met(put(holder, path, plan("Anders"), Idempotency_Key="k-6"))
    with ThreadPoolExecutor(8) as many:
        sent = list(many.map(lambda _: put(holder, f"/doc/{PARTY}/plan-7", Idempotency_Key="k-7"), range(8)))
    assert ([200] * 7 + [201], 1) == (
        sorted(one.status_code for one in sent),
        len({told(one)["contribution"] for one in sent}),
    )
    history = holder.get(f"/doc/{PARTY}/plan-7?versions").json()["contributions"]
    assert 1 == len(history)


def test_of_two_who_replace_at_once_one_hears_of_the_other(holder: httpx.Client) -> None:
    """One 200 and seven 412, whoever comes first."""
    path = f"/doc/{PARTY}/plan-8"
    tag = put(holder, path).headers["etag"]
    with ThreadPoolExecutor(8) as many:
        sent = list(many.map(lambda n: put(holder, path, plan(f"Plan {n}"), If_Match=tag), range(8)))
    assert [200] + [412] * 7 == sorted(one.status_code for one in sent)


DISGUISES = [
    (f"/doc/{PARTY}/x", 201, None),
    ("/doc/gemeente/x", 403, "ForeignSubject"),
    ("/doc/gemeente/b-agenda", 403, "ForeignSubject"),
    (f"/doc/{PARTY}/%2e%2e/gemeente/x", 422, "IriNotNormal"),
    (f"/doc/{PARTY}/..%2fgemeente%2fx", 422, "IriNotNormal"),
    (f"/doc/{PARTY}//x", 422, "IriNotNormal"),
    (f"/doc//{PARTY}/x", 422, "IriNotNormal"),
    (f"/doc/{PARTY}/X", 422, "NameUnclear"),
    (f"/doc/{PARTY}/%C3%A9", 422, "NameUnclear"),
    (f"/doc/{PARTY}/a%00b", 422, "NameUnclear"),
    (f"/doc/{PARTY}/x%23deel", 400, "PartAddressed"),
    (f"/doc/{PARTY}/x%3Fy", 422, "NameUnclear"),
    (f"/doc/{PARTY}%5Cx", 403, "ForeignSubject"),
    (f"/doc/{PARTY}", 403, "ForeignSubject"),
    (f"{SPACE}1", 201, None),
    (f"{BASE}/id/{PARTY}/y", 201, None),
    (SPACE.replace("straat", "STRAAT") + "1", 422, "IriNotNormal"),
    (SPACE.replace("http:", "HTTP:") + "1", 422, "IriNotNormal"),
    (SPACE.replace("example/", "example:80/") + "1", 422, "IriNotNormal"),
    (SPACE.replace("//", "//ander@") + "1", 403, "ForeignSubject"),
    (SPACE.replace("straat", "str\u0430at") + "1", 403, "ForeignSubject"),
    (f"{SPACE}../elders/1", 422, "IriNotNormal"),
    (f"{SPACE}%2e%2e/1", 422, "IriNotNormal"),
    (f"{SPACE}%31", 422, "IriNotNormal"),
    (f"{SPACE}/1", 422, "IriNotNormal"),
    (f"{SPACE}e\u0301", 422, "IriNotNormal"),
    (f"{SPACE}a b", 422, "IriNotNormal"),
    (f"{SPACE}a\\b", 422, "IriNotNormal"),
    (f"{SPACE}%zz", 422, "IriNotNormal"),
    (f"{SPACE}1#deel", 400, "PartAddressed"),
    (f"{SPACE}{'x' * 2048}", 422, "UnsafeIri"),
    ("http://straat.example/dingenlijst/1", 403, "ForeignSubject"),
    ("//straat.example/dingen/1", 403, "ForeignSubject"),
    ("dingen/1", 403, "ForeignSubject"),
    ("urn:uuid:1", 403, "ForeignSubject"),
    ("", 400, "ParameterMissing"),
]


@pytest.mark.parametrize(("where", "status", "name"), DISGUISES)
def test_no_disguise_makes_anothers_name_ones_own(
    holder: httpx.Client, where: str, status: int, name: str | None
) -> None:
    """In the path or as `iri`: another's namespace is 403, a name that is not written properly says how it is."""
    path = where if where.startswith("/doc") else f"/doc?iri={quote(where, safe='')}"
    answer = holder.put(path, content=plan(), headers=TURTLE)
    assert (status, [name] if name else []) == met(answer)
    there = {f"/doc/{PARTY}": 403, "/doc/gemeente/b-agenda": 403, "": 400}
    assert (200 if status == 201 else there.get(where, 404)) == holder.delete(path).status_code


def test_who_may_not_is_told_before_the_body_is_looked_at(
    shared: Service, accounts: Accounts, holder: httpx.Client, anybody: httpx.Client
) -> None:
    """No token 401, for a holder without a delegation 403; with one the holder is kept and the recorder is said."""
    path = f"/doc/{PARTY}/plan-9"
    assert (401, ["TokenMissing"]) == met(put(anybody, path, "onzin"))
    assert (415, ["MediaTypeUnknown"]) == met(holder.put(path, content=b"x", headers={"Content-Type": "image/png"}))
    assert (400, ["ParameterUnknown"]) == met(put(holder, f"{path}?audience=public"))
    assert (400, ["SyntaxUnclear"]) == met(put(holder, path, plan()[:-5] + '"'))
    with speaking(shared, accounts, "voorbeeld-zorg", Right.RECORD_FOR) as recorder:
        recording = f"{path}?onBehalfOf={PARTY}"
        assert (403, ["NotDelegated"]) == met(put(recorder, recording, "onzin"))
        accounts.delegate("voorbeeld-zorg", PARTY, "namens", datetime.now(UTC))
        assert 201 == put(recorder, recording).status_code
    (one,) = holder.get(f"{path}?versions").json()["contributions"]
    assert (f"{BASE}/id/{PARTY}", f"{BASE}/id/voorbeeld-zorg", "namens") == (
        one["heldBy"],
        one["recordedBy"],
        one["delegation"],
    )


def test_ones_own_domain_can_do_all_that_our_names_can(
    shared: Service, holder: httpx.Client, anybody: httpx.Client
) -> None:
    """Formats, page, versions, the past, conditions, withdrawing, erasing; the receipt and the page lead there."""
    iri = f"{SPACE}beleid-1"
    path = f"/doc?iri={quote(iri, safe='')}"
    first = put(holder, path)
    assert (201, path) == (first.status_code, first.headers["location"])
    assert f"DELETE {path}." in told(first)["withdraw"]["en"]  # type: ignore[index]
    assert f"DELETE {path}&erase=true " in told(first)["withdraw"]["en"]  # type: ignore[index]
    tag = anybody.get(path, headers={"Accept": "application/n-quads"}).headers["etag"]
    assert 200 == put(holder, path, plan("Tweede"), If_Match=tag).status_code
    whole = triples(anybody.get(path, headers={"Accept": "text/turtle"}))
    answer = anybody.get(path, headers={"Accept": "text/turtle"})
    kinds = ("nt", "jsonld", "rdf", "trig", "nq", "ttl", "turtle", "n-triples")
    assert [whole] * len(kinds) == [triples(anybody.get(f"{path}&format={kind}")) for kind in kinds]
    assert f'<{path}&format=nt>; rel="alternate"' in answer.headers["link"]
    assert (400, ["ParameterUnclear"]) == met(anybody.get(f"{path}&format=xlsx"))
    page = anybody.get(f"{path}&lang=nl", headers={"Accept": "text/html"})
    assert (200, True) == (page.status_code, "Tweede" in page.text)
    escaped = path.replace("&", "&amp;")
    for link in (f'"{escaped}&amp;format=ttl"', f'"/timemap?iri={quote(iri, safe="")}&amp;lang=nl"'):
        assert link.replace("&amp;", "&") in page.text.replace("&amp;", "&")
    versions = anybody.get(f"/timemap?iri={quote(iri, safe='')}", headers={"Accept": "application/json"}).json()
    then = anybody.get(versions["versions"][0]["href"], headers={"Accept": "text/turtle"})
    assert (200, True) == (then.status_code, "Een plan" in then.text)
    assert 2 == len(anybody.get(f"{path}&versions").json()["contributions"])
    assert (412, ["Stale"]) == met(holder.delete(path, headers={"If-Match": tag}))
    withdrawn = shared.run("withdraw", iri)
    assert withdrawn.stdout == f"{iri}\twithdrawn\n"
    assert 410 == anybody.get(path, headers={"Accept": "text/turtle"}).status_code
    assert 200 == anybody.get(versions["versions"][0]["href"], headers={"Accept": "text/turtle"}).status_code
    assert shared.run("erase", iri, "--yes").stdout == f"{iri}\terased\n"
    assert 404 == anybody.get(versions["versions"][0]["href"], headers={"Accept": "text/turtle"}).status_code


def test_a_name_that_ends_in_a_suffix_has_an_address_of_its_own(holder: httpx.Client) -> None:
    """`kaart.ttl` is not `kaart` in Turtle: its receipt leads to where it is; the suffixed address means one thing."""
    iri = f"{BASE}/id/{PARTY}/kaart.ttl"
    taken = holder.post("/contributions", content=plan(subject=iri), headers=TURTLE)
    path = f"/doc?iri={quote(iri, safe='')}"
    assert f"DELETE {path}." in told(taken)["withdraw"]["nl"]  # type: ignore[index]
    assert 201 == put(holder, f"/doc/{PARTY}/kaart", plan("De kaart zelf")).status_code
    assert "De kaart zelf" in holder.get(f"/doc/{PARTY}/kaart.ttl").text
    assert 200 == holder.delete(f"/doc/{PARTY}/kaart.ttl").status_code
    assert 410 == holder.get(f"/doc/{PARTY}/kaart", headers={"Accept": "text/turtle"}).status_code
    assert 200 == holder.get(path, headers={"Accept": "text/turtle"}).status_code
    assert 200 == holder.delete(path).status_code


def test_ending_takes_a_condition_too(holder: httpx.Client) -> None:
    """A stale If-Match is 412 and leaves it; the tag of any answer does, and `*`; what is gone is 404."""
    path = f"/doc/{PARTY}/plan-10"
    old = put(holder, path).headers["etag"]
    put(holder, path, plan("Anders"), If_Match=old)
    tag = holder.get(path, headers={"Accept": "application/rdf+xml"}).headers["etag"]
    for erase in ("", "?erase=true"):
        assert (412, ["Stale"]) == met(holder.delete(path + erase, headers={"If-Match": old}))
    assert 200 == holder.get(path, headers={"Accept": "text/turtle"}).status_code
    assert 200 == holder.delete(path, headers={"If-Match": tag}).status_code
    assert (404, ["NotCurrent"]) == met(holder.delete(path))
    assert 201 == put(holder, f"{path}?replace=true").status_code
    assert 200 == holder.delete(path, headers={"If-Match": "*"}).status_code
    assert (400, ["ParameterUnclear"]) == met(holder.delete(f"{path}?erase=ja"))
    assert (400, ["ParameterMissing"]) == met(holder.delete("/doc"))


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-quads", "application/n-quads"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/json", "application/problem+json"),
        ("image/png", "application/problem+json"),
    ],
)
def test_a_tombstone_tells_that_and_when_and_nothing_else(
    holder: httpx.Client, anybody: httpx.Client, accept: str, media: str
) -> None:
    """410 as RDF where RDF is asked by name, else a page or a problem; who could not see it gets 404."""
    path, hidden = f"/doc/{PARTY}/weg", f"/doc/{PARTY}/weg-voor-partners"
    put(holder, f"{path}?replace=true", plan("Geheim woord"))
    put(holder, f"{hidden}?replace=true", plan("Geheim woord", audience="partners"))
    assert {200} == {holder.delete(one).status_code for one in (path, hidden)}
    gone = anybody.get(path, headers={"Accept": accept})
    assert (410, media) == (gone.status_code, gone.headers["content-type"])
    assert "Geheim woord" not in gone.text
    assert "Policy" not in gone.text + gone.headers["link"]
    if accept in ("text/turtle", "application/n-quads"):
        stated = {q.split(" ", 1)[1].split(">")[0][1:] for q in triples(gone)}
        assert {
            "http://purl.org/dc/terms/modified",
            f"{LW}ended",
            str(ox.NamedNode(LW + "x"))[1:-2] + "ended",
        } <= stated
        assert 3 == len(triples(gone))
    assert 404 == anybody.get(hidden, headers={"Accept": accept}).status_code
    assert 410 == holder.get(hidden, headers={"Accept": accept}).status_code


def test_the_history_tells_each_what_it_may_know(holder: httpx.Client, anybody: httpx.Client) -> None:
    """The holder sees every contribution with its salt; others what they could read; erased, nothing is left."""
    path = f"/doc/{PARTY}/plan-11"
    for number, audience in enumerate(("own", "public", "public")):
        answer = put(holder, path, plan(f"Versie {number}", audience=audience), **({"If_Match": "*"} if number else {}))
        assert answer.status_code in (200, 201), answer.text
    mine = holder.get(f"{path}?versions").json()
    assert ["publish", "replace", "replace"] == [one["kind"] for one in mine["contributions"]]
    assert all(one["salt"] and one["digest"] and one["recordedBy"] for one in mine["contributions"])
    theirs = anybody.get(f"{path}?versions").json()
    first, second = theirs["contributions"]
    assert (None, second["contribution"]) == (first["supersedes"], first["supersededBy"])
    assert "salt" not in first
    receipt = anybody.get(first["contribution"].removeprefix(BASE)).json()
    assert first == receipt
    graph = triples(anybody.get(f"{path}?versions", headers={"Accept": "application/n-triples"}))
    assert 2 == sum(f"{LW}Contribution" in line for line in graph)
    assert 1 == sum(f"{LW}supersedes>" in line for line in graph)
    page = anybody.get(f"{path}?versions", headers={"Accept": "text/html"})
    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    holder.delete(path)
    ended = anybody.get(f"{path}?versions").json()
    assert ("withdrawn", ["replace", "replace", "withdraw"]) == (
        ended["ended"]["how"],
        [one["kind"] for one in ended["contributions"]],
    )
    holder.delete(f"{path}?erase=true")
    assert {410} == {client.get(f"{path}?versions").status_code for client in (holder, anybody)}
    put(holder, f"/doc/{PARTY}/plan-12", plan(audience="own"))
    for hidden in ("plan-12", "nooit"):
        assert (404, ["NotThere"]) == met(anybody.get(f"/doc/{PARTY}/{hidden}?versions"))
    assert 1 == len(holder.get(f"/doc/{PARTY}/plan-12?versions").json()["contributions"])
    assert (400, ["ParameterUnclear"]) == met(anybody.get(f"{path}?versions=nee"))
    assert (400, ["ParameterUnclear"]) == met(anybody.get(f"{path}?versions&at=2020-01-01"))


def test_adding_makes_the_union(holder: httpx.Client) -> None:
    """POST keeps what is there; the same again changes nothing; what does not fit is refused and nothing is added."""
    path = f"/doc/{PARTY}/plan-13"
    first = holder.post(path, content=plan(), headers=TURTLE)
    assert (201, path) == (first.status_code, first.headers["location"])
    more = '<> <http://purl.org/dc/terms/title> "A plan"@en .'
    tag = first.headers["etag"]
    added = holder.post(path, content=more, headers=TURTLE | {"If-Match": tag})
    assert (200, 6) == (added.status_code, len(triples(holder.get(path, headers={"Accept": "text/turtle"}))))
    again = holder.post(path, content=more, headers=TURTLE)
    assert (200, False) == (again.status_code, again.json()["created"])
    third = more.replace("@en", "@fr")
    assert (412, ["Stale"]) == met(holder.post(path, content=third, headers=TURTLE | {"If-Match": tag}))
    second = f"<> <{LW}heldBy> <{BASE}/id/gemeente> ."
    assert 422 == holder.post(path, content=second, headers=TURTLE).status_code


def test_several_files_are_added_in_one_form(holder: httpx.Client) -> None:
    """Each with its own type or suffix, all or nothing; a form that was cut, and a field, are refused."""
    path = f"/doc/{PARTY}/plan-14"
    english = '<> <http://purl.org/dc/terms/title> "A plan"@en .'
    line = f'<{BASE}/id/{PARTY}/plan-14> <http://purl.org/dc/terms/description> "What we want."@en .\n'
    files = [
        ("a", ("plan.ttl", plan(), "text/turtle; charset=utf-8")),
        ("b", ("titel.ttl", english, "application/octet-stream")),
        ("c", ("tekst.nt", line, "application/n-triples")),
    ]
    whole = holder.build_request("POST", path, files=files)
    body = whole.read()
    sent = {"Content-Type": whole.headers["content-type"]}
    for cut in (body[: body.rindex(b"--", 0, -8)], body[: len(body) // 2], b""):
        assert (400, ["PartsUnclear"]) == met(holder.post(path, content=cut, headers=sent))
    assert (400, ["PartsUnclear"]) == met(holder.post(path, data={"a": "b"}, files={"x": ("x.ttl", plan())}))
    wrong = [*files, ("d", ("fout.ttl", "<> a .", "text/turtle"))]
    refused = holder.post(path, files=wrong)
    assert (400, ["SyntaxUnclear"]) == met(refused)
    assert ("fout.ttl", 1) == (refused.json()["errors"][0]["focus"], refused.json()["line"])
    assert (415, ["MediaTypeUnknown"]) == met(holder.post(path, files=[("a", ("plaat.png", b"x", "image/png"))]))
    assert 404 == holder.get(path, headers={"Accept": "text/turtle"}).status_code
    taken = holder.post(path, content=body, headers=sent)
    assert 201 == taken.status_code, taken.text
    assert 7 == len(triples(holder.get(path, headers={"Accept": "text/turtle"})))


def test_who_may_not_read_it_cannot_add_to_it(shared: Service, accounts: Accounts) -> None:
    """A recorder without sight of the holder's own document gets no look at it through what would be refused."""
    holder, path = "voorbeeld-bewoners", "/doc/voorbeeld-bewoners/eigen-1"
    accounts.delegate("voorbeeld-zorg", holder, "namens", datetime.now(UTC))
    with (
        speaking(shared, accounts, holder) as client,
        speaking(shared, accounts, "voorbeeld-zorg", Right.RECORD_FOR) as recorder,
    ):
        hidden = story(holder, "eigen-1", text="Alleen voor ons.", audience="own", ground=False)
        assert 201 == put(client, path, hidden).status_code
        body = plan(holder=holder, audience="own")
        answer = recorder.post(f"{path}?onBehalfOf={holder}", content=body, headers=TURTLE)
        assert (428, ["MatchRequired"]) == met(answer)
        assert "Alleen voor ons" not in answer.text
        assert "Alleen voor ons" in client.get(path, headers={"Accept": "application/n-triples"}).text
