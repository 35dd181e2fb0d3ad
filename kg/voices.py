"""What was said, by whom: the frozen values that pages are made of.

Every value that carries words also carries the party whose words they are. There is no field here that could
hold a merged value: no summary, no score, no total, no shared opinion. Cards belong to a `Viewpoint` of one
party, connections and responses to the party that made them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A text with the language it is written in (None: the language is not known)."""

    value: str
    lang: str | None = None


@dataclass(frozen=True)
class Named:
    """A thing with a readable name, and its notation where it is a concept."""

    iri: str
    name: Words
    notation: str = ""


@dataclass(frozen=True)
class Voice:
    """A party as the one who speaks; `fictional` marks an openly made-up example."""

    iri: str
    name: Words
    fictional: bool = False


@dataclass(frozen=True)
class Party:
    """A registered party with the perspectives it speaks from."""

    voice: Voice
    perspectives: tuple[Named, ...]
    kind: Words | None = None
    text: Words | None = None
    keeps: bool = False  # it holds at least one instrument or facility
    homepage: str | None = None
    puts: bool = False  # it put something here itself, or had it put in its name
    read: bool = False  # something of it was read in a public source and put here by others


@dataclass(frozen=True)
class Teller:
    """Whose voice a story is: a role in words and a perspective, nothing else."""

    iri: str
    role: Words
    perspective: str | None


@dataclass(frozen=True)
class Source:
    """Where something was read."""

    iri: str
    title: Words
    publisher: str | None = None
    year: str | None = None


@dataclass(frozen=True)
class Card:
    """One instrument or facility in the words of its holder."""

    iri: str
    kind: Named
    title: Words | None
    text: Words | None
    holder: Voice
    tellers: tuple[Teller, ...] = ()
    paraphrased_by: Named | None = None
    sources: tuple[Source, ...] = ()
    places: tuple[Named, ...] = ()
    themes: tuple[Named, ...] = ()
    forms: tuple[Named, ...] = ()
    year: str | None = None
    year_text: Words | None = None
    last_seen: str | None = None


@dataclass(frozen=True)
class Reply:
    """A response of one party, with what was said in return to it."""

    iri: str
    target: str
    kind: Named
    holder: Voice
    rationale: Words | None
    replies: tuple["Reply", ...] = ()
    target_name: Words | None = None
    target_kind: str | None = None
    target_holder: Voice | None = None
    paraphrased_by: Named | None = None  # who read this in a public source, where the holder did not put it here


@dataclass(frozen=True)
class End:
    """One side of a connection; `ended` says how it went when it is no longer here."""

    iri: str
    name: Words | None
    kind: str | None
    holder: Voice | None
    ended: str | None = None
    told_from: str | None = None  # the perspective of its teller, where it is a story


@dataclass(frozen=True)
class Tie:
    """A connection that one party makes, with its reason.

    `stated` is False where it is the holder's own reading; `basis` is what was said of that, None where nothing was.
    """

    iri: str
    origin: End
    relation: Named
    target: End | None
    called_upon: Words | None
    rationale: Words | None
    stated: bool
    holder: Voice
    replies: tuple[Reply, ...] = ()
    paraphrased_by: Named | None = None  # who read this in a public source, where the holder did not put it here
    basis: str | None = None


@dataclass(frozen=True)
class Viewpoint:
    """What one party says here: its own cards, in its own words."""

    party: Voice
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Section:
    """One perspective: the viewpoints that speak from it and the parties that say nothing here yet."""

    perspective: Named
    viewpoints: tuple[Viewpoint, ...]
    silent: tuple[Voice, ...]


@dataclass(frozen=True)
class SideBySide:
    """Viewpoints beside one another, the connections that parties make between them, and what the register holds."""

    sections: tuple[Section, ...]
    ties: tuple[Tie, ...]
    responses: tuple[Reply, ...]
    register: tuple[Card, ...]
    loose: tuple[Viewpoint, ...] = ()  # of parties that speak from no registered perspective
    years: tuple[str, ...] = ()  # all years that can be chosen, whatever period is
    cut: bool = False  # the question's row limit was reached: there is more than stands here

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards of all voices, in the order of the page."""
        views = (*(v for s in self.sections for v in s.viewpoints), *self.loose)
        return tuple(card for view in views for card in view.cards)


@dataclass(frozen=True)
class Experience:
    """How one party experiences a place: it helps or makes it difficult, always with a reason."""

    iri: str
    about: Named
    criterion: Named
    kind: Named
    rationale: Words | None
    holder: Voice


@dataclass(frozen=True)
class Period:
    """A span of years, both included; `unknown` asks for what carries no year."""

    first: int = 0
    last: int = 9999
    unknown: bool = False

    def holds(self, year: str | None) -> bool:
        """Whether a card of this year (None: unknown) belongs to the period."""
        if year is None or not year[:4].isdigit():
            return self.unknown
        return not self.unknown and self.first <= int(year[:4]) <= self.last


@dataclass(frozen=True)
class Claim:
    """A fact as one source gives it; where sources differ, each has its own claim."""

    iri: str
    title: Words | None
    value: Words | None
    sources: tuple[Source, ...]
    holder: Voice
