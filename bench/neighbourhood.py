"""A made-up neighbourhood of any size as N-Quads, laid out as an audience's store is: for measuring, never for showing.

Usage: python bench/neighbourhood.py s|m|l > FILE.nq   (about 0.11, 1.1 and 5.6 million quads)
The same size always gives the same bytes: the seed is fixed. The vocabulary itself comes from ontology/, not from here.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

BASE = "http://127.0.0.1:8000"
LW = "https://w3id.org/lerende-wijk/def#"
CONCEPT = "https://w3id.org/lerende-wijk/id/concept/"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
DCTERMS = "http://purl.org/dc/terms/"
GEO = "http://www.opengis.net/ont/geosparql#"
XSD = "http://www.w3.org/2001/XMLSchema#"

# Instruments per size; a size has about 36 quads for each of them, all ties and ledger lines counted.
SIZES = {"s": 3_100, "m": 31_000, "l": 155_000}
SEED = 1951  # Any fixed number: two runs must give the same neighbourhood.
PARTIES = 50
PLACES = 60

KINDS = (
    ("Story", 62),
    ("Policy", 10),
    ("Analysis", 4),
    ("Vision", 2),
    ("Service", 6),
    ("Protocol", 4),
    ("Initiative", 6),
    ("Offer", 4),
    ("Improvement", 1),
    ("Agreement", 1),
)
RELATIONS = (
    "illustrates",
    "answers",
    "contradicts",
    "implements",
    "motivates",
    "enriches",
    "buildsOn",
    "supports",
    "names",
)
THEMES = (
    "housing",
    "income",
    "transport",
    "shops",
    "energy",
    "health",
    "care",
    "meeting",
    "work",
    "learning",
    "safety",
)
DOMAINS = ("bodyAndMind", "socialRelations", "materialSituation", "workAndAchievement", "valuesAndInspiration")
PERSPECTIVES = ("residents", "professionals", "policyMakers", "entrepreneurs", "government", "press", "researchers")
CRITERIA = ("safe", "obstacleFree", "helpful", "attentive", "caring", "facilitiesForAllDomains")
WORDS = ("straat", "plein", "buren", "samen", "oud", "jong", "huis", "tuin", "licht", "zorg", "werk", "eten", "stap")


class Neighbourhood:
    """Keeps the chances and the names that the parts of one neighbourhood share."""

    def __init__(self, instruments: int) -> None:
        self.chance = random.Random(SEED)
        self.instruments = instruments
        self.by_kind: dict[str, list[str]] = {kind: [] for kind, _ in KINDS}
        self.holder_of: dict[str, str] = {}
        self.facilities: list[str] = []
        self.number = 0

    def quads(self) -> Iterator[str]:
        """All lines, parties and places first."""
        for part in (self.parties, self.places, self.things, self.ties, self.voices, self.learning):
            yield from part()

    def title(self) -> str:
        return " ".join(self.chance.choices(WORDS, k=4))

    def text(self) -> str:
        return " ".join(self.chance.choices(WORDS, k=40))

    def place(self) -> str:
        return f"{BASE}/id/wijk/pl-{self.chance.randrange(PLACES)}"

    def party(self) -> str:
        return f"{BASE}/id/p{self.chance.randrange(PARTIES)}"

    def document(self, iri: str, holder: str, kind: str, *facts: tuple[str, str]) -> Iterator[str]:
        """One contribution: its own graph and its lines in the ledger graph. `facts`: (predicate, term)."""
        self.number += 1
        graph = f"<{BASE}/contributions/{self.number:08x}-0000-4000-8000-000000000000>"
        self.holder_of[iri] = holder
        lines = [
            (RDF_TYPE, f"<{LW}{kind}>"),
            (LW + "heldBy", f"<{holder}>"),
            (LW + "audience", concept("audience/public")),
            *facts,
        ]
        for name, term in lines:
            part, _, predicate = name.rpartition("|")
            yield f"<{iri}{part}> <{predicate}> {term} {graph} .\n"
        moment = f"{2015 + self.number % 11}-{1 + self.number % 12:02d}-{1 + self.number % 28:02d}T12:00:00Z"
        for predicate, term in (
            (RDF_TYPE, f"<{LW}Contribution>"),
            (LW + "heldBy", f"<{holder}>"),
            (LW + "recordedBy", f"<{holder}>"),
            (DCTERMS + "created", f'"{moment}"^^<{XSD}dateTime>'),
            (LW + "document", f"<{iri}>"),
        ):
            yield f"{graph} <{predicate}> {term} <{BASE}/graph/ledger> .\n"

    def parties(self) -> Iterator[str]:
        for number in range(PARTIES):
            iri = f"{BASE}/id/p{number}"
            yield from self.document(
                iri,
                f"{BASE}/id/wijk",
                "Party",
                (DCTERMS + "title", f'"Partij {number}"@nl'),
                (DCTERMS + "title", f'"Party {number}"@en'),
                (LW + "perspective", concept("perspective/" + PERSPECTIVES[number % len(PERSPECTIVES)])),
            )

    def places(self) -> Iterator[str]:
        for number in range(PLACES):
            within = (
                [(GEO + "sfWithin", f"<{BASE}/id/wijk/pl-{0 if number < 6 else 1 + number % 5}>")] if number else []
            )
            kind = "Neighbourhood" if number < 6 else "Place"
            title = (DCTERMS + "title", f'"Plek {number}"@nl')
            yield from self.document(f"{BASE}/id/wijk/pl-{number}", f"{BASE}/id/wijk", kind, title, *within)
        for number in range(self.instruments // 100):
            iri = f"{BASE}/id/p{number % PARTIES}/f{number}"
            self.facilities.append(iri)
            facts = [
                (DCTERMS + "title", f'"Voorziening {self.title()}"@nl'),
                (GEO + "sfWithin", f"<{self.place()}>"),
                (LW + "theme", concept("theme/" + self.chance.choice(THEMES))),
                (LW + "lifeDomain", concept("lifeDomain/" + self.chance.choice(DOMAINS))),
            ]
            yield from self.document(iri, f"{BASE}/id/p{number % PARTIES}", "Facility", *facts)

    def things(self) -> Iterator[str]:
        kinds, weights = zip(*KINDS, strict=True)
        for number in range(self.instruments):
            kind = self.chance.choices(kinds, weights)[0]
            holder = self.party()
            iri = f"{holder}/{kind.lower()}-{number}"
            self.by_kind[kind].append(iri)
            facts = [
                (DCTERMS + "title", f'"{self.title()} {number}"@nl'),
                (DCTERMS + "description", f'"{self.text()}"@nl'),
                (LW + "theme", concept("theme/" + self.chance.choice(THEMES))),
                (LW + "lifeDomain", concept("lifeDomain/" + self.chance.choice(DOMAINS))),
            ]
            if number % 10:  # one in ten would rather not say where
                facts.append((LW + "appliesTo", f"<{self.place()}>"))
            if kind == "Story":
                facts += [
                    (LW + "toldBy", f"<{iri}#verteller>"),
                    ("#verteller|" + RDF_TYPE, f"<{LW}Teller>"),
                    ("#verteller|" + LW + "role", '"een bewoonster"@nl'),
                    ("#verteller|" + LW + "perspective", concept("perspective/residents")),
                    (LW + "ground", f"<{iri}#grond>"),
                    ("#grond|" + LW + "groundKind", concept("ground/consent")),
                    ("#grond|" + DCTERMS + "valid", f'"{2026 + number % 9}-06-30"^^<{XSD}date>'),
                ]
            if number % 20 == 0:
                facts.append((LW + "world", concept("world/lifeworld" if kind == "Story" else "world/system")))
            yield from self.document(iri, holder, kind, *facts)

    def ties(self) -> Iterator[str]:
        """Connections, three in four from a story; a fifth of the stories stays unconnected, as in life."""
        others = [iri for kind, iris in self.by_kind.items() if kind != "Story" for iri in iris]
        connected = [iri for number, iri in enumerate(self.by_kind["Story"]) if number % 5]
        for number in range(self.instruments * 6 // 5):
            holder = self.party()
            source = self.chance.choice(connected if number % 4 else others)
            facts = [
                (LW + "from", f"<{source}>"),
                (LW + "relation", concept("relation/" + self.chance.choice(RELATIONS))),
                (LW + "rationale", f'"{self.title()}"@nl'),
                (LW + "to", f"<{self.chance.choice(others)}>"),
            ]
            if number % 400 == 0:
                facts = [
                    (LW + "from", f"<{source}>"),
                    (LW + "relation", concept("relation/callsFor")),
                    (LW + "calledUpon", '"iedereen"@nl'),
                    (LW + "rationale", f'"{self.title()}"@nl'),
                ]
            iri = f"{holder}/c{number}"
            yield from self.document(iri, holder, "Connection", *facts)
            if number % 6 == 0:
                speaker = self.party()
                response = ("recognises", "seesDifferently", "adds")[number // 6 % 3]
                facts = [
                    (LW + "responseTo", f"<{iri}>"),
                    (LW + "response", concept("response/" + response)),
                    (LW + "rationale", f'"{self.title()}"@nl'),
                ]
                yield from self.document(f"{speaker}/r{number}", speaker, "Response", *facts)

    def voices(self) -> Iterator[str]:
        for number in range(self.instruments // 10):
            holder = self.party()
            facts = [
                (LW + "about", f"<{self.place()}>"),
                (LW + "criterion", concept("criterion/" + self.chance.choice(CRITERIA))),
                (LW + "experience", concept("experience/" + self.chance.choice(("helps", "hinders")))),
                (LW + "rationale", f'"{self.title()}"@nl'),
            ]
            yield from self.document(f"{holder}/e{number}", holder, "Experience", *facts)

    def learning(self) -> Iterator[str]:
        """Dialogues about a story and a policy, with an improvement and an agreement that came out of them."""
        for number in range(self.instruments // 200):
            holder = self.party()
            dialogue = f"{holder}/d{number}"
            facts = [
                (DCTERMS + "title", f'"Gesprek {number}"@nl'),
                (LW + "discusses", f"<{self.chance.choice(self.by_kind['Story'])}>"),
                (LW + "discusses", f"<{self.chance.choice(self.by_kind['Policy'])}>"),
                *((LW + "participant", f"<{self.party()}>") for _ in range(4)),
            ]
            yield from self.document(dialogue, holder, "Dialogue", *facts)
            for kind in ("Improvement", "Agreement"):
                facts = [
                    (DCTERMS + "title", f'"{kind} {number}"@nl'),
                    (DCTERMS + "description", f'"{self.text()}"@nl'),
                    (LW + "outcomeOf", f"<{dialogue}>"),
                ]
                yield from self.document(f"{holder}/{kind.lower()}-d{number}", holder, kind, *facts)


def concept(path: str) -> str:
    """A concept of the opening schemes as an N-Quads term, from `scheme/notation`."""
    return f"<{CONCEPT}{path}>"


def main() -> None:
    """Write the neighbourhood of the size named on the command line to standard output."""
    sys.stdout.writelines(Neighbourhood(SIZES[sys.argv[1]]).quads())


if __name__ == "__main__":
    main()
