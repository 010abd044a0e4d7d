"""The Slack app that this adapter needs, as the manifest to paste at api.slack.com/apps ("From a manifest").

Rule: exactly the scopes and events that the code uses; each scope stands here with what it is for, and
:mod:`tieline_slack.checks` compares the installed app with the same list. No SDK is imported.
Next stop: ``tieline manifest slack``.

Source: docs.slack.dev, "App manifest reference".
"""

from __future__ import annotations

from typing import Final

SHORTCUT: Final = "tieline_send_to_room"
"""``callback_id`` of the message shortcut, and of the modal that it opens."""

SCOPES: Final = {
    "chat:write": "post, edit and delete own messages",
    "chat:write.customize": "show the author's own name and picture",
    "channels:read": "find public channels by name, and see whether the bot is in them",
    "groups:read": "the same in private channels",
    "im:read": "the same for direct messages",
    "im:write": "write to people by themselves",
    "channels:history": "receive messages, and catch up after an outage",
    "groups:history": "the same in private channels",
    "im:history": "the same in direct messages",
    "reactions:read": "receive reactions",
    "reactions:write": "set reactions",
    "files:read": "fetch the files that people share",
    "files:write": "send files",
    "users:read": "show people's names",
    "commands": "/tieline",
}
"""Scopes of the bot token and what they are for."""

EVENTS: Final = (
    "app_home_opened",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_id_changed",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)
"""Events the app subscribes to. No ``app_mention``: the message itself comes anyway."""

_HEAD: Final = f"""\
display_information:
  name: Tieline
  description: Joins this workspace to your other channels and agents
features:
  bot_user:
    display_name: tieline
    always_online: true
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false
  shortcuts:
    - name: Send to room
      type: message
      callback_id: {SHORTCUT}
      description: Send this message to a room of Tieline
  slash_commands:
    - command: /tieline
      description: Who am I, and what is linked here
      usage_hint: iam
      should_escape: true
"""


def manifest_yaml(public_url: str | None = None, channel: str = "team-slack") -> str:
    """The manifest: for Socket Mode, or with ``public_url`` for signed HTTP requests to the channel of that name."""
    base = f"{public_url.rstrip('/')}/api/v1/channels/{channel}" if public_url else None
    lines = [
        _HEAD.rstrip("\n"),
        *([f"      url: {base}/events"] if base else []),
        "oauth_config:",
        "  scopes:",
        "    bot:",
        *(f"      - {scope} # {why}" for scope, why in SCOPES.items()),
        "settings:",
        "  event_subscriptions:",
        *([f"    request_url: {base}/events"] if base else []),
        "    bot_events:",
        *(f"      - {event}" for event in EVENTS),
        "  interactivity:",
        "    is_enabled: true",
        *([f"    request_url: {base}/interactions"] if base else []),
        "  org_deploy_enabled: false",
        f"  socket_mode_enabled: {'false' if base else 'true'}",
        "  token_rotation_enabled: false",
    ]
    return "\n".join(lines) + "\n"
