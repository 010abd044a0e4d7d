"""The configuration: models of `config.yaml`, its loader, its problems, and the logs it sets up.

The rule: everything that is wrong is said at once, with place and mend, and no secret is ever shown. Not here:
anything that connects, stores or wires. Next stop: `tieline.config.loader`.
"""

from tieline.config.loader import Config, load_config, masked, needs_restart, parse_config
from tieline.config.models import (
    AttachmentSettings,
    ChannelSettings,
    HandoffPolicy,
    HubSettings,
    LinkSettings,
    MemberSettings,
    Policies,
    RoomSettings,
    json_schema,
)
from tieline.config.problems import ConfigError, Problem, ProblemDocument, render_problems
from tieline.config.references import WEB, ChannelValidator, Finding

__all__ = [
    "WEB",
    "AttachmentSettings",
    "ChannelSettings",
    "ChannelValidator",
    "Config",
    "ConfigError",
    "Finding",
    "HandoffPolicy",
    "HubSettings",
    "LinkSettings",
    "MemberSettings",
    "Policies",
    "Problem",
    "ProblemDocument",
    "RoomSettings",
    "json_schema",
    "load_config",
    "masked",
    "needs_restart",
    "parse_config",
    "render_problems",
]
