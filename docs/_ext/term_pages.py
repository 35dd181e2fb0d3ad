"""The pages of the terms: one a class, a group of properties and a concept scheme, and an index in each language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from words import REST_GROUP, RULE_GROUP, SERVICE_GROUP, Words, code, slug

from kg import vocabulary as word
from kg.objection import OBJECTIONS
from kg.ontology import LANGUAGES, local_name
from kg.shape_fields import EVERY_DOCUMENT, FROM_PUBLIC_SOURCE, Field, Rule

_TOGETHER = {
    SERVICE_GROUP: "Written by the service alone",
    RULE_GROUP: "Rules kept as data",
    REST_GROUP: "Words without a group",
}


def term_pages(words: Words) -> dict[str, str]:
    """Every page as Markdown by its name."""
    pages = {"every-document": _every_document(words), "words-of-others": _borrowed(words)}
    pages |= {page_of_class(kind): _class_page(words, kind) for kind in words.classes}
    groups = _groups(words)
    pages |= {f"properties-{group}": _group_page(words, title, its) for group, (title, its) in groups.items()}
    pages |= {page_of_scheme(scheme): _scheme_page(words, scheme) for scheme in words.ontology.notations}
    if len({name.casefold() for name in pages}) != len(pages):
        raise ValueError("two pages would have one name where capitals do not count")
    return pages | {"index": _index(words, groups), "trefwoorden": _dutch_index(words)}


def page_of_class(kind: str) -> str:
    """`lw:Story` → `class-story`."""
    return f"class-{slug(local_name(kind))}"


def page_of_scheme(scheme: str) -> str:
    """`…/scheme/lifeDomain` → `scheme-life-domain`."""
    return f"scheme-{slug(local_name(scheme))}"


def target(words: Words, iri: str) -> str:
    """The name by which pages link to a word, or nothing for a word that has no page."""
    if iri == EVERY_DOCUMENT:
        return "word-every-document"
    if iri in words.ontology.notations:
        return f"word-{page_of_scheme(iri)}"
    if iri in words.ontology.superclasses:
        own = iri.startswith(word.LW)
        return f"word-{page_of_class(iri)}" if own else f"word-class-{slug(code(iri)).replace(':', '-')}"
    if iri in words.properties:
        return f"word-property-{slug(code(iri).removeprefix('lw:')).replace(':', '-')}"
    return ""


def link(words: Words, iri: str, text: str = "") -> str:
    """A link to a word's own place, its code as text."""
    text = text or (words.english(iri) if iri == EVERY_DOCUMENT else f"`{code(iri)}`")
    name = target(words, iri)
    return f"[{text}](#{name})" if name else text


def plain(text: str) -> str:
    """Text in which no sign means anything to Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>|$#~])", r"\\\1", " ".join(text.split()))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _anchored(name: str, local: str, heading: str) -> str:
    """A heading that is found by its link's name and, for ever, by the word's own last part."""
    return f'```{{raw}} html\n<span class="anchor" id="{local}"></span>\n```\n\n({name})=\n{heading}\n'


def _told(words: Words, iri: str) -> Iterator[str]:
    """What a word is: its address, then its name and meaning in both languages."""
    yield f"- Address: `{iri}`"
    for lang, name in (("en", "English"), ("nl", "Nederlands")):
        notes = words.ontology.note_texts.get(iri, {}).get(lang, "")
        meaning = plain(f"{words.ontology.definition(iri, lang)} {notes}".strip())
        yield f"- {name}: **{plain(words.ontology.labels(iri, lang))}**" + (f". {meaning}" if meaning else "")
    yield ""


def _class_page(words: Words, kind: str) -> str:
    local = local_name(kind)
    parts = [_anchored(target(words, kind), local, f"# {plain(words.english(kind))} (`{code(kind)}`)")]
    parts += _told(words, kind)
    above = words.above.get(kind, ())
    if above:
        parts.append("Specialises: " + ", ".join(link(words, c) for c in above) + ".\n")
    below = words.members(kind)
    if below:
        parts.append("Specialised by: " + ", ".join(link(words, c) for c in below) + ".\n")
    scheme = words.ontology.kinds_from.get(kind)
    if scheme:
        parts.append(f"Its `dcterms:type` is a concept of {link(words, scheme)}.\n")
    parts.append(_standing(words, kind))
    wider = [c for c in (*_above_all(words, kind), EVERY_DOCUMENT) if c != kind and words.fields(c)]
    parts += _demands(words, kind, words.fields(kind), words.rules(kind))
    if wider and kind not in words.ontology.part_classes and kind not in words.ontology.service_words:
        parts.append("Also holds: what is asked of " + " and ".join(link(words, c) for c in wider) + ".\n")
    parts += _leading_here(words, kind)
    return "\n".join(parts)


def _standing(words: Words, kind: str) -> str:
    ontology = words.ontology
    if kind in ontology.document_classes:
        return "It is a document of its own: one party says it in one act.\n"
    if kind in ontology.part_classes:
        return "It is a part of a document: its address is the document's with `#` and a name.\n"
    if kind in ontology.service_words:
        return "The service alone writes it; in a contribution it is refused.\n"
    return "It is a collective name: a thing is always of one of its kinds.\n"


def _above_all(words: Words, kind: str) -> list[str]:
    return sorted(words.ontology.superclasses.get(kind, frozenset()) - {kind})


def _demands(words: Words, kind: str, fields: Sequence[Field], rules: Sequence[Rule]) -> Iterator[str]:
    if fields:
        yield "## What a contribution says of it\n"
        yield "Required fields come first. The message is what a sender reads when the field is missing or unclear.\n"
        yield table(
            ["property", "how many", "value", "message"],
            [[link(words, f.path), _how_many(f), _values(words, f.path, f, kind), _message(f.messages, f.objection)]
             for f in fields],
        )  # fmt: skip
    if rules:
        yield "## Rules\n"
        yield from (
            f"- {'Warning only: ' if rule.warning else ''}{_message(rule.messages, rule.objection)}" for rule in rules
        )
        yield ""


def _how_many(field: Field) -> str:
    required = "**required**" if field.required else "optional"
    return required + (", one" if field.single else "")


def _values(words: Words, prop: str, field: Field | None = None, owner: str = "") -> str:
    """What a property's values are, in words with links."""
    kinds = words.kinds(prop, field)
    if kinds:
        return " or ".join(link(words, kind) for kind in kinds)
    schemes = words.schemes(prop, owner)
    if schemes:
        return "a concept of " + " or ".join(link(words, scheme) for scheme in schemes)
    datatypes = words.ontology.datatypes.get(prop, ())
    if datatypes:
        return " or ".join(
            "text with a language" if d == word.RDF + "langString" else f"`{code(d)}`" for d in datatypes
        )
    return "an address" if prop in words.ontology.object_properties else ""


