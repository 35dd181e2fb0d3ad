"""The words of the objections to a whole viewpoint that somebody sends, in the form of kg/objection_words.py."""

from __future__ import annotations

from collections.abc import Mapping

UNSYNCHRONISED: Mapping[str, tuple[str | None, str, str]] = {
    "WithdrawsMuch": (
        None,
        "Dit trekt {value} van uw {of} documenten in. Is dat de bedoeling, stuur het dan met ?allowWithdraw={value}.",
        "This withdraws {value} of your {of} documents. If you mean that, send it with ?allowWithdraw={value}.",
    ),
    "PartOfViewpoint": (
        None,
        "Een CSV heeft maar één soort documenten: al uw andere documenten zouden ingetrokken worden. Stuur de CSV met "
        "{value}: dat voegt toe en vervangt. Of stuur alles: als werkmap (.xlsx) of als RDF.",
        "A CSV holds documents of one kind only: all your others would be withdrawn. Send the CSV with {value}, which "
        "adds and replaces. Or send everything: as a workbook (.xlsx) or as RDF.",
    ),
    "SynchronisationRuns": (
        None,
        "Een eerdere bijwerking van {focus} is nog bezig. Wacht tot die klaar is: {value}.",
        "An earlier synchronisation of {focus} is still running. Wait until it is done: {value}.",
    ),
    "ProgressUnknown": (
        None,
        "Deze voortgang is er niet (meer). Stuur uw bericht nog eens, met dezelfde Idempotency-Key: u krijgt het "
        "resultaat van toen, of het gebeurt alsnog.",
        "This progress is not here, or no longer. Send your message again with the same Idempotency-Key: you get the "
        "earlier result, or it is done now.",
    ),
    "BodyTorn": (
        None,
        "Het ingepakte bericht is niet heel ({value}). Pak het opnieuw in met gzip en stuur het nog eens.",
        "The compressed message is not whole ({value}). Compress it with gzip again and send it once more.",
    ),
}
