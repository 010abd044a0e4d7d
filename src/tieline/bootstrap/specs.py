"""From the configuration file to the one command that makes the directory as the file says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tieline.config import Config, LinkSettings, MemberSettings, RoomSettings
from tieline.config.models import NotifySettings, QuietSettings, RungSettings
from tieline.model.commands import ApplyConfig, LinkSpec, MemberSpec, RoomSpec
from tieline.model.policies import Notify, PolicySet, QuietHours, Rung
from tieline.model.rooms import Backlog


def apply_command(config: Config) -> ApplyConfig:
    """The command for a valid configuration. Conversations stay as written: the platform tells their ids later."""
    return ApplyConfig(
        file=config.file,
        members=tuple(_member(handle, settings) for handle, settings in config.members.items()),
        rooms=tuple(_room(config, name, settings) for name, settings in config.rooms.items()),
        policies=policies(config),
    )


def policies(config: Config) -> PolicySet:
    """The policies of a valid configuration, and how its members are reached: durations in milliseconds."""
    rules = config.policies
    return PolicySet(
        ladder=_ladder(rules.alerts.ladder),
        on_call=tuple(rules.alerts.on_call),
        notify={
            handle: _notify(settings.notify)
            for handle, settings in config.members.items()
            if settings.notify != NotifySettings()
        },
        gates=tuple(rules.gates),
        audit_after_hops=rules.audit_after_hops,
        accept_within=_milliseconds(rules.handoff.accept_within),
    )


def _notify(settings: NotifySettings) -> Notify:
    return Notify(ladder=_ladder(settings.ladder), quiet=_quiet(settings.quiet) if settings.quiet else None)


def _ladder(rungs: Sequence[RungSettings]) -> tuple[Rung, ...]:
    return tuple(Rung(via=rung.via, wait=_milliseconds(rung.wait)) for rung in rungs)


def _quiet(settings: QuietSettings) -> QuietHours:
    return QuietHours(start=_minute(settings.start), end=_minute(settings.end), zone=settings.zone)


def _minute(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


def _milliseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


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
