"""Why something is not taken in, or a question not answered. An objection is a value, never an exception.

The tree of names (each has its messages in OBJECTIONS; the statuses stand in service/problems.py):

    Objection
    ├── Unreadable      the bytes do not become documents
    │   ├── MediaTypeUnknown, EmptyBody, SyntaxUnclear
    │   ├── TooLarge, DocumentTooLarge, TooManyTriples, TooNested
    │   └── ForeignContext, DoctypeFound, TripleTermFound, UnsafeText, RelativeUnknown
    ├── Misfilled       the cells of a spreadsheet do not become statements
    │   ├── TableUnclear, WorkbookUnclear, SheetTooLarge, KindUnclear
    │   ├── ColumnUnknown, ColumnUnclear, ColumnTwice, CellLoose, CellBroken, CellsMerged
    │   ├── ChoiceUnknown, CellUnclear, RowTwice, CellTooLong, SheetTooLong
    │   └── MappingUnclear
    ├── Disowned        somebody would speak for another, or out of place
    │   ├── ForeignSubject I2, BlankNode I2, IriNotNormal I2, NameUnclear I2
    │   ├── SecondHolder I3, BareTie I5, GraphName I16, UnsafeIri I17
    │   └── LedgerWord
    ├── Unknown         UnknownWord I13
    ├── Unshaped        the document lacks something, or says too much
    │   ├── HolderMissing I1, KindMissing I1, TellerMissing I1, MergingWord I4
    │   ├── ConnectionUnclear I6, TargetMissing I6, TargetEnded I6, TargetHidden I6, TargetOtherKind I6
    │   ├── ResponseUnclear I7, ResponseToOwn I7, ResponseTwice I7
    │   ├── ExperienceUnclear I8, JudgedPlace I9
    │   ├── GroundMissing I10, GroundUnclear I10, GroundTooNarrow I10, GroundEnded I10
    │   ├── ChangesAnother I14, ImplementsForAnother I15
    │   ├── TitleMissing, TextMissing, TextUnclear, ConceptUnknown, ValueUnclear
    │   ├── AudienceUnclear, TableMissing
    │   ├── PartyUnclear, PlaceUnclear, RegisterUnclear, DialogueUnclear, RoundUnclear, ClaimUnclear, SourceUnclear
    │   ├── SourceMissing, ParaphraseMissing, ShapeUnmet
    │   └── OnePerspective I12 (warning), AgainstTime I12 (warning)
    ├── Unsigned        a signature that does not count
    │   └── SignatureUnclear, SignatureElsewhere, SigningKeyUnknown, SignatureWrong
    ├── Conflicting     what the ledger holds stands in the way
    │   ├── ExistsDifferently, Moved, Stale, MatchRequired, SameTwice, KeyReused
    │   ├── DelegationEnded
    │   └── NotHolder I11, NotDelegated, NotCurrent, Ended, Withdrawn, Replaced, NameMissing
    ├── Misplaced       what is written does not belong at its address
    │   └── OtherDocument, ExistsAlready, PartAddressed, GraphUnclear, GraphKept, PartsUnclear
    ├── Unasked         a question that is not answered as it stands
    │   ├── QueryUnclear, QueryWrong, QueryEmpty, PrefixUnknown
    │   ├── QueryTooNested, QueryTooLong, QueryTooManyPatterns,
    │   ├── QueryTooManyOperators, QueryMediaUnknown, CharsetUnknown, UpdateRefused
    │   ├── ServiceRefused, LoadRefused, ViewAsGraph, DatasetUnclear, NotForXml, FunctionUnknown
    │   ├── ParameterUnknown, ParameterMissing, ParameterUnclear, CursorGone, VersionUnknown
    │   ├── TimesReversed, VersionsElsewhere, SheetKindMissing
    │   └── TimeUnclear, TimeAhead, TimeBefore, SnapshotUnknown, SnapshotUnclear, SnapshotExists
    ├── Uncalled        who asks may not, or not so
    │   ├── TokenMissing, TokenUnknown, RightMissing
    │   ├── TokenExpired, TokenRevoked, TokenInAddress
    │   ├── MediaTypeMissing, MediaTypeOther, EncodingUnknown
    │   └── NotThere, Gone, QuestionUnknown, VerbUnknown, FormatUnknown, ProfileUnknown, ExtraMissing
    ├── Unsynchronised  a whole viewpoint that is not taken over
    │   └── WithdrawsMuch, PartOfViewpoint, SynchronisationRuns, ProgressUnknown, BodyTorn
    ├── Unkept          what a steward enters that cannot be kept so
    │   ├── PartyNameUnclear, PartyNameMissing, PartyUnknown, PartyExists, PerspectiveUnknown
    │   ├── NamespaceUnclear, NamespaceTaken, NamespaceUnknown, RightUnknown, DateUnclear, DatePassed, TokenNotThere
    │   ├── DelegationUnclear, DelegationToItself, DelegationTooWide, DelegationNotThere
    │   ├── SessionMissing, FormForeign, SignInOften
    │   └── NotConfirmed, AddressMissing
    ├── Untaken         taking away, or erasing, all that a party has
    │   └── ExportElsewhere
    ├── Unsent          a notification that reaches no inbox
    │   ├── NotificationUnclear, ActorOther, InboxElsewhere, InboxFull, TooManySent
    │   └── MailAddressUnclear, TooManyAddresses, MailOff, CodeUnknown
    ├── Unfetched       a partner's address gives nothing that can be taken in
    │   ├── AddressUnclear, AddressPlain, AddressClosed, HostUnknown, LeadsElsewhere, LeadsRound
    │   ├── Unreachable, FetchTooSlow, FetchCutShort, FetchTooLarge, AnswerRefused, FetchedUnclear
    │   └── CatalogueUnclear, DistributionMissing, StreamUnclear, StreamEndless, ColumnMissing,
    │       SourceShrunk, RecipeUnreadable, Interrupted
    └── Overrun         there was no time or room
        └── TimeOut, MemoryOut, EngineEnded, AnswerTooLarge, Busy, PastBusy, NotReady, CheckFailed
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from kg.document_words import MISPLACED
from kg.harvest_words import UNFETCHED
from kg.notice_words import UNSENT
from kg.objection_words import DISOWNED, UNKNOWN, UNREADABLE, UNSHAPED
from kg.request_words import CONFLICTING, OVERRUN, UNASKED, UNCALLED
from kg.sheet_words import MISFILLED
from kg.signature_words import UNSIGNED
from kg.steward_words import UNKEPT
from kg.synchronising_words import UNSYNCHRONISED
from kg.taking_words import UNTAKEN
from kg.vocabulary import PREFIXES

FAMILIES = {
    "Unreadable": UNREADABLE,
    "Misfilled": MISFILLED,
    "Disowned": DISOWNED,
    "Unknown": UNKNOWN,
    "Unshaped": UNSHAPED,
    "Unsigned": UNSIGNED,
    "Conflicting": CONFLICTING,
    "Misplaced": MISPLACED,
    "Unasked": UNASKED,
    "Uncalled": UNCALLED,
    "Unsynchronised": UNSYNCHRONISED,
    "Unkept": UNKEPT,
    "Unsent": UNSENT,
    "Untaken": UNTAKEN,
    "Unfetched": UNFETCHED,
    "Overrun": OVERRUN,
}
Severity = Literal["violation", "warning"]


@dataclass(frozen=True)
class Objection:
    """One reason, in Dutch and English, that says where it is and what to do."""

    name: str
    message_nl: str
    message_en: str
    focus: str | None = None
    path: str | None = None
    value: str | None = None
    shape: str | None = None
    severity: Severity = "violation"
    line: int | None = None
    column: int | None = None
    limit: str | None = None
    sheet: str | None = None
    """In a spreadsheet: its sheet, row, column (from 1) and cell (`B7`)."""
    row: int | None = None
    cell: str | None = None

    @property
    def is_violation(self) -> bool:
        """True when it refuses; a warning travels with the acceptance."""
        return self.severity == "violation"


@dataclass(frozen=True)
class ObjectionKind:
    """What all objections of one name share: family in the tree, default words, the invariant, an address."""

    name: str
    family: str
    message_nl: str
    message_en: str
    rule: str | None
    severity: Severity = "violation"

    @property
    def docs(self) -> str:
        """Its page below `/def`, e.g. `objections/foreign-subject`."""
        return f"objections/{self.anchor}"

    @property
    def anchor(self) -> str:
        """Its place on the page of them all, e.g. `foreign-subject`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", self.name).lower()


