"""Slack in the demo: the real inbound parser and the real rendering, without Slack.

Rule: what is typed goes through :mod:`tieline_slack.inbound` as the payload Slack would send; what is shown is made of
the arguments ``chat.postMessage`` would get. Not promised: Slack's looks. Next stop: the demo's page shows the HTML.
"""

from __future__ import annotations

from html import escape

import msgspec

from tieline.model.capabilities import Capabilities, Support
from tieline.model.content import Document
from tieline.model.inbound import InboundEvent, InboundMessage, NativeAuthor
from tieline.model.message import Format
from tieline.ports.adapter import Outgoing
from tieline.ports.rendering import Dialect
from tieline.render.commonmark_writer import CommonMark
from tieline.render.html import to_html
from tieline_slack import inbound, mrkdwn, render
from tieline_slack.abilities import capabilities
from tieline_slack.dialect import SlackDialect
from tieline_slack.names import Profile

ME = inbound.Me(user_id="U0TIELINE", bot_id="B0TIELINE", team_id="T0DEMO")


class SlackSimulator:
    """Slack's side of the demo."""

    @property
    def title(self) -> str:
        """The pane's name."""
        return "Slack"

    def dialect(self) -> Dialect:
        """Slack's mrkdwn."""
        return SlackDialect()

    def capabilities(self) -> Capabilities:
        """Those of a workspace with all scopes granted, without what needs Slack itself."""
        return msgspec.structs.replace(capabilities(names=True), direct=Support.REJECTED, inbound_attachment=False)

    def typed(
        self, conversation: str, user: str, text: str, native_id: str, *, thread: str | None = None
    ) -> InboundEvent:
        """What Slack would report: the composer's text with ``& < >`` as entities."""
        event: dict[str, object] = {
            "type": "message",
            "channel": conversation,
            "user": user,
            "text": escape(text, quote=False),
            "ts": native_id,
            "event_ts": native_id,
            "channel_type": "channel",
            **({"thread_ts": thread} if thread else {}),
        }
        read = inbound.read(event, ME, {user: Profile(display=user)})
        # Only an empty id, user or conversation reads as nothing; the demo sends none, the door answers anyway.
        return read if read is not None else _unread(conversation, user, native_id)

    def shown(self, outgoing: Outgoing) -> str:
        """The message as HTML: name, and text read back from what is sent."""
        arguments = render.post(outgoing)
        content = mrkdwn.parse(str(arguments["text"]))
        name = escape(str(arguments.get("username", "tieline")))
        text = to_html(CommonMark().write(content.blocks), Format.MARKDOWN)
        buttons = "".join(f"<button disabled>{escape(action.label)}</button>" for action in outgoing.frame.actions)
        said = f'<div class="slack-text">{text}</div>{buttons}'
        return f'<div class="slack-message"><b class="slack-name">{name}</b>{said}</div>'


def simulator() -> SlackSimulator:
    """Made by the manifest's name."""
    return SlackSimulator()


def _unread(conversation: str, user: str, native_id: str) -> InboundMessage:
    author = NativeAuthor(native_id=user, display=user)
    return InboundMessage(conversation=conversation, native_id=native_id, author=author, content=Document(), sent_at=0)
