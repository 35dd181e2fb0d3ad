"""The other doors through HTTP: things and documents, viewpoints, named questions, words, health, and their manners."""

from __future__ import annotations

import csv
import io
import json

import httpx
import pyoxigraph as ox
import pytest

from tests.running import Service
from tests.stories import BASE

THING = "gemeente/b-agenda"
DOCUMENT_TYPES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}


def get(service: Service, path: str, accept: str = "*/*", **parameters: str) -> httpx.Response:
    """One GET, redirects not followed."""
    return httpx.get(f"{service.url}{path}", headers={"Accept": accept}, params=parameters or None, timeout=60)


def triples(answer: httpx.Response) -> set[str]:
    """The triples of an RDF answer, without graph names."""
    form = DOCUMENT_TYPES[answer.headers["content-type"].split(";")[0]]
    return {str(q.triple) for q in ox.parse(answer.content, format=form)}


def test_a_thing_redirects_to_its_document_without_host(moerwijk: Service) -> None:
    """303 with a path, so that it works on whatever address the service is reached."""
    answer = get(moerwijk, f"/id/{THING}")
    assert (303, f"/doc/{THING}") == (answer.status_code, answer.headers["location"])


@pytest.mark.parametrize("media", DOCUMENT_TYPES)
def test_a_document_is_the_same_in_every_format_and_only_its_holders(moerwijk: Service, media: str) -> None:
    """All formats give one set of triples, each about the thing or a part of it."""
    turtle = triples(get(moerwijk, f"/doc/{THING}", "text/turtle"))
    answer = get(moerwijk, f"/doc/{THING}", media)
    assert (200, media) == (answer.status_code, answer.headers["content-type"].split(";")[0])
    assert turtle == triples(answer)
    assert all(t.startswith(f"<{BASE}/id/{THING}") for t in turtle)


@pytest.mark.parametrize(
    ("suffix", "media"),
    [
        (".ttl", "text/turtle"),
        (".jsonld", "application/ld+json"),
        (".json", "application/ld+json"),
        (".nt", "application/n-triples"),
        (".rdf", "application/rdf+xml"),
        (".trig", "application/trig"),
        (".html", "text/html"),
    ],
)
def test_a_suffix_chooses_the_format(moerwijk: Service, suffix: str, media: str) -> None:
    """A suffix says more than Accept."""
    answer = get(moerwijk, f"/doc/{THING}{suffix}", "image/png")
    assert (200, media) == (answer.status_code, answer.headers["content-type"].split(";")[0])


