"""The words of the service itself, in Dutch and English, read from gettext catalogues at start."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from babel.dates import format_date
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from kg.voices import Words
from service.news_words import ARTICLES, SPLIT_ENDINGS

LOCALE = Path(__file__).parent / "locale"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every message of a language by its id. A message without words is left out, so that its use fails."""
    with (LOCALE / language / "LC_MESSAGES" / "wijkgraaf.po").open("rb") as file:
        read = read_po(file, locale=language)
    return {str(message.id): str(message.string) for message in read if message.id and message.string}


def speaker(language: str) -> Callable[..., Markup]:
    """The `_` of the templates: a message by its id, its gaps filled in escaped; an unknown id is a KeyError."""
    messages = catalogue(language)

    def say(message: str, **gaps: object) -> Markup:
        text = messages[message]
        return Markup(text).format(**{key: escape(value) for key, value in gaps.items()}) if gaps else Markup(text)

    return say


def colon(verb: Words) -> str:
    """A colon after a verb that splits ("laat zien: …"), else nothing."""
    return ":" if verb.lang == "nl" and verb.value.endswith(SPLIT_ENDINGS) else ""


def begun(name: Words) -> Words:
    """A name at the start of a sentence: "de Volkskrant" becomes "De Volkskrant", other names stay as they are."""
    starts = name.value.startswith(ARTICLES) and not name.value.startswith(("’", "'"))
    return Words(name.value[0].upper() + name.value[1:], name.lang) if starts else name


def day(moment: str | None, language: str) -> str:
    """A date as people write it: "20 november 2026"; a bare year, or what is no date, stays as it is."""
    if moment is None or len(moment) < 10:
        return moment or ""
    try:
        return format_date(datetime.fromisoformat(moment[:10]), format="long", locale=language)
    except ValueError:
        return moment
