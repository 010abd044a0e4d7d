"""Direct messages: the conversation between the bot and one person.

Rule: ``conversations.open`` answers the same conversation each time, so repeating is harmless. A message in it is
marked ``direct`` when it is read. Bots show nobody that they are writing.
Next stop: the hub sends to it as to any other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tieline.errors import Uncertain
from tieline_slack.shapes import mapping, text

Call = Callable[[str, Mapping[str, object]], Awaitable[Mapping[str, object]]]
"""Call a writing method with arguments."""


async def opened(call: Call, native_id: str) -> str:
    """The id (``D…``) of the direct conversation with a person. Raises DeliveryError."""
    answer = await call("conversations.open", {"users": native_id})
    conversation = text(mapping(answer.get("channel")), "id")
    if not conversation:
        raise Uncertain("bad_answer", "Slack answered ok, without the conversation's id")
    return conversation
