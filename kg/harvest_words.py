"""The words of the objections to a partner's address and to what it gave: why nothing was fetched, and what to do.

The form is that of kg/objection_words.py: name → (invariant or None, Dutch, English), with `{places}`.
"""

from __future__ import annotations

from collections.abc import Mapping

UNFETCHED: Mapping[str, tuple[str | None, str, str]] = {
    "AddressUnclear": (
        None,
        "{value} is geen adres waar wij iets ophalen. Gebruik http of https, een gewone poort, en geen naam of "
        "wachtwoord in het adres.",
        "{value} is no address from which we fetch. Use http or https, a usual port, and no name or password in it.",
    ),
    "AddressPlain": (
        None,
        "{value} is niet beveiligd. Gebruik https, of sta http toe voor deze bron (--allow-http).",
        "{value} is not secured. Use https, or allow http for this source (--allow-http).",
    ),
    "AddressClosed": (
        None,
        "{value} wijst naar {limit}, een adres dat niet openbaar is. Sta het toe voor deze bron als het klopt "
        "(--allow-private).",
        "{value} leads to {limit}, an address that is not public. Allow it for this source if it is right "
        "(--allow-private).",
    ),
    "HostUnknown": (
        None,
        "De naam {value} is nergens te vinden. Controleer het adres van de bron.",
        "The name {value} is found nowhere. Check the address of the source.",
    ),
    "LeadsElsewhere": (
        None,
        "De bron stuurt ons door naar {value}. Registreer dat adres, of sta doorsturen toe (--allow-redirects).",
        "The source sends us on to {value}. Register that address, or allow it (--allow-redirects).",
    ),
    "LeadsRound": (
        None,
        "{value} stuurt ons meer dan {limit} keer door. Registreer het adres waar het bestand echt staat.",
        "{value} sends us on more than {limit} times. Register the address where the file really is.",
    ),
    "Unreachable": (
        None,
        "{value} is niet te bereiken: {limit}. Wij proberen het later weer; vraag de beheerder ervan als het blijft.",
        "{value} cannot be reached: {limit}. We try again later; ask whoever runs it if it stays so.",
    ),
    "FetchTooSlow": (
        None,
        "{value} antwoordde niet binnen {limit}. Wij proberen het later weer.",
        "{value} did not answer within {limit}. We try again later.",
    ),
    "FetchCutShort": (
        None,
        "Het antwoord van {value} brak af voor het einde. Wij proberen het later weer.",
        "The answer of {value} broke off before its end. We try again later.",
    ),
    "FetchTooLarge": (
        None,
        "Wat {value} geeft is te groot. Het mag {limit} zijn, uitgepakt. Verdeel het over meer bronnen.",
        "What {value} gives is too large. It may be {limit}, unpacked. Spread it over more sources.",
    ),
    "AnswerRefused": (
        None,
        "{value} gaf status {limit}. Controleer of het adres klopt en voor iedereen te lezen is.",
        "{value} gave status {limit}. Check that the address is right and can be read by everybody.",
    ),
    "FetchedUnclear": (
        None,
        "Wat {value} geeft, kunnen wij niet lezen: {limit}. Noem het formaat van de bron (--format).",
        "What {value} gives cannot be read: {limit}. Name the format of the source (--format).",
    ),
    "CatalogueUnclear": (
        None,
        "Bij {value} staat niet precies één dataset. Kies er een met --dataset: {limit}.",
        "At {value} there is not exactly one dataset. Choose one with --dataset: {limit}.",
    ),
    "DistributionMissing": (
        None,
        "De dataset {value} heeft geen bestand in een formaat dat wij lezen ({limit}). Vraag de partij om er een.",
        "The dataset {value} has no file in a format that we read ({limit}). Ask the party for one.",
    ),
    "StreamUnclear": (
        None,
        "{value} is geen pagina van een gebeurtenissenstroom (LDES). Registreer het adres van de stroom zelf.",
        "{value} is no page of an event stream (LDES). Register the address of the stream itself.",
    ),
    "StreamEndless": (
        None,
        "De stroom heeft meer dan {limit}. Vraag de partij om een bestand, of om een stroom met alleen de laatste "
        "versies.",
        "The stream holds more than {limit}. Ask the party for a file, or for a stream of the last versions alone.",
    ),
    "ColumnMissing": (
        None,
        "In de tabel ontbreekt de kolom {value}. Er staan: {limit}. Pas het bestand met de koppeling aan.",
        "The table lacks the column {value}. It has: {limit}. Change the file of the mapping.",
    ),
    "SourceShrunk": (
        None,
        "De bron geeft veel minder dan eerst: van de {limit} documenten die ervan kwamen, zouden er {value} gaan. "
        "Wat er was, blijft staan. Is het de bedoeling, laat de beheerder het dan toestaan "
        "(harvest run --allow-withdraw {value}).",
        "The source gives much less than before: of the {limit} documents that came from it, {value} would go. "
        "What was here stays. If it is meant, the steward can allow it (harvest run --allow-withdraw {value}).",
    ),
    "RecipeUnreadable": (
        None,
        "Het bestand {value} van deze bron is niet te lezen: {limit}. Zet het terug of registreer de bron opnieuw.",
        "The file {value} of this source cannot be read: {limit}. Put it back or register the source again.",
    ),
    "Interrupted": (
        None,
        "De dienst stopte tijdens het ophalen. Er is niets half opgenomen; wij proberen het later weer.",
        "The service stopped while fetching. Nothing was kept half; we try again later.",
    ),
}
