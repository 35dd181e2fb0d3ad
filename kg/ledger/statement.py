"""A statement of SQLAlchemy Core, compiled once and run by the driver itself.

Ten statements go into one contribution. Through SQLAlchemy's own execution each takes 60 to 100 microseconds, of which
SQLite needs five; compiled once it takes ten. So the ledger's hot paths are written in Core and run like this.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.expression import Executable

Driver = sqlite3.Connection

R = TypeVar("R")

_DIALECT = sqlite.dialect(paramstyle="named")


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """The column's value stands in the list that is given under this name as `listed(...)`: one text for any length."""
    return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))


def listed(values: Iterable[str] | Iterable[int]) -> str:
    """A list as a value for `among`."""
    return json.dumps(list(values), ensure_ascii=False)


def driver_of(pooled: PoolProxiedConnection) -> Driver:
    """The driver's own connection in one of the pool."""
    driver = pooled.driver_connection
    assert isinstance(driver, Driver)
    return driver


class Statement(Generic[R]):
    """One statement; `row` makes what is handed out of the columns of one row."""

    def __init__(self, clause: Executable, row: Callable[[tuple[Any, ...]], R]) -> None:
        compiled = clause.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        self.sql = str(compiled)
        self._given = {name: value for name, value in compiled.params.items() if value is not None}
        self._row = row

    def __repr__(self) -> str:
        return f"Statement({self.sql!r})"

    def each(self, driver: Driver, **values: str | int | None) -> Iterator[R]:
        """The rows, one after the other."""
        return map(self._row, driver.execute(self.sql, self._given | values))

    def all(self, driver: Driver, **values: str | int | None) -> list[R]:
        """All rows."""
        return list(self.each(driver, **values))

    def first(self, driver: Driver, **values: str | int | None) -> R | None:
        """The first row; None when there is none."""
        return next(self.each(driver, **values), None)

    def run(self, driver: Driver, rows: Sequence[Mapping[str, Any]]) -> None:
        """Runs it for each of these rows of values."""
        if rows:
            driver.executemany(self.sql, rows).close()


def as_it_is(columns: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as a plain tuple."""
    return columns


def only(columns: tuple[Any, ...]) -> Any:
    """The one column of a row."""
    return columns[0]


def writes(clause: Executable) -> Statement[None]:
    """A statement that gives no rows."""
    return Statement(clause, lambda _columns: None)
