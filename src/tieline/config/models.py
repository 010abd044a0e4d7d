"""What may stand in `config.yaml`: the shape, the defaults and the meaning of each setting.

These models are also the JSON Schema that editors complete from. Keys of a channel that belong to its adapter are kept
as they are and judged by the adapter. Not here: what needs the whole file, such as a link that names a channel nobody
configured; that is `tieline.config.references`. Source of names and defaults: the project's contract of its outside.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from tieline.config.durations import Duration
from tieline.config.problems import did_you_mean
from tieline.config.sizes import Size
from tieline.model.base import NAME_PATTERN
from tieline.model.members import Level, MemberKind
from tieline.model.rooms import AUTO, Access, Backlog, Direction, Guests, MessageType, PacketMode, Severity

_PORTS: Final = range(65_536)


def _fault(message: str, fix: str) -> PydanticCustomError:
    # The template is ours; braces in values must not be taken for placeholders.
    return PydanticCustomError("tieline", "{message}", {"message": message, "fix": fix})


def _check_name(value: str) -> str:
    if re.fullmatch(NAME_PATTERN, value) is None:
        raise _fault(f"'{value}' is not a name", "use a-z, 0-9 and '-', at most 64, beginning with a letter or digit")
    return value


def _check_listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not re.fullmatch(r"\d{1,5}", port, re.ASCII) or int(port) not in _PORTS:
        raise _fault("is not an address to listen on", 'write host:port, such as "127.0.0.1:8080"')
    return value


def _check_public_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        good = False
    if not good:
        raise _fault("is not a web address", 'write what the world sees, such as "https://tieline.example.org"')
    return value.rstrip("/")


def _check_database(value: str) -> str:
    sqlite_file = value.removeprefix("sqlite:///") if value.startswith("sqlite:///") else ""
    if not sqlite_file and not re.match(r"postgres(ql)?://.", value):
        raise _fault("is not a database", 'write "sqlite:///data/tieline.db" or "postgresql://user@host/name"')
    return value


def _check_flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:  # from a variable
        return value.lower() == "true"
    raise _fault("is neither true nor false", "write true or false (in YAML 1.2 yes, no, on and off are words)")


def _check_count(value: object) -> object:
    if isinstance(value, bool):
        raise _fault("is not a number", "write a whole number")
    return value


def _check_time(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise _fault(f"'{value}' is not a time of the day", 'write hours and minutes: "22:00"')
    return value


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # not there, no name at all, a folder of them
        known = available_timezones()
        hint = did_you_mean(value, known) or 'write a name as in "Europe/London"'
        fix = hint if known else "this machine knows no time zones: install the package tzdata"
        raise _fault(f"'{value}' is no time zone", fix) from None
    return value


Name = Annotated[str, AfterValidator(_check_name), Field(json_schema_extra={"pattern": f"^{NAME_PATTERN}$"})]
Address = Annotated[str, AfterValidator(_check_listen)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
TimeOfDay = Annotated[
    str, AfterValidator(_check_time), Field(json_schema_extra={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
]
Flag = Annotated[bool, BeforeValidator(_check_flag)]


class Section(BaseModel):
    """A part of the file: frozen, and without unknown settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class S3Settings(Section):
    """How to reach an S3-compatible store; absent settings come from the environment, as every S3 tool reads them."""

    endpoint: Text | None = None
    region: Text | None = None
    access_key: Text | None = None
    secret_key: Text | None = None


class AttachmentSettings(Section):
    """Where the bytes of files are kept, and how many. All need a restart to change."""

    store: Text = "data/files"
    """A folder, or `s3://bucket/prefix`."""
    s3: S3Settings | None = None
    max_size: Size = 25_000_000
    """Largest file that is taken, uploaded or from a platform: `25MB`."""
    keep_unused: Duration = timedelta(days=1)
    """How long an upload waits to be posted."""


class HubSettings(Section):
    """The hub itself. All but `name` and `public_url` need a restart to change."""

    name: Text = "tieline"
    listen: Address = "127.0.0.1:8080"
    public_url: Annotated[str, AfterValidator(_check_public_url)] | None = None
    """What the world calls this hub; for webhooks, and links in e-mail and SMS."""
    database: Annotated[str, AfterValidator(_check_database)] = "sqlite:///data/tieline.db"
    attachments: AttachmentSettings = AttachmentSettings()
    metrics_listen: Address | None = None
    """Where `/metrics` is open without a token; absent: only on `listen`, with one."""


