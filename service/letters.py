"""Letters with a party's news: written for who may read them, and sent by the clock, each news once.

A letter holds what is public. That there is more is said, without saying what: mail passes through many hands.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from itertools import islice, takewhile

from kg.ledger.acts import Current
from kg.ledger.lookups import Lookups
from kg.ledger.quads import time_text
from kg.news import Item, MayRead, News
from kg.notices import Notices
from kg.ontology import Ontology
from kg.party import Caller, Right
from kg.settings import Settings
from kg.subscriptions import Subscription, Subscriptions
from service.letter_words import LETTERS
from service.post import Refused, Undelivered, hand_over, mail_server, sender_of
from service.reach import may_know, may_read
from service.rights import Calling
from service.telling import Teller

log = logging.getLogger(__name__)
Upto = tuple[int, str]
"""How far a letter tells: the last entry, and the time."""
ITEMS_MAX = 50  # In one letter; the inbox has them all.
LOOKED_MAX = 500  # News that one letter counts; after a long silence it says that there is more.
LETTERS_MAX = 50  # In one round: a slow mail server then never holds up the clock for long.


@dataclass(frozen=True)
class Letters:
    """Writes and sends the letters of one service."""

    settings: Settings
    ledger: Lookups
    ontology: Ontology
    news: News
    notices: Notices
    subscriptions: Subscriptions
    one: threading.Lock

    @property
    def site(self) -> str:
        """What the service calls itself in a letter."""
        return self.settings.neighbourhood or "Wijkgraaf"

    def address(self, path: str) -> str:
        """Where somebody who reads a letter finds this service."""
        return (self.settings.mail_site or self.ledger.base).rstrip("/") + path

    def send_due(self, now: datetime) -> int:
        """Sends what is due; how many letters were taken over. At most one round at a time."""
        if sender_of(self.settings) is None or not self.one.acquire(blocking=False):
            return 0
        try:
            self.news.follow()
            due = self.subscriptions.due(now, LETTERS_MAX)
            letters = [(one, upto, letter) for one in due for upto, letter in self._written(one, now) if letter]
            return self._send(letters, now) if letters else 0
        finally:
            self.one.release()

    def _send(self, letters: Sequence[tuple[Subscription, Upto, EmailMessage]], now: datetime) -> int:
        """Hands the letters over; each is noted before it goes and after it was taken, so that none is lost."""
        waiting = [one for one, _, _ in letters]
        done = 0
        try:
            with mail_server(self.settings) as server:
                for one, upto, letter in letters:
                    self.subscriptions.sending(one, *upto)
                    try:
                        hand_over(server, letter)
                    except Refused as error:
                        log.warning("a letter waits: %s", error)
                        self.subscriptions.failed(one, now)
                    else:
                        self.subscriptions.sent(one, *upto, now)
                        done += 1
                    waiting.remove(one)
        except Undelivered as error:
            log.warning("mail waits: %s", error)
            for one in waiting:
                self.subscriptions.failed(one, now)
        return done

    def _written(self, one: Subscription, now: datetime) -> Iterator[tuple[Upto, EmailMessage | None]]:
        """The letter that is due, with how far it tells; when there is nothing to tell, that is noted at once."""
        if one.confirmed is None:
            if one.told_entry < 0:
                yield (0, time_text(now)), self.confirming(one)
            return
        upto = self._upto(one, now)
        told = self.told(one, upto)
        if told is None:
            self.subscriptions.sent(one, *upto, now)
            return
        yield upto, told

    def _upto(self, one: Subscription, now: datetime) -> Upto:
        """How far the letter tells: as the one that did not go, or up to now."""
        if one.sending_entry is not None and one.sending_to is not None:
            return one.sending_entry, one.sending_to
        return self.news.followed(), time_text(now)

    def _letter(self, one: Subscription, subject: str, text: Sequence[str], mark: str) -> EmailMessage:
        """Plain text, with all that a mail program needs to end it in one click."""
        stop = self.address(f"/mail/stop?code={self.subscriptions.code('stop', one.id)}")
        words = LETTERS["stop"][one.lang].format(stop=stop)
        letter = plain_letter(self.settings, one.address, subject, [*text, "-- \n" + words], one.lang)
        digest = hashlib.sha256(f"{one.id} {mark}".encode()).hexdigest()[:32]
        letter["Message-ID"] = f"<{digest}@{host_of(self.settings)}>"
        letter["List-Unsubscribe"] = f"<{stop}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return letter

    def confirming(self, one: Subscription) -> EmailMessage:
        """Asks who reads this address whether it wants the news."""
        teller = self._teller()
        places = {
            "site": self.site,
            "party": teller.party(one.party, one.lang),
            "confirm": self.address(f"/mail/confirm?code={self.subscriptions.code('confirm', one.id)}"),
        }
        words = (
            LETTERS["confirm_subject"][one.lang].format(**places),
            LETTERS["confirm_text"][one.lang].format(**places),
        )
        return self._letter(one, words[0], [words[1]], "confirm")

    def told(self, one: Subscription, upto: Upto) -> EmailMessage | None:
        """The news of a party that this address was not told yet; None when there is none."""
        teller, lang = self._teller(), one.lang
        party, inbox = teller.party(one.party, lang), self.address(f"/inbox/{one.party}")
        shown, restricted = self._news(one, upto)
        sent = self.notices.page(one.party, before=upto[1], after=one.told_to, most=ITEMS_MAX)
        senders = dict.fromkeys(teller.party(notice.sender, lang) for notice in sent)
        if not shown and not restricted and not senders:
            return None
        parts = [LETTERS["news_text"][lang].format(party=party)]
        parts += [self._part(item, teller, lang) for item in shown[:ITEMS_MAX]]
        if len(shown) > ITEMS_MAX:
            parts.append(LETTERS["more"][lang].format(count=len(shown) - ITEMS_MAX))
        if restricted:
            parts.append(LETTERS["restricted"][lang].format(inbox=inbox))
        parts += [LETTERS["sent"][lang].format(who=who, inbox=inbox) for who in senders]
        subject = LETTERS["news_subject"][lang].format(site=self.site, party=party)
        return self._letter(one, subject, parts, f"{upto[0]} {upto[1]}")

    def _part(self, item: Item, teller: Teller, lang: str) -> str:
        lines = [f"* {teller.item(item, lang)}."]
        reason = teller.reason(item.statement, lang) if item.statement is not None else None
        if reason is not None:
            lines.append(LETTERS["reason"][lang].format(reason=" ".join(reason.text.split())))
        if item.thing is not None and item.what in ("tied", "groundEnds"):
            here = item.thing.replace(f"{self.ledger.base}/id/", self.address("/doc/"), 1)
            lines.append(LETTERS["read"][lang].format(link=here))
        return "\n".join(lines)

    def _news(self, one: Subscription, upto: Upto) -> tuple[list[Item], bool]:
        """What is public of this party's news since it was told, the oldest first; and whether there is more."""
        days = self.settings.ground_notice_days
        since, until = one.told_to, upto[1]
        own = Calling(Caller(one.party, frozenset({Right.CONTRIBUTE})), "mail")

        def found(read: MayRead, know: MayRead) -> list[Item]:
            items = self.news.items(self.ledger, one.party, read, know, before=upto[0] + 1)
            new = list(islice(takewhile(lambda item: item.number > one.told_entry, items), LOOKED_MAX))
            now = datetime.fromisoformat(until)
            grounds = self.news.grounds(self.ledger, one.party, read, now, days, since)
            return [*reversed(new), *(item for item in grounds if item.time <= until)]

        public = found(_public, lambda current: "public" in current.seen)
        all_of_it = found(lambda current: may_read(current, own), lambda current: may_know(current, own))
        return public, len(all_of_it) > len(public)

    def _teller(self) -> Teller:
        return Teller(self.ledger, self.ontology, _public)


def _public(current: Current) -> bool:
    return current.ended is None and "public" in current.visible


def host_of(settings: Settings) -> str:
    """The domain of the address that letters are from."""
    return settings.mail_from.rpartition("@")[2].rstrip("> ") or "localhost"


def plain_letter(
    settings: Settings, address: str, subject: str, parts: Sequence[str], lang: str, now: datetime | None = None
) -> EmailMessage:
    """A letter of plain text to one address."""
    letter = EmailMessage()
    letter["From"], letter["To"] = settings.mail_from, address
    letter["Subject"] = " ".join(subject.split())
    letter["Date"] = format_datetime(now or datetime.now(UTC))
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content("\n\n".join(parts) + "\n")
    letter["Content-Language"] = lang
    return letter


def trial_letter(settings: Settings, address: str, lang: str) -> EmailMessage:
    """A letter that shows whether sending works."""
    places = {"site": settings.neighbourhood or "Wijkgraaf"}
    words = [LETTERS[name][lang].format(**places) for name in ("test_subject", "test_text")]
    letter = plain_letter(settings, address, words[0], words[1:], lang)
    letter["Message-ID"] = make_msgid(domain=host_of(settings))
    return letter
