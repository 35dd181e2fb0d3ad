"""What was changed to fit: the Turtle read back and laid beside research.json, each difference with its rule."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph
from fitting import EDITORS, REGISTER, Moerwijk, phrase
from writing import CONCEPTS, PREFIXES

BASE = "http://moerwijk.invalid/"
UNEXPLAINED = "no rule"
RULES = {
    "35": "one party per publisher; collectives hold nothing; perspectives press and researchers; a party may have two",
    "36": "a connection is held by the publisher of its source, else by the editors; an open call says whom it calls",
    "38": "sources are documents of the editors; an address or name of a person is left out",
    "39": "the kind gives the class; a year stands as a date only when certain, else in words",
    "40": "places: municipality and country added, a scope instead of a stand-in place, no position from memory",
    "41": "the dialogue of 2023 and its round are real; their sources were found after the list of 115",
    UNEXPLAINED: "changed without a rule; there should be none",
}
PLACE_KINDS = {
    "wijk": "district", "buurt": "neighbourhood", "straat": "street", "plein": "square", "gebied": "area",
}  # fmt: skip
CLASSES = {"policy": "Policy", "service": "Service", "initiative": "Initiative"}
Values = dict[str, set[str]]


@dataclass(frozen=True)
class Change:
    """One fact that stands otherwise in the Turtle than in research.json."""

    rule: str
    thing: str
    what: str
    was: str
    now: str

    def line(self) -> str:
        """The change as a line of the report."""
        return f"  {self.thing}: {self.what}: {self.was} -> {self.now}"


def read_back(turtles: Iterable[str]) -> dict[str, Values]:
    """Subject → property → values; things without the base, texts as words@language, concepts by notation."""
    read: dict[str, Values] = {}
    short = {address: f"{word}:" for word, address in PREFIXES.items()}
    for turtle in turtles:
        for quad in pyoxigraph.parse(turtle.encode(), pyoxigraph.RdfFormat.TURTLE, base_iri=BASE):
            subject = str(getattr(quad.subject, "value", "")).removeprefix(f"{BASE}id/")
            start = next((s for s in short if quad.predicate.value.startswith(s)), "")
            predicate = short.get(start, "") + quad.predicate.value.removeprefix(start)
            read.setdefault(subject, {}).setdefault(predicate, set()).add(_value(quad.object))
    return read


def _value(term: object) -> str:
    if isinstance(term, pyoxigraph.Literal):
        return f"{term.value}@{term.language}" if term.language else term.value
    address: str = getattr(term, "value", "")
    if address.startswith(CONCEPTS):
        return address.rsplit("/", 1)[1]
    return address.removeprefix(f"{BASE}id/").removeprefix(PREFIXES["lw"])


def _camel(words: str) -> str:
    """A notation from words: residents' team → residentsTeam."""
    parts: list[str] = re.findall(r"[a-z0-9]+", words.lower().replace("'", ""))
    return parts[0] + "".join(part.capitalize() for part in parts[1:])


def _cited(sources: str) -> set[str]:
    return {f"{EDITORS}/bron-{name}" for name in sources.split() if name != "-"}


def _named(values: Values, name: str) -> bool:
    """Whether the Dutch or the English title is the name, or the name with less behind it."""
    titles = {title.rsplit("@", 1)[0] for title in values["dcterms:title"]}
    return any(name == title or name.startswith(f"{title} (") or name.startswith(f"{title};") for title in titles)


def _differs(rule: str, thing: str, what: str, was: Iterable[str], now: Iterable[str]) -> Iterator[Change]:
    before, after = ", ".join(sorted(was)) or "nothing", ", ".join(sorted(now)) or "nothing"
    if before != after:
        yield Change(rule, thing, what, before, after)


def _parties(facts: Moerwijk, read: Mapping[str, Values]) -> Iterator[Change]:
    simple = {"residents": "residents", "entrepreneurs": "entrepreneurs", "professionals": "professionals"}
    for row in facts.research["parties"]:
        values = read[facts.slug(row["id"])]
        rule = "35" if row["id"] in ("pers", "bewoners", "landelijk") else UNEXPLAINED
        if not _named(values, row["name"]):
            yield Change(rule, row["id"], "name", row["name"], min(values["dcterms:title"]))
        kind = next(iter(values["dcterms:type"]))
        if not _camel(row["kind"]).startswith(kind):
            yield Change(rule, row["id"], "kind", row["kind"], kind)
        given = simple.get(row["perspective"], "policyMakers" if row["perspective"] == "policy-makers" else None)
        rule = UNEXPLAINED if given else "35"
        yield from _differs(rule, row["id"], "perspective", [given or row["perspective"]], values["lw:perspective"])
    for slug, party in facts.parties.items():
        if "research" not in party and not party.get("fictional") and slug not in (REGISTER, EDITORS):
            yield Change("35", slug, "party", "nothing", party["nl"])


