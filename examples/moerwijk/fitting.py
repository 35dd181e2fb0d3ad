"""The facts fitted to the model: who holds what, of which kind, how sure of its date, and where it may be drawn."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from describing import Fields, document
from writing import Document

EDITORS = "redactie"
REGISTER = "wijk"
WITHOUT_DATE = ("inferred", "not shown")  # bases on which no year is certain
TITLE_BASIS = re.compile(r"; title .*$")  # what the title of a source rests on
Facts = dict[str, Any]


@dataclass(frozen=True)
class Moerwijk:
    """All that the facts folder holds, by file name, and who holds each thing."""

    research: Facts
    parties: Facts
    places: Facts
    sources: Facts
    instruments: Facts
    stories: Facts
    facilities: Facts
    connections: Facts
    claims: Facts
    responses: Facts
    rounds: Facts
    words: Facts
    example: Facts

    def holder(self, thing: str) -> str:
        """The party that holds a thing of the research: its publisher."""
        if thing.startswith("pl-"):
            return REGISTER
        if thing.startswith("f-"):
            return str(self.facilities[thing].get("holder", REGISTER))
        if thing.startswith("v-"):
            return str(self.sources[self.found("stories", thing)["source"]]["party"])
        if thing.startswith("c-"):
            return self.connection_holder(self.found("connections", thing))
        own = self.instruments[thing].get("holder")
        return str(own) if own else self.slug(self.found("instruments", thing)["party"])

    def connection_holder(self, row: Facts) -> str:
        """Who says that two things belong together: the publisher of the source, else the editors."""
        if row["id"] in self.connections["editors"] or row["party"] == "editors":
            return EDITORS
        publisher = self.connections["publisher"].get(row["id"])
        return str(publisher) if publisher else self.slug(row["party"])

    def slug(self, party: str) -> str:
        """The party in the register that research.json means."""
        return next(slug for slug, facts in self.parties.items() if facts.get("research") == party)

    def found(self, table: str, thing: str) -> Facts:
        """The row of one thing in research.json."""
        return next(row for row in self.research[table] if row["id"] == thing)

    def at(self, thing: str) -> str:
        """A thing of the research as holder/name."""
        return f"{self.holder(thing)}/{thing}"

    def source(self, name: str) -> Facts:
        """A source with its date, from the list of 115 or from what was found later."""
        later = self.sources[name]
        row: Facts = self.research["sources"].get(name) or {"date": later["date"], "dateBasis": later["date_basis"]}
        return row


def cited(names: str | Iterable[str]) -> list[str]:
    """Sources as holder/name."""
    return [f"{EDITORS}/bron-{name}" for name in (names.split() if isinstance(names, str) else names)]


def both(facts: Facts, field: str) -> dict[str, str]:
    """The Dutch and the English text of a field."""
    return {"nl": facts[f"{field}_nl"], "en": facts[f"{field}_en"]}


def phrase(facts: Moerwijk, words: str) -> dict[str, str]:
    """What is said of a date, in both languages; a plain year or period is the same in both."""
    parts = [words] if words in facts.words["phrase"] else words.split("; ")
    nl = [facts.words["phrase"].get(part, part) for part in parts]
    en = [facts.words["english"].get(part, part) for part in parts]
    return {"nl": "; ".join(nl), "en": "; ".join(en)}


def subjects(facts: Moerwijk, word: str | None, more: Iterable[str]) -> Fields:
    """Themes, the one of the research first, and the life domains they stand under."""
    themes = ([facts.words["theme"][word]] if word else []) + list(more)
    domains = [facts.words["life_domain"][theme] for theme in themes if theme in facts.words["life_domain"]]
    return {"themes": list(dict.fromkeys(themes)), "life_domains": list(dict.fromkeys(domains))}


def dated(facts: Moerwijk, year: str, names: str, *, published: bool = True) -> Fields:
    """A year as a date only where it is certain and something was published or adopted then; else in words."""
    bases = [facts.source(name)["dateBasis"] for name in names.split()]
    certain = facts.words["certain"].get(year, year if re.fullmatch(r"\d{4}", year) else None)
    sure = published and certain and any(not basis.startswith(WITHOUT_DATE) for basis in bases)
    fields: dict[str, Any] = {"issued": certain} if sure else {}
    if not sure or year != certain:
        fields["date_text"] = phrase(facts, year)
        fields["date_basis"] = _rests_on(facts, year, bases)
    return fields


def _rests_on(facts: Moerwijk, year: str, bases: Iterable[str]) -> dict[str, str]:
    """What a date rests on: how it was inferred, else how its sources are dated; an undated one adds nothing."""
    if year in facts.words["rests_on"]:
        inferred: dict[str, str] = facts.words["rests_on"][year]
        return inferred
    known = [phrase(facts, TITLE_BASIS.sub("", basis)) for basis in bases if basis != "not shown"]
    known = known or [phrase(facts, "not shown")]
    return {lang: "; ".join(dict.fromkeys(words[lang] for words in known)) for lang in ("nl", "en")}


def last_seen(facts: Moerwijk, thing: str, names: str, more: Iterable[str] = ()) -> Fields:
    """The year of the newest dated source that names the thing: its own, or one that states a connection of it."""
    told = [
        row for row in facts.research["connections"] if row["basis"] == "stated" and thing in (row["from"], row["to"])
    ]
    every = [*names.split(), *more] + [name for row in told for name in row["sources"].split()]
    found = [
        re.fullmatch(r"(?:\d{4}-(?=\d{4}))?(\d{4})(?:-\d\d){0,2}(?: \(.*\))?", facts.source(n)["date"]) for n in every
    ]
    years = [match.group(1) for match in found if match]
    return {"last_seen": max(years)} if years else {}


def _marks(extra: Facts, *names: str) -> Fields:
    """The marks that stand in the facts as they are."""
    return {name: extra[name] for name in names if name in extra}


def party(facts: Moerwijk, slug: str) -> Document:
    """A party in the register."""
    row = facts.parties[slug]
    fields: dict[str, Any] = {
        "slug": slug,
        "title": {"nl": row["nl"], "en": row["en"]},
        "text": both(row, "text"),
        "kind": ("partyKind", row["kind"]),
        "perspectives": row["perspectives"],
        **_marks(row, "email", "licence", "data_theme"),
    }
    if row.get("fictional"):
        fields["fictional"] = True
    return document("register", REGISTER, None, "Party", fields)


def source(facts: Moerwijk, name: str) -> Document:
    """A source: title, publisher, date, what the date rests on, and an address that names nobody."""
    extra, row = facts.sources[name], facts.source(name)
    original = extra.get("lang", "nl")
    titles = {"nl": extra.get("title_nl", row.get("title")), "en": extra["title_en"]}
    if original not in titles:
        titles[original] = row["title"]
    fields: dict[str, Any] = {
        "title": {language: words for language, words in titles.items() if language != "zxx"},
        "publisher_name": both(extra, "publisher")
        if "publisher_nl" in extra
        else extra.get("publisher", row.get("publisher")),
        "date_basis": facts.words["rests_on"].get(row["date"]) or phrase(facts, row["dateBasis"]),
    }
    if "party" in extra:
        fields["publisher"] = extra["party"]
    if "url" in row:
        fields["address"] = row["url"]
    plain = re.fullmatch(r"(\d{4})(?:-(\d\d))?(-\d\d)?", row["date"])
    if not plain or row["dateBasis"].startswith(WITHOUT_DATE):
        words = facts.words
        fields["date_text"] = phrase(facts, row["date"])
        if plain and plain.group(3):
            fields["date_text"] = {
                lang: f"{int(plain.group(3)[1:])} {words[f'month_{lang}'][plain.group(2)]} {plain.group(1)}"
                for lang in ("nl", "en")
            }
    elif plain.group(3):
        fields["issued"] = row["date"]
    else:
        fields["issued"] = plain.group(1)
        if plain.group(2):
            months = {lang: facts.words[f"month_{lang}"][plain.group(2)] for lang in ("nl", "en")}
            fields["date_text"] = {lang: f"{month} {plain.group(1)}" for lang, month in months.items()}
    return document("sources", EDITORS, f"bron-{name}", "Source", fields)


def place(facts: Moerwijk, name: str) -> Document:
    """A place of the register; it has a position only where a source gives one."""
    extra = facts.places[name]
    row: Facts = next((row for row in facts.research["places"] if row["id"] == name), {})
    within = extra.get("within") or row.get("in")
    fields: dict[str, Any] = {
        "title": {"nl": extra.get("nl", row.get("name")), "en": extra["en"]},
        "text": both(extra, "note"),
        "kind": ("placeKind", extra["kind"]),
        "sources": cited(row.get("sources", "")),
        **_marks(extra, "point", "metres", "identifier"),
    }
    if within:
        fields["within"] = f"{REGISTER}/{within}"
    if extra["precision"]:
        fields["precision"] = extra["precision"]
    kind = "Neighbourhood" if extra["kind"] in ("district", "neighbourhood") else "Place"
    return document("places", REGISTER, name, kind, fields)


def facility(facts: Moerwijk, name: str) -> Document:
    """A facility: a party's own, or shared and then the register's."""
    extra, row = facts.facilities[name], facts.found("facilities", name)
    fields: dict[str, Any] = {
        "title": {"nl": extra["nl"], "en": extra["en"]},
        "text": both(extra, "text"),
        "kind": ("facilityKind", extra["kind"]),
        **subjects(facts, row["lifeDomain"], extra.get("themes", ())),
        **_marks(extra, "dimensions", "for_whom"),
        "within": f"{REGISTER}/{row['place']}",
        **last_seen(facts, name, row["sources"], extra.get("also_named_in", ())),
        "sources": cited(row["sources"]),
        "paraphrased_by": EDITORS,
    }
    holder = facts.holder(name)
    return document(f"things/{holder}", holder, name, "Facility", fields)


def instrument(facts: Moerwijk, name: str) -> Document:
    """A policy, service, initiative or other instrument, in the editors' words."""
    extra, row = facts.instruments[name], facts.found("instruments", name)
    words = facts.words
    kind = words["class_of_one"].get(name) or words["class"].get(row["kind"], "Policy")
    fields: dict[str, Any] = {
        "title": {"nl": row["title"], "en": extra["title_en"]},
        "text": {"nl": extra["nl"], "en": extra["en"]},
        "kind": ("form", words["form"].get(row["kind"], row["kind"])),
        **subjects(facts, row["lifeDomain"], extra.get("themes", ())),
        "dimensions": row["dimension"].split("+"),
        **_marks(extra, "status", "for_whom", "scope"),
        **dated(facts, row["year"], row["sources"], published=kind not in ("Service", "Initiative")),
        **last_seen(facts, name, row["sources"], extra.get("also_named_in", ())),
        "sources": cited(row["sources"]),
        "paraphrased_by": EDITORS,
    }
    reach = {"city": "pl-denhaag", "national": "pl-nederland", "region": None}.get(extra.get("scope"), row["place"])
    if reach:
        fields["applies_to"] = [f"{REGISTER}/{reach}"]
    holder = facts.holder(name)
    return document(f"things/{holder}", holder, name, kind, fields)