def _message(messages: Mapping[str, str], objection: str) -> str:
    told = " · ".join(plain(messages[lang]) for lang in ("en", "nl") if lang in messages)
    return f"{told} ([{objection}](#{OBJECTIONS[objection].anchor}))" if objection in OBJECTIONS else told


def _leading_here(words: Words, kind: str) -> Iterator[str]:
    found = []
    for owner, fields in sorted(words.shapes.fields.items()):
        found += [(owner, f) for f in fields if kind in words.kinds(f.path, f) and (f.group or f.required)]
    found = [(owner, f) for owner, f in found if owner in words.classes or owner == EVERY_DOCUMENT]
    if found:
        yield "## What leads to it\n"
        yield table(["from", "property"], [[link(words, owner), link(words, f.path)] for owner, f in found])


def _every_document(words: Words) -> str:
    return "\n".join(
        [
            "(word-every-document)=\n# Every document\n",
            "What holds for everything that a party publishes, of whatever kind. A document is all triples whose "
            "subject is its address, or that address with `#` and a name. It stands in a graph of its own: the "
            "contribution.\n",
            *_demands(words, EVERY_DOCUMENT, words.fields(EVERY_DOCUMENT), words.rules(EVERY_DOCUMENT)),
            "## Entered from a public source\n",
            "More is asked where the editors entered what somebody published elsewhere.\n",
            *_demands_short(words, FROM_PUBLIC_SOURCE),
            *(f"- {_message(r.messages, r.objection)}" for r in words.rules(FROM_PUBLIC_SOURCE)),
        ]
    )


def _groups(words: Words) -> dict[str, tuple[str, list[str]]]:
    """The groups of properties in the order of the shapes' own, with a title."""
    titles = {slug(g.removeprefix(word.LWS + "group-")): labels.get("en", g) for g, labels in words.shapes.groups}
    found: dict[str, tuple[str, list[str]]] = {name: (title, []) for name, title in (titles | _TOGETHER).items()}
    for prop in sorted(words.properties, key=lambda p: (not p.startswith(word.LW), code(p).casefold())):
        found[words.group_of(prop)][1].append(prop)
    return {name: group for name, group in found.items() if group[1]}


def _group_page(words: Words, title: str, properties: Sequence[str]) -> str:
    parts = [f"# Properties: {plain(title)}\n"]
    locals_seen: set[str] = set()
    for prop in properties:
        local = local_name(prop)
        local = local if local not in locals_seen else code(prop).replace(":", "-")
        locals_seen.add(local)
        parts.append(_anchored(target(words, prop), local, f"## {plain(words.english(prop))} (`{code(prop)}`)"))
        parts += _told(words, prop)
        owners = [link(words, kind) for kind, _ in words.used_by(prop)] or [
            link(words, kind) for kind in words.domains.get(prop, ())
        ]
        values = _values(words, prop)
        kinds = sorted({k for _, f in words.used_by(prop) for k in f.kinds})
        if kinds:
            values = " or ".join(link(words, k) for k in kinds)
        above = words.above.get(prop, ())
        lines = [
            "Said of: " + ", ".join(owners) if owners else "",
            f"Leads to: {values}" if values else "",
            "Specialises: " + ", ".join(link(words, p) for p in above) if above else "",
            "May lead to what another party holds" if prop in words.ontology.may_point else "",
        ]
        parts.append("\n".join(f"- {line}" for line in lines if line) + "\n")
    return "\n".join(parts)


