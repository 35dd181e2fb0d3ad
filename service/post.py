"""Hands letters over to a mail server: by the settings, one after the other, off the path of any request.

No address and no password is ever written into a log or a message of an error. (Every SMTPException is an OSError.)
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from kg.settings import Settings

SERVER_SECONDS_MAX = 20  # A mail server that does not answer in this time is tried again later.


class Undelivered(Exception):
    """There is no mail server to talk to now; says why in words without an address."""


class Refused(Undelivered):
    """The mail server did not take this one letter over."""


def sender_of(settings: Settings) -> str | None:
    """What letters are from; None where the operator set no mail server."""
    return settings.mail_from if settings.mail_host and settings.mail_from else None


@contextmanager
def mail_server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A conversation with the mail server; raises Undelivered."""
    try:
        server = _connected(settings)
    except OSError as error:
        raise Undelivered(f"no mail server: {_said(error)}") from None
    try:
        yield server
    finally:
        try:
            server.quit()
        except OSError:
            server.close()


def _connected(settings: Settings) -> smtplib.SMTP:
    host, port, seconds = settings.mail_host, settings.mail_port, SERVER_SECONDS_MAX
    if settings.mail_security == "ssl":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=seconds, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, timeout=seconds)
    try:
        if settings.mail_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.mail_user:
            server.login(settings.mail_user, settings.mail_secret)
    except BaseException:
        server.close()
        raise
    return server


def hand_over(server: smtplib.SMTP, letter: EmailMessage) -> None:
    """One letter to one address. Raises Refused when the server does not take it, Undelivered when it is gone."""
    try:
        server.send_message(letter)
    except smtplib.SMTPServerDisconnected as error:
        raise Undelivered(_said(error)) from None
    except smtplib.SMTPException as error:
        raise Refused(_said(error)) from None
    except OSError as error:
        raise Undelivered(_said(error)) from None


def _said(error: Exception) -> str:
    """What went wrong, without what the server wrote: that may repeat an address."""
    code = getattr(error, "smtp_code", None)
    return type(error).__name__ + (f" {code}" if isinstance(code, int) else "")
