"""The words of the objections to a request: what stands in its way, what may not be asked so, or takes too long.

The form is that of kg/objection_words.py: name → (invariant or None, Dutch, English), with `{places}`.
"""

from __future__ import annotations

from collections.abc import Mapping

CONFLICTING: Mapping[str, tuple[str | None, str, str]] = {
    "ExistsDifferently": (
        None,
        "{focus} bestaat al met een andere inhoud. Vervang het met ?replace=true of met If-Match.",
        "{focus} exists already with other content. Replace it with ?replace=true or with If-Match.",
    ),
    "Moved": (
        None,
        "{focus} is intussen veranderd. Stuur uw bericht opnieuw.",
        "{focus} has changed meanwhile. Send your message again.",
    ),
    "Stale": (
        None,
        "{focus} is intussen anders dan u zag, of is hier niet. Haal de nieuwste versie op en pas die aan. Is er "
        "niets, laat If-Match dan weg.",
        "{focus} is no longer as you saw it, or is not here. Fetch the latest version and change that. If there is "
        "none, leave If-Match out.",
    ),
    "MatchRequired": (
        None,
        "Om {focus} te vervangen is If-Match nodig, met de ETag van de versie die u zag.",
        "To replace {focus}, send If-Match with the ETag of the version that you saw.",
    ),
    "SameTwice": (
        None,
        "{focus} staat twee keer in dit bericht. Stuur het één keer.",
        "{focus} is in this message twice. Send it once.",
    ),
    "KeyReused": (
        None,
        "Deze Idempotency-Key is al gebruikt voor een ander bericht. Kies een nieuwe.",
        "This Idempotency-Key was already used for another message. Choose a new one.",
    ),
    "NotHolder": (
        "I11",
        "{focus} is van een ander. Alleen de betrokkene zelf kan het vervangen of intrekken.",
        "{focus} is held by another. Only its holder can replace or withdraw it.",
    ),
    "NotDelegated": (
        None,
        "U mag niet voor {value} opschrijven. Vraag die betrokkene om een machtiging.",
        "You may not record for {value}. Ask that party for a delegation.",
    ),
    "DelegationEnded": (
        None,
        "U mocht voor {value} opschrijven tot {since}. Vraag {value} of de beheerder om een nieuwe machtiging.",
        "You could record for {value} until {since}. Ask {value} or the steward for a new delegation.",
    ),
    "NotCurrent": (
        None,
        "{focus} is er niet, of niet meer. Er is niets om te vervangen of in te trekken.",
        "{focus} is not here, or no longer. There is nothing to replace or withdraw.",
    ),
    "Withdrawn": (
        None,
        "{focus} is ingetrokken. Wilt u het terug, stuur het dan met ?replace=true.",
        "{focus} has been withdrawn. If you want it back, send it with ?replace=true.",
    ),
    "Ended": (
        None,
        "{focus} is ingetrokken of gewist. Publiceer het onder een andere naam.",
        "{focus} has been withdrawn or erased. Publish it under another name.",
    ),
    "Replaced": (
        None,
        "Deze versie van {focus} is vervangen door {value}. Alle versies: {limit}.",
        "This version of {focus} was replaced by {value}. All versions: {limit}.",
    ),
    "NameMissing": (
        None,
        "Geef dit document een eigen naam: schrijf zijn adres op de plaats van <>. Wie vervangt of zijn hele "
        "zienswijze bijwerkt, zegt zo welk document het is.",
        "Give this document a name of its own: write its address in the place of <>. When you replace, or synchronise "
        "your viewpoint, that says which document it is.",
    ),
}

