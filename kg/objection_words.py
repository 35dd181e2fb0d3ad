"""The words of every objection to a contribution, in plain Dutch and English: what is wrong and what to do.

Each name gives its family in the tree, the invariant it guards (or None), and two sentences with `{places}`.
Where a shape refuses, the shape's own message is shown instead; what stands here explains the name in the docs.
"""

from __future__ import annotations

from collections.abc import Mapping

UNREADABLE: Mapping[str, tuple[str | None, str, str]] = {
    "MediaTypeUnknown": (
        None,
        "Dit formaat kennen wij niet: {value}. Gebruik Turtle, TriG, N-Triples, N-Quads, JSON-LD, RDF/XML, "
        "CSV of XLSX.",
        "We do not know this format: {value}. Use Turtle, TriG, N-Triples, N-Quads, JSON-LD, RDF/XML, CSV or XLSX.",
    ),
    "EmptyBody": (
        None,
        "Er staat niets in dit bericht. Stuur ten minste één document.",
        "There is nothing in this message. Send at least one document.",
    ),
    "SyntaxUnclear": (
        None,
        "De tekst is niet te lezen bij regel {line}, teken {column}: {value}. Verbeter die plek en stuur opnieuw.",
        "The text cannot be read at line {line}, column {column}: {value}. Mend that place and send it again.",
    ),
    "TooLarge": (
        None,
        "Dit bericht is te groot. Het mag {limit} zijn. Verdeel het over meer berichten.",
        "This message is too large. It may be {limit}. Spread it over more messages.",
    ),
    "DocumentTooLarge": (
        None,
        "Het document {focus} is te groot. Het mag {limit} zijn. Maak er kleinere documenten van.",
        "The document {focus} is too large. It may be {limit}. Make smaller documents of it.",
    ),
    "TooManyTriples": (
        None,
        "Het document {focus} heeft te veel gegevens. Het mag {limit} hebben. Maak er kleinere documenten van.",
        "The document {focus} holds too much. It may have {limit}. Make smaller documents of it.",
    ),
    "TooNested": (
        None,
        "De haakjes in deze tekst staan te diep in elkaar. Het mag {limit} diep zijn. Schrijf het platter op.",
        "The brackets in this text are nested too deeply. They may be {limit} deep. Write it flatter.",
    ),
    "ForeignContext": (
        None,
        "Deze JSON-LD verwijst naar de context {value}. Wij halen nooit iets op. "
        "Gebruik de context van deze dienst ({limit}) of zet de context in de tekst zelf.",
        "This JSON-LD refers to the context {value}. We never fetch anything. "
        "Use the context of this service ({limit}), or put the context in the text itself.",
    ),
    "DoctypeFound": (
        None,
        "RDF/XML met {value} nemen wij niet aan. Haal die regel weg en schrijf de adressen voluit.",
        "We do not take RDF/XML with {value}. Remove that line and write the addresses in full.",
    ),
    "TripleTermFound": (
        None,
        "Deze tekst gebruikt << of <<( van RDF 1.2. Wij lezen RDF 1.1. Maak van de uitspraak een eigen document.",
        "This text uses << or <<( of RDF 1.2. We read RDF 1.1. Make a document of its own of the statement.",
    ),
    "UnsafeText": (
        None,
        "De tekst bij {path} in {focus} bevat een teken dat niet te zien is. Haal het weg en stuur opnieuw.",
        "The text at {path} in {focus} holds a character that cannot be seen. Remove it and send it again.",
    ),
    "RelativeUnknown": (
        None,
        "{focus} verwijst naar <{value}>, maar dat staat niet in dit bericht. Schrijf het hele adres, of voeg het toe.",
        "{focus} refers to <{value}>, but that is not in this message. Write the full address, or add it.",
    ),
}

