"""Objections → HTTP: the only place where a status meets an objection. One shape for every error (RFC 9457)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kg.objection import OBJECTIONS, Objection, ObjectionKind
from service.negotiation import HTML, QUADS, RDF_TYPES, TRIPLES, choose, content_type, language, prefers_page

REFUSED = 422  # What a family gets when its name is not in the table below.
FAMILY_STATUS: Mapping[str, int] = {
    "Unreadable": 400,
    "Misfilled": REFUSED,
    "Disowned": REFUSED,
    "Unknown": REFUSED,
    "Unshaped": REFUSED,
    "Unsigned": REFUSED,
    "Conflicting": 409,
    "Misplaced": 400,
    "Unasked": 400,
    "Uncalled": 403,
    "Unsynchronised": 409,
    "Unkept": REFUSED,
    "Unsent": REFUSED,
    "Untaken": 409,
    "Unfetched": 502,
    "Overrun": 503,
}
STATUS: Mapping[str, int] = {
    "MediaTypeUnknown": 415,
    "MediaTypeMissing": 415,
    "MediaTypeOther": 415,
    "QueryMediaUnknown": 415,
    "CharsetUnknown": 415,
    "EncodingUnknown": 415,
    "TooLarge": 413,
    "DocumentTooLarge": 413,
    "TooManyTriples": 413,
    "Stale": 412,
    "MatchRequired": 428,
    "ExistsAlready": 412,
    "OtherDocument": REFUSED,
    "GraphKept": 405,
    "NotHolder": 403,
    "NotDelegated": 403,
    "DelegationEnded": 403,
    "NotCurrent": 404,
    "Gone": 410,
    "NameMissing": REFUSED,
    "CheckFailed": REFUSED,
    "TableUnclear": 400,
    "WorkbookUnclear": 400,
    "SheetTooLarge": 413,
    "MappingUnclear": 400,
    "CellTooLong": 406,
    "SheetTooLong": 406,
    "KeyReused": REFUSED,
    "QueryTooLong": 413,
    "UpdateRefused": 403,
    "CursorGone": 410,
    "Replaced": 410,
    "TimeBefore": 404,
    "SnapshotUnknown": 404,
    "SnapshotExists": 409,
    "VersionUnknown": 404,
    "VersionsElsewhere": 404,
    "TokenMissing": 401,
    "TokenUnknown": 401,
    "TokenInAddress": 400,
    "TokenExpired": 401,
    "SessionMissing": 403,
    "FormForeign": 403,
    "SignInOften": 429,
    "TokenRevoked": 401,
    "NotThere": 404,
    "QuestionUnknown": 404,
    "VerbUnknown": 405,
    "FormatUnknown": 406,
    "ProfileUnknown": 406,
    "NotForXml": 406,
    "ExtraMissing": 406,
    "AnswerTooLarge": 413,
    "Busy": 429,
    "BodyTorn": 400,
    "PartOfViewpoint": 415,
    "ProgressUnknown": 404,
    "ActorOther": 403,
    "InboxElsewhere": 403,
    "ExportElsewhere": 403,
    "InboxFull": 429,
    "MailOff": 503,
    "CodeUnknown": 404,
    "TooManySent": 429,
}
# What Retry-After says where the words name no time: longer than most queries, short enough to be worth waiting.
RETRY_SECONDS = 5
_UNIT_SECONDS: Mapping[str, int] = {"s": 1, "min": 60}
PROBLEM = "application/problem+json"
SPOKEN = re.compile(r"/(nl|en)(?:/|$)")
# What an app keeps under `state.problem_page` where it has pages: the same words in the frame of the other pages.
ProblemPage = Callable[[Request, str, Sequence[Objection], int, str], str]
Report = Callable[[Sequence[Objection], str], bytes]


def status_of(objection: Objection) -> int:
    """The HTTP status that an objection gets."""
    return status_of_kind(OBJECTIONS[objection.name])


def status_of_kind(kind: ObjectionKind) -> int:
    """The HTTP status that all objections of one name get."""
    return STATUS.get(kind.name) or FAMILY_STATUS[kind.family]


def catalogue(base: str) -> list[dict[str, Any]]:
    """Every objection that there is: its words (with `{places}`), the status it gets and where it is explained."""
    return [catalogued(base, kind) for kind in OBJECTIONS.values()]


def catalogued(base: str, kind: ObjectionKind) -> dict[str, Any]:
    """One of them."""
    return {
        "name": kind.name,
        "status": status_of_kind(kind),
        "severity": kind.severity,
        "rule": kind.rule,
        "message": {"nl": kind.message_nl, "en": kind.message_en},
        "docs": f"{base}/def/{kind.docs}",
    }


def entry(base: str, objection: Objection) -> dict[str, Any]:
    """One objection as an item of `errors` or `warnings`."""
    found = {
        "name": objection.name,
        "rule": OBJECTIONS[objection.name].rule,
        "focus": objection.focus,
        "path": objection.path,
        "message": {"nl": objection.message_nl, "en": objection.message_en},
        "value": objection.value,
        "shape": objection.shape,
        "severity": objection.severity,
        "line": objection.line,
        "sheet": objection.sheet,
        "row": objection.row,
        "column": objection.column,
        "cell": objection.cell,
        "limit": objection.limit,
        "docs": f"{base}/def/{OBJECTIONS[objection.name].docs}",
    }
    return {k: v for k, v in found.items() if v is not None or k in ("focus", "path", "value", "shape")}


def body(base: str, objections: Sequence[Objection], lang: str, status: int) -> dict[str, Any]:
    """The problem as RFC 9457 says it, with every objection under `errors`."""
    first = objections[0]
    words = first.message_nl if lang == "nl" else first.message_en
    if len(objections) > 1:
        more = len(objections) - 1
        words += f" (en nog {more})" if lang == "nl" else f" (and {more} more)"
    found: dict[str, Any] = {
        "type": f"{base}/def/{OBJECTIONS[first.name].docs}",
        "title": title_of(status, lang),
        "status": status,
        "detail": words,
        "errors": [entry(base, o) for o in objections],
    }
    for name in ("line", "sheet", "row", "column", "cell", "limit"):
        if getattr(first, name) is not None:
            found[name] = getattr(first, name)
    return found


_TITLES_NL: Mapping[int, str] = {
    400: "Dit kunnen wij niet lezen",
    401: "U heeft een sleutel nodig",
    403: "Dit mag niet",
    404: "Hier is niets",
    405: "Dat kan hier niet",
    406: "Dat formaat hebben wij niet",
    409: "Dit botst met wat er al is",
    410: "Dit is er niet meer",
    412: "Dit is intussen veranderd",
    413: "Dit is te groot",
    414: "Dit adres is te lang",
    415: "Dit formaat lezen wij niet",
    422: "Niet opgenomen: er is iets te verbeteren",
    428: "Zeg welke versie u vervangt",
    429: "Het is te druk",
    500: "Er ging iets mis bij ons",
    502: "Een ander gaf ons geen goed antwoord",
    503: "Dit lukt nu niet",
}


def title_of(status: int, lang: str) -> str:
    """What a status is called for people."""
    return _TITLES_NL[status] if lang == "nl" and status in _TITLES_NL else HTTPStatus(status).phrase


def _seconds_told(objection: Objection) -> str:
    """What Retry-After says: the seconds that the objection's words say, where they say any."""
    number, _, unit = (objection.limit or "").partition(" ")
    known = unit in _UNIT_SECONDS and number.isdigit()
    return str(int(number) * _UNIT_SECONDS[unit]) if known else str(RETRY_SECONDS)