def _places(facts: Moerwijk, read: Mapping[str, Values]) -> Iterator[Change]:
    listed = {row["id"]: row for row in facts.research["places"]}
    for name in facts.places:
        if name not in listed:
            yield Change("40", name, "place", "nothing", min(read[f"{REGISTER}/{name}"]["dcterms:title"]))
    for name, row in listed.items():
        values = read[f"{REGISTER}/{name}"]
        yield from _differs(UNEXPLAINED, name, "name", {f"{row['name']}@nl"}, _in(values["dcterms:title"], "nl"))
        yield from _differs(
            UNEXPLAINED, name, "kind", {PLACE_KINDS.get(row["kind"], row["kind"])}, values["dcterms:type"]
        )
        inside = set() if row["in"] == "-" else {f"{REGISTER}/{row['in']}"}
        rule = UNEXPLAINED if inside else "40"
        yield from _differs(rule, name, "lies in", inside, values.get("geo:sfWithin", set()))
        point = read.get(f"{REGISTER}/{name}#geometrie", {}).get("geo:asWKT", set())
        given = {f"POINT({row['long']} {row['lat']})"}
        yield from _differs("40", name, f"position ({row['precision']})", given, point)
        yield from _differs(UNEXPLAINED, name, "sources", _cited(row["sources"]), _sources(values))


def _in(texts: set[str], language: str) -> set[str]:
    return {text for text in texts if text.endswith(f"@{language}")}


def _sources(values: Values) -> set[str]:
    return values.get("prov:hadPrimarySource", set())


def _year(facts: Moerwijk, thing: str, what: str, year: str, values: Values) -> Iterator[Change]:
    """A date that is not certain stands in words; the same words are no change, a plain year in words is one."""
    issued, said = values.get("dcterms:issued", set()), _in(values.get("lw:dateText", set()), "en")
    certain = facts.words["certain"].get(year, year[:4] if re.fullmatch(r"\d{4}-\d\d", year) else year)
    if issued == {certain}:
        return
    plain = re.fullmatch(r"[\d-]{4,10}", year) and not re.fullmatch(r"\d{4}-(\d{4})?", year)
    if plain or issued or said != {f"{phrase(facts, year)['en']}@en"}:
        rule = "39" if said and not issued else UNEXPLAINED
        yield Change(
            rule,
            thing,
            what,
            year,
            "in words: " + "; ".join(sorted(issued | {words.removesuffix("@en") for words in said})),
        )


def _common(facts: Moerwijk, thing: str, row: Mapping[str, Any], values: Values) -> Iterator[Change]:
    """What instruments, stories and facilities share: theme, dimension, place, sources."""
    theme = facts.words["theme"][row["lifeDomain"]]
    if theme not in values["lw:theme"]:
        yield Change(UNEXPLAINED, thing, "theme", theme, ", ".join(sorted(values["lw:theme"])))
    if "dimension" in row:
        yield from _differs(UNEXPLAINED, thing, "dimension", row["dimension"].split("+"), values["lw:dimension"])
    places = values.get("lw:appliesTo", set()) | values.get("geo:sfWithin", set())
    reach = values.get("lw:scope", set())
    yield from _differs("40" if reach else UNEXPLAINED, thing, "place", {f"{REGISTER}/{row['place']}"}, places | reach)
    cited = row.get("sources", row.get("source"))
    yield from _differs(UNEXPLAINED, thing, "sources", _cited(str(cited)), _sources(values))


def _instruments(facts: Moerwijk, read: Mapping[str, Values]) -> Iterator[Change]:
    for row in facts.research["instruments"]:
        thing = row["id"]
        values = read[facts.at(thing)]
        yield from _differs(UNEXPLAINED, thing, "title", {f"{row['title']}@nl"}, _in(values["dcterms:title"], "nl"))
        yield from _differs("35", thing, "holder", {facts.slug(row["party"])}, values["lw:heldBy"])
        types = values["http://www.w3.org/1999/02/22-rdf-syntax-ns#type"]
        yield from _differs("39", thing, f"class ({row['kind']})", {CLASSES[row["class"]]}, types)
        yield from _differs(UNEXPLAINED, thing, "kind", {_camel(row["kind"])}, values["dcterms:type"])
        yield from _year(facts, thing, "year", row["year"], values)
        yield from _common(facts, thing, row, values)


