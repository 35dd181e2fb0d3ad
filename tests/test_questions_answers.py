"""What each of the thirty questions answers on the Moerwijk example, held against the facts it was made from."""

from __future__ import annotations

import httpx
import pyoxigraph as ox
import pytest

from tests.example_store import BASE, OURS, ask, needed, short
from tests.running import Service


def column(found: list[dict[str, str]], *names: str) -> list[tuple[str | None, ...]]:
    """Some cells of each row, in the order of the rows; an open cell is None."""
    return [tuple(row.get(name) for name in names) for row in found]


def thing(path: str) -> str:
    """The IRI of something in the example."""
    return f"{BASE}/id/{path}"


def test_1_instruments_for_a_place() -> None:
    """A square gives what was said about it; a part of the neighbourhood also what lies within it; all of it: 103."""
    square = {
        ("dearhunter/b-atlas", "Exploration"),
        ("gemeente/b-hhp", "Policy"),
        ("mcoop/i-baankans", "Initiative"),
        ("pstad/d-atelier", "Protocol"),
        ("pstad/v-19", "Story"),
        ("pstad/v-20", "Story"),
        ("pvda/b-pvda14", "Policy"),
        ("wzz/d-verrassing", "Service"),
    }
    assert square == set(column(ask("instruments-for-a-place", place="pl-heeswijkplein"), "instrument", "kind"))
    east = {row["instrument"] for row in ask("instruments-for-a-place", place="pl-oost")}
    assert {instrument for instrument, _ in square} < east
    assert {"staedion/b-viers", "gemeente/b-orm", "hww/d-wzcbrochure"} < east
    everything = {row["instrument"] for row in ask("instruments-for-a-place")}
    assert 67 + 26 == len([one for one in everything if not one.startswith("voorbeeld-")])


def test_2_stories_on_a_theme() -> None:
    """Each story shows whose voice it is; a life domain takes its themes along."""
    safety = ask("stories-on-a-theme", theme="safety")
    assert {
        ("pstad/v-19", "bewoners van 10 tot 85 jaar"),
        ("pstad/v-20", "voorbijgangers en een jonge buurtbewoner"),
        ("ddh/v-13", "een bewoonster"),
        ("ad/v-18", "een woordvoerster van buurtbewoners"),
        ("pvda/v-25", "actieve bewoners van de wijkorganisatie"),
        ("voorbeeld-bewoners/v-avondlicht", "een bewoner van ruim tachtig jaar"),
    } == set(column(safety, "story", "tellerName"))
    meaning = [("haagseherinneringen/v-23", "theme/meaning", "zingeving")]
    assert meaning == column(ask("stories-on-a-theme", domain="valuesAndInspiration"), "story", "topic", "topicName")
    assert 26 + 3 == len({row["story"] for row in ask("stories-on-a-theme")})


def test_3_facilities_and_their_domains() -> None:
    """The church is the one facility for values and inspiration; all 29 facilities and a fictional one are there."""
    church = [("wijk/f-marcuskerk", "kerkgebouw", "lifeDomain/valuesAndInspiration")]
    church += [("wijk/f-marcuskerk", "kerkgebouw", "theme/meaning")]
    found = ask("facilities-and-their-domains", domain="valuesAndInspiration")
    assert church == sorted(column(found, "facility", "sortName", "subject"))
    everything = {row["facility"] for row in ask("facilities-and-their-domains")}
    assert 29 == len([one for one in everything if not one.startswith("voorbeeld-")])


