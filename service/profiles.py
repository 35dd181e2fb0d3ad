"""Content negotiation by profile: in whose words a thing is described, beside in which format.

After the W3C's «Content Negotiation by Profile»: a list of profiles in `Accept-Profile` (or one in `_profile`, by IRI
or by token), the answer's own in `Content-Profile`, and the others as links. Who lists profiles and gets none of them
can do nothing with an answer in another: that is 406, with the links, not the default.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from kg.objection import Objection, object_to
from service.negotiation import Format, choose

PARAMETERS = ("_profile", "_mediatype")
_ITEM = re.compile(r"\s*(?:<([^<>]*)>|([\w.+-]+|\*))\s*((?:;[^,]*)?)(?:,|$)")
_QUALITY = re.compile(r";\s*q=([01](?:\.\d{0,3})?)\s*(?:;|$)")


@dataclass(frozen=True)
class Profile:
    """A vocabulary or application profile: its IRI, a short name for addresses, and what it also fits.

    `question` makes the description in its words (a CONSTRUCT in queries/); None: it is what stands here already.
    """

    iri: str
    token: str
    also: tuple[str, ...] = ()
    question: str | None = None

    def is_called(self, name: str) -> bool:
        """Whether this name means it."""
        return name in (self.token, self.iri, *self.also)


OWN = Profile("https://w3id.org/lerende-wijk/def", "wijk", ("https://w3id.org/lerende-wijk/def#",))
SCHEMA_ORG = Profile("https://schema.org/", "schema", ("http://schema.org/",), "profiles/schema")
DCAT_AP_NL = Profile(
    "https://docs.geostandaarden.nl/dcat/dcat-ap-nl30/",
    "dcat",
    ("http://www.w3.org/ns/dcat#", "http://www.w3.org/ns/dcat", "http://data.europa.eu/r5r/"),
)
VOID = Profile("http://rdfs.org/ns/void#", "void", ("http://rdfs.org/ns/void",))


def wanted(request: Request, offered: Sequence[Profile]) -> Profile | Objection:
    """The profile that is liked best among those offered, the first when none is asked for, or why there is none."""
    asked = request.query_params.get("_profile")
    if asked is None:
        header = ", ".join(request.headers.getlist("accept-profile"))
        if not header.strip():
            return offered[0]
        liked = _liked(header)
    else:
        liked = [(asked, 1.0)]
    best, best_quality = None, 0.0
    for profile in offered:
        quality = max((q for name, q in liked if profile.is_called(name)), default=-1.0)
        quality = next((q for name, q in liked if name == "*"), 0.0) if quality < 0 else quality
        if quality > best_quality:
            best, best_quality = profile, quality
    return best or object_to("ProfileUnknown", path="profile", limit=", ".join(p.iri for p in offered))


def _liked(header: str) -> list[tuple[str, float]]:
    """The names in a list of profiles with how much each is liked; what is no list means nothing that we know."""
    found: list[tuple[str, float]] = []
    at = 0
    while at < len(header):
        item = _ITEM.match(header, at)
        if item is None or item.end() == at:
            return [*found, ("", 1.0)]
        quality = _QUALITY.search(item[3])
        found.append((item[1] or item[2] or "", float(quality[1]) if quality else 1.0))
        at = item.end()
    return found


def accepted(request: Request) -> str | None:
    """What stands in `_mediatype`, else in `Accept`."""
    return request.query_params.get("_mediatype") or request.headers.get("accept")


def form_wanted(request: Request, offered: Sequence[Format]) -> Format | Objection:
    """The format that `_mediatype` names, else the one that `Accept` likes best."""
    form = choose(accepted(request), offered)
    return form or object_to("FormatUnknown", limit=", ".join(f.media_type for f in offered))


def profile_links(path: str, given: Profile, offered: Sequence[Profile], forms: Sequence[Format]) -> list[str]:
    """In which profile this answer is, the short name of each profile, and what else stands at this address."""
    links = [f'<{given.iri}>; rel="profile"']
    for profile in offered:
        kind = "http://www.w3.org/ns/dx/prof/Profile"
        links.append(f'<{kind}>; rel="type"; token="{profile.token}"; anchor="{profile.iri}"')
        for form in forms:
            asked = urlencode({"_profile": profile.token, "_mediatype": form.media_type}, safe="/")
            joined = "&" if "?" in path else "?"
            address = f"{path}{joined}{asked}"
            links.append(f'<{address}>; rel="alternate"; type="{form.media_type}"; profile="{profile.iri}"')
    return links


def content_profile(profile: Profile) -> str:
    """The value of `Content-Profile`: the profile, and what it also fits."""
    return ", ".join(f"<{iri}>" for iri in (profile.iri, *profile.also))
