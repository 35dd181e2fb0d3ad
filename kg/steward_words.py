"""The words of the objections to what a steward enters: parties, namespaces, tokens, delegations.

The form is that of kg/objection_words.py: name → (invariant or None, Dutch, English), with `{places}`. An objection's
`path` is the name of the field that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping

UNKEPT: Mapping[str, tuple[str | None, str, str]] = {
    "PartyNameUnclear": (
        None,
        "{value} kan geen naam in adressen zijn. Gebruik a-z, 0-9, - en _, hoogstens 80 tekens; begin met een letter "
        "of cijfer.",
        "{value} cannot be a name in addresses. Use a-z, 0-9, - and _, at most 80 characters; begin with a letter or "
        "digit.",
    ),
    "PartyNameMissing": (
        None,
        "Vul in hoe deze betrokkene heet.",
        "Fill in what this party is called.",
    ),
    "PartyUnknown": (
        None,
        "Er is geen betrokkene {value}. Voeg die eerst toe.",
        "There is no party {value}. Add it first.",
    ),
    "PartyExists": (
        None,
        "Er is al een betrokkene {value}. Kies een andere naam, of verander die betrokkene.",
        "There is a party {value} already. Choose another name, or change that party.",
    ),
    "PerspectiveUnknown": (
        None,
        "De invalshoek {value} kennen wij niet. Kies uit {limit}.",
        "We do not know the perspective {value}. Choose from {limit}.",
    ),
    "NamespaceUnclear": (
        None,
        "{value} is geen naamruimte. Begin met http:// of https://, eindig met / of #, en schrijf het adres in zijn "
        "gewone vorm (kleine letters, geen punten of dubbele strepen in het pad).",
        "{value} is no namespace. Begin with http:// or https://, end with / or #, and write the address in its normal "
        "form (lower case, no dots or double slashes in the path).",
    ),
    "NamespaceTaken": (
        None,
        "{value} ligt in of om {limit}, en daar spreekt een ander. Kies een adres dat niemand anders gebruikt.",
        "{value} lies within or around {limit}, where another speaks. Choose an address that nobody else uses.",
    ),
    "NamespaceUnknown": (
        None,
        "{value} is geen naamruimte van deze betrokkene. Kies er een uit de lijst.",
        "{value} is no namespace of this party. Choose one from the list.",
    ),
    "RightUnknown": (
        None,
        "Het recht {value} kennen wij niet. Kies uit {limit}.",
        "We do not know the right {value}. Choose from {limit}.",
    ),
    "DateUnclear": (
        None,
        "{value} is geen datum. Schrijf jaar-maand-dag, bijvoorbeeld {limit}.",
        "{value} is no date. Write year-month-day, for example {limit}.",
    ),
    "DatePassed": (
        None,
        "{value} is al voorbij. Kies een dag vanaf vandaag.",
        "{value} has passed. Choose a day from today on.",
    ),
    "TokenNotThere": (
        None,
        "Er is geen sleutel {value} die nog geldt. Kies er een uit de lijst.",
        "There is no token {value} that still counts. Choose one from the list.",
    ),
    "DelegationUnclear": (
        None,
        "Een machtiging is {limit}, niet {value}. Kies er een.",
        "A delegation is {limit}, not {value}. Choose one.",
    ),
    "DelegationToItself": (
        None,
        "{value} heeft geen machtiging nodig om voor zichzelf te spreken. Kies een andere betrokkene.",
        "{value} needs no delegation to speak for itself. Choose another party.",
    ),
    "DelegationTooWide": (
        None,
        "Opschrijven namens iemand mag alleen voor een betrokkene die het goedvindt. Noem die betrokkene.",
        "Recording at somebody's wish is only for a party that agrees to it. Name that party.",
    ),
    "DelegationNotThere": (
        None,
        "{value} heeft geen machtiging om voor {limit} op te schrijven. Kies er een uit de lijst.",
        "{value} has no delegation to record for {limit}. Choose one from the list.",
    ),
    "SessionMissing": (
        None,
        "U bent niet (meer) aangemeld. Meld u aan en probeer het opnieuw.",
        "You are not signed in, or no longer. Sign in and try again.",
    ),
    "FormForeign": (
        None,
        "Dit formulier kwam niet van deze bladzijde, of is te oud. Open de bladzijde opnieuw en vul het daar in.",
        "This form did not come from this page, or is too old. Open the page again and fill it in there.",
    ),
    "SignInOften": (
        None,
        "U probeerde het te vaak. Wacht {limit} en probeer het opnieuw.",
        "You tried too often. Wait {limit} and try again.",
    ),
    "NotConfirmed": (
        None,
        "Wissen is voor altijd. Zet een vinkje als u dat zeker weet.",
        "Erasing is for good. Tick the box when you are sure.",
    ),
    "AddressMissing": (
        None,
        "Vul het adres in van wat u bedoelt.",
        "Fill in the address of what you mean.",
    ),
}

AMISS: Mapping[str, tuple[str, str]] = {
    "tokenForever": (
        "Sleutel {0} van {1} heeft geen einde. Geef een nieuwe met een einde, en trek deze in.",
        "Token {0} of {1} never expires. Give a new one with an end, and revoke this one.",
    ),
    "tokenNobody": (
        "Sleutel {0} is van {1}, en dat is geen betrokkene. Trek die sleutel in.",
        "Token {0} is of {1}, which is no party. Revoke that token.",
    ),
    "namespaceWithin": (
        "Naamruimte {0} van {1} ligt in of om {2} van {3}. Neem er een terug.",
        "Namespace {0} of {1} lies within or around {2} of {3}. Take one of them back.",
    ),
    "namespaceNobody": (
        "Naamruimte {0} is van {1}, en dat is geen betrokkene. Neem die terug.",
        "Namespace {0} is of {1}, which is no party. Take it back.",
    ),
    "delegationNobody": (
        "{0} mag voor {1} opschrijven, maar {2} is geen betrokkene. Beëindig die machtiging.",
        "{0} may record for {1}, but {2} is no party. End that delegation.",
    ),
    "delegationOver": (
        "De machtiging van {0} voor {1} eindigde op {2}. Geef een nieuwe als die nog nodig is.",
        "The delegation of {0} for {1} ended on {2}. Give a new one where it is still needed.",
    ),
    "delegationIdle": (
        "{0} mag voor anderen opschrijven ({1}), maar heeft geen sleutel met record-for. Geef die, of beëindig dat.",
        "{0} may record for others ({1}), but has no token with record-for. Give one, or end that.",
    ),
    "ledgerClosed": (
        "Het grootboek kan niet worden gelezen: {0}. Zie wijkgraaf verify.",
        "The ledger cannot be read: {0}. See wijkgraaf verify.",
    ),
}
"""What `doctor` and the steward's page find amiss, in Dutch and English."""