def problem(
    request: Request,
    base: str,
    *objections: Objection,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    report: Report | None = None,
) -> Response:
    """The answer: problem+json, a SHACL report where RDF is asked and a body was refused, or a page.

    The page is for who reads in a browser; what is sent with another verb is answered to a program.
    """
    status = status or status_of(objections[0])
    spoken = SPOKEN.match(request.url.path)  # A page in one language says in that language what is wrong.
    asked = request.query_params.get("lang") or (spoken[1] if spoken else None)
    lang = language(asked, request.headers.get("accept-language"))
    sent = {"Cache-Control": "no-store", "Content-Language": lang, "Vary": "Accept, Accept-Language", **(headers or {})}
    if status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    if objections[0].name == "EncodingUnknown":
        # RFC 9110: tells apart that the encoding is the matter, not the type.
        sent["Accept-Encoding"] = objections[0].limit or "identity"
    if objections[0].name in ("Busy", "PastBusy", "NotReady", "SignInOften"):  # The others will not be better later.
        sent["Retry-After"] = _seconds_told(objections[0])
    accept = request.headers.get("accept", "")
    if report is not None and status in (409, REFUSED):
        form = choose(accept, (*TRIPLES, *QUADS))
        if form is not None and any(t in accept for t in RDF_TYPES):
            return Response(report(objections, form.name), status, sent, content_type(form))
    shown: ProblemPage | None = getattr(request.app.state, "problem_page", None) if "app" in request.scope else None
    if shown is not None and request.method in ("GET", "HEAD") and prefers_page(accept):
        return Response(shown(request, base, objections, status, lang), status, sent, content_type(HTML))
    text = json.dumps(body(base, objections, lang, status), ensure_ascii=False, indent=1)
    return Response(text, status, sent, PROBLEM)
