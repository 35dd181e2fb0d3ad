"""The settings: what an operator may choose, where each value comes from, and every limit with its unit and reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

CORES = len(os.sched_getaffinity(0))


def folder(name: str) -> Path:
    """The folder `name` of words, shapes, questions or examples: inside a wheel, else beside pyproject.toml."""
    inside = Path(__file__).parent / "_folders" / name
    return inside if inside.is_dir() else Path(__file__).parent.parent / name


class Settings(BaseSettings):
    """What an operator may choose: `wijkgraaf.toml` in the data folder < `WIJKGRAAF_*` < flags. Unknown keys fail."""

    model_config = SettingsConfigDict(env_prefix="WIJKGRAAF_", extra="forbid", frozen=True)

    data: Path = Field(Path("data"), description="The folder that holds the ledger and the service's socket.")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    extra: tuple[Path, ...] = Field(
        (), description="Folders with an `ontology/` and a `shapes/` of the steward's own, beside ours."
    )
    shacl_engine: Literal["shacl", "pyshacl"] = Field("shacl", description="pyshacl is slower and the reference.")
    free_sparql_without_cage: bool = Field(
        False, description="Answer callers' SPARQL although this machine can't keep workers off the network."
    )
    neighbourhood: str = Field(
        "", max_length=60, description="What pages call the neighbourhood; without it they call it the neighbourhood."
    )
    trusted_proxies: tuple[str, ...] = Field((), description="Addresses whose X-Forwarded-For is believed.")

    ground_notice_days: int = Field(
        30, ge=1, le=366, description="How long before a ground ends its holder is told: time to ask the teller."
    )

    # Mail: any SMTP server. Without a host and a sender none is sent.
    mail_host: str = Field("", description="The mail server that takes letters over.")
    mail_port: int = Field(587, ge=1, le=65535, description="587 for STARTTLS, 465 for TLS from the start.")
    mail_security: Literal["starttls", "ssl", "none"] = Field(
        "starttls", description="none only for a server on this machine: addresses do not travel in the open."
    )
    mail_user: str = Field("", description="Name at the mail server; empty where it asks for none.")
    mail_password: SecretStr = Field(SecretStr(""), description="Best given as WIJKGRAAF_MAIL_PASSWORD.")
    mail_password_file: Path | None = Field(None, description="A file that holds the password, instead.")
    mail_from: str = Field("", max_length=200, description="Whom letters are from, e.g. Wijk <wijk@example.org>.")
    mail_site: str = Field("", description="Address at which readers of letters reach this service; else the base.")

    # Limits. Each is published in the service description of /sparql.
    workers_max: int = Field(CORES, ge=1, description="Callers' queries at once per audience: one a core.")
    checkers_max: int = Field(CORES, ge=1, description="Contributions parsed and validated at once: one a core.")
    query_bytes_max: int = Field(64 * 1024, description="A query's text: longer ones are made by programs gone wrong.")
    query_nesting_max: int = Field(100, description="Brackets in brackets: the parser recurses, 3,000 end its process.")
    query_operators_max: int = Field(1000, description="Operators and path steps: 5,000 take the planner ten seconds.")
    query_patterns_max: int = Field(50, description="Triple patterns in one group: the planner is exponential in them.")
    query_seconds_anonymous_max: float = Field(10.0, description="Wall clock of a caller without a token.")
    query_seconds_partner_max: float = Field(60.0, description="Wall clock of a caller with a token.")
    answer_bytes_max: int = Field(100 * 1024 * 1024, description="An answer: above it a dump is the better way.")
    worker_headroom_bytes: int = Field(512 * 1024 * 1024, description="What one query may use above the store itself.")
    body_bytes_max: int = Field(64 * 1024 * 1024, description="A request's body: more goes in several.")
    harvest_bytes_max: int = Field(
        64 * 1024 * 1024, ge=1024, description="What one source may give, unpacked: as much as a partner may send."
    )
    harvest_seconds_max: float = Field(
        600.0, gt=0, description="One source, all its pages: a slow one must not keep the others waiting for long."
    )
    harvest_wait_seconds_max: float = Field(
        20.0, gt=0, description="A partner's server that says nothing for this long is not there."
    )
    harvest_pages_max: int = Field(2_000, ge=1, description="Pages of one stream: 200,000 versions at 100 a page.")
    harvest_reports_max: int = Field(50, ge=1, description="Reports kept of a source: some weeks of a daily one.")
    view_bytes_max: int = Field(
        256 * 1024 * 1024, description="A whole viewpoint as one body: 50,000 documents in N-Quads are 140 MB."
    )
    running_per_client_max: int = Field(2, ge=1, description="Queries one client has running, so that others get in.")
    queued_per_client_max: int = Field(16, ge=0, description="Queries one client has waiting.")
    cache_bytes_max: int = Field(64 * 1024 * 1024, ge=0, description="Public answers kept in memory; 0 keeps none.")
    metrics_port: int | None = Field(None, ge=0, le=65535, description="Where Prometheus reads; none by default.")
    session_idle_minutes_max: float = Field(20, gt=0, description="A session that nobody uses: a desk that was left.")
    session_hours_max: float = Field(8, gt=0, description="A session in all: one working day.")
    access_log_days: int = Field(
        90, ge=0, description="How long it is kept who read what is not public: long enough to ask; 0 keeps nothing."
    )
    queued_max: int = Field(64, ge=0, description="Queries waiting in all: above it 429 tells the truth sooner.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before the environment before the file in the data folder."""
        data = init_settings().get("data") or env_settings().get("data") or cls.model_fields["data"].default
        file = TomlConfigSettingsSource(settings_cls, toml_file=Path(data) / "wijkgraaf.toml")
        return init_settings, env_settings, file

    @model_validator(mode="after")
    def _mail_is_closed(self) -> Self:
        """Addresses and passwords leave this machine only in a closed conversation."""
        if self.mail_host and self.mail_security == "none" and self.mail_host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("mail_security none is for a mail server on this machine; use starttls or ssl")
        return self

    @property
    def mail_secret(self) -> str:
        """The password at the mail server, from the environment or a file; never written anywhere."""
        if self.mail_password_file is not None:
            return self.mail_password_file.read_text().strip()
        return self.mail_password.get_secret_value()

    @property
    def ledger_url(self) -> str:
        """Where the ledger stands, as SQLAlchemy writes it."""
        return f"sqlite:///{(self.data / 'ledger.sqlite').absolute()}"

    @property
    def socket(self) -> Path:
        """The socket in the data folder through which the command line reaches a running service's one writer."""
        return self.data / "wijkgraaf.sock"

    @property
    def vocabularies(self) -> Path:
        """Where words and shapes stand that the steward added by command."""
        return self.data / "vocabularies"

    @property
    def added(self) -> tuple[Path, ...]:
        """The folders of those, by name."""
        return tuple(sorted(path for path in self.vocabularies.glob("*") if path.is_dir()))

    def folders(self, name: str) -> tuple[Path, ...]:
        """Our own folder `name` and the steward's own ones."""
        return (folder(name), *(e / name for e in (*self.extra, *self.added) if (e / name).is_dir()))


def read_settings(**flags: Any) -> Settings:
    """The settings with these flags; a flag that is None was not given."""
    return Settings(**{k: v for k, v in flags.items() if v is not None})
