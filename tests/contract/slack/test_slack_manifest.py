"""The app's manifest asks for what the code uses: not a scope less, and not one more.

The methods are read from the code itself; what each needs is Slack's documentation (docs.slack.dev, the "Scopes" of each
method's and each event's page, bot tokens, for the kinds of conversation that the adapter joins).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

import tieline_slack
from tests.contract.slack.slack_making import connected, make
from tests.services.scripted_slack import ScriptedSlack, scripted
from tests.services.slack_session import RecordingSession
from tieline_slack.app_manifest import EVENTS, SCOPES, SHORTCUT, manifest_yaml

HISTORY: Final = ("channels:history", "groups:history", "im:history")
READ: Final = ("channels:read", "groups:read", "im:read")

METHODS: Final[dict[str, tuple[str, ...]]] = {
    "apps.connections.open": (),  # an app-level token, with connections:write
    "auth.test": (),
    "chat.appendStream": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write", "chat:write.customize"),  # the latter for username and icon_url
    "chat.startStream": ("chat:write", "chat:write.customize"),
    "chat.stopStream": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": HISTORY,
    "conversations.info": READ,
    "conversations.list": READ[:2],
    "conversations.open": ("im:write",),
    "conversations.replies": HISTORY,
    "files.completeUploadExternal": ("files:write",),
    "files.delete": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "reactions.add": ("reactions:write",),
    "reactions.get": ("reactions:read",),
    "reactions.remove": ("reactions:write",),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
}
EVENT_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "app_home_opened": (),
    "app_uninstalled": (),
    "tokens_revoked": (),
    "channel_archive": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_id_changed": ("channels:read",),
    "channel_left": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "group_archive": ("groups:read",),
    "group_deleted": ("groups:read",),
    "group_left": ("groups:read",),
    "group_rename": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
}
FEATURES: Final = ("commands",)
"""Slash commands and shortcuts."""

FAMILIES: Final = ("apps", "auth", "chat", "conversations", "files", "reactions", "team", "users", "views", "bots")
_METHOD: Final = re.compile(rf"(?:{'|'.join(FAMILIES)})(?:\.[a-z][A-Za-z]+)+")
_SDK_CALL: Final = re.compile(rf"(?:{'|'.join(FAMILIES)})_[a-z]\w+")


def methods_in(source: str) -> Iterator[str]:
    """Methods of the Web API that a module calls: by their name in a string, or by the SDK's function."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str(words)) if _METHOD.fullmatch(words):
                yield words
            case ast.Call(func=ast.Attribute(attr=name)) if _SDK_CALL.fullmatch(name):
                yield name.replace("_", ".")
            case _:
                pass


def called() -> set[str]:
    """Every method that the adapter's code calls."""
    folder = Path(tieline_slack.__file__).parent
    return {method for path in folder.glob("*.py") for method in methods_in(path.read_text(encoding="utf-8"))}


def test_every_method_that_is_called_has_its_scopes_written_down() -> None:
    assert called() - METHODS.keys() == set()


def test_the_manifest_asks_for_exactly_the_scopes_that_methods_events_and_features_need() -> None:
    needed = {scope for method in called() for scope in METHODS[method]}
    needed |= {scope for event in EVENTS for scope in EVENT_SCOPES[event]}
    needed |= set(FEATURES)
    assert set(SCOPES) == needed


def test_the_reader_of_the_code_sees_both_ways_of_calling() -> None:
    source = 'x("chat.postMessage"); web.users_info(user=1); y = "nothing.here"; web.api_call(m)'
    assert set(methods_in(source)) == {"chat.postMessage", "users.info"}
    assert {"chat.postMessage", "users.info", "apps.connections.open", "views.publish"} <= called()


def test_the_manifest_says_what_the_code_knows() -> None:
    document = YAML(typ="safe").load(manifest_yaml())
    assert document["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert document["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)
    assert document["settings"]["interactivity"] == {"is_enabled": True}
    assert document["settings"]["socket_mode_enabled"] is True
    features = document["features"]
    assert features["app_home"]["home_tab_enabled"] and features["app_home"]["messages_tab_enabled"]
    assert [(shortcut["type"], shortcut["callback_id"]) for shortcut in features["shortcuts"]] == [
        ("message", SHORTCUT)
    ]
    assert [command["command"] for command in features["slash_commands"]] == ["/tieline"]


def test_the_limits_of_slacks_manifest_are_kept() -> None:
    """docs.slack.dev, "App manifest reference": shortcut names 24, descriptions 150; command descriptions 2,000."""
    features = YAML(typ="safe").load(manifest_yaml())["features"]
    assert all(len(shortcut["name"]) <= 24 for shortcut in features["shortcuts"])
    assert all(len(shortcut["description"]) <= 150 for shortcut in features["shortcuts"])


def test_the_manifest_for_http_names_the_channels_own_addresses() -> None:
    document = YAML(typ="safe").load(manifest_yaml("https://hub.example/", "team"))
    base = "https://hub.example/api/v1/channels/team"
    assert document["settings"]["event_subscriptions"]["request_url"] == f"{base}/events"
    assert document["features"]["slash_commands"][0]["url"] == f"{base}/events"
    assert document["settings"]["interactivity"] == {"is_enabled": True, "request_url": f"{base}/interactions"}
    assert document["settings"]["socket_mode_enabled"] is False


async def test_the_live_check_names_each_scope_that_is_missing_with_its_purpose() -> None:
    workspace = ScriptedSlack()
    workspace.scopes = ",".join(scope for scope in SCOPES if scope not in {"im:write", "commands"})
    async with scripted(workspace) as slack, connected(make(slack.settings), RecordingSession()) as adapter:
        findings = await adapter.check([])
    missing = [finding for finding in findings if finding.level == "error"]
    assert [finding.message.rpartition(" ")[2] for finding in missing] == ["im:write", "commands"]
    assert SCOPES["im:write"] in missing[0].fix