UNASKED: Mapping[str, tuple[str | None, str, str]] = {
    "QueryUnclear": (
        None,
        "Bij regel {line}, teken {column} past niet wat er staat. Verwacht: {value}.",
        "At line {line}, column {column} what is there does not fit. Expected: {value}.",
    ),
    "QueryWrong": (
        None,
        "De vraag klopt niet bij regel {line}, teken {column}. Het vraagsysteem zegt: {value}.",
        "The query is not right at line {line}, column {column}. The engine says: {value}.",
    ),
    "QueryEmpty": (
        None,
        "De vraag is leeg. Schrijf een vraag in SPARQL, of kies een voorbeeld.",
        "The query is empty. Write a question in SPARQL, or choose an example.",
    ),
    "PrefixUnknown": (
        None,
        "Het voorvoegsel {value} is niet bekend. Zet {limit} bovenaan.",
        "The prefix {value} is not known. Put {limit} at the top.",
    ),
    "QueryTooNested": (
        None,
        "De haakjes in deze vraag staan te diep in elkaar. Het mag {limit} diep zijn.",
        "The brackets in this query are nested too deeply. They may be {limit} deep.",
    ),
    "QueryTooLong": (
        None,
        "Deze vraag is te lang. Zij mag {limit} zijn.",
        "This query is too long. It may be {limit}.",
    ),
    "QueryTooManyOperators": (
        None,
        "Deze vraag heeft te veel rekentekens of stappen in een pad. Het mogen er {limit} zijn.",
        "This query has too many operators or path steps. There may be {limit}.",
    ),
    "QueryTooManyPatterns": (
        None,
        "Deze vraag heeft te veel patronen in één groep. Het mogen er {limit} zijn.",
        "This query has too many patterns in one group. There may be {limit}.",
    ),
    "QueryMediaUnknown": (
        None,
        "Een vraag in {value} lezen wij niet. Stuur haar als {limit}.",
        "We do not read a query in {value}. Send it as {limit}.",
    ),
    "CharsetUnknown": (
        None,
        "De tekenset {value} lezen wij niet. Stuur het bericht in {limit}.",
        "We do not read the charset {value}. Send the message in {limit}.",
    ),
    "UpdateRefused": (
        None,
        "Hier kunt u alleen vragen stellen. Publiceren doet u via /contributions.",
        "Here you can only ask. Publish through /contributions.",
    ),
    "ServiceRefused": (
        None,
        "SERVICE kan hier niet: wij halen nooit iets op bij een ander.",
        "SERVICE is not possible here: we never fetch anything from elsewhere.",
    ),
    "LoadRefused": (
        None,
        "LOAD kan hier niet: wij halen nooit iets op bij een ander.",
        "LOAD is not possible here: we never fetch anything from elsewhere.",
    ),
    "ViewAsGraph": (
        None,
        "GRAPH met een overzicht ({value}) kan niet. Zet het in FROM of FROM NAMED.",
        "GRAPH with a view ({value}) is not possible. Put it in FROM or FROM NAMED.",
    ),
    "DatasetUnclear": (
        None,
        "De gevraagde graaf {value} is geen geldig adres.",
        "The graph {value} that you ask for is not a valid address.",
    ),
    "FunctionUnknown": (
        None,
        "De functie {value} kennen wij niet. Gebruik een andere, of bereken het zelf met het antwoord.",
        "We know no function {value}. Use another one, or compute it yourself from the answer.",
    ),
    "NotForXml": (
        None,
        "In dit antwoord staat een teken of een naam die niet in XML past. Vraag het als JSON of als Turtle.",
        "This answer holds a character or a name that does not fit in XML. Ask for it as JSON or as Turtle.",
    ),
    "ParameterUnknown": (
        None,
        "Wij kennen hier geen {path}. U kunt gebruiken: {limit}.",
        "We know no {path} here. You may use: {limit}.",
    ),
    "ParameterMissing": (
        None,
        "Geef ook {path}.",
        "Give {path} too.",
    ),
    "SheetKindMissing": (
        None,
        "Een CSV heeft maar één soort documenten. Geef {path} erbij. U kunt kiezen: {limit}.",
        "A CSV holds documents of one kind only. Give {path} too. You may choose: {limit}.",
    ),
    "ParameterUnclear": (
        None,
        "{path} met de waarde {value} begrijpen wij niet. Verwacht: {limit}.",
        "We do not understand {path} with the value {value}. Expected: {limit}.",
    ),
    "CursorGone": (
        None,
        "Deze bladzijde is er niet meer. Begin opnieuw bij {limit}.",
        "This page is gone. Start again at {limit}.",
    ),
    "TimeUnclear": (
        None,
        "De tijd {value} begrijpen wij niet. Schrijf een datum (2026-01-31, het einde van die dag in UTC), een tijd "
        "met zone (2026-01-31T12:00:00Z; een + schrijft u in een adres als %2B), of de naam van een momentopname.",
        "We do not understand the time {value}. Write a date (2026-01-31, the end of that day in UTC), a time with its "
        "zone (2026-01-31T12:00:00Z; in an address write a + as %2B), or the name of a snapshot.",
    ),
    "TimeAhead": (
        None,
        "{value} is nog niet voorbij. Een datum geldt tot het einde van die dag in UTC. U kunt kiezen van {since} tot "
        "{until} (nu).",
        "{value} is not over yet. A date holds until the end of that day in UTC. You may choose from {since} until "
        "{until} (now).",
    ),
    "TimeBefore": (
        None,
        "Op {value} was hier nog niets. U kunt kiezen van {since} tot {until} (nu).",
        "At {value} there was nothing here yet. You may choose from {since} until {until} (now).",
    ),
    "TimesReversed": (
        None,
        "Het eerste moment (Van: {value}) komt na het tweede (Tot en met: {limit}). Wissel ze om.",
        "The first moment (From: {value}) comes after the second (To: {limit}). Put them the other way round.",
    ),
    "SnapshotUnknown": (
        None,
        "Er is geen momentopname {value}. Zie /snapshots.",
        "There is no snapshot {value}. See /snapshots.",
    ),
    "SnapshotUnclear": (
        None,
        "{value} kan geen momentopname heten. Begin met een letter; a-z, 0-9 en -, hoogstens 64 tekens.",
        "A snapshot cannot be called {value}. Begin with a letter; a-z, 0-9 and -, at most 64 characters.",
    ),
    "SnapshotExists": (
        None,
        "Er is al een momentopname {value}. Een naam blijft bij zijn moment; kies een andere.",
        "There is a snapshot {value} already. A name stays with its moment; choose another.",
    ),
    "VersionsElsewhere": (
        None,
        "De versies van dit document staan op {limit}, zonder /doc.",
        "The versions of this document are at {limit}, without /doc.",
    ),
    "VersionUnknown": (
        None,
        "Versie {value} van deze vraag is niet bewaard, of was er nooit. De huidige staat op {limit}.",
        "Version {value} of this question is not kept, or never was. The current one is at {limit}.",
    ),
}