class ChannelSettings(BaseModel):
    """One channel: the adapter's name, and settings that only the adapter understands."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)

    adapter: Text
    enabled: Flag = True
    on_doubt: Literal["resend", "hold"] = "resend"
    """What becomes of a send that may have happened and cannot be looked up: sent again, or held for a person."""

    @property
    def settings(self) -> Mapping[str, object]:
        """The adapter's own settings, substituted, as plain YAML values."""
        return dict(self.model_extra or {})

    def __repr_args__(self) -> Iterable[tuple[str, object]]:
        """Leave the adapter's settings out of `repr`: they hold the secrets."""
        return [("adapter", self.adapter), ("enabled", self.enabled)]


class RungSettings(Section):
    """One step of a ladder: reach a member by `via`, and wait for an answer before the next."""

    via: Text
    """`mention` (only in the room), `direct` (the first channel with direct messages), a channel, or an adapter."""
    wait: Duration = timedelta(minutes=5)


class QuietSettings(Section):
    """When a member is not to be disturbed, but for what is critical; `from` after `to`: over midnight."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    zone: Annotated[str, AfterValidator(_check_zone)] = "UTC"
    """A name of the IANA list: `Europe/London`."""


class NotifySettings(Section):
    """How one member is reached by alerts."""

    ladder: tuple[RungSettings, ...] = ()
    """First rung first; absent: the hub's, under `policies.alerts`."""
    quiet: QuietSettings | None = None


class MemberSettings(Section):
    """A person, an AI agent or a service, with accounts by channel."""

    kind: MemberKind
    display: Text | None = None
    ai: Text | None = None
    machine: Text | None = None
    level: Literal["L1", "L2", "L3", "L4"] = "L2"
    specialities: tuple[Text, ...] = ()
    accounts: Mapping[str, Text] = Field(default_factory=dict)
    notify: NotifySettings = NotifySettings()

    @property
    def model_level(self) -> Level:
        """The level as the model has it."""
        return Level[self.level]


class LinkSettings(Section):
    """Joins its room to a conversation of a channel, or to a member through the account on that channel."""

    channel: Text
    conversation: Text | None = None
    member: Text | None = None
    direction: Direction = Direction.BOTH
    carry: tuple[MessageType, ...] | None = None
    """Types of message it carries outwards; absent: all."""
    min_severity: Severity | None = None
    via: Text = Field(default=AUTO, alias="as")
    backlog: Backlog | None = None
    """What happens after an outage; absent: the adapter's default (`each` for chat, `digest` for e-mail and SMS)."""


class RoomSettings(Section):
    """A room and its links."""

    project: Text | None = None
    title: str = ""
    access: Access = Access.OPEN
    members: tuple[Text, ...] = ()
    """Who may see it, where `access` is `members`."""
    guests: Guests = Guests.POST
    packets: PacketMode = PacketMode.DETECT
    links: tuple[LinkSettings, ...] = ()


class HandoffPolicy(Section):
    """How long an offered handoff waits, and whom it reaches then."""

    accept_within: Duration = timedelta(minutes=15)
    escalate: tuple[Text, ...] = ("mention",)
    """The ladder, first rung first: `mention`, then adapters or channels by name."""


class AlertPolicy(Section):
    """Whom alerts climb to, and how."""

    ladder: tuple[RungSettings, ...] = ()
    """For members without one of their own; absent: `mention`, `direct`, `email`, `sms`."""
    on_call: tuple[Text, ...] = ()
    """Handles: an alert in a room goes to the first, then to the next one who has not been asked."""


class Policies(Section):
    """The protocol's rules, as data."""

    gates: tuple[Text, ...] = ()
    """Handles of which one must have had a task before its NEXT_HOP may be DONE."""
    audit_after_hops: Annotated[int, BeforeValidator(_check_count), Field(ge=1, le=10_000)] = 5
    handoff: HandoffPolicy = HandoffPolicy()
    alerts: AlertPolicy = AlertPolicy()


class ConfigFile(Section):
    """The whole file. Everything may be left out."""

    hub: HubSettings = HubSettings()
    channels: Mapping[Name, ChannelSettings] = Field(default_factory=dict)
    members: Mapping[Name, MemberSettings] = Field(default_factory=dict)
    rooms: Mapping[Name, RoomSettings] = Field(default_factory=dict)
    policies: Policies = Policies()


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of the file, for editors (`# yaml-language-server: $schema=…`)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tieline configuration",
        **ConfigFile.model_json_schema(by_alias=True),
    }