def _kinds() -> Mapping[str, ObjectionKind]:
    """The table of all names, from their words."""
    warnings = {"OnePerspective", "AgainstTime"}
    return {
        name: ObjectionKind(name, family, nl, en, rule, "warning" if name in warnings else "violation")
        for family, words in FAMILIES.items()
        for name, (rule, nl, en) in words.items()
    }


OBJECTIONS: Mapping[str, ObjectionKind] = _kinds()


def object_to(
    name: str,
    *,
    focus: str | None = None,
    path: str | None = None,
    value: str | None = None,
    line: int | None = None,
    column: int | None = None,
    limit: str | None = None,
    **words: str,
) -> Objection:
    """An objection of this name with its default messages; `words` fill further `{places}` in them."""
    kind = OBJECTIONS[name]
    given = {"focus": focus or "", "path": short(path or ""), "value": short(value or ""), "limit": limit or ""}
    places = {**given, **words}
    if line is not None:
        places |= {"line": str(line), "column": str(column or 0)}
    return Objection(
        name,
        kind.message_nl.format_map(_Places(places)),
        kind.message_en.format_map(_Places(places)),
        focus=focus,
        path=path,
        value=value,
        severity=kind.severity,
        line=line,
        column=column,
        limit=limit,
    )


def short(iri: str) -> str:
    """The IRI of a word as people write it, `lw:heldBy`; anything else unchanged."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and len(iri) > len(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri


def with_words(objection: Objection, *, nl: str, en: str) -> Objection:
    """The same objection in other words, where the default ones are too general."""
    return replace(objection, message_nl=nl, message_en=en)


class _Places(dict[str, str]):
    """A message never fails for want of a word: an unnamed place stays empty."""

    def __missing__(self, key: str) -> str:
        return ""