def story(facts: Moerwijk, name: str) -> Document:
    """A story from a published source: its teller, its summary, the ground on which it stands here."""
    extra, row = facts.stories[name], facts.found("stories", name)
    fields: dict[str, Any] = {
        "title": {"nl": facts.source(row["source"])["title"], "en": extra["title_en"]},
        "text": {"nl": row["nl"], "en": row["en"]},
        **subjects(facts, row["lifeDomain"], extra.get("themes", ())),
        "dimensions": row["dimension"].split("+"),
        **_marks(extra, "for_whom"),
        "applies_to": [f"{REGISTER}/{row['place']}"],
        **dated(facts, row["year"], row["source"]),
        "sources": cited(row["source"]),
        "paraphrased_by": EDITORS,
        "tellers": _tellers(extra, row["voice"]),
        "published": cited(row["source"]),
    }
    holder = facts.holder(name)
    return document(f"things/{holder}", holder, name, "Story", fields)


def _tellers(extra: Facts, voice: str) -> list[Fields]:
    """Whose voices a story has; where there are several, each role has a perspective of its own."""
    roles = list(zip(voice.split("; "), extra["voice_en"].split("; "), strict=True))
    perspectives = extra.get("perspectives", ["residents"])
    own = [perspectives] if len(roles) == 1 else [[one] for one in perspectives]
    return [{"nl": nl, "en": en, "perspectives": views} for (nl, en), views in zip(roles, own, strict=True)]


