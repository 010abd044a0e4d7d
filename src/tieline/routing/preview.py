"""What every link of a room would show of a text, without sending it: the same plan, the same rendering as a lane's."""

from __future__ import annotations

from collections.abc import Sequence

from tieline.model.capabilities import Capabilities
from tieline.model.delivery import Endpoint
from tieline.model.members import Actor
from tieline.model.message import Author, Format, Message, Origin
from tieline.model.rooms import Direction, Link, MessageType, Room, Severity
from tieline.model.shapes import DegradationOut, PreviewCost, PreviewFrame, PreviewItem, PreviewUnits
from tieline.ports.channels import Channels
from tieline.ports.directory import Directory
from tieline.ports.rendering import Rendered
from tieline.render.mentions import find_mentions
from tieline.render.plan import render
from tieline.routing.outbox_plan import native_names, plan_of
from tieline.routing.router import carries


class Preview:
    """Shows a message on all outward links of a room."""

    def __init__(self, directory: Directory, channels: Channels) -> None:
        self._directory = directory
        self._channels = channels

    async def __call__(self, actor: Actor, room: Room, text: str, kind: MessageType, /) -> Sequence[PreviewItem]:
        """One item per link that would carry it, in order of making; a channel without an adapter is left out."""
        message = self._message(actor, room, text, kind)
        items = [self._item(link, message) for link in self._directory.links_of(room.id) if carries(link, message)]
        return [item for item in items if item is not None]

    def _message(self, actor: Actor, room: Room, text: str, kind: MessageType) -> Message:
        author = Author.of(actor.member) if actor.member else Author(handle=None, kind="guest", display="guest")
        return Message(
            id="preview",
            room_id=room.id,
            seq=0,
            type=kind,
            text=text,
            format=Format.MARKDOWN,
            author=author,
            author_id=actor.member.id if actor.member else None,
            origin=Origin(channel="web"),
            created_at=0,
            mentions=find_mentions(text, lambda handle: self._directory.member(handle) is not None),
            severity=Severity.WARNING if kind is MessageType.ALERT else None,
        )

    def _item(self, link: Link, message: Message) -> PreviewItem | None:
        adapter = self._channels.known(link.channel)
        if adapter is None or link.direction is Direction.IN:
            return None
        conversation = link.conversation or link.label
        endpoint = Endpoint(channel=link.channel, conversation=conversation, via=link.via)
        capabilities = adapter.capabilities(endpoint)
        names = native_names(message, link.channel, self._directory)
        rendered = render(plan_of(message, capabilities, names), capabilities, adapter.dialect(endpoint))
        return item(link.channel, link.label or conversation, rendered, capabilities)


def cost_of(rendered: Rendered, capabilities: Capabilities) -> PreviewCost | None:
    """What it takes of what the platform counts, and what that costs where the price is known."""
    if capabilities.cost_unit is None:
        return None
    units = sum(frame.units for frame in rendered.frames)
    price = None if capabilities.price is None else round(units * capabilities.price, 6)
    return PreviewCost(unit=capabilities.cost_unit, count=units, price=price, currency=capabilities.currency or None)


def item(channel: str, conversation: str, rendered: Rendered, capabilities: Capabilities) -> PreviewItem:
    """Frames with the use of the endpoint's limit: the longest frame counts."""
    return PreviewItem(
        channel=channel,
        conversation=conversation,
        frames=tuple(PreviewFrame(text=f.text, index=f.index, total=f.total) for f in rendered.frames),
        units=PreviewUnits(
            kind=capabilities.text.unit.value,
            count=max((frame.units for frame in rendered.frames), default=0),
            limit=capabilities.text.max,
        ),
        cost=cost_of(rendered, capabilities),
        degradations=tuple(
            DegradationOut(feature=d.feature, level=d.level.name.lower(), detail=d.detail)
            for d in rendered.degradations
        ),
    )
