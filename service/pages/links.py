"""Where a page lives and how one page names another: routes and parameters in two languages, IRIs as paths.

Every link is a path without host, so that a service reached under another name than its base works.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from service.addresses import SUFFIXES, asked_more, document_path, in_format

LANGUAGES = ("nl", "en")
Language = str

# What a page is called in the address, per language.
ROUTES: Mapping[str, Mapping[Language, str]] = {
    "start": {"nl": "", "en": ""},
    "side": {"nl": "naast-elkaar", "en": "side-by-side"},
    "open": {"nl": "nog-open", "en": "still-open"},
    "who": {"nl": "wie", "en": "who"},
    "theme": {"nl": "thema", "en": "theme"},
    "place": {"nl": "plek", "en": "place"},
    "search": {"nl": "zoeken", "en": "search"},
    "about": {"nl": "over", "en": "about"},
    "catalogue": {"nl": "catalogus", "en": "catalogue"},
}

# Where the steward's pages are: a route of their own, which keeps its cookie to itself.
STEWARD_PAGES: Mapping[Language, str] = {"nl": "/nl/beheer", "en": "/en/steward"}

# What a parameter is called in the address, per language, and which of its values are words of that language.
PARAMETERS: Mapping[str, Mapping[Language, str]] = {
    "theme": {"nl": "thema", "en": "theme"},
    "place": {"nl": "plek", "en": "place"},
    "period": {"nl": "periode", "en": "period"},
    "party": {"nl": "betrokkene", "en": "party"},
    "order": {"nl": "volgorde", "en": "order"},
    "density": {"nl": "dichtheid", "en": "density"},
    "left": {"nl": "links", "en": "left"},
    "right": {"nl": "rechts", "en": "right"},
    "words": {"nl": "q", "en": "q"},
}
VALUES: Mapping[str, Mapping[Language, str]] = {
    "unknown": {"nl": "onbekend", "en": "unknown"},
    "name": {"nl": "naam", "en": "name"},
    "newest": {"nl": "nieuwste", "en": "newest"},
    "full": {"nl": "volledig", "en": "full"},
    "short": {"nl": "kort", "en": "short"},
}
SAFE_SCHEMES = ("http:", "https:", "mailto:", "tel:", "urn:")
CONCEPT = "https://w3id.org/lerende-wijk/id/concept/"
DEF = "https://w3id.org/lerende-wijk/def#"
REGISTER_SLUG = "wijk"
EDITORS_SLUG = "redactie"  # The party that reads public sources and sums them up, where a deployment has one.


def other(language: Language) -> Language:
    """The other language of the two."""
    return "en" if language == "nl" else "nl"


def path(page: str, language: Language, name: str = "", suffix: str = "") -> str:
    """The path of a page in a language; `name` for a page about one party, theme or place."""
    route = ROUTES[page][language]
    if suffix and not route:
        route = "start"
    parts = [language, *([route] if route else []), *([quote(name, safe="")] if name else [])]
    return "/" + "/".join(parts) + (suffix or ("/" if page == "start" else ""))


def query(language: Language, asked: Mapping[str, Sequence[str]]) -> str:
    """The parameters in the words of a language, as a query string with its question mark (or nothing)."""
    pairs = [
        (PARAMETERS[key][language], VALUES[value][language] if key in SPOKEN and value in VALUES else value)
        for key, values in asked.items()
        for value in values
        if value
    ]
    return "?" + urlencode(pairs) if pairs else ""


SPOKEN = frozenset({"period", "order", "density"})  # Parameters whose values are words of the language.


def understood(key: str, value: str, language: Language) -> str:
    """A parameter's value without its language: `nieuwste` and `newest` are both `newest`, on every page."""
    if key in SPOKEN:
        for meaning, spoken in VALUES.items():
            if value in (spoken[language], spoken[other(language)]):
                return meaning
    return value


@dataclass(frozen=True)
class Links:
    """IRIs as addresses for a page in one language."""

    base: str
    language: Language
    neighbourhood: str = ""  # its name, where the operator gave one

    def page(self, name: str, *rest: str, **asked: str | Sequence[str]) -> str:
        """The path of another page in the same language."""
        lists = {key: [value] if isinstance(value, str) else list(value) for key, value in asked.items()}
        return path(name, self.language, *rest) + query(self.language, lists)

    def party(self, iri: str) -> str:
        """The page of a party."""
        start = f"{self.base}/id/"
        slug = iri.removeprefix(start)
        return self.page("who", slug) if iri.startswith(start) and "/" not in slug else self.thing(iri)

    def place(self, iri: str) -> str:
        """The page of a place of the register."""
        start = f"{self.base}/id/{REGISTER_SLUG}/"
        return self.page("place", iri.removeprefix(start)) if iri.startswith(start) else self.thing(iri)

    def theme(self, iri: str) -> str:
        """The page of a theme or life domain."""
        return self.page("theme", iri.rsplit("/", 1)[-1])

    def thing(self, iri: str, kind: str | None = None) -> str:
        """The page of any thing: parties and places have one of their own, the rest is a document."""
        if kind == DEF + "Party":
            return self.party(iri)
        if kind in (DEF + "Place", DEF + "Neighbourhood"):
            return self.place(iri)
        if iri.startswith((CONCEPT + "theme/", CONCEPT + "lifeDomain/")):
            return self.theme(iri)
        whole, _, part = iri.partition("#")
        page = asked_more(document_path(self.base, whole), f"lang={self.language}")
        return f"{page}#{part}" if part else page

    def versions(self, iri: str) -> str:
        """The versions of a thing."""
        return self.thing(iri).partition("#")[0].replace("/doc", "/timemap", 1)

    def data(self, iri: str, suffix: str) -> str:
        """A thing's document in another format."""
        return in_format(self.base, iri, SUFFIXES[suffix])

    def described(self, iri: str) -> tuple[tuple[str, str], ...]:
        """Where a program reads of a thing, with the media types."""
        return ((self.data(iri, ".ttl"), "text/turtle"), (self.data(iri, ".jsonld"), "application/ld+json"))

    def local(self, iri: str) -> str:
        """An address of this service (a contribution, a view) as a path without host."""
        return iri.removeprefix(self.base) if iri.startswith(self.base + "/") else iri

    def atom(self, choice: str = "", value: str = "") -> str:
        """The feed of what is said: about a thing, a party's things, a theme or a place, or the whole."""
        return "/atom?" + urlencode({**({choice: value} if choice else {}), "lang": self.language})

    def back(self, iri: str) -> str:
        """What happened with a thing."""
        return f"/news?{urlencode({'thing': iri, 'lang': self.language})}"

    def question(self, name: str, values: Mapping[str, str]) -> str:
        """A named question with the values it was asked with."""
        shown = {**{key: value for key, value in values.items() if value}, "lang": self.language}
        return f"/queries/{name}?{urlencode(shown)}"


def outside(address: str) -> str | None:
    """An address outside this service, when its scheme is safe to link to."""
    return address if address.startswith(SAFE_SCHEMES) else None


def document_iri(base: str, party: str, name: str) -> str:
    """The IRI of the thing that `/doc/{party}/{name}` is about."""
    return f"{base}/id/{party}/{name}" if name else f"{base}/id/{party}"