def connection(facts: Moerwijk, name: str) -> Document:
    """A tie between two things with its reason, held by whoever says so."""
    row = facts.found("connections", name)
    fields: dict[str, Any] = {
        "from": facts.at(row["from"]),
        "relation": row["type"],
        "rationale": {"nl": row["nl"], "en": row["en"]},
        "basis": row["basis"],
        "sources": cited(row["sources"]),
    }
    if row["to"] == "OPEN":
        fields["called_upon"] = facts.connections["called_upon"][name]
    else:
        fields["to"] = facts.at(row["to"])
    holder = facts.holder(name)
    if holder != EDITORS:
        fields["paraphrased_by"] = EDITORS
    return document(f"ties/{holder}", holder, name, "Connection", fields)


def claims(facts: Moerwijk) -> list[Document]:
    """The facts on which sources differ: one claim per source, side by side."""
    made = []
    for fact in facts.claims["fact"]:
        for value in fact["values"]:
            end = "-".join([value["source"], *([value["part"]] if "part" in value else [])])
            fields = {
                "title": both(fact, "title"),
                "about": facts.at(fact["about"]),
                "value": {"nl": value["nl"], "en": value["en"]},
                "sources": cited([value["source"]]),
            }
            name = f"bewering-{fact['name']}-{end}"
            made.append(document(f"ties/{EDITORS}", EDITORS, name, "Claim", fields))
    return made


