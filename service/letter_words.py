"""The words of a letter that tells a party its news, and of the one that asks whether it is wanted; both languages."""

from __future__ import annotations

from collections.abc import Mapping

LETTERS: Mapping[str, Mapping[str, str]] = {
    "confirm_subject": {
        "nl": "Wilt u nieuws van {site} over {party}?",
        "en": "Do you want news from {site} about {party}?",
    },
    "confirm_text": {
        "nl": "Iemand gaf dit adres op om nieuws te krijgen over wat er met de dingen van {party} gebeurt.\n\n"
        "Wilt u dat? Open dan deze link en druk op de knop:\n{confirm}\n\n"
        "Wilt u dat niet? Dan hoeft u niets te doen. Na een week vergeten wij dit adres.",
        "en": "Somebody gave this address to get news about what happens with the things of {party}.\n\n"
        "Do you want that? Then open this link and press the button:\n{confirm}\n\n"
        "If you do not, there is nothing to do. After a week we forget this address.",
    },
    "news_subject": {"nl": "{site}: nieuws voor {party}", "en": "{site}: news for {party}"},
    "news_text": {
        "nl": "Dit gebeurde er met de dingen van {party}, of met iets waar {party} iets aan verbond.",
        "en": "This happened with the things of {party}, or with something to which {party} tied something.",
    },
    "reason": {"nl": "  Waarom: {reason}", "en": "  Why: {reason}"},
    "read": {"nl": "  Lees: {link}", "en": "  Read: {link}"},
    "more": {
        "nl": "En nog {count} berichten. U leest ze in uw inbox.",
        "en": "And {count} more. Read them in your inbox.",
    },
    "restricted": {
        "nl": "Er is ook nieuws dat niet openbaar is. Dat sturen wij niet per mail. U leest het in uw inbox: {inbox}",
        "en": "There is also news that is not public. We do not mail that. Read it in your inbox: {inbox}",
    },
    "sent": {
        "nl": "{who} stuurde u een bericht. U leest het in uw inbox: {inbox}",
        "en": "{who} sent you a message. Read it in your inbox: {inbox}",
    },
    "stop": {
        "nl": "Geen mail meer? Open deze link en druk op de knop:\n{stop}",
        "en": "No more mail? Open this link and press the button:\n{stop}",
    },
    "test_subject": {"nl": "{site}: dit is een proef", "en": "{site}: this is a test"},
    "test_text": {
        "nl": "Deze mail komt van {site}. Leest u dit, dan werkt het versturen.",
        "en": "This mail comes from {site}. If you read this, sending works.",
    },
}
"""Name → language → text with `{places}`."""