def test_4_what_is_connected_to_this() -> None:
    """The first Regio Deal has nine connections by six holders, two of which contradict it, each with a reason."""
    found = ask("what-is-connected-to-this", thing=thing("gemeente/b-rd1"))
    assert {
        ("npzw/c-12", "relation/answers", "npzw/b-verbond", "gemeente/b-rd1", "basis/stated"),
        ("redactie/c-27", "relation/contradicts", "gemeente/b-rdeind", "gemeente/b-rd1", "basis/stated"),
        ("redactie/c-26", "relation/contradicts", "wbs/b-wbs", "gemeente/b-rd1", "basis/read"),
        ("omroepwest/c-08", "relation/illustrates", "betje/i-betje", "gemeente/b-rd1", "basis/stated"),
        ("gemeente/c-16", "relation/illustrates", "denhaagfm/v-10", "gemeente/b-rd1", "basis/stated"),
        ("omroepwest/c-09", "relation/illustrates", "omroepwest/v-08", "gemeente/b-rd1", "basis/stated"),
        ("gemeente/c-14", "relation/illustrates", "wijk/f-luyk", "gemeente/b-rd1", "basis/stated"),
        ("npzw/c-11", "relation/motivates", "gemeente/b-rd1", "npzw/b-npzwup", "basis/stated"),
        ("redactie/c-39", "relation/motivates", "volkskrant/v-02", "gemeente/b-rd1", "basis/read"),
    } == set(column(found, "connection", "relation", "from", "to", "basis"))
    assert set() == {row["connection"] for row in found if not row.get("rationale")}
    (call,) = [
        row for row in ask("what-is-connected-to-this", thing=thing("betje/i-betje"), lang="en") if "to" not in row
    ]
    assert ("redactie/c-10", "calls for", "health insurers") == (
        call["connection"],
        call["sentence"],
        call["calledUpon"],
    )


def test_5_who_said_this() -> None:
    """A newspaper's story: the newspaper holds it, residents told it, the editors entered it from a public source."""
    (row,) = ask("who-said-this", thing=thing("ad/v-04"))
    assert ("ad", "bewoners", "perspective/residents") == (row["holder"], row["tellerName"], row["perspective"])
    assert ("redactie", "delegation/publicSource") == (row["recorder"], row["delegation"])
    assert ("audience/public", "redactie/bron-ad19m") == (row["audience"], row["source"])
    (same,) = ask("who-said-this", thing=thing("ad/v-04#verteller"))
    assert row["contribution"] == same["contribution"]


def test_6_what_others_say_to_this() -> None:
    """Responses by name, and the responses to those; a reply is shown with what it replies to."""
    shelter = ask("what-others-say-to-this", thing=thing("ad/c-23"))
    assert [("gemeente/antwoord-c-23", "response/replies", "gemeente")] == column(shelter, "response", "sort", "holder")
    steps = ask("what-others-say-to-this", thing=thing("voorbeeld-zorg/p-vochtmelding"))
    assert {
        ("voorbeeld-bewoners/r-vraag-bellen", "response/asks", "voorbeeld-zorg/p-vochtmelding"),
        ("voorbeeld-zorg/r-antwoord-bellen", "response/replies", "voorbeeld-bewoners/r-vraag-bellen"),
    } == set(column(steps, "response", "sort", "target"))


def test_7_instruments_per_perspective() -> None:
    """Entrepreneurs: two; a story counts for its teller, so the press, which only prints stories, has none."""
    entrepreneurs = ask("instruments-per-perspective", perspective="entrepreneurs")
    assert {"mim/i-mim", "betje/i-betje"} == {row["instrument"] for row in entrepreneurs}
    assert [] == ask("instruments-per-perspective", perspective="press")
    square = ask("instruments-per-perspective", perspective="professionals", place="pl-heeswijkplein")
    assert {"dearhunter/b-atlas", "pstad/d-atelier", "wzz/d-verrassing"} == {row["instrument"] for row in square}


def test_8_stories_no_policy_meets() -> None:
    """The ten stories that no connection reaches, and those that only services or initiatives reach."""
    unreached = "ad/v-04 ad/v-05 nrc/v-11 mcoop/v-14 mcoop/v-15 haagseherinneringen/v-16 ddh/v-22 neos/v-24 pvda/v-25"
    unreached += " omroepwest/v-26"
    otherwise = "ad/v-01 omroepwest/v-06 omroepwest/v-07 nu/v-09 nrc/v-12 pstad/v-20 ddh/v-21"
    fictional = "voorbeeld-bewoners/v-avondlicht voorbeeld-bewoners/v-half-jaar-later"
    found = ask("stories-no-policy-meets")
    assert {*unreached.split(), *otherwise.split(), *fictional.split()} == {row["story"] for row in found}
    assert set(fictional.split()) == {row["story"] for row in found if row["fictional"] == "true"}
    assert {"nrc/v-11"} == {row["story"] for row in ask("stories-no-policy-meets", place="pl-schermerstraat")}


