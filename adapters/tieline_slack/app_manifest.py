"""The Slack app that this adapter needs, as the manifest to paste at api.slack.com/apps ("From a manifest").

Rule: exactly the scopes and events that the code uses; each scope stands here with what it is for, and
:mod:`tieline_slack.checks` compares the installed app with the same list. Next stop: ``tieline manifest slack``.

Source: docs.slack.dev, "App manifest reference".
"""

from __future__ import annotations

from typing import Final

SCOPES: Final = {
    "chat:write": "post, edit and delete own messages",
    "chat:write.customize": "show the author's own name and picture",
    "channels:read": "find public channels by name, and see whether the bot is in them",
    "groups:read": "the same in private channels",
    "im:read": "the same for direct messages",
    "channels:history": "receive messages, and catch up after an outage",
    "groups:history": "the same in private channels",
    "im:history": "the same in direct messages",
    "reactions:read": "receive reactions",
    "reactions:write": "set reactions",
    "users:read": "show people's names",
    "commands": "/tieline",
}
"""Scopes of the bot token and what they are for."""

EVENTS: Final = ("message.channels", "message.groups", "message.im", "reaction_added", "reaction_removed")
"""Events the app subscribes to. No ``app_mention``: the message itself comes anyway."""

_HEAD: Final = """\
display_information:
  name: Tieline
  description: Joins this workspace to your other channels and agents
features:
  bot_user:
    display_name: tieline
    always_online: true
  app_home:
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false
  slash_commands:
    - command: /tieline
      description: Who am I, and what is linked here
      usage_hint: iam
      should_escape: true
"""


def manifest_yaml(public_url: str | None = None, channel: str = "team-slack") -> str:
    """The manifest: for Socket Mode, or with ``public_url`` for signed HTTP events of the channel of that name."""
    request_url = f"{public_url.rstrip('/')}/api/v1/channels/{channel}/events" if public_url else None
    head = _HEAD.replace("      description: Who", f"      url: {request_url}\n      description: Who", 1)
    lines = [
        (head if request_url else _HEAD) + "oauth_config:",
        "  scopes:",
        "    bot:",
        *(f"      - {scope} # {why}" for scope, why in SCOPES.items()),
        "settings:",
        "  event_subscriptions:",
        *([f"    request_url: {request_url}"] if request_url else []),
        "    bot_events:",
        *(f"      - {event}" for event in EVENTS),
        "  org_deploy_enabled: false",
        f"  socket_mode_enabled: {'false' if request_url else 'true'}",
        "  token_rotation_enabled: false",
    ]
    return "\n".join(lines) + "\n"
