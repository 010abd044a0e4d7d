"""Every command with its line of help and the module that has it: all that `tieline --help` needs.

Rule: this module imports nothing of Tieline. A line here is the first sentence of the command's own help; a test
compares them. Next stop: `tieline.cli.app`.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One command: its module below `tieline.cli`, its section of the help, its line."""

    module: str
    section: str
    line: str


_START: Final = "Begin"
_HUB: Final = "The hub"
_WHO: Final = "Who may do what"
_TALK: Final = "Talk"
_WATCH: Final = "Watch and mend"
_MAKE: Final = "Adapters and tools"

COMMANDS: Final[dict[str, Entry]] = {
    "init": Entry("beginning", _START, "Make config.yaml, .env and .gitignore in this folder."),
    "demo": Entry("running", _START, "Show Tieline with simulated channels, no account needed."),
    "check": Entry("checking", _START, "Check the configuration and name everything that is wrong."),
    "serve": Entry("running", _HUB, "Run the hub."),
    "migrate": Entry("database", _HUB, "Bring the database to this version's schema."),
    "backup": Entry("database", _HUB, "Copy the database into a new file, also while the hub runs."),
    "restore": Entry("database", _HUB, "Replace the database by a backup."),
    "config": Entry("configuring", _HUB, "Show, describe or export the configuration."),
    "token": Entry("tokens", _WHO, "Create, list and revoke tokens."),
    "hook": Entry("hooks", _WHO, "Create, list and revoke addresses that monitoring systems send alerts to."),
    "login-link": Entry("tokens", _WHO, "Print a link that signs somebody in, once, within ten minutes."),
    "members": Entry("listing", _WHO, "List the members."),
    "rooms": Entry("listing", _TALK, "List the rooms."),
    "post": Entry("talking", _TALK, "Post a message and print its id."),
    "tail": Entry("tailing", _TALK, "Show what happens in a room, as it happens."),
    "download": Entry("files", _TALK, "Download an attachment and print where it is."),
    "inbox": Entry("talking", _TALK, "Show what concerns you: mentions, replies, direct messages."),
    "alert": Entry("alerts", _TALK, "Raise an alert, or acknowledge or close one."),
    "alerts": Entry("alerts", _TALK, "List the alerts that are not closed, oldest first."),
    "preview": Entry("talking", _TALK, "Show a message as each channel would, without sending it."),
    "packet": Entry("packets", _TALK, "Check state packets."),
    "channels": Entry("operating", _WATCH, "List the channels, or set up, test, pause or resume one."),
    "deliveries": Entry("operating", _WATCH, "List deliveries, or retry or discard them."),
    "kept": Entry("kept", _WATCH, "List messages that were not posted, or release or discard one."),
    "manifest": Entry("adapters", _MAKE, "Print a platform's app manifest."),
    "invite": Entry("invite", _MAKE, "Print the address that invites the bot to a server."),
    "adapters": Entry("adapters", _MAKE, "List the installed adapters."),
    "conformance": Entry("adapters", _MAKE, "Prove an adapter against the conformance kit."),
    "openapi": Entry("describing", _MAKE, "Print the OpenAPI document of the HTTP API."),
    "completion": Entry("describing", _MAKE, "Print a completion script for your shell."),
}