def test_9_policies_no_story_illustrates() -> None:
    """The policies that no story touches in either direction; analyses and explorations are no policies."""
    expected = "gemeente/b-bp gemeente/b-eenz gemeente/b-orm gemeente/b-part gemeente/b-welz ggdh/b-sociaalcontract"
    expected += " npzw/b-npzw npzw/b-npzwup npzw/b-verbond npzw/b-verg pvda/b-pvda14 pvda/b-pvda19 rijk/b-rd2"
    expected += " staedion/b-viers vestia/b-renov"
    found = ask("policies-no-story-illustrates")
    assert set(expected.split()) == {row["policy"] for row in found}
    assert {"bestemmingsplan"} == {row["formName"] for row in found if row["policy"] == "gemeente/b-bp"}


def test_10_domains_with_stories_but_no_facility() -> None:
    """Energy, income and safety have stories and no facility; in the Schermerstraat that is so for meeting."""
    found = ask("domains-with-stories-but-no-facility")
    assert {"theme/energy", "theme/income", "theme/safety"} == {row["subject"] for row in found}
    energy = {row["story"] for row in found if row["subject"] == "theme/energy"}
    assert {"ddh/v-21", "ddh/v-22", "nrc/v-12"} == energy
    street = ask("domains-with-stories-but-no-facility", place="pl-schermerstraat")
    assert {
        ("theme/meeting", "denhaagfm/v-10"),
        ("theme/meeting", "nrc/v-11"),
        ("lifeDomain/socialRelations", "denhaagfm/v-10"),
        ("lifeDomain/socialRelations", "nrc/v-11"),
    } == set(column(street, "subject", "story"))


def test_11_where_experiences_differ() -> None:
    """The fictional courtyard is safe by day for one and hinders in the evening for another: both with their reason."""
    found = ask("where-experiences-differ")
    assert [
        ("voorbeeld-gemeente/lindehof", "criterion/safe", "experience/helps", "voorbeeld-zorg"),
        ("voorbeeld-gemeente/lindehof", "criterion/safe", "experience/hinders", "voorbeeld-bewoners"),
    ] == column(found, "location", "criterion", "sort", "holder")
    assert all(row["rationale"] for row in found)
    assert [] == ask("where-experiences-differ", criterion="caring")


def test_12_connections_seen_differently() -> None:
    """One connection, with the reason of who made it and of who sees it differently."""
    (row,) = ask("connections-seen-differently")
    assert ("voorbeeld-bewoners/vc-1", "voorbeeld-bewoners") == (row["connection"], row["connectionHolder"])
    assert ("voorbeeld-zorg/r-anders-vc-1", "voorbeeld-zorg") == (row["response"], row["holder"])
    assert row["rationale"] != row["responseRationale"]


def test_13_protocols_between_policy_and_story() -> None:
    """The fictional protocol implements a plan and answers the story that contradicts it, by three connections."""
    (row,) = ask("protocols-between-policy-and-story")
    assert "voorbeeld-zorg/p-vochtmelding" == row["protocol"]
    assert ("voorbeeld-gemeente/b-gezond-wonen", "voorbeeld-bewoners/v-schimmel") == (row["policy"], row["story"])
    assert "voorbeeld-zorg/vc-2 voorbeeld-zorg/vc-3 voorbeeld-bewoners/vc-1" == " ".join(
        row[name] for name in ("implementing", "answering", "contradicting")
    )


def test_14_perspectives_at_the_table() -> None:
    """Three parties with four perspectives sat at the table; only one of them confirmed it itself."""
    found = ask("perspectives-at-the-table")
    assert {
        ("perspective/government", "voorbeeld-gemeente", "false"),
        ("perspective/policyMakers", "voorbeeld-gemeente", "false"),
        ("perspective/professionals", "voorbeeld-zorg", "false"),
        ("perspective/residents", "voorbeeld-bewoners", "true"),
    } == set(column(found, "perspective", "party", "confirmed"))
    assert {("voorbeeld-gemeente/b-gezond-wonen", "voorbeeld-gemeente/gesprek-lindehof")} == set(
        column(found, "policy", "dialogue")
    )


