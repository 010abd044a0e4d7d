"""What the tests of the e-mail adapter share: a channel on the servers, connected or not, and frames for it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.services.mail_servers import PASSWORD, MailServers
from tieline.model.delivery import Endpoint, Frame
from tieline.model.inbound import InboundEvent, InboundMessage
from tieline.model.message import Author
from tieline.ports.adapter import AdapterContext, Outgoing
from tieline.ports.clock import Clock, SystemClock
from tieline.render.commonmark_writer import CommonMark
from tieline.testing.bench import eventually
from tieline.testing.session import RecordingSession
from tieline_email.adapter import EmailAdapter, create

_NUMBERS = itertools.count(1)
PRIYA = Author(handle="priya", kind="human", display="Priya")


def settings(servers: MailServers, address: str, **more: object) -> dict[str, Any]:
    """Implicit TLS in, STARTTLS out, as most providers have it; senders need no proof."""
    imap: dict[str, object] = {
        "host": "localhost",
        "port": servers.ports["imaps"],
        "username": address,
        "password": PASSWORD,
        "ca_file": servers.ca_file,
    }
    made: dict[str, Any] = {
        "address": address,
        "imap": imap,
        "smtp": {"port": servers.ports["smtp"]},
        "hold_unverified": False,
    }
    for name, value in more.items():
        if name in {"imap", "smtp"} and isinstance(value, Mapping):
            made[name] = {**made[name], **value}
        else:
            made[name] = value
    return made


def make(raw: Mapping[str, object], clock: Clock | None = None, public_url: str | None = None) -> EmailAdapter:
    return create(AdapterContext(channel="mail", settings=raw, clock=clock or SystemClock(), public_url=public_url))


@asynccontextmanager
async def connected(adapter: EmailAdapter, session: RecordingSession) -> AsyncIterator[EmailAdapter]:
    try:
        await adapter.connect(session)
        yield adapter
    finally:
        await adapter.disconnect()


def outgoing(to: str, text: str, **fields: Any) -> Outgoing:
    """A frame to an address; ``number`` may be given to send the same again."""
    number = fields.pop("number", None) or next(_NUMBERS)
    delivery = f"dlv_01arz3ndektsv4rrffq6{number:06}"[:30]
    values: dict[str, Any] = {
        "key": f"{delivery}:0",
        "delivery_id": delivery,
        "endpoint": Endpoint(channel="mail", conversation=to),
        "frame": Frame(text=text, index=0, total=1, units=len(text)),
        "author": PRIYA,
        "room": "DJ waste",
        **fields,
    }
    return Outgoing(**values)


def texts(session: RecordingSession) -> list[str]:
    """What the adapter handed over, as text."""
    return [words(event) for event in session.events if isinstance(event, InboundMessage)]


def words(event: InboundEvent) -> str:
    assert isinstance(event, InboundMessage)
    return CommonMark().write(event.content.blocks).strip()


async def heard(session: RecordingSession, count: int, limit: float = 20.0) -> list[InboundEvent]:
    await eventually(lambda: len(session.events) >= count, f"{count} events, not {len(session.events)}", limit)
    return session.events
