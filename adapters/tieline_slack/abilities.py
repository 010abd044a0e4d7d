"""What Slack can show and do, as levels. Pure.

Rule: said modestly until Slack was asked; without ``chat:write.customize`` an author's name stands in the text.
Next stop: the conformance kit proves each level.
"""

from __future__ import annotations

from typing import Final

from tieline.model.capabilities import (
    AttachmentSupport,
    Capabilities,
    IdentitySupport,
    MentionSupport,
    Overflow,
    RateLimit,
    ReactionSupport,
    Support,
    TextLimit,
    Timed,
)
from tieline_slack.render import NAME_MAX, TEXT_MAX

FILE_MAX: Final = 1_000_000_000
"""Bytes of one file: "up to 1 GB" (Slack, "Add files to Slack")."""
_FILES: Final = AttachmentSupport(level=Support.FULL, max_size=FILE_MAX, per_message=10)
_PARTS: Final = 5
"""A text of more parts than this goes as a file, where files go."""


def capabilities(
    *,
    names: bool,
    files: bool = False,
    edit_window: int | None = None,
    pace: float = 1.0,
    streaming: bool = False,
) -> Capabilities:
    """Capabilities of every conversation of a workspace.

    ``names``: messages can carry their author's own; ``files``: the app may send files;
    ``streaming``: the channel's setting.
    """
    attached = TextLimit(max=TEXT_MAX, overflow=Overflow.ATTACH, max_parts=_PARTS)
    identity = IdentitySupport(level=Support.FULL, name_max=NAME_MAX, avatar=True)
    return Capabilities(
        text=attached if files else TextLimit(max=TEXT_MAX),
        dialect="slack",
        rich_text=Support.PARTIAL,  # no headings, no nested lists: mrkdwn has neither
        code_block=Support.PARTIAL,  # no languages
        table=Support.FALLBACK,
        link=Support.FULL,
        thread=Support.FULL,
        reply=Support.FALLBACK,  # Slack has threads, and no reply to one message
        edit=Timed(level=Support.FULL, own_only=True, max_age=edit_window),
        delete=Timed(level=Support.FULL, own_only=True),
        reaction=ReactionSupport(level=Support.FULL, as_bot=True),
        identity=identity if names else IdentitySupport(),
        mention=MentionSupport(by_id=Support.FULL),
        attachment=_FILES if files else AttachmentSupport(),
        inbound_attachment=True,
        inbound_edit=True,
        inbound_delete=True,
        inbound_reaction=True,
        history=True,
        lookup=True,
        buttons=Support.FULL,
        streaming=Support.PARTIAL if streaming else Support.REJECTED,  # in threads; what mentions somebody is edited
        direct=Support.FULL,
        rate=RateLimit(
            per_second=pace, burst=max(5, int(pace))
        ),  # "1 message per second per channel, short bursts are allowed"
    )
