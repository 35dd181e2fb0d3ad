"""What the receipt of an end tells people: what it means, what is gone, what stays, and what nobody can undo."""

from __future__ import annotations

from collections.abc import Mapping

ENDINGS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "withdraw": {
        "means": {
            "nl": "Dit staat hier niet meer. Wie het mocht lezen, vindt het nog door te vragen hoe het vroeger was "
            "(at=, versies, momentopnamen). Wilt u dat niet? Wis het dan: hetzelfde verzoek met ?erase=true. "
            "Dat kan nu en later.",
            "en": "This is no longer here. Who was allowed to read it still finds it by asking how it was before "
            "(at=, versions, snapshots). If you do not want that, erase it: the same request with ?erase=true, "
            "now or later.",
        },
    },
    "erase": {
        "gone": {
            "nl": "De woorden zijn gewist: nu, in het verleden en in momentopnamen. Niemand kan ze hier terughalen.",
            "en": "The words are erased: now, in the past and in snapshots. Nobody can bring them back here.",
        },
        "remains": {
            "nl": "Dat hier iets is gewist, wanneer, en van wie het was. De naam blijft alleen staan waar een "
            "verbinding of reactie ernaar verwijst. Wat anderen zelf schreven, blijft van hen.",
            "en": "That something was erased here, when, and whose it was. The name stays only where a connection or "
            "response refers to it. What others wrote themselves remains theirs.",
        },
        "cannotBeUndone": {
            "nl": "Wat anderen al hebben opgehaald, kunnen wij niet terughalen. Een oudere reservekopie bevat de "
            "woorden nog, tot die kopie weg is.",
            "en": "What others fetched before cannot be called back. An older backup holds the words until that "
            "backup is gone.",
        },
    },
}
"""By kind of act, then by field of the receipt, in both languages."""
