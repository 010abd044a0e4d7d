"""`tieline tail`: what happens in a room, as it happens.

Rule: each event once and in order, across lost connections (:class:`tieline.client.stream.Tail` keeps it). Next stop:
:mod:`tieline.client.stream`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from tieline.cli.app import new_app
from tieline.cli.events import line, print_event
from tieline.cli.failing import say
from tieline.cli.hub import ask
from tieline.cli.options import DEFAULT_URL, AsJson, Token, Url
from tieline.client import Client, TailEvent

app = new_app()
_LAST: Final = 10
_PAGE: Final = 500
_MAX_SEQ: Final = 2**53 - 1


@app.command(epilog="Example: tieline tail dj-waste --after 0 --json | jq .text")
def tail(
    room: Annotated[str, typer.Argument(help="A room's name.")],
    *,
    after: Annotated[
        int | None, typer.Option("--after", min=0, metavar="SEQ", help="Every event after this one; 0: everything.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end instead of waiting for more.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Show what happens in a room, as it happens.

    Begins with the last ten messages, or after SEQ. With --json, one event in JSON per line. Ctrl-C ends it; a hub that
    goes away is waited for, and nothing is left out or shown twice.
    """

    def show(event: TailEvent) -> None:
        if as_json:
            print_event(event)
        elif (text := line(event)) is not None:
            print(text, flush=True)

    async def follow(hub: Client) -> None:
        start = await _start(hub, room) if after is None else after
        end = await _history(hub, room, start, show)
        if end == 0 and not as_json:
            say(f"Nothing yet. Write something: tieline post {room} 'hello'")
        if once:
            return
        async for event in hub.tail(room, after=max(end, start)):
            show(event)

    ask(url, token, follow)


async def _start(hub: Client, room: str) -> int:
    """The number before the last few messages."""
    page = await hub.messages(room, before=_MAX_SEQ, limit=_LAST)
    return page.messages[0].seq - 1 if page.messages else 0


async def _history(hub: Client, room: str, after: int, show: Callable[[TailEvent], None]) -> int:
    """Show what happened already; the answer is the last number, 0 if there was nothing at all."""
    while True:
        page = await hub.events(room, after=after, limit=_PAGE)
        for event in page.items:
            show(event)
            after = max(after, event.seq)
        if page.next is None:
            return after
