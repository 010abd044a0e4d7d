"""The small words of the scripted Discord: its ids, permission bits, refusals, and what a script may do to a call.

Codes and sentences are those of Discord's documentation ("Opcodes and Status Codes", "Permissions"). Next stop:
`world.py`, which keeps the state.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

Json = dict[str, Any]

GUILD = "900000000000000001"
BOT = "900000000000000002"
"""The bot's user and its application: Discord gives both the same id."""
GENERAL, RANDOM, FORUM = "900000000000000010", "900000000000000011", "900000000000000012"
ALICE, BOB = "900000000000000020", "900000000000000021"
EVERYONE, BOT_ROLE, STAFF = GUILD, "900000000000000030", "900000000000000031"
TOKEN = f"{base64.b64encode(BOT.encode()).decode().rstrip('=')}.of-the.test"
"""As on Discord, it begins with the application's id."""

MIB = 1024 * 1024
DISCORD_EPOCH = 1_420_070_400_000
"""Milliseconds since 1970; snowflakes count from here."""
VIA = "1.1 google"
"""discord.py takes a 429 without this header for a ban by Cloudflare."""


class Channel:
    """Types of channels."""

    TEXT, DM, FORUM = 0, 1, 15
    PUBLIC_THREAD, PRIVATE_THREAD = 11, 12
    THREADS = frozenset({10, 11, 12})


class MessageType:
    """Types of messages."""

    DEFAULT, THREAD_CREATED, REPLY, CHAT_COMMAND, THREAD_STARTER = 0, 18, 19, 20, 21


class Intent(IntFlag):
    """What a gateway session asks to hear."""

    GUILDS = 1 << 0
    MEMBERS = 1 << 1
    PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = {Intent.PRESENCES: 1 << 12, Intent.MEMBERS: 1 << 14, Intent.MESSAGE_CONTENT: 1 << 18}
"""The flag of the application that grants each."""

PERMISSIONS = {
    "MANAGE_CHANNELS": 1 << 4,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "MANAGE_WEBHOOKS": 1 << 29,
    "MANAGE_THREADS": 1 << 34,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
}


class Refused(Exception):
    """A call is answered with an error of Discord's."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body: Json = {"message": message, "code": code} | ({"errors": errors} if errors else {})


def unknown(what: str) -> Refused:
    """Something is not there: `Channel`, `Message`, `Webhook` …"""
    codes = {"Channel": 10003, "Guild": 10004, "Member": 10007, "Message": 10008, "User": 10013, "Webhook": 10015}
    codes |= {"interaction": 10062, "application command": 10063}
    return Refused(404, codes[what], f"Unknown {what}")


def invalid(path: Sequence[str], code: str, message: str) -> Refused:
    """A form field is not as it must be."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for step in reversed(path):
        errors = {step: errors}
    return Refused(400, 50035, "Invalid Form Body", errors)


MISSING_ACCESS = (403, 50001, "Missing Access")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")


@dataclass(frozen=True)
class Reply:
    """Answer so, and do nothing."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, status: int, code: int = 0, message: str = "scripted", **headers: str) -> Reply:
        body = json.dumps({"message": message, "code": code}).encode()
        return cls(status, body, {"Content-Type": "application/json", "Via": VIA, **headers})

    @classmethod
    def throttled(cls, seconds: float, *, scope: str = "user", globally: bool = False) -> Reply:
        """A 429; `scope` is `user`, `shared` or `global`."""
        body = {"message": "You are being rate limited.", "retry_after": seconds, "global": globally}
        headers = {"Content-Type": "application/json", "Via": VIA, "Retry-After": str(int(-(-seconds // 1)))}
        headers["X-RateLimit-Scope"] = "global" if globally else scope
        if globally:
            headers["X-RateLimit-Global"] = "true"
        else:
            headers |= {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Bucket": "scripted"}
            headers["X-RateLimit-Reset-After"] = str(seconds)
        return cls(429, json.dumps(body).encode(), headers)


@dataclass(frozen=True)
class Lose:
    """Do it, and break the connection instead of answering."""


@dataclass(frozen=True)
class Half:
    """Do it, begin to answer, and break the connection."""


@dataclass(frozen=True)
class Silent:
    """Do it, and never answer."""


Behaviour = Reply | Lose | Half | Silent


@dataclass(frozen=True)
class Upload:
    """A file of a form."""

    name: str
    data: bytes
    content_type: str = "application/octet-stream"


@dataclass
class Call:
    """One request, read: where to, with what."""

    operation: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: Mapping[int, Upload]

    @property
    def fields(self) -> Json:
        """The body where it must be an object."""
        return self.body if isinstance(self.body, dict) else {}

    def truth(self, name: str) -> bool:
        """A boolean of the query."""
        return self.query.get(name, "").lower() in {"1", "true"}
