"""What a Discord channel can show and do, as levels. Pure.

Rule: an endpoint is a channel as used by a link. As ``webhook`` people's talk carries their own name, and a reply is a
quotation; as ``bot`` a reply is a reply, and the name stands in the text; ``auto`` sends people's talk through the
webhook and what programs say as the bot, so it promises what both can do.
Next stop: the conformance kit proves each level.

Sources: Discord, "Message: Create Message" (2,000 characters, nonce), "Webhook: Execute Webhook" (neither reply nor
nonce), "Rate Limits". Characters are code points: discord/discord-api-docs#1315, by Discord's staff.
"""

from __future__ import annotations

from typing import Final, Literal

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

TEXT_MAX: Final = 2000
"""Code points of one message."""
NAME_MAX: Final = 80
"""Code points of a webhook message's name."""
MAX_PARTS: Final = 10
FILES_MAX: Final = 10
"""Files of one message."""
FILE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one file, on a server without boosts."""
PACE: Final = 0.5
"""Messages a second on the long run: 30 a minute and channel."""
BURST: Final = 5

Via = Literal["auto", "webhook", "bot"]


def capabilities(*, endpoint: Via = "auto", file_limit: int = FILE_LIMIT, pace: float = PACE) -> Capabilities:
    """Capabilities of one endpoint; ``file_limit`` in bytes, ``pace`` in messages a second."""
    bot = endpoint == "bot"
    named = IdentitySupport(level=Support.FULL, name_max=NAME_MAX, avatar=True)
    return Capabilities(
        text=TextLimit(max=TEXT_MAX, overflow=Overflow.ATTACH, max_parts=MAX_PARTS),
        dialect="discord",
        rich_text=Support.FULL,
        code_block=Support.FULL,
        table=Support.FALLBACK,
        link=Support.FULL,
        thread=Support.FULL,
        reply=Support.FULL if bot else Support.FALLBACK,
        edit=Timed(level=Support.FULL, own_only=True),
        delete=Timed(level=Support.FULL, own_only=True),
        reaction=ReactionSupport(level=Support.FULL, as_bot=True),
        attachment=AttachmentSupport(level=Support.FULL, max_size=file_limit, with_text=True, per_message=FILES_MAX),
        identity=IdentitySupport() if bot else named,
        mention=MentionSupport(by_id=Support.FULL),
        typing=Support.FULL,
        inbound_edit=True,
        inbound_delete=True,
        inbound_reaction=True,
        inbound_attachment=True,
        history=True,
        idempotent_send=bot,  # the nonce: for some minutes
        lookup=True,
        buttons=Support.REJECTED if endpoint == "webhook" else Support.FULL,
        direct=Support.FULL,
        rate=RateLimit(per_second=pace, burst=BURST),
    )
