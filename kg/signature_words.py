"""Why a signature does not count, in words: name → (invariant, Dutch, English)."""

from __future__ import annotations

from collections.abc import Mapping

UNSIGNED: Mapping[str, tuple[str | None, str, str]] = {
    "SignatureUnclear": (
        None,
        "Dit is geen handtekening die wij kennen, of er staan er twee bij één document. Maak er één per document met "
        "`wijkgraaf sign`.",
        "This is no signature that we know, or there are two for one document. Make one a document with "
        "`wijkgraaf sign`.",
    ),
    "SignatureElsewhere": (
        None,
        "De handtekening hoort bij <{focus}>, en dat document staat niet in dit bericht, of het is niet veranderd. "
        "Stuur het mee, of laat de handtekening weg. Een document zonder eigen naam kan niet worden ondertekend.",
        "The signature belongs to <{focus}>, and that document is not in this message, or it has not changed. "
        "Send it along, or leave the signature out. A document without a name of its own cannot be signed.",
    ),
    "SigningKeyUnknown": (
        None,
        "Er is getekend met de sleutel {value}, en die is geen geldige sleutel van deze partij. Teken met een sleutel "
        "die de beheerder van u kent, of vraag om deze op te nemen (`wijkgraaf party key add`).",
        "It was signed with the key {value}, which is no valid key of this party. Sign with a key of yours that the "
        "steward knows, or ask to have this one added (`wijkgraaf party key add`).",
    ),
    "SignatureWrong": (
        None,
        "De handtekening past niet bij deze woorden. Teken de gesorteerde N-Triples van het document; hun SHA-256 is "
        "{value}.",
        "The signature does not fit these words. Sign the sorted N-Triples of the document; their SHA-256 is {value}.",
    ),
}