def test_15_what_changed_because_of_a_story() -> None:
    """Stories that motivated something or were answered; and the whole cycle, up to a later story, once."""
    found = ask("what-changed-because-of-a-story")
    assert {
        ("volkskrant/v-02", "relation/motivates", "gemeente/b-rd1"),
        ("ddh/v-13", "relation/motivates", "nls/i-nls"),
        ("ddh/v-13", "relation/answers", "gemeente/b-sv"),
        ("ddh/v-21", "relation/motivates", "energierijk/i-energie"),
        ("nrc/v-12", "relation/answers", "energierijk/i-energie"),
        ("omroepwest/v-07", "relation/answers", "mim/i-mim"),
        ("voorbeeld-bewoners/v-schimmel", "relation/answers", "voorbeeld-zorg/p-vochtmelding"),
        ("voorbeeld-bewoners/v-schimmel", "Dialogue", "voorbeeld-gemeente/afspraak-vocht"),
        ("voorbeeld-bewoners/v-schimmel", "Dialogue", "voorbeeld-gemeente/i-een-lijst"),
    } == set(column(found, "story", "way", "outcome"))
    (changed,) = [row for row in found if "changed" in row]
    assert ("voorbeeld-gemeente/b-gezond-wonen", "voorbeeld-bewoners/v-half-jaar-later") == (
        changed["changed"],
        changed["laterStory"],
    )


def test_16_connections_not_responded_to() -> None:
    """Its own connections and those it responded to are not listed; a party with nothing open has no rows."""
    found = ask("connections-not-responded-to", party="voorbeeld-gemeente")
    assert ["voorbeeld-bewoners/vc-7", "voorbeeld-zorg/vc-2", "voorbeeld-zorg/vc-6"] == sorted(
        row["connection"] for row in found
    )
    open_ends = [("redactie/c-48", "pstad/d-atelier"), ("redactie/c-48", "pstad/v-20")]
    assert open_ends == column(ask("connections-not-responded-to", party="pstad"), "connection", "mine")
    assert [] == ask("connections-not-responded-to", party="staedion")


def test_17_where_lifeworld_meets_system() -> None:
    """Counts stand beside the connections that they count: two from lifeworld to system, one the other way."""
    assert [
        ("world/lifeworld", "world/system", "2", "voorbeeld-bewoners/vc-1"),
        ("world/lifeworld", "world/system", "2", "voorbeeld-bewoners/vc-7"),
        ("world/system", "world/lifeworld", "1", "voorbeeld-zorg/vc-3"),
    ] == column(ask("where-lifeworld-meets-system"), "fromWorld", "toWorld", "times", "connection")


def test_18_how_a_viewpoint_developed() -> None:
    """In order of time, and the plan that has a second version names the contribution it took the place of."""
    found = ask("how-a-viewpoint-developed", party="voorbeeld-gemeente")
    assert sorted(row["moment"] for row in found) == [row["moment"] for row in found]
    (replaced,) = [row for row in found if row["event"] == "replaced"]
    assert ("voorbeeld-gemeente/b-gezond-wonen", "nieuwe versie") == (replaced["document"], replaced["eventName"])
    assert replaced["supersedes"] != replaced["contribution"]


def test_19_grounds_that_end() -> None:
    """One consent has a last day; before that day it is not listed, the day after it is."""
    story = [("2027-06-30", "voorbeeld-bewoners/v-avondlicht", "ground/consent")]
    assert story == column(ask("grounds-that-end"), "ends", "story", "sort")
    assert story == column(ask("grounds-that-end", before="2027-07-01"), "ends", "story", "sort")
    assert [] == ask("grounds-that-end", before="2027-06-30")


def test_20_matrix_of_perspectives() -> None:
    """Each count equals the rows it stands with, and the contradictions that the sources carry are all among them."""
    found = ask("matrix-of-perspectives")
    pairs: dict[tuple[str, str], set[str]] = {}
    for row in found:
        pairs.setdefault((row["fromPerspective"], row["toPerspective"]), set()).add(row["connection"])
    assert {(row["fromPerspective"], row["toPerspective"]): int(row["ties"]) for row in found} == {
        pair: len(connections) for pair, connections in pairs.items()
    }
    contradictions = "ad/c-23 pstad/c-04 redactie/c-22 redactie/c-25 redactie/c-26 redactie/c-27 redactie/c-45"
    contradictions += " redactie/c-48 redactie/c-54 redactie/c-56 trouw/c-24 voorbeeld-bewoners/vc-1"
    assert set(contradictions.split()) == {r["connection"] for r in found if r["relation"] == "relation/contradicts"}
    assert 12 == len(pairs["perspective/residents", "perspective/policyMakers"])