def test_a_document_unchanged_is_304_and_says_where_else_it_is(moerwijk: Service) -> None:
    """ETag with 304, and links to what it is about and its other forms."""
    first = get(moerwijk, f"/doc/{THING}", "text/turtle")
    again = httpx.get(
        f"{moerwijk.url}/doc/{THING}", headers={"Accept": "text/turtle", "If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert {'rel="canonical"', 'rel="alternate"', 'rel="describedby"', 'rel="type"', 'rel="collection"'} <= {
        part.split(";")[1].strip() for part in first.headers["link"].split(", ")
    }


def test_what_is_not_there_is_404_before_406(moerwijk: Service) -> None:
    """A missing thing is missing in every format; a format that is not there is 406 for what is there."""
    assert get(moerwijk, "/doc/gemeente/niets", "image/png").status_code == 404
    assert get(moerwijk, f"/doc/{THING}", "image/png").status_code == 406
    page = get(moerwijk, "/doc/gemeente/niets", "text/html")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (404, "text/html")


def test_a_viewpoint_is_all_of_one_party_and_nothing_else(moerwijk: Service) -> None:
    """Each contribution in its own graph; every subject lies in the party's own namespace."""
    answer = get(moerwijk, "/view/gemeente", "application/n-quads")
    quads = list(ox.parse(answer.content, format=ox.RdfFormat.N_QUADS))
    assert {f"{BASE}/id/gemeente"} == {q.subject.value.split("/gemeente/")[0] + "/gemeente" for q in quads}
    assert len({q.graph_name.value for q in quads}) == len({q.subject.value.split("#")[0] for q in quads})
    for media in DOCUMENT_TYPES:
        assert {str(q.triple) for q in quads} == triples(get(moerwijk, "/view/gemeente", media))
    assert get(moerwijk, "/view/niemand").status_code == 404


def test_the_catalogue_names_every_question_in_both_languages(moerwijk: Service) -> None:
    """Thirty questions with their parameters, in the shape that partners rely on."""
    found = get(moerwijk, "/queries", "application/json").json()["questions"]
    assert len(found) == 30
    for question in found:
        assert {"name", "question", "parameters", "href"} <= question.keys()
        assert question["question"]["nl"].endswith("?")
        assert question["question"]["en"].endswith("?")
        assert all({"parameter", "type", "required"} <= p.keys() for p in question["parameters"])


@pytest.mark.parametrize(
    "media", ["application/json", "text/csv", "text/tab-separated-values", "text/html", "application/sparql-query"]
)
def test_a_question_answers_in_each_format(moerwijk: Service, media: str) -> None:
    """JSON, CSV, TSV, a page, and its own text."""
    answer = get(moerwijk, "/queries/stories-no-policy-meets", media)
    assert answer.status_code == 200
    assert answer.text


def test_the_text_of_a_question_asks_the_same(moerwijk: Service) -> None:
    """What /queries gives is what its text gives at /sparql, parameters included."""
    path = "/queries/what-is-connected-to-this"
    thing = f"{BASE}/id/{THING}"
    text = get(moerwijk, path, "application/sparql-query", thing=thing, lang="nl").text
    named = get(moerwijk, path, "text/csv", thing=thing, lang="nl").content
    free = httpx.post(f"{moerwijk.url}/sparql", data={"query": text}, headers={"Accept": "text/csv"}).content
    assert named == free
    assert named.count(b"\n") > 1


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("theme=onzin", "ParameterUnclear"),
        ("kleur=rood", "ParameterUnknown"),
        ("theme=housing&theme=care", "ParameterUnclear"),
        ("limit=0", "ParameterUnclear"),
        ("limit=5&after=onzin", "ParameterUnclear"),
    ],
)
def test_a_wrong_parameter_is_told(moerwijk: Service, query: str, name: str) -> None:
    """400 in the one shape, with what is expected."""
    answer = get(moerwijk, f"/queries/stories-on-a-theme?{query}")
    assert (400, name) == (answer.status_code, answer.json()["errors"][0]["name"])


def test_a_missing_parameter_is_told(moerwijk: Service) -> None:
    """A question that needs a thing says so."""
    answer = get(moerwijk, "/queries/what-is-connected-to-this")
    assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, "ParameterMissing")


def test_pages_of_a_question_are_the_whole_of_it_in_order(moerwijk: Service) -> None:
    """Following `next` from page to page gives every row once, in the order of the whole answer."""
    path = "/queries/instruments-for-a-place"
    whole = list(csv.DictReader(io.StringIO(get(moerwijk, path, "text/csv").text)))
    found: list[dict[str, str]] = []
    following: str | None = f"{path}?limit=17"
    while following:
        answer = get(moerwijk, following, "text/csv")
        assert answer.status_code == 200
        found += csv.DictReader(io.StringIO(answer.text))
        link = answer.headers.get("link", "")
        following = link.split(">")[0].removeprefix("<") if 'rel="next"' in link else None
    assert whole == found
    assert len(whole) > 34


def test_a_page_of_an_older_position_is_gone(shared: Service) -> None:
    """After a write the rest of a list is 410 with where to start again, never a mixture."""
    answer = get(shared, "/queries/instruments-for-a-place?limit=5", "text/csv")
    following = answer.headers["link"].split(">")[0].removeprefix("<")
    assert get(shared, following, "text/csv").status_code == 200
    shared.run("party", "add", "nieuw", "--name", "Nieuw", "--perspective", "residents")
    gone = get(shared, following, "text/csv")
    assert (gone.status_code, gone.json()["errors"][0]["name"]) == (410, "CursorGone")


def test_words_shapes_and_context_are_at_their_addresses(moerwijk: Service) -> None:
    """The ontology and the shapes as RDF and as pages, the context as JSON."""
    for path in ("/def", "/shapes"):
        assert len(triples(get(moerwijk, path, "text/turtle"))) > 100
        assert "text/html" in get(moerwijk, path, "text/html").headers["content-type"]
    context = get(moerwijk, "/context.jsonld")
    assert context.headers["content-type"] == "application/ld+json"
    assert "@context" in json.loads(context.text)


