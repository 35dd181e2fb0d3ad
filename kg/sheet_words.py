"""The words of every objection to a spreadsheet, in plain Dutch and English: what is wrong in which cell, what to do.

Where the sheet, the row and the cell are known they stand before these words (kg/sheets/places.py).
"""

from __future__ import annotations

from collections.abc import Mapping

MISFILLED: Mapping[str, tuple[str | None, str, str]] = {
    "TableUnclear": (
        None,
        "Deze CSV is niet te lezen bij rij {row}: {value}. Kijk of elk aanhalingsteken een tweede heeft.",
        "This CSV cannot be read at row {row}: {value}. See whether each quotation mark has a second one.",
    ),
    "WorkbookUnclear": (
        None,
        "Dit is geen werkmap die wij lezen: {value}. Open het bestand in Excel of LibreOffice, haal een wachtwoord "
        "eraf en bewaar het als .xlsx.",
        "This is no workbook that we read: {value}. Open the file in Excel or LibreOffice, take a password off, "
        "and save it as .xlsx.",
    ),
    "SheetTooLarge": (
        None,
        "Dit blad is te groot: {value}. Het mag {limit} zijn. Verdeel het over meer bestanden, of haal lege rijen "
        "en kolommen weg.",
        "This sheet is too large: {value}. It may be {limit}. Spread it over more files, or remove empty rows and "
        "columns.",
    ),
    "KindUnclear": (
        None,
        "Wij zien niet wat voor dingen hier staan ('{value}'). Bedoelt u {nl_near}? Noem het blad zo, of begin met "
        "de kolom '{nl_near}: naam'.",
        "We cannot see what kind of things stand here ('{value}'). Did you mean {en_near}? Call the sheet so, or "
        "begin with the column '{en_near}: name'.",
    ),
    "ColumnUnknown": (
        None,
        "De kolom '{value}' kennen wij hier niet. Bedoelt u '{limit}'? Alle kolommen staan in /templates.",
        "We do not know the column '{value}' here. Did you mean '{limit}'? All columns are in /templates.",
    ),
    "ColumnUnclear": (
        None,
        "De kolom '{value}' kan meer betekenen. Kies een van deze: {limit}.",
        "The column '{value}' may mean more than one thing. Choose one of these: {limit}.",
    ),
    "ColumnTwice": (
        None,
        "De kolom '{value}' betekent hetzelfde als de kolom '{limit}'. Maak er één kolom van; meer waarden in één cel "
        "scheidt u met |.",
        "The column '{value}' means the same as the column '{limit}'. Make one column of them; several values in one "
        "cell are separated by |.",
    ),
    "CellLoose": (
        None,
        "De waarde '{value}' staat onder geen kop. Zet een kop boven deze kolom, of maak de cel leeg.",
        "The value '{value}' stands under no heading. Put a heading above this column, or empty the cell.",
    ),
    "CellBroken": (
        None,
        "De formule geeft hier een fout. Herstel de formule, of zet de waarde er zelf neer.",
        "The formula gives an error here. Mend the formula, or write the value itself.",
    ),
    "CellsMerged": (
        None,
        "Hier zijn cellen samengevoegd. Splits ze weer, zodat elke rij haar eigen waarden heeft.",
        "Cells were merged here. Split them again, so that each row has its own values.",
    ),
    "ChoiceUnknown": (
        None,
        "De keuze '{value}' staat niet in de lijst voor deze kolom. Bedoelt u '{limit}'? Kijk in /templates.",
        "The choice '{value}' is not in the list for this column. Did you mean '{limit}'? Look in /templates.",
    ),
    "CellUnclear": (
        None,
        "Wij begrijpen '{value}' hier niet. Schrijf het zo: {limit}.",
        "We do not understand '{value}' here. Write it like this: {limit}.",
    ),
    "RowTwice": (
        None,
        "Deze rij zegt iets over hetzelfde ding als rij {value}. Geef haar een andere naam, of maak er één rij van.",
        "This row is about the same thing as row {value}. Give it another name, or make one row of them.",
    ),
    "CellTooLong": (
        None,
        "De tekst in {focus} is langer dan een cel van een werkmap mag zijn ({limit} tekens). Vraag CSV of Turtle.",
        "The text in {focus} is longer than a cell of a workbook may be ({limit} characters). Ask for CSV or Turtle.",
    ),
    "SheetTooLong": (
        None,
        "Dit overzicht is te groot voor een rekenblad. Vraag één soort met ?kind=, of haal het op als {limit}.",
        "This viewpoint is too large for a spreadsheet. Ask for one kind with ?kind=, or fetch it as {limit}.",
    ),
    "MappingUnclear": (
        None,
        "Dit in de CSVW-beschrijving kennen of doen wij niet: {value}. Wel: {limit}.",
        "We do not know or do this in the CSVW description: {value}. We do: {limit}.",
    ),
}