def _scheme_page(words: Words, scheme: str) -> str:
    ontology = words.ontology
    local = local_name(scheme)
    parts = [_anchored(target(words, scheme), local, f"# Concepts: {plain(words.english(scheme))} (`{local}`)")]
    parts += _told(words, scheme)
    users = [p for p, its in ontology.values_from.items() if scheme in its]
    kinds = [c for c, its in ontology.kinds_from.items() if its == scheme]
    if users:
        parts.append("Values of: " + ", ".join(link(words, p) for p in sorted(users)) + ".\n")
    if kinds:
        parts.append("Kinds (`dcterms:type`) of: " + ", ".join(link(words, c) for c in sorted(kinds)) + ".\n")
    rows = []
    for notation, concept in ontology.notations[scheme].items():
        anchor = f'<span class="anchor" id="{notation}"></span>'
        meanings = [
            f"**{plain(ontology.labels(concept, lang))}**: {plain(ontology.definition(concept, lang))}"
            for lang in ("en", "nl")
        ]
        rows.append([f"{anchor}`{notation}`", *meanings, _more(words, concept)])
    head = ["notation", "English", "Nederlands", "more"]
    if not any(row[3] for row in rows):
        head, rows = head[:3], [row[:3] for row in rows]
    parts.append(table(head, rows))
    concept = next(iter(ontology.notations[scheme].values()))
    parts.append(f"The address of a concept is that of the list with the notation behind it, such as `{concept}`.\n")
    return "\n".join(parts)


def _more(words: Words, concept: str) -> str:
    """What stands above a concept, and the rules that it carries."""
    found = [f"broader: `{code(above)}`" for above in words.above.get(concept, ())]
    found += [f"{link(words, mark)} {value}".strip() for mark, value in words.marks(concept)]
    return ", ".join(found)


def _borrowed(words: Words) -> str:
    parts = [
        "# Words of others: classes\n",
        "Classes of public vocabularies that stand above our own or in a document.\n",
    ]
    for kind in (k for k in words.borrowed if k not in words.ontology.notations):
        parts.append(_anchored(target(words, kind), code(kind).replace(":", "-"), f"## `{code(kind)}`"))
        parts += _told(words, kind)
        parts += _demands_short(words, kind)
    return "\n".join(parts)


def _demands_short(words: Words, kind: str) -> Iterator[str]:
    for f in words.fields(kind):
        yield f"- {link(words, f.path)} ({_how_many(f)}): {_message(f.messages, f.objection)}"


def _index(words: Words, groups: Mapping[str, tuple[str, list[str]]]) -> str:
    ontology = words.ontology
    kinds = [page_of_class(k) for k in words.classes]
    schemes = sorted(ontology.notations, key=lambda s: words.english(s).casefold())
    toc = ["trefwoorden", "every-document", *kinds, *(f"properties-{g}" for g in groups), *map(page_of_scheme, schemes),
           "words-of-others"]  # fmt: skip
    return "\n".join(
        [
            "# Terms\n",
            f"Every word of the ontology, version {ontology.version}, with its name and meaning in English and Dutch, "
            "and what the shapes ask. The same words stand at `/def` and `/shapes` of a running service, as pages and "
            "as RDF. The anchor of a word is the last part of its address.\n",
            "In Dutch: [Trefwoorden](trefwoorden.md). In one table: [glossary](../glossary.md).\n",
            "## Kinds of things\n",
            table(["English", "Nederlands", "code"], (_entry(words, k) for k in words.classes)),
            "## Properties\n",
            table(["group", "properties"],
                  ([f"[{plain(title)}](properties-{g}.md)", ", ".join(link(words, p) for p in its)]
                   for g, (title, its) in groups.items())),
            "## Concept schemes\n",
            table(["English", "Nederlands", "code"], (_entry(words, s) for s in schemes)),
            "```{toctree}\n:hidden:\n:maxdepth: 1\n\n" + "\n".join(toc) + "\n```\n",
        ]
    )  # fmt: skip


def _entry(words: Words, iri: str) -> list[str]:
    return [*(plain(words.ontology.labels(iri, lang)) for lang in reversed(LANGUAGES)), link(words, iri)]


def _dutch_index(words: Words) -> str:
    ontology = words.ontology
    own = [t for t in (*words.classes, *words.properties, *ontology.notations) if target(words, t)]
    rows = sorted(
        ([plain(ontology.labels(t, "nl")), plain(ontology.labels(t, "en")), link(words, t)] for t in own),
        key=lambda row: (row[0].casefold(), row),
    )
    told = "Alle woorden op hun Nederlandse naam. Een begrip uit een lijst vindt u bij de lijst.\n"
    return "\n".join(["# Trefwoorden\n", told, table(["Nederlands", "English", "code"], rows)])
