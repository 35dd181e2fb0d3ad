"""How a client reaches a service: over the network, or in a data folder through the command line's doorway."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx

from service.client.errors import Elsewhere, Unreachable, WijkgraafError, error_of

REDIRECTS_MAX = 3  # The service redirects once, from a thing to its document; more is a circle.
WAIT_SECONDS_MAX = 60.0  # Who is told to wait longer than this hears so instead of sitting still.
WORTH_TRYING_AGAIN = (429, 503)

Parameters = Sequence[tuple[str, str]]
Answer = TypeVar("Answer")


class Way(Protocol):
    """Something that carries one request to the service and its answer back."""

    def request(
        self, method: str, url: str, *, params: Parameters, data: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        """One request, without retries and redirects."""

    def close(self) -> None:
        """Ends what was opened."""


class Network:
    """A service somewhere else."""

    def __init__(self, url: httpx.URL, token: str | None, timeout_seconds: float) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=timeout_seconds, follow_redirects=False)

    def request(
        self, method: str, url: str, *, params: Parameters, data: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        """One request. Raises httpx.TransportError."""
        return self._client.request(method, url, params=list(params), data=data, headers=headers)

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()


class Indoors:
    """A data folder: the service that runs on it, or one opened in this process until `close`.

    The doorway speaks asynchronously, so a thread of its own runs its loop, also where a notebook has one already.
    """

    def __init__(self, data: Path, timeout_seconds: float) -> None:
        # Only here: who asks a service elsewhere need not load the ledger and the settings of one.
        from kg.ledger.acts import LedgerUnavailable
        from kg.settings import read_settings
        from service.doorway import door

        self._seconds = timeout_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wijkgraaf", daemon=True)
        self._thread.start()
        self._open = contextlib.AsyncExitStack()
        try:
            self._client = self._wait_for(self._open.enter_async_context(door(read_settings(data=data))), None)
        except LedgerUnavailable as error:
            self._end()
            raise Unreachable(str(error)) from error
        except BaseException:
            self._end()
            raise

    def request(
        self, method: str, url: str, *, params: Parameters, data: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        """One request. Raises httpx.TransportError."""
        sent = self._client.request(method, url, params=list(params), data=data, headers=headers)
        try:
            return self._wait_for(sent, self._seconds)
        except TimeoutError:
            raise httpx.ReadTimeout(f"no answer within {self._seconds:g} s") from None

    def close(self) -> None:
        """Closes the house that was opened, with its processes; a service that ran already runs on."""
        if not self._loop.is_closed():
            try:
                self._wait_for(self._open.aclose(), None)
            finally:
                self._end()

    def _wait_for(self, work: Coroutine[Any, Any, Answer], seconds: float | None) -> Answer:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except BaseException:
            future.cancel()
            raise

    def _end(self) -> None:
        """Ends the loop and its thread."""
        asyncio.run_coroutine_threadsafe(self._loop.shutdown_default_executor(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def send(
    way: Way,
    method: str,
    url: str,
    *,
    params: Parameters = (),
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str],
    retries: int,
) -> httpx.Response:
    """The answer to one request; tried again where the service says when, at most `retries` times.

    Raises the error that stands for any other status than 2xx, Unreachable and Elsewhere.
    """
    for attempt in range(retries + 1):
        answer = _followed(way, method, url, params, data, headers)
        seconds = retry_after(answer)
        if answer.status_code not in WORTH_TRYING_AGAIN or seconds is None or seconds > WAIT_SECONDS_MAX:
            break
        if attempt < retries:
            time.sleep(seconds)
    if answer.is_success:
        return answer
    raise error_of(answer.status_code, _document(answer), seconds)


def _followed(
    way: Way, method: str, url: str, params: Parameters, data: Mapping[str, Any] | None, headers: Mapping[str, str]
) -> httpx.Response:
    """One request, and where the service redirects it to itself the answer from there."""
    for _ in range(REDIRECTS_MAX):
        try:
            answer = way.request(method, url, params=params, data=data, headers=headers)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unreachable(f"No answer: {error or type(error).__name__}") from error
        if not answer.has_redirect_location:
            return answer
        there = answer.url.join(answer.headers["location"])
        if method != "GET" or _origin(there) != _origin(answer.url):
            raise Elsewhere(f"The service sent us to {there.scheme}://{there.host}, which we do not follow")
        url, params = str(there), ()
    raise WijkgraafError("The service sent us round in a circle")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def retry_after(answer: httpx.Response) -> float | None:
    """In how many seconds the service wants to be asked again, from either form of the header."""
    told = answer.headers.get("retry-after", "").strip()
    if told.isdigit():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _document(answer: httpx.Response) -> Any:
    """The problem document of an error, where it is one."""
    if "json" not in answer.headers.get("content-type", ""):
        return None
    try:
        return json.loads(answer.content)
    except ValueError:
        return None
