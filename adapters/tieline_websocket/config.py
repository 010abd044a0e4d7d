"""Settings of the web socket; all have good defaults, so the channel need not stand in the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tieline.ports.adapter import SettingProblem


class Settings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Sizes in bytes, times in seconds."""

    max_frame: int = 1024 * 1024
    """Largest frame a client may send."""
    max_unsent: int = 1024 * 1024
    """What may wait in the hub for one client before it lags: it is told, and catches up from the store."""
    stall: float = 30.0
    """A lagging client that takes nothing for so long is closed with 4408."""
    auth_within: float = 5.0
    """How long a connection without a credential may take to send its ``auth`` frame."""
    heartbeat: float = 25.0
    max_in_flight: int = 1024
    """Posts of one connection that may wait for their commit; beyond it the hub reads on later."""
    max_unauthenticated: int = 1000


def read(raw: Mapping[str, object]) -> Settings:
    """Settings of a block; raises :class:`msgspec.ValidationError`."""
    return msgspec.convert(dict(raw), Settings)


def check(raw: Mapping[str, object]) -> Sequence[SettingProblem]:
    """What is wrong with a block."""
    known = Settings.__struct_fields__
    unknown = [
        SettingProblem(path=(key,), message=f"unknown setting '{key}'", fix=f"one of: {', '.join(known)}")
        for key in raw
        if key not in known
    ]
    if unknown:
        return unknown
    try:
        read(raw)
    except msgspec.ValidationError as error:
        return [SettingProblem(path=(), message=str(error))]
    return []
