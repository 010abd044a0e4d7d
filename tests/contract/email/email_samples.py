"""What the tests of reading and writing mails share: our mailbox, frames to send, and mails of our own writing."""

from collections.abc import AsyncIterator

from tests.conftest import ROOT
from tieline.model.actions import Action
from tieline.model.delivery import Endpoint, Frame
from tieline.model.inbound import InboundEvent, InboundMessage, InboundStatus
from tieline.model.message import Author
from tieline.ports.adapter import Outgoing, OutgoingFile
from tieline_email import inbound, tokens
from tieline_email.me import FolderId, Me

SECRET = b"a secret of the tests, 32 bytes."
DELIVERY = "dlv_01m7xhsbbry7nknjhh183ad0f0"
KEY = f"{DELIVERY}:0"
PRIYA = "priya@example.net"
ME = Me(address="hub@example.org", secret=SECRET, name="Studio", authserv_ids=frozenset({"mx.example.org"}))
OPEN = Me(address="hub@example.org", secret=SECRET, hold_unverified=False)
HERE = FolderId(uidvalidity=7, uid=42)
NOW = 1_700_000_000_000
PAYLOADS = ROOT / "tests" / "payloads" / "email"
TOKEN = tokens.make(SECRET, DELIVERY, PRIYA)
SIGNED = tokens.sign(SECRET, DELIVERY, 0)
OURS = f"{SIGNED}@example.org"


def recorded(name: str, *, to: str | None = None) -> bytes:
    """A mail of the folder, with our names put in and the line breaks of mail."""
    text = (PAYLOADS / f"{name}.eml").read_text(encoding="utf-8")
    address = f"hub+{TOKEN}@example.org" if to is None else to
    for mark, value in {"{to}": address, "{message_id}": f"<{OURS}>", "{delivery}": SIGNED}.items():
        text = text.replace(mark, value)
    return text.replace("\n", "\r\n").encode()


def written(*headers: str, body: str = "Hello.", sender: str = PRIYA) -> bytes:
    """A small mail; a header of ``headers`` stands above the usual ones."""
    usual = (f"From: {sender}", "To: hub@example.org", "Message-ID: <m1@example.net>", "Subject: Re: x")
    names = {line.partition(":")[0].lower() for line in headers}
    lines = [*headers, *(line for line in usual if line.partition(":")[0].lower() not in names)]
    return ("\r\n".join(lines) + "\r\n\r\n" + body + "\r\n").encode("utf-8", "surrogateescape")


def read(raw: bytes, me: Me = ME, received_at: int = 0) -> InboundEvent | None:
    return inbound.read(raw, me, HERE, received_at=received_at)


def message(raw: bytes, me: Me = ME, received_at: int = 0) -> InboundMessage:
    found = read(raw, me, received_at)
    assert isinstance(found, InboundMessage), found
    return found


def status(raw: bytes, me: Me = ME) -> InboundStatus:
    found = read(raw, me)
    assert isinstance(found, InboundStatus), found
    return found


async def nothing() -> AsyncIterator[bytes]:
    yield b""


def file(name: str, mime: str, alt: str = "") -> OutgoingFile:
    return OutgoingFile(name=name, mime=mime, size=3, alt=alt, read=nothing)


def frame(text: str = "Pump 3 is **down**.", *, actions: tuple[Action, ...] = ()) -> Frame:
    return Frame(text=text, index=0, total=1, units=len(text), actions=actions)


MILO = Author(handle="milo", kind="human", display="Milo")
ACK = Action(name="ack", label="Acknowledge", target="msg_1")


def outgoing(text: str = "Pump 3 is **down**.", **changes: object) -> Outgoing:
    fields: dict[str, object] = {
        "key": KEY,
        "delivery_id": DELIVERY,
        "endpoint": Endpoint(channel="mail", conversation=PRIYA),
        "frame": frame(text),
        "author": MILO,
        "room": "DJ waste",
        **changes,
    }
    return Outgoing(**fields)  # type: ignore[arg-type]
