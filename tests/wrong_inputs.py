"""Wrong messages of a partner: what each gets, and the words of its cure."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kg.sheets import XLSX
from tests.sheets import written
from tests.stories import BASE, story
from tests.test_sheets import STORY
from tests.test_workbooks import ENTITY, FIRST, PLAIN, UNFIT, changed

PARTY = "een-straat"
BODY_BYTES_MAX = 16 * 1024 * 1024  # Of this service, so that what is more is soon sent.
SPACE = "http://straat.example/dingen/"
TURTLE, JSON, XML, CSV = "text/turtle", "application/ld+json", "application/rdf+xml", "text/csv"
CONTEXT = f"{BASE}/context.jsonld"
GOOD = story(PARTY, "kamer")
ROWS = written(*STORY)
OWN = f"{BASE}/id/{PARTY}"


def about(subject: str) -> str:
    """A policy of ours under a name that is written in some way."""
    return (
        f"<{subject}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/lerende-wijk/def#Policy> .\n"
        f"<{subject}> <https://w3id.org/lerende-wijk/def#heldBy> <{OWN}> .\n"
        f'<{subject}> <http://purl.org/dc/terms/title> "Een plan"@nl .\n'
    )


def json_ld(**more: Any) -> str:
    """A policy of ours in plain JSON."""
    said = {"@context": CONTEXT, "id": f"{OWN}/een-plan", "type": "Policy", "heldBy": OWN, "title": {"nl": "Een plan"}}
    return json.dumps(said | more)


def xml(before: str = "", title: str = "Een plan") -> str:
    """A policy of ours in RDF/XML."""
    return (
        f'<?xml version="1.0"?>{before}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:lw="https://w3id.org/lerende-wijk/def#">'
        f'<lw:Policy rdf:about="{OWN}/een-plan"><lw:heldBy rdf:resource="{OWN}"/>'
        f'<dcterms:title xml:lang="nl">{title}</dcterms:title></lw:Policy></rdf:RDF>'
    )


@dataclass(frozen=True)
class Wrong:
    """One wrong message, what it gets, and the words of its cure in Dutch and English."""

    what: str
    status: int
    name: str
    cure: tuple[str, str]
    body: str | bytes = GOOD
    media: str | None = TURTLE
    to: str = "POST /contributions"
    headers: Mapping[str, str] = field(default_factory=dict)


def foreign(what: str, subject: str, *, name: str = "ForeignSubject", to: str = "POST /contributions") -> Wrong:
    """Another's namespace, or a name that only looks like ours, in some disguise."""
    cures = {
        "ForeignSubject": ("Spreek over uw eigen dingen", "Speak about your own things"),
        "IriNotNormal": ("niet netjes geschreven. Schrijf", "not in its normal form. Write"),
        "NameUnclear": ("Gebruik kleine letters", "Use lower-case letters"),
        "SyntaxUnclear": ("Verbeter die plek", "Mend that place"),
        "UnsafeIri": ("Gebruik http, https", "Use http, https"),
    }
    status = 400 if name == "SyntaxUnclear" else 422
    return Wrong(f"a name of another: {what}", status, name, cures[name], about(subject), "application/n-triples", to)


YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
CONSENT = GOOD.replace(
    "lw:groundKind ground:own",
    """lw:groundKind ground:consent ; a <https://w3id.org/dpv#InformedConsent> ;
    lw:consentScope audience:public ; <https://w3id.org/dpv#hasConsentStatus> <https://w3id.org/dpv#ConsentGiven> ;
    <https://w3id.org/dpv#isIndicatedAtTime> "2024-01-15"^^<http://www.w3.org/2001/XMLSchema#date> ;
    dcterms:valid "LASTDAY"^^<http://www.w3.org/2001/XMLSchema#date>""",
)
PACKED = {"Content-Encoding": "gzip"}
MEND = ("Verbeter die plek en stuur opnieuw", "Mend that place and send it again")
AS_UTF8 = ("Bewaar het bestand als UTF-8", "Save the file as UTF-8")
IN_UTF8 = ("Stuur het bericht in UTF-8", "Send the message in UTF-8")
SAVE_XLSX = ("bewaar het als .xlsx", "save it as .xlsx")
SPREAD = ("Verdeel het over", "Spread it over")
TYPES = ("Gebruik Turtle, TriG", "Use Turtle, TriG")
BEARER = ("Authorization: Bearer", "Authorization: Bearer")
NEW_TOKEN = ("Vraag de beheerder om een nieuwe", "Ask the steward for a new one")
FETCH_LATEST = ("Haal de nieuwste versie op", "Fetch the latest version")
ONE_MORE = f"{GOOD}{story(PARTY, 'zolder', extra=' ; lw:themme theme:care')}"

