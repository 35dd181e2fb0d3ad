"""The words in which news is told: what somebody tied to something, how somebody responds, what ended; both languages.

Name → language → sentence with `{places}`. A verb that stands between two names comes from the ontology.
"""

from __future__ import annotations

from collections.abc import Mapping

# A Dutch verb that splits: its object would stand before these words, so a colon comes after them.
SPLIT_ENDINGS = (" zien", " uit", " aan")
# Words with which a name may begin that are no name themselves: at the start of a sentence they take a capital.
ARTICLES = ("de ", "het ", "een ", "’t ", "'t ", "the ")
NEWS: Mapping[str, Mapping[str, str]] = {
    "says": {"nl": "{who} zegt: {from} {verb} {to}", "en": "{who} says: {from} {verb} {to}"},
    "reads": {"nl": "{who} leest erin: {from} {verb} {to}", "en": "{who} reads into it: {from} {verb} {to}"},
    "read_by": {
        "nl": "{who}, gelezen door {reader}: {from} {verb} {to}",
        "en": "{who}, as read by {reader}: {from} {verb} {to}",
    },
    "between": {"nl": "{from} {verb} {to}", "en": "{from} {verb} {to}"},
    "open_call": {"nl": "wie dat kan, is nog open", "en": "who can help with that is still open"},
    "open_offer": {"nl": "wie dat wil, kan zich melden", "en": "whoever wants it may come forward"},
    "responds": {"nl": "{who} {verb}: {to}", "en": "{who} {verb}: {to}"},
    "joins": {"nl": "{who} doet mee: {to}", "en": "{who} joins: {to}"},
    "experiences": {"nl": "{who} over {to}: {verb} ({criterion})", "en": "{who} on {to}: {verb} ({criterion})"},
    "changes": {"nl": "{who} deed iets anders: {name}", "en": "{who} changed something: {name}"},
    "came_of": {"nl": "{who}: {kind} {name}, uit {to}", "en": "{who}: {kind} {name}, out of {to}"},
    "discusses": {"nl": "{who}: {kind} {name}, over {to}", "en": "{who}: {kind} {name}, about {to}"},
    "made": {"nl": "{who}: {kind} {name}", "en": "{who}: {kind} {name}"},
    "recorded": {"nl": "{said}. Opgeschreven door {recorder}", "en": "{said}. Written down by {recorder}"},
    "again": {"nl": "Veranderd: {said}", "en": "Changed: {said}"},
    "taken_back": {
        "nl": "{who} heeft iets ingetrokken dat met {to} verbonden was",
        "en": "{who} withdrew something that was tied to {to}",
    },
    "withdrawn": {
        "nl": "{who} heeft iets ingetrokken waar u {mine} aan verbond",
        "en": "{who} withdrew something to which you tied {mine}",
    },
    "erased": {
        "nl": "Er is iets gewist van {who} waar u {mine} aan verbond",
        "en": "Something of {who} was erased to which you tied {mine}",
    },
    "groundEnded": {
        "nl": "De toestemming liep af van iets van {who} waar u {mine} aan verbond",
        "en": "The consent ended for something of {who} to which you tied {mine}",
    },
    "groundEnds": {
        "nl": "De grond onder {mine} loopt tot en met {day}. Daarna staat het hier niet meer, tenzij u hem verlengt",
        "en": "The ground of {mine} holds until {day}. After that it is no longer here, unless you renew it",
    },
    "sent": {"nl": "Bericht van {who}", "en": "A message from {who}"},
    "nameless": {"nl": "iets zonder titel", "en": "something without a title"},
    "hidden": {"nl": "iets wat u niet kunt lezen", "en": "something that you cannot read"},
    "gone": {"nl": "iets wat hier niet meer staat", "en": "something that is no longer here"},
    "quoted": {"nl": "‘{name}’", "en": "‘{name}’"},
    "feed_all": {"nl": "Wat hier het laatst is gezegd", "en": "What was said here last"},
    "feed_party": {
        "nl": "Wat anderen zeggen over de dingen van {name}",
        "en": "What others say about the things of {name}",
    },
    "feed_thing": {"nl": "Wat er gebeurt met {name}", "en": "What happens with {name}"},
    "feed_theme": {"nl": "Wat het laatst is gezegd over {name}", "en": "What was said last about {name}"},
    "feed_place": {"nl": "Wat het laatst is gezegd over {name}", "en": "What was said last about {name}"},
    "feed_question": {"nl": "{name}", "en": "{name}"},
}
