"""Why a contribution is held to each invariant, in plain Dutch and English: the reason behind the objections."""

from __future__ import annotations

from collections.abc import Mapping

INVARIANTS: Mapping[str, tuple[str, str]] = {
    "I1": (
        "Wie iets zegt, moet te zien zijn. Daarom heeft alles één betrokkene, en een verhaal een verteller.",
        "Readers must see who says something. So everything has one holder, and a story has a teller.",
    ),
    "I2": (
        "Iedereen spreekt over zijn eigen dingen, onder namen die maar op één manier te lezen zijn.",
        "Everybody speaks about their own things, under names that can be read in one way only.",
    ),
    "I3": (
        "Niemand legt een ander woorden in de mond. Daarom is alles in een bijdrage van wie haar doet.",
        "Nobody puts words in another's mouth. So all in a contribution is held by who makes it.",
    ),
    "I4": (
        "Wat verschillende mensen zeggen, blijft naast elkaar staan. Niets wordt tot één ding gemaakt.",
        "What different people say stays side by side. Nothing is made into one thing.",
    ),
    "I5": (
        "Wie iets van een ander aan iets van zichzelf verbindt, zegt waarom. Dan kunnen anderen erop reageren.",
        "Who ties another's thing to their own says why. Then others can respond to it.",
    ),
    "I6": (
        "Een verbinding is een uitspraak. Zij heeft twee einden die haar lezers mogen zien, een soort en een reden.",
        "A connection is a statement. It has two ends that its readers may see, a relation and a reason.",
    ),
    "I7": (
        "Een reactie gaat over één ding van een ander, en telt niet dubbel.",
        "A response is about one thing of another, and does not count twice.",
    ),
    "I8": (
        "Een ervaring is van iemand, op één plek, met een reden. Zonder reden zou het een cijfer zijn.",
        "An experience is somebody's, at one place, with a reason. Without a reason it would be a mark.",
    ),
    "I9": (
        "Een plek is geen mening. Wat iemand ervan vindt, hoort bij wie het vindt.",
        "A place is not an opinion. What somebody thinks of it belongs to who thinks so.",
    ),
    "I10": (
        "Een verhaal is van wie het vertelt. Anderen lezen het alleen zolang en zover de verteller dat goed vindt.",
        "A story belongs to who tells it. Others read it only as long and as far as the teller agrees.",
    ),
    "I11": (
        "Alleen wie iets gezegd heeft, kan het veranderen of terugnemen.",
        "Only who said something can change it or take it back.",
    ),
    "I12": (
        "Dit is een aanwijzing, geen weigering: het valt op, en u weet beter dan wij of het klopt.",
        "This is a hint and no refusal: it stands out, and you know better than we whether it is right.",
    ),
    "I13": (
        "Alleen woorden met een betekenis die iedereen kan nalezen. Een woord met een tikfout zou niemand vinden.",
        "Only words with a meaning that everybody can look up. Nobody would find a word with a slip in it.",
    ),
    "I14": (
        "Wat er verandert door een gesprek, verandert bij wie het belooft.",
        "What changes because of a dialogue changes with the party that promises it.",
    ),
    "I15": (
        "Of een partij iets uitvoert, zegt zij zelf.",
        "Whether a party implements something is for that party to say.",
    ),
    "I16": (
        "De dienst zelf houdt bij wat bij welke bijdrage hoort. Een graafnaam van buiten zou dat vervalsen.",
        "The service itself keeps what belongs to which contribution. A graph name from outside would forge that.",
    ),
    "I17": (
        "Een adres wordt een link op een pagina. Wie erop klikt, moet veilig zijn.",
        "An address becomes a link on a page. Who follows it must be safe.",
    ),
}
