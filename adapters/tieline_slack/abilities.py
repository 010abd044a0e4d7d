"""What Slack can show and do, as levels. Pure.

Rule: said modestly until Slack was asked; without ``chat:write.customize`` an author's name stands in the text.
Next stop: the conformance kit proves each level.
"""

from __future__ import annotations

from tieline.model.capabilities import (
    Capabilities,
    IdentitySupport,
    MentionSupport,
    RateLimit,
    ReactionSupport,
    Support,
    TextLimit,
    Timed,
)
from tieline_slack.render import NAME_MAX, TEXT_MAX


def capabilities(*, names: bool, edit_window: int | None = None, pace: float = 1.0) -> Capabilities:
    """Capabilities of every conversation of a workspace; ``names``: messages can carry their author's own."""
    identity = IdentitySupport(level=Support.FULL, name_max=NAME_MAX, avatar=True)
    return Capabilities(
        text=TextLimit(max=TEXT_MAX),
        dialect="slack",
        rich_text=Support.PARTIAL,  # no headings, no nested lists: mrkdwn has neither
        code_block=Support.FULL,
        table=Support.FALLBACK,
        link=Support.FULL,
        thread=Support.FULL,
        reply=Support.FALLBACK,  # Slack has threads, and no reply to one message
        edit=Timed(level=Support.FULL, own_only=True, max_age=edit_window),
        delete=Timed(level=Support.FULL, own_only=True),
        reaction=ReactionSupport(level=Support.FULL, as_bot=True),
        identity=identity if names else IdentitySupport(),
        mention=MentionSupport(by_id=Support.FULL),
        inbound_edit=True,
        inbound_delete=True,
        inbound_reaction=True,
        history=True,
        lookup=True,
        buttons=Support.FULL,
        direct=Support.FULL,
        rate=RateLimit(
            per_second=pace, burst=max(5, int(pace))
        ),  # "1 message per second per channel, short bursts are allowed"
    )
