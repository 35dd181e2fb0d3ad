"""The words of the objections to writing at an address: of one document, or of a graph.

The form is that of kg/objection_words.py: name → (invariant or None, Dutch, English), with `{places}`.
"""

from __future__ import annotations

from collections.abc import Mapping

MISPLACED: Mapping[str, tuple[str | None, str, str]] = {
    "OtherDocument": (
        None,
        "Op dit adres hoort alleen {focus}. In het bericht staat ook {value}. Laat dat weg, of stuur alles samen naar "
        "/contributions.",
        "Only {focus} belongs at this address. The message also has {value}. Leave that out, or send everything "
        "together to /contributions.",
    ),
    "ExistsAlready": (
        None,
        "{focus} is er al, en u vroeg om het alleen nieuw te maken. Haal het op en vervang het met If-Match.",
        "{focus} is here already, and you asked only to create it. Fetch it, and replace it with If-Match.",
    ),
    "PartAddressed": (
        None,
        "{value} is een deel van een document. Schrijf het hele document, op {limit}.",
        "{value} is a part of a document. Write the whole document, at {limit}.",
    ),
    "GraphUnclear": (
        None,
        "Zeg welke graaf u bedoelt: {limit}. Schrijf het adres helemaal uit, en noem er één.",
        "Say which graph you mean: {limit}. Write its address in full, and name only one.",
    ),
    "GraphKept": (
        None,
        "{focus} kunt u lezen, maar niet zo veranderen. Doe het met {limit}.",
        "You can read {focus}, but not change it like this. Do it with {limit}.",
    ),
    "PartsUnclear": (
        None,
        "Dit formulier (multipart/form-data) is niet heel: {value}. Stuur elk onderdeel als bestand, met een naam en "
        "een eigen Content-Type, tot en met de laatste grens, en zeg met ?graph= bij welk document ze horen.",
        "This form (multipart/form-data) is not whole: {value}. Send each part as a file, with a name and a "
        "Content-Type of its own, up to the last boundary, and say with ?graph= to which document they belong.",
    ),
}
