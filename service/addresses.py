"""Where the document about a thing answers: addresses as paths without host, the suffix that chooses a format."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, quote, urlsplit

from kg.objection import Objection, object_to, with_words
from service.negotiation import HTML, QUADS, TRIPLES, Format

DOCUMENT_FORMATS = (HTML, *TRIPLES, *QUADS)
SUFFIXES = {f.suffix: f for f in DOCUMENT_FORMATS} | {".json": TRIPLES[2]}


def split_suffix(name: str, suffixes: Mapping[str, Format] = SUFFIXES) -> tuple[str, Format | None]:
    """`b-agenda.ttl` → (`b-agenda`, Turtle); a dot that is no suffix of ours belongs to the name."""
    for suffix, form in suffixes.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], form
    return name, None


def things_at(base: str, address: str) -> list[str]:
    """What somebody may mean who copies an address: a thing's name, or its page, on whatever host that was read.

    Names of partners' own domains stand first as they are. The first that exists is the one.
    """
    parts = urlsplit(address)
    found = [address]
    if parts.path == "/doc":
        found += parse_qs(parts.query).get("iri", [])
    for start in ("/doc/", "/id/"):
        if parts.path.startswith(start):
            name = parts.path.removeprefix(start)
            found += [f"{base}/id/{name}", f"{base}/id/{split_suffix(name)[0]}"]
    return found


def document_path(base: str, iri: str) -> str:
    """The path of a thing's document: `/doc/…` where its name is ours and ends in no suffix, else `/doc?iri=…`."""
    own = f"{base}/id/"
    name = iri.removeprefix(own)
    if iri.startswith(own) and split_suffix(name)[1] is None:
        return f"/doc/{name}"
    return f"/doc?iri={quote(iri, safe='')}"


def in_format(base: str, iri: str, form: Format) -> str:
    """The path of a thing's document in one format."""
    path = document_path(base, iri)
    return f"{path}&format={form.suffix.removeprefix('.')}" if "?" in path else path + form.suffix


def asked_more(path: str, question: str) -> str:
    """The path with one more parameter."""
    return f"{path}{'&' if '?' in path else '?'}{question}"


def timemap_path(base: str, iri: str) -> str:
    """The path of the list of a document's versions."""
    return document_path(base, iri).replace("/doc", "/timemap", 1)


def not_there(base: str, reached: str, iri: str) -> Objection:
    """That nothing has this name; to who begins it with the address of the service (`reached`), how names begin."""
    nothing, here = object_to("NotThere", focus=iri), reached.rstrip("/")
    if here == base or not iri.startswith(f"{here}/"):
        return nothing
    return with_words(
        nothing,
        nl=f"Wij vinden hier niets met deze naam. Namen beginnen hier met {base}/. Schrijf de naam zo.",
        en=f"We find nothing of this name. Names begin here with {base}/. Write the name like that.",
    )
