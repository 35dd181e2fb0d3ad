"""The page behind a link in a letter: whether somebody wants news, or no more of it."""

from __future__ import annotations

from service.pages.frame import Page, title
from service.pages.links import Links
from service.pages.words import speaker


def mail_page(links: Links, what: str, code: str, party: str) -> Page:
    """One of: confirm, confirmed, stop, stopped."""
    say = speaker(links.language)
    context = {"what": what, "code": code, "party": party}
    return Page("mail.html", title(say(f"mail.{what}.title")), context, noindex=True)