def rounds(facts: Moerwijk) -> list[Document]:
    """The rounds of the learning neighbourhood and their dialogue, as the editors read them in the sources."""
    made = []
    for name, row in facts.rounds["round"].items():
        fields = {
            **{field: both(row, field) for field in ("title", "text", "question", "invited", "not_reached")},
            "applies_to": [f"{REGISTER}/{row['place']}"],
            **_marks(row, "start", "end"),
            "sources": cited(row["sources"]),
        }
        made.append(document(f"ties/{EDITORS}", EDITORS, name, "Round", fields))
    for name, row in facts.rounds["dialogue"].items():
        fields = {
            **{field: both(row, field) for field in ("title", "text")},
            "applies_to": [f"{REGISTER}/{row['place']}"],
            "participants": row["participants"],
            "part_of": f"{EDITORS}/{row['round']}",
            **_marks(row, "start"),
            "sources": cited(row["sources"]),
        }
        made.append(document(f"ties/{EDITORS}", EDITORS, name, "Dialogue", fields))
    return made


def responses(facts: Moerwijk) -> list[Document]:
    """The replies that sources carry, and the caveats that the editors add."""
    made = []
    for row in facts.responses["response"]:
        fields: dict[str, Any] = {
            "response_to": facts.at(row["to"]),
            "response": row["kind"],
            "rationale": {"nl": row["nl"], "en": row["en"]},
            "sources": cited(row["sources"]),
        }
        if row["holder"] != EDITORS:
            fields["paraphrased_by"] = EDITORS
        made.append(document(f"responses/{row['holder']}", row["holder"], row["name"], "Response", fields))
    return made


def example(facts: Moerwijk) -> list[Document]:
    """What the three openly fictional parties say, among themselves."""
    made = []
    for row in facts.example["document"]:
        fields = {field: value for field, value in row.items() if field not in ("file", "holder", "name", "class")}
        if "teller" in fields:
            fields["tellers"] = [fields.pop("teller")]
        if "themes" in fields:
            fields |= subjects(facts, None, fields["themes"])
        made.append(document(row["file"], row["holder"], row["name"], row["class"], fields))
    return made


def everything(facts: Moerwijk) -> list[Document]:
    """All documents of the example, in the order in which each file tells them."""
    research = facts.research
    return [
        *(party(facts, slug) for slug in facts.parties),
        *(source(facts, name) for name in facts.sources),
        *(place(facts, name) for name in facts.places),
        *(facility(facts, row["id"]) for row in research["facilities"]),
        *(instrument(facts, row["id"]) for row in research["instruments"]),
        *(story(facts, row["id"]) for row in research["stories"]),
        *(connection(facts, row["id"]) for row in research["connections"]),
        *claims(facts),
        *rounds(facts),
        *responses(facts),
        *example(facts),
    ]