DISOWNED: Mapping[str, tuple[str | None, str, str]] = {
    "ForeignSubject": (
        "I2",
        "U zegt hier iets over {focus}. Dat adres is niet van u. Spreek over uw eigen dingen, onder {limit}. "
        "Wilt u iets zeggen over iets van een ander? Maak dan een reactie of een verbinding.",
        "You say something here about {focus}. That address is not yours. Speak about your own things, under {limit}. "
        "To say something about what another holds, make a response or a connection.",
    ),
    "BlankNode": (
        "I2",
        "{focus} bevat een onderdeel zonder naam bij {path}. Geef het een naam die begint met #, zoals <{value}#deel>.",
        "{focus} holds a part without a name at {path}. Give it a name that begins with #, such as <{value}#part>.",
    ),
    "IriNotNormal": (
        "I2",
        "Het adres {value} is niet netjes geschreven. Schrijf {limit}.",
        "The address {value} is not in its normal form. Write {limit}.",
    ),
    "NameUnclear": (
        "I2",
        "De naam {value} kan niet. Gebruik kleine letters, cijfers, punt, streepje of _, hoogstens 80 tekens: {limit}.",
        "The name {value} will not do. Use lower-case letters, digits, dot, dash or _, at most 80 characters: {limit}.",
    ),
    "SecondHolder": (
        "I3",
        "{focus} noemt {value} als betrokkene, maar u spreekt voor {limit}. Niemand spreekt voor een ander: "
        "zet hier {limit}.",
        "{focus} names {value} as holder, but you speak for {limit}. Nobody speaks for another: put {limit} here.",
    ),
    "BareTie": (
        "I5",
        "{focus} wijst met {path} naar {value}, en dat is van een ander. Maak een verbinding (lw:Connection) "
        "met uw reden erbij.",
        "{focus} points with {path} to {value}, which another holds. Make a connection (lw:Connection) "
        "that gives your reason.",
    ),
    "GraphName": (
        "I16",
        "De graafnaam {value} mag niet. Laat de graafnaam weg of gebruik uw eigen overzicht {limit}.",
        "The graph name {value} is not allowed. Leave the graph name out, or use your own view {limit}.",
    ),
    "UnsafeIri": (
        "I17",
        "Het adres {value} bij {path} kan niet. Gebruik http, https, mailto, tel of urn, hoogstens {limit} tekens.",
        "The address {value} at {path} will not do. Use http, https, mailto, tel or urn, at most {limit} characters.",
    ),
    "LedgerWord": (
        None,
        "{path} schrijft het register zelf. Haal het weg. "
        "Vervangen of intrekken doet u met PUT, DELETE of ?replace=true.",
        "{path} is written by the ledger itself. Remove it. To replace or withdraw, use PUT, DELETE or ?replace=true.",
    ),
}

UNKNOWN: Mapping[str, tuple[str | None, str, str]] = {
    "UnknownWord": (
        "I13",
        "Het woord {value} kennen wij niet. Bedoelt u {limit}? Kijk in de woordenlijst (/def).",
        "We do not know the word {value}. Did you mean {limit}? Look in the vocabulary (/def).",
    ),
}