def test_what_objections_mean_is_there_for_programs(moerwijk: Service) -> None:
    """As JSON each with its words in both languages and its status; in a form that is not offered 406."""
    found = {one["name"]: one for one in get(moerwijk, "/def/objections", "application/json").json()["objections"]}
    unknown = get(moerwijk, "/queries/nothing", "application/json")
    told = found[unknown.json()["errors"][0]["name"]]
    assert (unknown.status_code, unknown.json()["type"]) == (told["status"], told["docs"])
    assert {"nl", "en"} == set(told["message"])
    assert "text/html" in get(moerwijk, "/def/objections").headers["content-type"]
    refused = get(moerwijk, "/def/objections", "text/turtle")
    assert (406, "FormatUnknown") == (refused.status_code, refused.json()["errors"][0]["name"])


def test_the_command_checks_for_a_party_and_speaks_english(shared: Service) -> None:
    """Who would publish must be said: another's words are refused, in the language of the command; nothing is kept."""
    text = """@prefix lw: <https://w3id.org/lerende-wijk/def#> . @prefix dcterms: <http://purl.org/dc/terms/> .
    <> a lw:Policy ; lw:heldBy </id/gemeente> ; dcterms:title "Een plan"@nl ."""
    unsaid = shared.run("validate", "-", check=False, text=text)
    assert (2, True) == (unsaid.returncode, "--party" in unsaid.stderr)
    own = shared.run("validate", "-", "--party", "gemeente", text=text)
    assert own.stdout.startswith(f"{BASE}/id/gemeente/")
    other = shared.run("validate", "-", "--party", "mcoop", check=False, text=text)
    assert (1, "Unprocessable") == (other.returncode, other.stderr.split()[0])


def test_health_tells_strangers_only_yes_or_no(moerwijk: Service) -> None:
    """Positions and process numbers are for the steward."""
    assert get(moerwijk, "/healthz").json() == {"status": "ok"}
    ready = get(moerwijk, "/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert "projections" not in ready.json()
    steward = httpx.get(
        f"{moerwijk.url}/readyz", headers={"Authorization": f"Bearer {moerwijk.token('wijk', 'steward')}"}
    )
    assert {"public", "partners"} == steward.json()["projections"].keys()


def test_every_answer_carries_the_manners_of_the_house(moerwijk: Service) -> None:
    """Content policy, CORS, nosniff on a page, on data and on an error."""
    for path in ("/nl/", "/queries", "/sparql?query=x", "/niets"):
        answer = get(moerwijk, path)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert (
            answer.headers["access-control-allow-origin"],
            answer.headers["x-content-type-options"],
        ) == ("*", "nosniff")


def test_a_browser_may_ask_from_another_site(moerwijk: Service) -> None:
    """The question before the question is answered."""
    answer = httpx.options(
        f"{moerwijk.url}/sparql",
        headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"},
    )
    assert (answer.status_code, "POST" in answer.headers["access-control-allow-methods"]) == (204, True)


def test_a_verb_that_is_not_there_is_405_with_what_is(moerwijk: Service) -> None:
    """Allow names the verbs."""
    answer = httpx.patch(f"{moerwijk.url}/doc/{THING}")
    assert answer.status_code == 405
    assert {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"} == {
        verb.strip() for verb in answer.headers["allow"].split(",")
    }
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_openapi_text_describes_every_route(moerwijk: Service) -> None:
    """Each operation has a summary and a description."""
    found = get(moerwijk, "/api/openapi.json").json()
    names = [o["operationId"] for operations in found["paths"].values() for o in operations.values()]
    assert sorted(set(names)) == sorted(names)
    for path, operations in found["paths"].items():
        for verb, operation in operations.items():
            assert operation.get("summary"), (verb, path)
            assert operation.get("description"), (verb, path)
    assert {
        "/contributions",
        "/validate",
        "/sparql",
        "/queries/{name}",
        "/doc/{path}",
        "/view/{party}",
        "/readyz",
    } <= set(found["paths"])
