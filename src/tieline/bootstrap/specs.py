"""From the configuration file to the one command that makes the directory as the file says."""

from __future__ import annotations

from tieline.config import Config, LinkSettings, MemberSettings, RoomSettings
from tieline.model.commands import ApplyConfig, LinkSpec, MemberSpec, RoomSpec
from tieline.model.rooms import Backlog


def apply_command(config: Config) -> ApplyConfig:
    """The command for a valid configuration. Conversations stay as written: the platform tells their ids later."""
    return ApplyConfig(
        file=config.file,
        members=tuple(_member(handle, settings) for handle, settings in config.members.items()),
        rooms=tuple(_room(config, name, settings) for name, settings in config.rooms.items()),
    )


def _member(handle: str, settings: MemberSettings) -> MemberSpec:
    return MemberSpec(
        handle=handle,
        kind=settings.kind,
        level=settings.model_level,
        display=settings.display or "",
        ai=settings.ai,
        machine=settings.machine,
        specialities=tuple(settings.specialities),
        accounts=dict(settings.accounts),
    )


def _room(config: Config, name: str, settings: RoomSettings) -> RoomSpec:
    return RoomSpec(
        name=name,
        line=_line(config, "rooms", name),
        project=settings.project,
        title=settings.title,
        access=settings.access,
        members=tuple(settings.members),
        guests=settings.guests,
        packets=settings.packets,
        links=tuple(_link(config, name, number, link) for number, link in enumerate(settings.links)),
    )


def _link(config: Config, room: str, number: int, settings: LinkSettings) -> LinkSpec:
    return LinkSpec(
        channel=settings.channel,
        line=_line(config, "rooms", room, "links", number),
        label=settings.conversation or "",
        member=settings.member,
        direction=settings.direction,
        carry=settings.carry,
        min_severity=settings.min_severity,
        via=settings.via,
        backlog=settings.backlog or Backlog.EACH,
    )


def _line(config: Config, *path: str | int) -> int:
    place = config.place(*path)
    return place.line if place else 0