def test_21_open_calls() -> None:
    """The call on health insurers that nothing answers, and a fictional one."""
    assert {
        ("redactie/c-10", "betje/i-betje", "zorgverzekeraars"),
        ("voorbeeld-zorg/vc-5", "voorbeeld-zorg/d-spreekuur", "buren die willen helpen met kleine klussen in huis"),
    } == set(column(ask("open-calls"), "connection", "from", "calledUpon"))
    assert ["redactie/c-10"] == [row["connection"] for row in ask("open-calls", place="pl-west")]


def test_22_experiences_voice_by_voice() -> None:
    """Four fictional experiences by three parties, nothing added up."""
    assert {
        ("criterion/caring", "voorbeeld-zorg/buurtkamer", "experience/helps", "voorbeeld-bewoners"),
        ("criterion/obstacleFree", "voorbeeld-gemeente/lindehof", "experience/hinders", "voorbeeld-gemeente"),
        ("criterion/safe", "voorbeeld-gemeente/lindehof", "experience/helps", "voorbeeld-zorg"),
        ("criterion/safe", "voorbeeld-gemeente/lindehof", "experience/hinders", "voorbeeld-bewoners"),
    } == set(column(ask("experiences-voice-by-voice"), "criterion", "location", "sort", "holder"))


def test_23_what_people_can_and_want_to_do() -> None:
    """The seventeen initiatives of the facts, and the one fictional offer."""
    found = ask("what-people-can-and-want-to-do")
    assert 17 == len({row["thing"] for row in found if row["kind"] == "Initiative"})
    assert {"voorbeeld-bewoners/a-klussen"} == {row["thing"] for row in found if row["kind"] == "Offer"}
    west = {row["thing"] for row in ask("what-people-can-and-want-to-do", place="pl-west")}
    assert {"betje/i-betje", "gim/i-tuin", "mcoop/i-mcoop", "herstelpunt/i-herstel", "huiskamer/i-huiskamer"} == west


def test_24_calls_an_offer_could_meet() -> None:
    """The fictional offer stands beside the fictional call only, with all that they share."""
    found = ask("calls-an-offer-could-meet")
    assert {
        ("lifeDomain/materialSituation", "lifeDomain"),
        ("theme/housing", "theme"),
        ("voorbeeld-gemeente/lindehof", "place"),
    } == set(column(found, "shared", "sharedSort"))
    assert {("voorbeeld-zorg/vc-5", "voorbeeld-bewoners/a-klussen")} == set(column(found, "connection", "offer"))


def test_25_agreements_and_what_became_of_them() -> None:
    """What was promised, who joined by a response of its own, and the improvement that came of it."""
    assert [
        ("promised", "voorbeeld-gemeente", "voorbeeld-gemeente/afspraak-vocht"),
        ("joined", "voorbeeld-bewoners", "voorbeeld-bewoners/r-doet-mee"),
        ("joined", "voorbeeld-zorg", "voorbeeld-zorg/r-doet-mee"),
        ("became", "voorbeeld-gemeente", "voorbeeld-gemeente/i-een-lijst"),
    ] == column(ask("agreements-and-what-became-of-them"), "aspect", "party", "thing")


def test_26_rounds_of_learning() -> None:
    """The two real rounds: what was asked, and openly that the sources do not say who was not reached."""
    found = ask("rounds-of-learning")
    assert [("redactie/ronde-2001-2004", "2001", "2004"), ("redactie/ronde-2023", "2023", "2023")] == column(
        found, "round", "starts", "ends"
    )
    assert all(row["question"] and row["invited"] and row["notReached"] for row in found)
    assert ["redactie/ronde-2023"] == [row["round"] for row in ask("rounds-of-learning", place="pl-oost")]