UNCALLED: Mapping[str, tuple[str | None, str, str]] = {
    "TokenMissing": (
        None,
        "Hiervoor heeft u een sleutel nodig. Stuur die mee als Authorization: Bearer.",
        "You need a token for this. Send it as Authorization: Bearer.",
    ),
    "TokenInAddress": (
        None,
        "Zet uw sleutel niet in het adres ({path}): daar kunnen anderen hem lezen. Stuur hem mee als Authorization: "
        "Bearer, en vraag de beheerder om een nieuwe, want deze is gezien.",
        "Do not put your token in the address ({path}), where others can read it. Send it as Authorization: Bearer, "
        "and ask the steward for a new one, for this one has been seen.",
    ),
    "TokenUnknown": (
        None,
        "Deze sleutel geldt niet of niet meer. Vraag de beheerder om een nieuwe.",
        "This token is not valid, or no longer. Ask the steward for a new one.",
    ),
    "TokenExpired": (
        None,
        "Deze sleutel gold tot {since}. Vraag de beheerder om een nieuwe.",
        "This token expired on {since}. Ask the steward for a new one.",
    ),
    "TokenRevoked": (
        None,
        "Deze sleutel is ingetrokken op {since}. Vraag de beheerder om een nieuwe.",
        "This token was revoked on {since}. Ask the steward for a new one.",
    ),
    "RightMissing": (
        None,
        "Met deze sleutel mag dit niet. Hij geeft: {value}. Nodig is: {limit}. De beheerder kan die sleutel geven.",
        "This token does not allow that. It gives: {value}. Needed: {limit}. The steward can give you such a token.",
    ),
    "MediaTypeMissing": (
        None,
        "Er staat niet bij wat u stuurt. Zet in Content-Type: {limit}.",
        "You do not say what you send. Put in Content-Type: {limit}.",
    ),
    "MediaTypeOther": (
        None,
        "{value} lezen wij hier niet. Stuur het als {limit}.",
        "We do not read {value} here. Send it as {limit}.",
    ),
    "EncodingUnknown": (
        None,
        "Zo ingepakt (Content-Encoding: {value}) lezen wij dit bericht niet. Stuur het als {limit}.",
        "We do not read this message compressed like that (Content-Encoding: {value}). Send it as {limit}.",
    ),
    "QuestionUnknown": (
        None,
        "Er is geen vraag die {value} heet. Daar lijkt op: {limit}. Alle vragen staan op /queries.",
        "There is no question called {value}. Like it: {limit}. All questions are at /queries.",
    ),
    "Gone": (
        None,
        "{focus} is ingetrokken of gewist. Wat er stond, is hier niet meer te lezen.",
        "{focus} was withdrawn or erased. What it said can no longer be read here.",
    ),
    "NotThere": (
        None,
        "Wij vinden hier niets. Controleer het adres.",
        "We find nothing here. Check the address.",
    ),
    "VerbUnknown": (
        None,
        "{value} kan hier niet. Wel: {limit}.",
        "{value} is not possible here. Possible: {limit}.",
    ),
    "ProfileUnknown": (
        None,
        "In dat profiel hebben wij dit niet. Kies uit: {limit}. Of laat Accept-Profile weg.",
        "We do not have this in that profile. Choose from: {limit}. Or leave Accept-Profile out.",
    ),
    "FormatUnknown": (
        None,
        "Het gevraagde formaat hebben wij niet. Wel: {limit}.",
        "We do not have the format that you ask for. We have: {limit}.",
    ),
    "ExtraMissing": (
        None,
        "{value} maken wij hier niet: daarvoor moet de beheerder {path} installeren. Wel: {limit}.",
        "We do not make {value} here: for that the operator has to install {path}. We have: {limit}.",
    ),
}

