"""Discord in the demo: the real inbound parser and the real rendering, without Discord.

Rule: what is typed goes through :mod:`tieline_discord.inbound` as the payload Discord would send; what is shown is made
of the body that a webhook would get. Not promised: Discord's looks. Next stop: the demo's page shows the HTML.
"""

from __future__ import annotations

from html import escape

from tieline.model.capabilities import Capabilities
from tieline.model.content import Document
from tieline.model.inbound import InboundEvent, InboundMessage, NativeAuthor
from tieline.model.message import Format
from tieline.ports.adapter import Outgoing
from tieline.ports.rendering import Dialect
from tieline.render.commonmark_writer import CommonMark
from tieline.render.html import to_html
from tieline_discord import inbound, markup, render
from tieline_discord.abilities import capabilities
from tieline_discord.dialect import DiscordDialect
from tieline_discord.shapes import sequence

ME = inbound.Me(user_id="1000000000000000001", application_id="1000000000000000001")
GUILD = "1000000000000000002"


class _Threads(inbound.Nowhere):
    """A demo's thread: it belongs to the conversation it was written in."""

    def __init__(self, thread: str | None, conversation: str) -> None:
        self._parents = {thread: conversation}

    def parent_of(self, channel_id: str) -> str | None:
        """The conversation of the thread."""
        return self._parents.get(channel_id)


class DiscordSimulator:
    """Discord's side of the demo."""

    @property
    def title(self) -> str:
        """The pane's name."""
        return "Discord"

    def dialect(self) -> Dialect:
        """Discord's markdown."""
        return DiscordDialect()

    def capabilities(self) -> Capabilities:
        """Those of a channel where the bot may make webhooks."""
        return capabilities(endpoint="auto")

    def typed(
        self, conversation: str, user: str, text: str, native_id: str, *, thread: str | None = None
    ) -> InboundEvent:
        """What Discord would report; in a thread its id is the channel's."""
        data: dict[str, object] = {
            "id": native_id,
            "type": 0,
            "channel_id": thread or conversation,
            "guild_id": GUILD,
            "author": {"id": user, "username": user},
            "content": text,
        }
        read = inbound.read("MESSAGE_CREATE", data, ME, _Threads(thread, conversation))
        # Only an empty id, user or conversation reads as nothing; the demo sends none, the door answers anyway.
        return read if read is not None else _unread(conversation, user, native_id)

    def shown(self, outgoing: Outgoing) -> str:
        """The message as HTML: name, text read back from what is sent, and the names of its files."""
        body = render.create(outgoing, as_webhook=outgoing.author is not None)
        content = markup.parse(str(body["content"]))
        name = escape(str(body.get("username", "tieline")))
        text = to_html(CommonMark().write(content.blocks), Format.MARKDOWN)
        buttons = "".join(f"<button disabled>{escape(action.label)}</button>" for action in outgoing.frame.actions)
        files = "".join(f'<div class="sim-file">{escape(_name(meta))}</div>' for meta in sequence(body["attachments"]))
        return (
            f'<div class="discord-message"><b class="sim-name">{name}</b>'
            f'<div class="sim-text">{text}</div>{files}{buttons}</div>'
        )


def simulator() -> DiscordSimulator:
    """Made by the manifest's name."""
    return DiscordSimulator()


def _name(meta: object) -> str:
    return str(meta.get("filename", "")) if isinstance(meta, dict) else ""


def _unread(conversation: str, user: str, native_id: str) -> InboundMessage:
    author = NativeAuthor(native_id=user, display=user)
    return InboundMessage(conversation=conversation, native_id=native_id, author=author, content=Document(), sent_at=0)