def test_27_growing_old_here() -> None:
    """In the south: De Drie Linden, as care and as a house; for a group also what is for everybody."""
    south = ask("growing-old-here", place="pl-zuid")
    assert {("saffier/d-drielinden", "Service"), ("wijk/f-drielinden", "Facility")} == set(
        column(south, "thing", "kind")
    )
    disability = ask("growing-old-here", forWhom="peopleWithDisability")
    assert {"wzz/d-verrassing", "wzz/f-verrassing"} == {
        row["thing"] for row in disability if row["group"] == "forWhom/peopleWithDisability"
    }
    assert {"forWhom/peopleWithDisability", "forWhom/everybody"} == {row["group"] for row in disability}
    assert all(row["accessibility"] for row in disability if row["group"] == "forWhom/everybody")


def test_28_by_what_did_this_become_richer() -> None:
    """The method of 2001 became richer by five others; a contradiction is not among what enriches."""
    found = ask("by-what-did-this-become-richer", thing=thing("wzz/d-methode"))
    assert {
        ("relation/answers", "gemeente/d-ontm"),
        ("relation/answers", "ggd/d-val"),
        ("relation/answers", "wijkbusst/i-wijkbus"),
        ("relation/illustrates", "wzz/d-verrassing"),
        ("relation/implements", "wzz/i-woonzorgeloos"),
    } == set(column(found, "way", "by"))
    plan = ask("by-what-did-this-become-richer", thing=thing("voorbeeld-gemeente/b-gezond-wonen"))
    assert {
        ("Improvement", "voorbeeld-gemeente/i-een-lijst"),
        ("relation/implements", "voorbeeld-zorg/p-vochtmelding"),
        ("relation/supports", "voorbeeld-zorg/d-spreekuur"),
    } == set(column(plan, "way", "by"))


def test_29_what_lies_within_this_place() -> None:
    """Moerwijk has points and no boundaries, so what lies where is what the register and the holders say."""
    found = ask("what-lies-within-this-place", place="pl-zuid")
    assert {("wijk/f-drielinden", "Facility"), ("wijk/pl-westhovenplein", "Place")} <= set(
        column(found, "thing", "kind")
    )
    assert {("true", "unknown")} == set(column(found, "said", "position"))
    everything = {row["thing"] for row in ask("what-lies-within-this-place", place="pl-moerwijk")}
    assert {row["thing"] for row in found} < everything


def test_30_nearest_facilities() -> None:
    """No facility has a position: those in a street that has one are measured there, and both accuracies are told."""
    found = ask("nearest-facilities", place="pl-west")
    assert {
        ("wijk/f-marcuskerk", "wijk/pl-janluykenlaan", "200", "300"),
        ("wijk/f-station", "wijk/pl-station", "200", "300"),
    } <= set(column(found, "facility", "measured", "accuracy", "placeAccuracy"))
    assert {"wijk/pl-janluykenlaan", "wijk/pl-station"} == {row["measured"] for row in found}
    assert [] == ask("nearest-facilities", place="pl-heeswijkplein")


@pytest.mark.parametrize("name", OURS)
def test_the_service_answers_the_same(name: str, moerwijk: Service) -> None:
    """Published through the door, kept in the ledger and projected, the example gives the same rows over HTTP."""
    answer = httpx.get(
        f"{moerwijk.url}/queries/{name}",
        params={"lang": "nl", **needed(name)},
        headers={"Accept": "application/sparql-results+json"},
        timeout=60,
    )
    assert 200 == answer.status_code
    told = answer.json()["results"]["bindings"]
    found = ask(name, **needed(name))
    # Times and contributions' names are each ledger's own.
    own = {"since", "moment", "contribution", "supersedes"}
    values = [sorted((key, shortened(cell)) for key, cell in row.items() if key not in own) for row in told]
    expected = [sorted((key, value) for key, value in row.items() if key not in own) for row in found]
    if any("since" in row or "moment" in row for row in found):  # Time may decide the order, and is each ledger's own.
        values, expected = sorted(values), sorted(expected)
    assert expected == values


def shortened(cell: dict[str, str]) -> str:
    """A cell of SPARQL's JSON as `ask` writes it."""
    return short(ox.NamedNode(cell["value"]) if cell["type"] == "uri" else ox.Literal(cell["value"]))
