"""The settings of a simulated channel: which platform it plays.

``pane`` is handed over by the demo, inside the process: the platform itself, so that it outlives its connections. A
file cannot name one; then each channel has its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tieline.errors import Misconfigured
from tieline.ports.adapter import SettingProblem
from tieline.ports.clock import Clock
from tieline_simulated.platform import SimulatedPlatform
from tieline_simulated.simulators import simulator_for

PLATFORMS: Final = ("slack", "discord", "email", "sms")
_KNOWN: Final = ("platform", "pane")


def check(settings: Mapping[str, object]) -> Sequence[SettingProblem]:
    """What is wrong with a channel's settings."""
    problems = [
        SettingProblem(path=(name,), message=f"unknown setting '{name}'", known=_KNOWN)
        for name in settings
        if name not in _KNOWN
    ]
    platform = settings.get("platform")
    if platform not in PLATFORMS:
        problems.append(
            SettingProblem(
                path=("platform",) if "platform" in settings else (),
                message=f"platform is {platform!r}" if "platform" in settings else "platform is missing",
                fix=f"write one of {', '.join(PLATFORMS)}",
            )
        )
    if not isinstance(settings.get("pane", None), SimulatedPlatform | None):
        problems.append(SettingProblem(path=("pane",), message="pane is not for files", fix="leave it out"))
    return problems


def load(settings: Mapping[str, object], channel: str, clock: Clock) -> SimulatedPlatform:
    """The platform to connect to. Raises Misconfigured where :func:`check` finds faults."""
    problems = check(settings)
    if problems:
        raise Misconfigured(f"{channel}: {problems[0].message}", fix=problems[0].fix)
    pane = settings.get("pane")
    if isinstance(pane, SimulatedPlatform):
        return pane
    return SimulatedPlatform(simulator_for(str(settings["platform"])), clock, conversation=f"#{channel}")