TABLE = (
    # Letters and files that are not whole.
    Wrong("Turtle in Latin-1", 400, "SyntaxUnclear", AS_UTF8, GOOD.replace("slaap", "café").encode("latin-1")),
    Wrong("Turtle in UTF-16", 415, "CharsetUnknown", IN_UTF8, GOOD.encode("utf-16")),
    Wrong("Turtle in UTF-16 without a mark", 415, "CharsetUnknown", IN_UTF8, GOOD.encode("utf-16-le")),
    Wrong("CSV in Latin-1", 400, "SyntaxUnclear", AS_UTF8, ROWS.replace(b"bank", "b\u00e4nk".encode("latin-1")),
          CSV),
    Wrong("a charset that is not UTF-8", 415, "CharsetUnknown", IN_UTF8, GOOD, "text/turtle; charset=iso-8859-1"),
    Wrong("Turtle cut off", 400, "SyntaxUnclear", MEND, GOOD[: len(GOOD) * 3 // 4]),
    Wrong("JSON cut off", 400, "SyntaxUnclear", MEND, json_ld()[:-20], JSON),
    Wrong("XML cut off", 400, "SyntaxUnclear", MEND, xml()[:-20], XML),
    Wrong("a workbook cut off", 400, "WorkbookUnclear", SAVE_XLSX, PLAIN[:-200], XLSX),
    Wrong("CSV with half a quotation", 400, "TableUnclear", ("aanhalingsteken", "quotation mark"), ROWS + b'"x',
          CSV),
    Wrong("nothing", 400, "EmptyBody", ("Stuur ten minste één document", "Send at least one document"), b""),
    Wrong("two lines of comment", 400, "EmptyBody", ("Stuur ten minste één", "Send at least one"),
          "# niets\n# nog\n"),
    Wrong(
        "a hundred thousand prefixes and no document",
        400,
        "EmptyBody",
        ("Stuur ten minste één document", "Send at least one document"),
        "@prefix a: <http://een.example/> .\n" * 100_000,
    ),
    # Spreadsheets.
    Wrong(
        "a column that is not there",
        422,
        "ColumnUnknown",
        ("Alle kolommen staan in /templates", "All columns are in /templates"),
        ROWS.replace(b"Thema", b"Tehma"),
        CSV,
    ),
    Wrong("a wrong delimiter", 422, "KindUnclear", ("Noem het blad zo", "Call the sheet so"), written(*STORY,
          delimiter="#"), CSV),
    Wrong("a workbook called CSV", 400, "SyntaxUnclear", ("met haar eigen Content-Type",
          "with a Content-Type of its own"), PLAIN, CSV),
    Wrong("a gzip file called Turtle", 400, "SyntaxUnclear", ("Pak het uit", "Unpack it"),
          gzip.compress(GOOD.encode(), mtime=0)),
    Wrong("CSV called a workbook", 400, "WorkbookUnclear", SAVE_XLSX, ROWS, XLSX),
    Wrong("a zip bomb in a workbook", 413, "SheetTooLarge", SPREAD, UNFIT["a zip bomb"][0], XLSX),
    Wrong(
        "entities in a workbook",
        400,
        "WorkbookUnclear",
        SAVE_XLSX,
        changed(PLAIN, FIRST, lambda t: t.replace(b"?>", ENTITY, 1)),
        XLSX,
    ),
    # Too much.
    Wrong("a gzip bomb", 413, "TooLarge", SPREAD, gzip.compress(b" " * 100_000_000, mtime=0), headers=PACKED),
    Wrong("a gzip file cut off", 400, "BodyTorn", ("Pak het opnieuw in", "Compress it with gzip again"),
          gzip.compress(GOOD.encode(), mtime=0)[:-20], headers=PACKED),
    Wrong("packed in another way", 415, "EncodingUnknown", ("Stuur het als", "Send it as"),
          headers={"Content-Encoding": "br"}),
    Wrong("entities in XML", 400, "DoctypeFound", ("Haal die regel weg", "Remove that line"),
          xml('<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>', "&b;"), XML),
    Wrong("brackets in brackets", 400, "TooNested", ("Schrijf het platter op", "Write it flatter"),
          GOOD + "<#a> <#b> " + "[ <#c> " * 5_000),
    Wrong("lists in lists of JSON", 400, "TooNested", ("Schrijf het platter op", "Write it flatter"), "[" * 100_000,
          JSON),
    Wrong("a document too large", 413, "DocumentTooLarge", ("Maak er kleinere documenten van",
          "Make smaller documents of it"), story(PARTY, "boek", text="woord " * 200_000)),
    Wrong("too many triples", 413, "TooManyTriples", ("Maak er kleinere documenten van",
          "Make smaller documents of it"),
          GOOD + "".join(f"<{OWN}/kamer> lw:theme <{BASE}/t/{n}> .\n" for n in range(6_000))),
    # Names of others.
    foreign("plainly", f"{BASE}/id/gemeente/b-agenda"),
    foreign("dot segments", f"{OWN}/../gemeente/x", name="IriNotNormal"),
    foreign("escaped dots", f"{OWN}/%2e%2e/gemeente/x", name="IriNotNormal"),
    foreign("an escaped slash", f"{OWN}%2Fx"),
    foreign("two slashes", f"{OWN}//x", name="IriNotNormal"),
    foreign("a host in capitals", "http://STRAAT.example/dingen/1", name="IriNotNormal"),
    foreign("the default port", "http://straat.example:80/dingen/1", name="IriNotNormal"),
    foreign("a user before the host", "http://straat.example@ander.example/dingen/1"),
    foreign("a backslash", "http://straat.example\\\\@ander.example/1", name="SyntaxUnclear"),
    foreign("a letter that looks like ours", "http://str\u0430at.example/dingen/1"),
    foreign("ours as a fragment", f"http://ander.example/#{SPACE}1"),
    foreign("ours with a tail", "http://straat.example/dingenlijst/1"),
    foreign("a slash at the end", f"{BASE}/id/gemeente/"),
    foreign("the same name on another server", OWN.replace("127.0.0.1", "localhost") + "/x"),
    foreign("https for http", SPACE.replace("http:", "https:") + "1"),
    foreign("the register's own", f"{BASE}/id/wijk/pl-nieuw"),
    Wrong("a name of another at an address of ours", 422, "OtherDocument", ("Laat dat weg", "Leave that out"),
          about(f"{BASE}/id/gemeente/x"), to=f"PUT /doc/{PARTY}/x"),
    Wrong("an @base of another", 422, "ForeignSubject", ("Spreek over uw eigen dingen",
          "Speak about your own things"), f"@base <{BASE}/id/gemeente/> .\n{story(PARTY).replace('<>', '<x>')}"),
    # Who calls.
    Wrong("no token", 401, "TokenMissing", BEARER, headers={"Authorization": ""}),
    Wrong("a token that never was", 401, "TokenUnknown", NEW_TOKEN, headers={"Authorization": "Bearer wg_nooit"}),
    Wrong("a token that expired", 401, "TokenExpired", NEW_TOKEN, headers={"Authorization": "Bearer EXPIRED"}),
    Wrong("a token that was revoked", 401, "TokenRevoked", NEW_TOKEN, headers={"Authorization": "Bearer REVOKED"}),
    Wrong("a token in the address", 400, "TokenInAddress", BEARER, to="POST /contributions?access_token=SECRET",
          headers={"Authorization": ""}),
    Wrong("a name and password", 401, "TokenMissing", BEARER,
          headers={"Authorization": "Basic " + base64.b64encode(b"ik:geheim").decode()}),
    Wrong("a token that only reads", 403, "RightMissing", ("De beheerder kan die sleutel geven",
          "The steward can give you such a token"), headers={"Authorization": "Bearer READER"}),
    Wrong("for another without a delegation", 403, "NotDelegated", ("Vraag die betrokkene om een machtiging",
          "Ask that party for a delegation"), to="POST /contributions?onBehalfOf=gemeente",
          headers={"Authorization": "Bearer RECORDER"}),
    Wrong("held by another", 422, "SecondHolder", ("zet hier", "here"), story(PARTY, "kamer", holder="gemeente")),
    # Keys, conditions, clocks.
    Wrong("a key used for another message", 422, "KeyReused", ("Kies een nieuwe", "Choose a new one"), story(PARTY,
          "zolder"), headers={"Idempotency-Key": "eerste"}),
    Wrong("If-Match of an older version", 412, "Stale", FETCH_LATEST, to=f"PUT /doc/{PARTY}/oud", body=story(PARTY,
          "oud", text="Anders"), headers={"If-Match": '"STALE"'}),
    Wrong("a weak If-Match of an older version", 412, "Stale", FETCH_LATEST, to=f"PUT /doc/{PARTY}/oud",
          body=story(PARTY, "oud", text="Anders"), headers={"If-Match": 'W/"STALE"'}),
    Wrong("If-Match * where nothing is", 412, "Stale", ("laat If-Match dan weg", "leave If-Match out"),
          to=f"PUT /doc/{PARTY}/niets", body=story(PARTY,
          "niets"), headers={"If-Match": "*"}),
    Wrong("replacing blindly", 428, "MatchRequired", ("If-Match", "If-Match"), to=f"PUT /doc/{PARTY}/oud",
          body=story(PARTY, "oud", text="Anders")),
    Wrong("If-Match and If-None-Match", 412, "ExistsAlready", ("vervang het met If-Match", "replace it with If-Match"),
          to=f"PUT /doc/{PARTY}/oud",
          body=story(PARTY, "oud", text="Anders"), headers={"If-Match": '"CURRENT"', "If-None-Match": "*"}),
    Wrong("If-Unmodified-Since", 428, "MatchRequired", ("If-Match", "If-Match"), to=f"PUT /doc/{PARTY}/oud",
          body=story(PARTY, "oud", text="Anders"),
          headers={"If-Unmodified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
    Wrong("publishing what is there differently", 409, "ExistsDifferently", ("?replace=true", "?replace=true"),
          story(PARTY, "oud", text="Anders")),
    Wrong("PUT of a story at another's name", 403, "ForeignSubject", ("Spreek over uw eigen dingen",
          "Speak about your own things"), to="PUT /doc/gemeente/b-agenda"),
    Wrong("PUT of another document", 422, "OtherDocument", ("Laat dat weg", "Leave that out"),
          to=f"PUT /doc/{PARTY}/hal"),
    Wrong("withdrawing another's", 403, "NotHolder", ("Alleen de betrokkene", "Only its holder"), b"", None,
          "DELETE /doc/gemeente/b-agenda"),
    Wrong("withdrawing twice", 404, "NotCurrent", ("niets om te vervangen of in te trekken",
          "nothing to replace or withdraw"), b"", None, f"DELETE /doc/{PARTY}/weg"),
    Wrong("a consent that ended yesterday", 422, "GroundEnded", ("Vraag de verteller opnieuw", "Ask the teller again"),
          CONSENT.replace("LASTDAY", str(YESTERDAY))),
    # Media types and parameters.
    Wrong("a picture", 415, "MediaTypeUnknown", TYPES, b"\x89PNG", "image/png"),
    Wrong("no media type", 415, "MediaTypeMissing", ("Zet in Content-Type", "Put in Content-Type"), GOOD, None),
    Wrong("a form", 415, "MediaTypeUnknown", TYPES, b"a=b", "application/x-www-form-urlencoded"),
    Wrong("Turtle called JSON", 400, "SyntaxUnclear", MEND, GOOD, JSON),
    Wrong("a parameter nobody knows", 400, "ParameterUnknown", ("U kunt gebruiken", "You may use"),
          to="POST /contributions?audience=public"),
    Wrong("a parameter twice", 400, "ParameterUnclear", ("Verwacht: 1×", "Expected: 1×"),
          to="POST /contributions?replace=true&replace=false"),
    Wrong("a parameter that means nothing", 400, "ParameterUnclear", ("Verwacht: true, false",
          "Expected: true, false"), to="POST /contributions?replace=ja"),
    Wrong("a verb that is not there", 405, "VerbUnknown", ("Wel: ", "Possible: "), to="PATCH /contributions"),
    # What is said.
    Wrong("a context from elsewhere", 400, "ForeignContext", ("Gebruik de context van deze dienst",
          "Use the context of this service"), json_ld(**{"@context": "https://elders.example/c.jsonld"}), JSON),
    Wrong("a part without a name", 422, "BlankNode", ("Geef het een naam die begint met #",
          "Give it a name that begins with #"), GOOD.replace("<http://127.0.0.1:8000/id/een-straat/kamer#grond> ",
          "[ a lw:Ground ] ", 1)),
    Wrong("a word with a slip", 422, "UnknownWord", ("Bedoelt u", "Did you mean"), ONE_MORE),
    Wrong("a character that cannot be seen", 400, "UnsafeText", ("Haal het weg", "Remove it"),
          GOOD.replace("schimmel", "schim\\u0007mel")),
    Wrong("a zero byte", 400, "SyntaxUnclear", MEND, GOOD.replace("schimmel", "schim\0mel")),
    Wrong("a day that does not exist", 422, "ValueUnclear",
          ("Schrijf een dag als 2026-03-31", "Write a day as 2026-03-31"),
          story(PARTY, "kamer",
          extra=' ;\n dcterms:created "2024-02-30"^^<http://www.w3.org/2001/XMLSchema#date>')),
    Wrong("a script as address", 422, "UnsafeIri", ("Gebruik http, https", "Use http, https"), story(PARTY, "kamer",
          extra=" ; <http://purl.org/dc/terms/references> <javascript:alert(1)>")),
    Wrong("a graph of another", 422, "GraphName", ("Laat de graafnaam weg", "Leave the graph name out"),
          about(f"{OWN}/x").replace(" .\n", f" <{BASE}/view/gemeente> .\n"), "application/n-quads"),
    Wrong("a statement about a statement", 400, "TripleTermFound", ("Maak van de uitspraak een eigen document",
          "Make a document of its own"), GOOD + "<< <#a> <#b> <#c> >> <#d> <#e> .\n"),
    Wrong("owl:sameAs", 422, "MergingWord", ("maak een verbinding", "make a connection"), story(PARTY, "kamer",
          extra=f" ; owl:sameAs <{BASE}/id/gemeente/b-agenda>")),
    Wrong("a word of the ledger", 422, "LedgerWord", ("Haal het weg", "Remove it"), story(PARTY, "kamer",
          extra=f" ; lw:supersedes <{OWN}/oud>")),
    Wrong("one good and one bad document", 422, "GroundMissing", ("toestemming", "consent"), story(PARTY,
          "goed") + story(PARTY, "slecht", ground=False)),
)  # fmt: skip
