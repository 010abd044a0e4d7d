"""The commands that routing decides."""

from __future__ import annotations

from tieline.model.commands import (
    CreateAttachment,
    DecideKept,
    DeleteMessage,
    DigestLane,
    DiscardDelivery,
    EditMessage,
    FinishAttachment,
    FinishDelivery,
    ForgetAttachments,
    PostDirect,
    PostMessage,
    React,
    ReceiveEvent,
    RetryDelivery,
    SaveCursor,
    SetInboxCursor,
    StartDelivery,
)
from tieline.ports.deciding import Deciders, Rule
from tieline.routing import attachments, cursors, deliveries, digests, inbound, interactions, messages
from tieline.routing.hearing import Acts


def deciders(acts: Acts = interactions.ACTS) -> Deciders:
    """All commands that routing decides; ``bootstrap`` joins them with the others'. ``acts``: what actions do."""
    return {
        PostMessage: Rule(messages.post, rows=messages.needs_post, recalled=messages.recall),
        PostDirect: Rule(messages.post_direct, rows=messages.needs_post, recalled=messages.recall),
        EditMessage: Rule(messages.edit, rows=messages.needs_message, recalled=messages.recall),
        DeleteMessage: Rule(messages.delete, rows=messages.needs_message, recalled=messages.recall),
        React: Rule(messages.react, rows=messages.needs_message),
        CreateAttachment: Rule(attachments.create),
        FinishAttachment: Rule(attachments.finish, rows=attachments.needs_finish),
        ForgetAttachments: Rule(attachments.forget),
        ReceiveEvent: Rule(inbound.receiver(acts), rows=inbound.needs),
        DecideKept: Rule(inbound.release),
        SaveCursor: Rule(cursors.save),
        SetInboxCursor: Rule(messages.set_inbox_cursor),
        StartDelivery: Rule(deliveries.start, rows=deliveries.needs),
        FinishDelivery: Rule(deliveries.finish, rows=deliveries.needs),
        RetryDelivery: Rule(deliveries.retry, rows=deliveries.needs),
        DigestLane: Rule(digests.digest),
        DiscardDelivery: Rule(deliveries.discard, rows=deliveries.needs),
    }
