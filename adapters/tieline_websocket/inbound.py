"""Frames from clients: one decoder for all of them. Pure.

``type`` says what a frame is, so a message's own type is called ``message_type`` here, both ways.
Source: the web socket paragraph of ``docs/api.md``.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tieline.model.outcome import Refusal
from tieline.model.shapes import PostFrame, Seq, nul_refusal

MAX_ROOMS: Final = 10_000
ALL: Final = "*"
"""All rooms one may see, those of later too."""
ME: Final = "@me"
"""One's inbox."""
RoomName = Annotated[str, Meta(min_length=1, max_length=64)]
Project = Annotated[str, Meta(max_length=200)]


class Frame(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of what clients send."""


class AuthFrame(Frame, tag="auth", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The token; only as the first frame."""

    token: Annotated[str, Meta(max_length=1000)]


class Filters(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Only rooms of a project; ``projectId`` is the seeds' name for it."""

    project_id: Project | None = None
    seeds_project_id: Project | None = msgspec.field(default=None, name="projectId")

    def takes(self, project: str | None) -> bool:
        """Tell whether a room of this project is wanted."""
        wanted = self.project_id or self.seeds_project_id
        return wanted is None or wanted == project


class SubscribeFrame(Frame, tag="subscribe", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to hear of. ``after``: from which seq on, by room (and ``@me``); a room without one is live only."""

    rooms: Annotated[tuple[RoomName, ...], Meta(max_length=MAX_ROOMS)] = ()
    domains: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=100)] = ()
    filters: Filters = Filters()
    after: Annotated[dict[RoomName, Seq], Meta(max_length=MAX_ROOMS)] = {}
    deliveries: bool | None = None
    """Hear how deliveries fare, too; None leaves it as it is."""
    ref: Annotated[str, Meta(max_length=200)] | int | None = None


class UnsubscribeFrame(Frame, tag="unsubscribe", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to hear of no more."""

    rooms: Annotated[tuple[RoomName, ...], Meta(max_length=MAX_ROOMS)]
    ref: Annotated[str, Meta(max_length=200)] | int | None = None


class PingFrame(Frame, tag="ping", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """For clients that cannot send the protocol's own ping (browsers); answered by ``pong``."""

    ref: Annotated[str, Meta(max_length=200)] | int | None = None


Incoming = AuthFrame | SubscribeFrame | UnsubscribeFrame | PingFrame | PostFrame
_decode = msgspec.json.Decoder(Incoming).decode


def parse(raw: bytes) -> Incoming | Refusal:
    """A frame, or what is wrong with it; never raises."""
    try:
        frame = _decode(raw)
    except msgspec.ValidationError as error:
        return Refusal(status=422, code="invalid_frame", detail=str(error))
    except UnicodeDecodeError:
        return Refusal(status=400, code="malformed_frame", detail="The frame is not UTF-8.")
    except (msgspec.DecodeError, RecursionError) as error:
        return Refusal(status=400, code="malformed_frame", detail=str(error))
    return nul_refusal(raw) or frame
