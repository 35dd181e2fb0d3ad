"""Pages of a long answer: `limit` and `after`, and links to the next, previous and first page.

Pages fit together because each question has a total order and a cursor holds at one position only: after a change it
is refused, never a mixture. Inside a position a cursor is a count of rows. A key of the last row would save nothing:
the engine finds and sorts all rows either way, and SPARQL has no comparison that agrees with its order for all terms.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import URL
from starlette.requests import Request

from kg.objection import Objection, object_to
from kg.questions import Question

ROWS_PER_PAGE_MAX = 10_000  # More rows than that are a download: leave `limit` out.
NAMES = ("limit", "after")
CURSOR_EXPECTED = "Link: rel=next"


@dataclass(frozen=True)
class Page:
    """Which rows are asked, and the position at which the pages before were given (None on the first)."""

    limit: int
    offset: int = 0
    position: int | None = None
    redactions: int | None = None
    """How much was redacted in the past that is asked; None in the present."""


def mark(question: Question, values: Mapping[str, str]) -> str:
    """A short digest of question and parameters: a cursor belongs to both."""
    text = json.dumps([question.text, sorted(values.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def page_asked(request: Request, belongs_to: str) -> Page | Objection | None:
    """The page that `limit` and `after` ask; None where the whole answer is asked."""
    asked = request.query_params.get("limit")
    after = request.query_params.get("after")
    if asked is None and after is None:
        return None
    digits = asked is not None and asked.isascii() and asked.isdigit() and len(asked) < 9
    if asked is None or not digits or not 1 <= int(asked) <= ROWS_PER_PAGE_MAX:
        return object_to("ParameterUnclear", path="limit", value=(asked or "")[:100], limit=f"1–{ROWS_PER_PAGE_MAX}")
    if after is None:
        return Page(int(asked))
    try:
        cursor = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        position, offset, whose = int(cursor["p"]), int(cursor["o"]), str(cursor["q"])
        redactions = None if cursor["r"] is None else int(cursor["r"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return object_to("ParameterUnclear", path="after", value=after[:100], limit=CURSOR_EXPECTED)
    if whose != belongs_to or not 0 <= offset < 1 << 53:
        return object_to("ParameterUnclear", path="after", value=after[:100], limit=CURSOR_EXPECTED)
    return Page(int(asked), offset, position, redactions)


def page_links(request: Request, page: Page, belongs_to: str, *, lang: str, more: bool) -> tuple[str, ...]:
    """Links to the pages round this one. Which is the last is not known without counting, so it is not said.

    They name the language that this page is in: whoever follows them need not negotiate it again.
    """

    def link(offset: int, relation: str) -> str:
        text = json.dumps(
            {"p": page.position, "r": page.redactions, "o": offset, "q": belongs_to}, separators=(",", ":")
        )
        after = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        there = _spoken(request, lang).include_query_params(limit=page.limit, after=after)
        return f'<{there.path}?{there.query}>; rel="{relation}"'

    first = first_page(request, lang)
    links = [link(page.offset + page.limit, "next")] if more else []
    if page.offset > page.limit:
        links.append(link(page.offset - page.limit, "prev"))
    elif page.offset:
        links.append(f'<{first}>; rel="prev"')
    links.append(f'<{first}>; rel="first"')
    return tuple(links)


def first_page(request: Request, lang: str) -> str:
    """The address of the first page, in this language."""
    there = _spoken(request, lang).remove_query_params("after")
    return f"{there.path}?{there.query}"


def _spoken(request: Request, lang: str) -> URL:
    """The address that was asked, with the language in it."""
    return request.url if "lang" in request.query_params else request.url.include_query_params(lang=lang)