UNSHAPED: Mapping[str, tuple[str | None, str, str]] = {
    "HolderMissing": (
        "I1",
        "Zeg wie dit zegt: geef precies één betrokkene met lw:heldBy.",
        "Say who says this: give exactly one party with lw:heldBy.",
    ),
    "KindMissing": (
        "I1",
        "Zeg wat dit is: geef precies één soort, zoals lw:Story of lw:Policy.",
        "Say what this is: give exactly one kind, such as lw:Story or lw:Policy.",
    ),
    "TellerMissing": (
        "I1",
        "Een verhaal heeft een verteller. Geef met lw:toldBy een onderdeel <#verteller> "
        "van soort lw:Teller, met rol en invalshoek.",
        "A story has a teller. Give with lw:toldBy a part <#teller> of kind lw:Teller, with role and perspective.",
    ),
    "MergingWord": (
        "I4",
        "Wij voegen niets samen. Haal dit woord weg en maak een verbinding met uw reden.",
        "We merge nothing. Remove this word and make a connection that gives your reason.",
    ),
    "ConnectionUnclear": (
        "I6",
        "Een verbinding heeft een begin (lw:from), een eind (lw:to), een soort (lw:relation) "
        "en een reden (lw:rationale).",
        "A connection has a beginning (lw:from), an end (lw:to), a relation (lw:relation) and a reason (lw:rationale).",
    ),
    "TargetMissing": (
        "I6",
        "Waar dit naar verwijst, bestaat hier niet. Controleer het adres of publiceer het eerst.",
        "What this refers to does not exist here. Check the address, or publish it first.",
    ),
    "TargetEnded": (
        "I6",
        "Waar dit naar verwijst, is ingetrokken. Kies iets dat er nog is.",
        "What this refers to has been withdrawn. Choose something that is still here.",
    ),
    "TargetHidden": (
        "I6",
        "Niet iedereen die dit leest, mag zien waar het naar verwijst. Kies een kleinere kring van lezers.",
        "Not everybody who reads this may see what it refers to. Choose a smaller audience.",
    ),
    "TargetOtherKind": (
        "I6",
        "Waar dit naar verwijst, is van een andere soort dan hier past. Kies iets van de goede soort.",
        "What this refers to is of another kind than fits here. Choose something of the right kind.",
    ),
    "ResponseUnclear": (
        "I7",
        "Een reactie gaat over één ding van een ander, heeft een soort (lw:response) en, waar nodig, een reden.",
        "A response is about one thing of another, has a kind (lw:response) and, where needed, a reason.",
    ),
    "ResponseToOwn": (
        "I7",
        "U reageert op iets van uzelf. Dat kan alleen als antwoord op een reactie; pas anders uw eigen tekst aan.",
        "You respond to something of your own. Only a reply may do so; otherwise change your own text.",
    ),
    "ResponseTwice": (
        "I7",
        "U heeft hier al zo'n reactie gegeven. Vervang die reactie of trek haar in.",
        "You have already given such a response here. Replace that response or withdraw it.",
    ),
    "ExperienceUnclear": (
        "I8",
        "Een ervaring gaat over één plek of voorziening, noemt één kenmerk, zegt helpt of maakt het lastig, en waarom.",
        "An experience is about one place or facility, names one criterion, says helps or hinders, and why.",
    ),
    "JudgedPlace": (
        "I9",
        "Een plek of voorziening krijgt geen oordeel. Vertel het als uw ervaring (lw:Experience), met uw reden.",
        "A place or facility carries no judgement. Tell it as your experience (lw:Experience), with your reason.",
    ),
    "GroundMissing": (
        "I10",
        "Een verhaal dat anderen lezen, heeft een grond: toestemming, een openbare bron, "
        "of het is van uzelf (lw:ground).",
        "A story that others read has a ground: consent, a published source, or it is your own (lw:ground).",
    ),
    "GroundUnclear": (
        "I10",
        "De grond van dit verhaal is niet duidelijk. Zeg welke grond het is en vul die aan.",
        "The ground of this story is not clear. Say which ground it is, and complete it.",
    ),
    "GroundTooNarrow": (
        "I10",
        "De toestemming gaat minder ver dan de kring van lezers. Kies een kleinere kring of vraag opnieuw toestemming.",
        "The consent does not reach as far as the audience. Choose a smaller audience, or ask consent again.",
    ),
    "GroundEnded": (
        "I10",
        "De grond van dit verhaal is afgelopen. Vraag opnieuw toestemming of laat het verhaal rusten.",
        "The ground of this story has ended. Ask consent again, or let the story rest.",
    ),
    "ChangesAnother": (
        "I14",
        "Alleen wat van uzelf is, kunt u veranderen. Wijs met lw:changes naar iets van uzelf.",
        "You can change only what is your own. Point with lw:changes to something of your own.",
    ),
    "ImplementsForAnother": (
        "I15",
        "Niemand zegt voor een ander dat die iets uitvoert. Begin bij iets van uzelf, of kies 'noemt' of 'gaat in op'.",
        "Nobody declares for another that it implements something. Begin at your own, or choose 'names' or 'answers'.",
    ),
    "TitleMissing": (
        None,
        'Geef een titel met de taal erbij, zoals "Speeltuin"@nl.',
        'Give a title with its language, such as "Playground"@en.',
    ),
    "TextMissing": (
        None,
        "Schrijf het verhaal op, met de taal erbij.",
        "Write the story down, with its language.",
    ),
    "TextUnclear": (
        None,
        "Een tekst heeft een taal, is niet leeg en is niet te lang.",
        "A text has a language, is not empty and is not too long.",
    ),
    "ConceptUnknown": (
        None,
        "Kies hier een begrip uit de lijst die erbij hoort.",
        "Choose a concept here from the list that belongs to it.",
    ),
    "ValueUnclear": (
        None,
        "De waarde past hier niet. Kijk welke soort waarde hier hoort.",
        "The value does not fit here. See what kind of value belongs here.",
    ),
    "AudienceUnclear": (
        None,
        "Kies één kring van lezers: alleen ik, aan tafel, partners of iedereen.",
        "Choose one audience: only me, at the table, partners or everybody.",
    ),
    "TableMissing": (
        None,
        "Zeg wie er aan tafel zit (lw:tableOf), en doe dat alleen bij 'aan tafel'.",
        "Say who sits at the table (lw:tableOf), and only with the audience 'table'.",
    ),
    "PartyUnclear": (
        None,
        "Een betrokkene heeft een naam en ten minste één invalshoek.",
        "A party has a name and at least one perspective.",
    ),
    "PlaceUnclear": (
        None,
        "Van een plek zeggen we wat het is en waar het ligt, niet meer.",
        "Of a place we say what it is and where it lies, no more.",
    ),
    "RegisterUnclear": (
        None,
        "Dit adres past niet bij het register waar het bij hoort. Neem het over zoals het daar staat.",
        "This address does not fit the register it belongs to. Copy it as it stands there.",
    ),
    "DialogueUnclear": (
        None,
        "Een gesprek noemt wie erbij waren en waar het over ging.",
        "A dialogue names who was there and what it was about.",
    ),
    "RoundUnclear": (
        None,
        "Een ronde noemt de vraag die gesteld is.",
        "A round names the question that was asked.",
    ),
    "ClaimUnclear": (
        None,
        "Een bewering zegt waar zij over gaat, wat de bron zegt en welke bron dat is.",
        "A claim says what it is about, what the source says and which source that is.",
    ),
    "SourceUnclear": (
        None,
        "Een bron heeft een titel en een adres of een uitgever.",
        "A source has a title, and an address or a publisher.",
    ),
    "SourceMissing": (
        None,
        "Wie uit een openbare bron opschrijft, noemt die bron (prov:hadPrimarySource).",
        "Who records from a public source names that source (prov:hadPrimarySource).",
    ),
    "ParaphraseMissing": (
        None,
        "Wie de woorden van een ander samenvat, zegt wie dat deed (lw:paraphrasedBy).",
        "Who summarises another's words says who did so (lw:paraphrasedBy).",
    ),
    "ShapeUnmet": (
        None,
        "Dit past niet in de vorm die hier is afgesproken. Lees de vorm na (/shapes) en pas het aan.",
        "This does not fit the shape that was agreed here. Read the shape (/shapes) and change it.",
    ),
    "OnePerspective": (
        "I12",
        "Let op: in dit gesprek is maar één invalshoek te zien. Noem ook de anderen die erbij waren.",
        "Note: this dialogue shows one perspective only. Name the others who were there too.",
    ),
    "AgainstTime": (
        "I12",
        "Let op: de jaren van begin en eind passen niet bij deze verbinding. Controleer de richting.",
        "Note: the years of the beginning and the end do not fit this connection. Check its direction.",
    ),
}
