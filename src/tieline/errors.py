"""The one exception tree of Tieline.

::

    TielineError
    ├── ConfigError            the configuration is wrong (raised by ``tieline.config`` with all problems at once)
    ├── StoreError             the database refused, is full, locked, newer than we are, or unreadable
    │   └── HubBusy            try again later (the caller may repeat the command with the same key)
    ├── AdapterError           an adapter could not do its lifecycle work (connect, check, resolve)
    │   ├── Misconfigured      a person has to mend something: wrong token, missing scope, unknown conversation
    │   └── MissingExtra       the platform's SDK is not installed
    ├── DeliveryError          a send, edit, delete or reaction did not end well
    │   ├── NotDispatched      it certainly did not happen; trying again is safe
    │   ├── Uncertain          it may have happened; look before trying again
    │   ├── Throttled          it did not happen; the platform says when to try again
    │   ├── Permanent          it will never work as it is
    │   ├── OptedOut           the receiver does not want it
    │   └── Expired            it is no longer of use
    └── ApiProblem             a hub refused what its client asked (raised by ``tieline.client`` as ``ClientError``)

Law 2: retry policy reads the attributes of :class:`DeliveryError`, never types of third-party exceptions. An adapter
translates its platform's errors in one function (``errors.py`` of the adapter) and chains with ``from``.

Refusals of commands are values (:class:`tieline.model.outcome.Refusal`), not exceptions.
"""

from __future__ import annotations

from typing import ClassVar


class TielineError(Exception):
    """Root of everything that Tieline raises on purpose."""


class StoreError(TielineError):
    """The database could not do what was asked; ``fix`` says what a person can do."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class HubBusy(StoreError):
    """The hub cannot take the command now; ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.retry_after = retry_after


class AdapterError(TielineError):
    """An adapter could not do its lifecycle work; ``fix`` says what a person can do."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class Misconfigured(AdapterError):
    """A person has to mend something; the supervisor does not hammer on it."""


class MissingExtra(AdapterError):
    """The SDK of a platform is not installed."""

    def __init__(self, adapter: str, extra: str) -> None:
        super().__init__(f"adapter '{adapter}' needs its SDK", fix=f"install tieline[{extra}]")


class DeliveryError(TielineError):
    """A delivery did not end well.

    ``code`` is stable and short (``channel_not_found``), ``fix`` says what a person can do, may be empty.
    """

    dispatched: ClassVar[bool | None] = False
    """Did it happen? ``False`` certainly not, ``None`` unknown."""
    retryable: ClassVar[bool] = False
    """May the same send be tried again?"""

    def __init__(self, code: str, detail: str = "", *, fix: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.fix = fix


class NotDispatched(DeliveryError):
    """It certainly did not happen (no connection, refused before the body was read); trying again is safe."""

    retryable = True


class Uncertain(DeliveryError):
    """It may have happened (time-out, lost answer, 5xx, garbage): look it up before trying again."""

    dispatched = None
    retryable = True


class Throttled(DeliveryError):
    """The platform asks to wait ``retry_after`` seconds; ``account_wide`` pauses the whole channel, else its lane."""

    retryable = True

    def __init__(
        self, code: str, detail: str = "", *, retry_after: float, account_wide: bool = False, fix: str = ""
    ) -> None:
        super().__init__(code, detail, fix=fix)
        self.retry_after = retry_after
        self.account_wide = account_wide


class Permanent(DeliveryError):
    """It will never work as it is.

    ``stops_channel`` marks faults of the credential, ``stops_lane`` those of the conversation (gone, not allowed):
    the message is not to blame and waits, until a person has mended it or the lane's patience ends.
    """

    def __init__(
        self, code: str, detail: str = "", *, stops_channel: bool = False, stops_lane: bool = False, fix: str = ""
    ) -> None:
        super().__init__(code, detail, fix=fix)
        self.stops_channel = stops_channel
        self.stops_lane = stops_lane


class OptedOut(DeliveryError):
    """The receiver said STOP; nothing more is sent until START."""


class Expired(DeliveryError):
    """The message is no longer of use to its receiver."""


class ApiProblem(TielineError):
    """A hub answered with a problem: its HTTP ``status``, its stable ``code``, and what to mend."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}" if detail else f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
