"""The words of the objections to a notification that somebody sends to a party's inbox.

The form is that of kg/objection_words.py: name → (invariant or None, Dutch, English), with `{places}`.
"""

from __future__ import annotations

from collections.abc import Mapping

UNSENT: Mapping[str, tuple[str | None, str, str]] = {
    "NotificationUnclear": (
        None,
        "Dit bericht is geen activiteit van ActivityStreams 2.0: bij {path} verwachten wij {limit}. Begin met "
        '"@context": "https://www.w3.org/ns/activitystreams".',
        "This message is no activity of ActivityStreams 2.0: at {path} we expect {limit}. Begin with "
        '"@context": "https://www.w3.org/ns/activitystreams".',
    ),
    "ActorOther": (
        None,
        "U stuurt dit als {limit}, maar in actor staat {value}. Zet daar uw eigen naam.",
        "You send this as {limit}, but actor says {value}. Put your own name there.",
    ),
    "InboxElsewhere": (
        None,
        "Deze inbox leest alleen de betrokkene zelf. Die van u staat op {limit}.",
        "Only the party itself reads this inbox. Yours is at {limit}.",
    ),
    "MailAddressUnclear": (
        None,
        "Dit is geen mailadres. Schrijf het zo: {limit}.",
        "This is no mail address. Write it like this: {limit}.",
    ),
    "TooManyAddresses": (
        None,
        "Er staan al {limit} adressen. Haal er eerst een weg.",
        "There are {limit} addresses already. Remove one first.",
    ),
    "MailOff": (
        None,
        "Deze dienst verstuurt geen mail. Volg het nieuws in uw inbox of met /atom.",
        "This service sends no mail. Follow the news in your inbox or with /atom.",
    ),
    "CodeUnknown": (
        None,
        "Deze link geldt niet, of niet meer. Vraag zo nodig een nieuwe aan.",
        "This link is not valid, or no longer. Ask for a new one if you need it.",
    ),
    "TooManySent": (
        None,
        "U stuurde {limit}. Probeer het over een uur opnieuw.",
        "You sent {limit}. Try again in an hour.",
    ),
    "InboxFull": (
        None,
        "Deze inbox is vol ({limit} berichten). Neem op een andere manier contact op.",
        "This inbox is full ({limit} messages). Get in touch in another way.",
    ),
}
