"""A resident's story as a newcomer would write it, and the ways in which it can be wrong."""

from __future__ import annotations

BASE = "http://127.0.0.1:8000"
CONCEPT = "https://w3id.org/lerende-wijk/id/concept/"

PREFIXES = f"""\
@prefix lw: <https://w3id.org/lerende-wijk/def#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix audience: <{CONCEPT}audience/> .
@prefix ground: <{CONCEPT}ground/> .
@prefix perspective: <{CONCEPT}perspective/> .
@prefix theme: <{CONCEPT}theme/> .
@prefix relation: <{CONCEPT}relation/> .
@prefix response: <{CONCEPT}response/> .
"""


def story(
    party: str,
    name: str = "",
    *,
    text: str | None = "In mijn slaapkamer zit schimmel op de muur.",
    audience: str | None = "public",
    ground: bool = True,
    extra: str = "",
    holder: str | None = None,
) -> str:
    """A story of `party` in Turtle; without a name the service gives it one."""
    subject = f"{BASE}/id/{party}/{name}" if name else ""
    lines = [f"<{subject}> a lw:Story ; lw:heldBy <{BASE}/id/{holder or party}>"]
    if text is not None:
        lines.append(f'dcterms:description "{text}"@nl')
    if audience is not None:
        lines.append(f"lw:audience audience:{audience}")
    lines += [f"lw:appliesTo <{BASE}/id/wijk/pl-oost>", "lw:theme theme:housing", f"lw:toldBy <{subject}#verteller>"]
    if ground:
        lines.append(f"lw:ground <{subject}#grond>")
    whole = PREFIXES + " ;\n    ".join(lines) + extra + " .\n"
    whole += f'<{subject}#verteller> a lw:Teller ; lw:role "een bewoner"@nl ; lw:perspective perspective:residents .\n'
    if ground:
        whole += f"<{subject}#grond> a lw:Ground ; lw:groundKind ground:own .\n"
    return whole


def connection(
    party: str, name: str, start: str, end: str, *, relation: str = "illustrates", audience: str = "public"
) -> str:
    """A connection of `party` between two things, in Turtle."""
    return PREFIXES + (
        f"<{BASE}/id/{party}/{name}> a lw:Connection ; lw:heldBy <{BASE}/id/{party}> ;\n"
        f"    lw:audience audience:{audience} ; lw:from <{start}> ; lw:to <{end}> ;\n"
        f'    lw:relation relation:{relation} ; lw:rationale "Dit verhaal laat zien waar het plan over gaat."@nl .\n'
    )


def response(party: str, name: str, target: str, *, kind: str = "recognises", why: str = "") -> str:
    """A response of `party` to a statement, in Turtle."""
    rationale = f' ; lw:rationale "{why}"@nl' if why else ""
    return PREFIXES + (
        f"<{BASE}/id/{party}/{name}> a lw:Response ; lw:heldBy <{BASE}/id/{party}> ;\n"
        f"    lw:audience audience:public ; lw:responseTo <{target}> ; lw:response response:{kind}{rationale} .\n"
    )
