"""The author's name before what the bot says for somebody, where the text was made for a webhook. Pure.

Rule: on an ``auto`` endpoint people's talk goes through the webhook, which shows the name; an alert or handoff of
theirs is said by the bot, so there the name stands in the text. A text that has no room for it goes without.
Next stop: :mod:`tieline_discord.outbound`.
"""

from __future__ import annotations

import msgspec

from tieline.model.content import Paragraph, Strong, Text
from tieline.ports.adapter import Outgoing
from tieline_discord.abilities import TEXT_MAX
from tieline_discord.dialect import DiscordDialect


def named(outgoing: Outgoing) -> Outgoing:
    """The same, with its author's name before the first frame's text."""
    author, frame = outgoing.author, outgoing.frame
    if author is None or frame.index != 0 or not frame.text:
        return outgoing
    name = DiscordDialect().write((Paragraph(children=(Strong(children=(Text(text=author.display),)),)),)).strip()
    text = f"{name}:\n{frame.text}"
    if len(text) > TEXT_MAX:
        return outgoing
    return msgspec.structs.replace(outgoing, frame=msgspec.structs.replace(frame, text=text, units=len(text)))
