"""Statements and news as sentences in Dutch and English: who says what of what, in names that the reader may know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kg import vocabulary as word
from kg.ledger.acts import Current
from kg.ledger.lookups import Lookups
from kg.ledger.quads import party_iri
from kg.news import Item
from kg.ontology import Ontology
from kg.spoken import Spoken, Text
from service.news_words import ARTICLES, NEWS, SPLIT_ENDINGS

NAME_CHARACTERS_MAX = 80  # What has no title is called by its first words.


def said(key: str, lang: str, **places: str) -> str:
    """A sentence of these words."""
    return NEWS[key][lang].format_map(places)


def shortened(text: str) -> str:
    """The first whole words of a text."""
    line = " ".join(text.split())
    return (
        line
        if len(line) <= NAME_CHARACTERS_MAX
        else line[:NAME_CHARACTERS_MAX].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …"
    )


@dataclass
class Teller:
    """Puts statements into sentences for one reader; remembers what it looked up for the time of one answer."""

    ledger: Lookups
    ontology: Ontology
    may_read: Callable[[Current], bool]
    found: dict[str, Current | None] = field(default_factory=dict)

    def document(self, iri: str) -> Current | None:
        """A document as it stands, whoever may read it."""
        if iri not in self.found:
            self.found[iri] = self.ledger.document(iri)
        return self.found[iri]

    def party(self, slug: str, lang: str) -> str:
        """What a party is called."""
        current = self.document(party_iri(self.ledger.base, slug))
        title = (
            Spoken(current.iri, current.payload).text(word.TITLE, lang) if current and self.may_read(current) else None
        )
        return title.text if title else slug

    def title(self, iri: str, lang: str) -> Text | None:
        """What a thing is called, where this reader may read it: its title, or its first words."""
        current = self.document(iri)
        if current is None or not self.may_read(current):
            return None
        spoken = Spoken(iri, current.payload)
        title = spoken.text(word.TITLE, lang)
        text = title or spoken.text(word.DESCRIPTION, lang)
        if text is not None:
            return Text(shortened(text.text), text.lang)
        between = self.between(spoken, lang)
        return Text(between, lang) if between else None

    def name(self, iri: str | None, lang: str) -> str:
        """A thing by its name in quotes, or in words that tell why it has none."""
        current = self.document(iri) if iri is not None else None
        if iri is None or current is None or current.ended is not None:
            return said("gone", lang)
        if not self.may_read(current):
            return said("hidden", lang)
        title = self.title(iri, lang)
        return said("quoted", lang, name=title.text) if title else said("nameless", lang)

    def between(self, spoken: Spoken, lang: str) -> str:
        """A connection without its holder: "‘A’ illustrates ‘B’"; empty when it is none."""
        parts = self._parts(spoken, lang)
        return said("between", lang, **parts) if parts else ""

    def _parts(self, spoken: Spoken, lang: str) -> dict[str, str]:
        relation, start, to = spoken.thing(word.RELATION), spoken.thing(word.FROM), spoken.thing(word.TO)
        if relation is None or start is None:
            return {}
        verb = self.ontology.sentence(relation, lang)
        called = spoken.text(word.CALLED_UPON, lang)
        offers = relation.endswith("/offers")
        end = (
            self.name(to, lang)
            if to
            else called.text
            if called
            else said("open_offer" if offers else "open_call", lang)
        )
        colon = ":" if (lang == "nl" and verb.endswith(SPLIT_ENDINGS)) or not to else ""
        return {"from": self.name(start, lang), "verb": verb + colon, "to": end}

    def statement(self, current: Current, lang: str) -> str:
        """Who says what: one sentence, without the words of its reason."""
        sentence = self._sentence(current, lang)
        if sentence.startswith(ARTICLES) and sentence[0].isalpha():
            sentence = sentence[0].upper() + sentence[1:]
        recorder = party_iri(self.ledger.base, current.recorder)
        # A connection that somebody read in a source names who read it already.
        read = word.CONNECTION in current.classes and recorder in Spoken(current.iri, current.payload).things(
            word.PARAPHRASED_BY
        )
        if current.recorder != current.party and not read:
            sentence = said("recorded", lang, said=sentence, recorder=self.party(current.recorder, lang))
        return sentence

    def _sentence(self, current: Current, lang: str) -> str:
        spoken = Spoken(current.iri, current.payload)
        who = self.party(current.party, lang)
        parts = self._parts(spoken, lang)
        if parts:
            reader = spoken.thing(word.PARAPHRASED_BY)
            if reader is not None:
                return said("read_by", lang, who=who, reader=self.party(reader.rsplit("/", 1)[-1], lang), **parts)
            basis = spoken.thing(word.BASIS) or ""
            return said("reads" if basis.endswith("/read") else "says", lang, who=who, **parts)
        kind = next((c for c in current.classes if c in self.ontology.document_classes), word.INSTRUMENT)
        made = {"who": who, "kind": self.ontology.labels(kind, lang).lower(), "name": self.name(current.iri, lang)}
        response = spoken.thing(word.RESPONSE_KIND)
        if response is not None:
            verb, to = self.ontology.sentence(response, lang), self.name(spoken.thing(word.RESPONSE_TO), lang)
            return said("responds", lang, who=who, verb=verb, to=to)
        experience = spoken.thing(word.EXPERIENCE_KIND)
        if experience is not None:
            criterion = self.ontology.labels(spoken.thing(word.CRITERION) or word.CRITERION, lang)
            verb, to = self.ontology.sentence(experience, lang), self.name(spoken.thing(word.ABOUT), lang)
            return said("experiences", lang, who=who, to=to, verb=verb, criterion=criterion)
        for key, predicate in (("changes", word.CHANGES), ("came_of", word.OUTCOME_OF), ("discusses", word.DISCUSSES)):
            ends = spoken.things(predicate)
            if ends:
                return said(key, lang, **made, to=", ".join(self.name(end.partition("#")[0], lang) for end in ends[:3]))
        return said("made", lang, **made)

    def reason(self, current: Current, lang: str) -> Text | None:
        """The reason that a statement gives, in its own words."""
        return Spoken(current.iri, current.payload).text(word.RATIONALE, lang)

    def item(self, item: Item, lang: str) -> str:
        """A piece of news as one sentence."""
        if item.statement is not None:
            sentence = self.statement(item.statement, lang)
            return said("again", lang, said=sentence) if item.replaced else sentence
        mine = ", ".join(self.name(iri, lang) for iri in item.mine[:3])
        who = self.party(item.by, lang)
        if item.what == "groundEnds":
            return said("groundEnds", lang, mine=mine, day=item.ends or "")
        if item.what == "ended":
            return said(item.how, lang, who=who, mine=mine)
        return said("taken_back", lang, who=who, to=mine)
