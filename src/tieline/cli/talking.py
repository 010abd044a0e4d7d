"""`tieline post`, `inbox` and `preview`: taking part in rooms from a terminal or a script.

Rule: what a script reads (an id, JSON lines) stands alone on standard output. Next stop: :mod:`tieline.cli.tailing`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.events import print_event, said
from tieline.cli.failing import WRONG_USAGE, Failed, say
from tieline.cli.files import check_files, upload_all
from tieline.cli.hub import ask
from tieline.cli.options import DEFAULT_URL, AsJson, Token, Url
from tieline.cli.output import clean, one_line, paint, print_json
from tieline.client import Client, InboxEvent
from tieline.model.rooms import MessageType
from tieline.model.shapes import MessageOut, PostBody, PreviewItem

app = new_app()
_WAIT_SECONDS: Final = 20
_PAGE: Final = 500
_TRIES: Final = 2

Room = Annotated[str, typer.Argument(help="A room's name.")]
MaybeText = Annotated[
    str | None,
    typer.Argument(
        metavar="[TEXT|-]", help="The text; - reads it from standard input. Files need none.", show_default=False
    ),
]
Text = Annotated[str, typer.Argument(metavar="TEXT|-", help="The text; - reads it from standard input.")]
Type = Annotated[MessageType, typer.Option("--type", help="What kind of message it is.")]


def _text(text: str) -> str:
    if text != "-":
        return text
    return sys.stdin.buffer.read().decode("utf-8", "replace").removesuffix("\n")


@app.command(epilog="Example: echo 'All tests pass.' | tieline post dj-waste - --type sync")
def post(
    room: Room,
    text: MaybeText = None,
    *,
    kind: Type = MessageType.CHAT,
    thread: Annotated[str | None, typer.Option("--thread", metavar="ID", help="Id of the thread's root.")] = None,
    reply_to: Annotated[str | None, typer.Option("--reply-to", metavar="ID", help="Id of the message quoted.")] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--file", metavar="FILE", help="A file to attach; may be given several times.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Post a message and print its id.

    With --file the text may be left out; the files are uploaded first.

    The id is printed once the message is stored. If the connection breaks, it is posted again without becoming two.
    """
    files = file or []
    check_files(files)
    body = PostBody(text=_text(text or ""), type=kind, thread=thread, reply_to=reply_to)
    if not body.text and not files:
        raise Failed("the text is empty; nothing was posted", fix="write one, or attach a --file", code=WRONG_USAGE)

    async def send(hub: Client) -> MessageOut:
        return await hub.post(room, body, attachments=await upload_all(hub, files), tries=_TRIES)

    message = ask(url, token, send)
    if as_json:
        print_json(message)
    else:
        print(message.id)


# ── inbox ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command(epilog="Example: tieline inbox --wait --json")
def inbox(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until there is something.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Don't mark what is shown as read.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Show what concerns you: mentions, replies, direct messages.

    What was shown counts as read, unless --keep is given. With --json, one item per line.
    """

    async def read(hub: Client) -> bool:
        found = await _unread(hub, wait=wait)
        for item in found:
            print_event(item) if as_json else _print_item(item)
        if found and not keep:
            await hub.read_inbox(max(item.seq for item in found))
        return bool(found)

    if not ask(url, token, read) and not as_json:
        say("Nothing new concerns you. `tieline inbox --wait` waits until something does.")


async def _unread(hub: Client, *, wait: bool) -> list[InboxEvent]:
    found: list[InboxEvent] = []
    after: int | None = None
    while True:
        waiting = _WAIT_SECONDS if wait and not found else 0
        page = await hub.inbox(after=after, limit=_PAGE, wait=waiting)
        found += [item for item in page.items if isinstance(item, InboxEvent)]
        after = page.next
        if after is None and (found or not wait):
            return found


def _print_item(item: InboxEvent) -> None:
    print(f"{one_line(item.room)} ({one_line(item.reason)}) {said(item.message)}", flush=True)


# ── preview ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command(epilog="Example: tieline preview dj-waste '**Done**, see https://example.org'")
def preview(
    room: Room,
    text: Text,
    *,
    kind: Type = MessageType.CHAT,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Show a message as each channel would, without sending it."""
    answer = ask(url, token, lambda hub: hub.preview(room, _text(text), kind))
    if as_json:
        print_json(answer)
        return
    for item in answer.items:
        _print_preview(item)
    if not answer.items:
        say("No channel is linked outwards from this room; the message would stay in it.")


def _print_preview(item: PreviewItem) -> None:
    units = item.units
    print(paint(one_line(f"── {item.channel} {item.conversation} ({units.count}/{units.limit} {units.kind})"), "bold"))
    for frame in item.frames:
        if len(item.frames) > 1:
            print(paint(f"part {frame.index + 1} of {len(item.frames)}", "dim"))
        print(clean(frame.text))
    for lost in item.degradations:
        print(f"! {one_line(lost.feature)}: {one_line(lost.detail or lost.level)}")
    print()