def _stories(facts: Moerwijk, read: Mapping[str, Values]) -> Iterator[Change]:
    for row in facts.research["stories"]:
        thing = row["id"]
        values = read[facts.at(thing)]
        title = facts.research["sources"][row["source"]]["title"]
        yield from _differs(UNEXPLAINED, thing, "title", {f"{title}@nl"}, _in(values["dcterms:title"], "nl"))
        texts = {f"{row['nl']}@nl", f"{row['en']}@en"}
        yield from _differs(UNEXPLAINED, thing, "text", texts, values["dcterms:description"])
        roles = {role for teller in values["lw:toldBy"] for role in read[teller]["lw:role"]}
        voices = {f"{voice}@nl" for voice in row["voice"].split("; ")}
        yield from _differs(UNEXPLAINED, thing, "voice", voices, _in(roles, "nl"))
        publisher = read[f"{EDITORS}/bron-{row['source']}"]["dcterms:publisher"]
        yield from _differs(UNEXPLAINED, thing, "holder", publisher, values["lw:heldBy"])
        yield from _year(facts, thing, "year", row["year"], values)
        yield from _common(facts, thing, row, values)


def _facilities(facts: Moerwijk, read: Mapping[str, Values]) -> Iterator[Change]:
    for row in facts.research["facilities"]:
        thing = row["id"]
        values = read[facts.at(thing)]
        if not _named(values, row["name"]):
            yield Change(UNEXPLAINED, thing, "name", row["name"], ", ".join(sorted(values["dcterms:title"])))
        kind = next(iter(values["dcterms:type"]))
        if not _camel(row["kind"]).startswith(kind):
            yield Change(UNEXPLAINED, thing, "kind", row["kind"], kind)
        yield from _common(facts, thing, row, values)


def _connections(facts: Moerwijk, read: Mapping[str, Values]) -> Iterator[Change]:
    for row in facts.research["connections"]:
        thing = row["id"]
        values = read[facts.at(thing)]
        party = EDITORS if row["party"] == "editors" else facts.slug(row["party"])
        yield from _differs("36", thing, "holder", {party}, values["lw:heldBy"])
        yield from _differs(UNEXPLAINED, thing, "from", {facts.at(row["from"])}, values["lw:from"])
        yield from _differs(UNEXPLAINED, thing, "relation", {row["type"]}, values["lw:relation"])
        yield from _differs(UNEXPLAINED, thing, "basis", {row["basis"]}, values["lw:basis"])
        texts = {f"{row['nl']}@nl", f"{row['en']}@en"}
        yield from _differs(UNEXPLAINED, thing, "text", texts, values["lw:rationale"])
        yield from _differs(UNEXPLAINED, thing, "sources", _cited(row["sources"]), _sources(values))
        if row["to"] == "OPEN":
            yield from _differs("36", thing, "to", {"OPEN"}, _in(values["lw:calledUpon"], "en"))
        else:
            yield from _differs(UNEXPLAINED, thing, "to", {facts.at(row["to"])}, values["lw:to"])


def _listed_sources(facts: Moerwijk, read: Mapping[str, Values]) -> Iterator[Change]:
    for name, row in facts.research["sources"].items():
        values = read[f"{EDITORS}/bron-{name}"]
        titles = {title.rsplit("@", 1)[0] for title in values["dcterms:title"]}
        if row["title"] not in titles:
            yield Change(UNEXPLAINED, name, "title", row["title"], ", ".join(sorted(titles)))
        if "nameLeftOut" in row:
            yield Change("38", name, row["nameLeftOut"], "with a person's name", "without it")
        publishers = {words.removesuffix("@en") for words in values["lw:publisherName"] if not words.endswith("@nl")}
        yield from _differs(UNEXPLAINED, name, "publisher", {row["publisher"]}, publishers)
        address = values.get("schema:url", set())
        if row["address"] != "page":
            yield Change("38", name, "address", "page", row["address"])
        yield from _differs(UNEXPLAINED, name, "address", {row["url"]} if "url" in row else set(), address)
        yield from _year(facts, name, "date", row["date"], values)
    for name, extra in facts.sources.items():
        if extra.get("later"):
            yield Change("41", name, "source", "nothing", f"{extra['publisher']}: {extra['title_en']}")


def changes(facts: Moerwijk, turtles: Iterable[str]) -> list[Change]:
    """Every difference between research.json and the Turtle."""
    read = read_back(turtles)
    tables = (_parties, _places, _instruments, _stories, _facilities, _connections, _listed_sources)
    return [change for table in tables for change in table(facts, read)]


def report(facts: Moerwijk, turtles: Iterable[str]) -> str:
    """The report as text: the differences under the rule that asks for them; without a rule they come last."""
    found = changes(facts, turtles)
    lines = ["Facts changed to fit: where the example stands otherwise than the facts as they were gathered.", ""]
    for rule, words in RULES.items():
        under = [change.line() for change in found if change.rule == rule]
        lines += [f"{rule if rule == UNEXPLAINED else 'rule ' + rule} ({len(under)}): {words}", *under, ""]
    return "\n".join(lines)
