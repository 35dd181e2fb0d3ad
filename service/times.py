"""Which past somebody asks for with `at`, whom to ask there, and what an answer from it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.responses import Response

from kg.asking import Asking
from kg.dumps import Dumps
from kg.moments import Moment, Snapshots, find_moment
from kg.objection import Objection
from kg.remembering import Remembering


def http_date(instant: datetime) -> str:
    """An instant as HTTP writes dates: whole seconds."""
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)


@dataclass(frozen=True)
class PastStore:
    """One past of one audience: whom to ask, and under what name."""

    asking: Asking
    moment: Moment

    @property
    def store(self) -> str:
        """What `asking` calls it."""
        return self.moment.store

    def dated(self, response: Response) -> Response:
        """The answer with the time that it shows."""
        if response.status_code in (200, 304):
            response.headers["Memento-Datetime"] = http_date(self.moment.time)
        return response


class Times:
    """The past stores, who asks them, and the moments that have a name."""

    def __init__(self, pasts: Remembering, asking: Asking, snapshots: Snapshots, dumps: Dumps) -> None:
        self.pasts = pasts
        self.asking = asking
        self.snapshots = snapshots
        self.dumps = dumps

    def close(self) -> None:
        """Lets no further question in, and ends every past store."""
        self.asking.close()
        self.pasts.close()
        self.snapshots.close()

    def moment(self, at: str, audience: str) -> Moment | Objection:
        """What `at` means for an audience."""
        return find_moment(self.pasts.ledger, self.snapshots, audience, at, self.pasts.now())

    def past(self, at: str, audience: str) -> PastStore | Objection:
        """Whom to ask for what `at` means."""
        moment = self.moment(at, audience)
        return moment if isinstance(moment, Objection) else PastStore(self.asking, moment)