OVERRUN: Mapping[str, tuple[str | None, str, str]] = {
    "TimeOut": (
        None,
        "Dit duurde langer dan {limit}. Maak de vraag kleiner.",
        "This took longer than {limit}. Make the question smaller.",
    ),
    "MemoryOut": (
        None,
        "Dit vroeg meer geheugen dan {limit}. Maak de vraag kleiner.",
        "This took more memory than {limit}. Make the question smaller.",
    ),
    "EngineEnded": (
        None,
        "Het programma dat vragen beantwoordt, hield op bij deze vraag. Dat is een fout in dat programma. Stel de "
        "vraag anders, of maak haar eenvoudiger.",
        "The engine that answers ended over this question, which is a fault of the engine. Ask it in another way, or "
        "make it simpler.",
    ),
    "AnswerTooLarge": (
        None,
        "Het antwoord is groter dan {limit}. Vraag minder tegelijk, bijvoorbeeld met LIMIT.",
        "The answer is larger than {limit}. Ask for less at once, with LIMIT for example.",
    ),
    "Busy": (
        None,
        "Het is nu te druk. Probeer het over {limit} opnieuw.",
        "It is too busy now. Try again in {limit}.",
    ),
    "PastBusy": (
        None,
        "Er zijn al twee andere tijden open. Probeer het over {limit} opnieuw.",
        "Two other times are open already. Try again in {limit}.",
    ),
    "NotReady": (
        None,
        "De dienst is nog niet klaar. Probeer het over {limit} opnieuw.",
        "The service is not ready yet. Try again in {limit}.",
    ),
    "CheckFailed": (
        None,
        "Dit bericht kon niet worden nagekeken. Maak het eenvoudiger en probeer het opnieuw.",
        "This message could not be checked. Make it simpler and try again.",
    ),
}
