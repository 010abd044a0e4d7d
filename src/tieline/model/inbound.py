"""What an adapter reports from its platform: pure values made by its ``inbound`` module."""

from __future__ import annotations

from tieline.model.attachments import NativeFile
from tieline.model.base import Value
from tieline.model.content import Document
from tieline.model.delivery import DeliveryState


class NativeAuthor(Value, kw_only=True, frozen=True):
    """Who wrote on the platform. ``is_self``: our own bot or webhook by id (law 5), never by name."""

    native_id: str
    display: str
    avatar: str | None = None
    is_bot: bool = False
    is_self: bool = False


class InboundMessage(Value, tag="message", kw_only=True, frozen=True):
    """A message written on the platform.

    ``native_id`` is unique in its conversation and is the identity that makes repeats harmless.
    ``thread`` and ``reply_to`` are native ids. ``automated``: must not be answered (``Auto-Submitted`` and the like).
    ``delivery_id`` is what our own metadata on the message says: then it is an echo.
    ``cursor`` is stored with the message, for catch-up after an outage.
    """

    conversation: str
    native_id: str
    author: NativeAuthor
    content: Document
    sent_at: int
    thread: str | None = None
    reply_to: str | None = None
    url: str | None = None
    automated: bool = False
    hops: int = 0
    delivery_id: str | None = None
    files: tuple[NativeFile, ...] = ()
    direct: bool = False
    """Written to the bot alone, in the author's direct conversation."""
    references: tuple[str, ...] = ()
    """Native ids of what it follows, nearest first, where a platform names more than one (e-mail)."""
    answers: str | None = None
    """Id of our delivery that it answers, by a signed token that only its receiver had."""
    original: str | None = None
    """The text as it came, where ``content`` leaves quotations and signatures out."""
    suspect: str | None = None
    """Why it must not be posted (a forged sender, an unknown number): it is kept and shown to people instead."""
    cursor: str | None = None


class InboundEdit(Value, tag="edit", kw_only=True, frozen=True):
    """The text of a native message was changed by ``author`` at ``edited_at`` (identity: native id and that time)."""

    conversation: str
    native_id: str
    author: NativeAuthor
    content: Document
    edited_at: int


class InboundDelete(Value, tag="delete", kw_only=True, frozen=True):
    """A native message was removed."""

    conversation: str
    native_id: str
    author: NativeAuthor | None = None


class InboundReaction(Value, tag="reaction", kw_only=True, frozen=True):
    """An emoji was set or taken back; ``emoji`` is a Unicode emoji, or ``:name:`` for a custom one."""

    conversation: str
    native_id: str
    author: NativeAuthor
    emoji: str
    on: bool = True


class InboundCommand(Value, tag="command", kw_only=True, frozen=True):
    """A slash command or the like; the answer goes back where it was written (``Receipt.answer``)."""

    conversation: str
    native_id: str
    author: NativeAuthor
    text: str


class InboundInteraction(Value, tag="interaction", kw_only=True, frozen=True):
    """A button was pressed: ``action`` and ``target`` are those of the :class:`~tieline.model.actions.Action`.

    ``native_id`` is the press's own id, ``message`` the native message that holds the button. The answer goes to the
    author alone (``Receipt.answer``).
    """

    conversation: str
    native_id: str
    author: NativeAuthor
    action: str
    target: str
    message: str | None = None


class InboundForward(Value, tag="forward", kw_only=True, frozen=True):
    """Somebody sends a native message to a room (``room`` by name): a shortcut of the platform.

    ``author`` is who sends it, ``native_id`` the request's own id; ``original`` is the message as it stands there. The
    answer goes to the author alone.
    """

    conversation: str
    native_id: str
    author: NativeAuthor
    room: str
    original: InboundMessage


class InboundStatus(Value, tag="status", kw_only=True, frozen=True):
    """What became of something that we sent: receipts, bounces. States only move forward, whatever order these come in.

    Found by ``delivery_id`` where the platform brings it back, else by ``native_id``. ``state`` is ``sent``,
    ``delivered``, ``read`` or ``failed``; ``code`` and ``detail`` say why it failed.
    """

    conversation: str
    native_id: str
    state: DeliveryState
    at: int
    author: NativeAuthor | None = None
    """Whose device or mailbox says so, where that is known."""
    delivery_id: str | None = None
    code: str = ""
    detail: str = ""


class InboundConsent(Value, tag="consent", kw_only=True, frozen=True):
    """Somebody wants nothing more from us here (STOP), or again (START). Durable, per conversation."""

    conversation: str
    native_id: str
    author: NativeAuthor
    wanted: bool
    word: str = ""
    """What was written."""


InboundEvent = (
    InboundStatus
    | InboundConsent
    | InboundMessage
    | InboundEdit
    | InboundDelete
    | InboundReaction
    | InboundCommand
    | InboundInteraction
    | InboundForward
)


class Receipt(Value, kw_only=True, frozen=True):
    """The hub's answer to an adapter once an event is durable: what it became.

    ``status``: ``stored``, ``repeat`` (seen before), ``echo`` (our own), ``ignored`` (no link, or not allowed).
    ``answer``: CommonMark text to show the author of a command, if any.
    """

    status: str
    message_id: str | None = None
    answer: str | None = None
