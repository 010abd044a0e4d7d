"""The App Home: a page of Slack's own for each person, showing what waits for them in the hub. Pure.

Rule: plain values in, a view out, at most a hundred blocks; every word that somebody typed goes through the dialect, so
that it pings nobody (law 6). Not promised: that it is fresh; Slack asks when the page is opened, or by the button.
Next stop: :mod:`tieline_slack.desk` publishes it.

Source: docs.slack.dev, "Home tabs", "views.publish", "Formatting text for app surfaces" (dates).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from tieline.model.content import Hyperlink, Inline, Paragraph, Strong, Text
from tieline.ports.adapter import Home, OpenItem, RoomChoice
from tieline_slack.dialect import SlackDialect
from tieline_slack.interactions import REFRESH, SECTION_MAX, Json, plain, said

_ITEMS: Final = 20
_ROOMS: Final = 60
_TEXT: Final = 600
_LATEST: Final = 253_402_300_799_000
"""Milliseconds of the last moment that has a date."""


def page(home: Home) -> Json:
    """The view that a person sees."""
    return {"type": "home", "blocks": [*_head(home), *_items(home), *_rooms(home.rooms)]}


def trouble() -> Json:
    """The view where the hub did not answer."""
    return {"type": "home", "blocks": [_title("Tieline"), said("The hub could not answer just now."), _refresh()]}


def _head(home: Home) -> Iterator[Json]:
    yield _title("Tieline")
    if home.handle is None:
        yield said(
            "Tieline does not know who you are. Write /tieline iam in any channel: it answers with a code that joins "
            "this Slack account to yours elsewhere. Or ask an administrator of Tieline to add your Slack account."
        )
    else:
        yield _written(Text(text="You are "), Strong(children=(Text(text=f"@{home.handle}"),)), Text(text=" here."))
    yield _refresh()


def _items(home: Home) -> Iterator[Json]:
    yield {"type": "divider"}
    yield _title("Waiting for you")
    if not home.items:
        yield said("Nothing is waiting. Mentions of you, handoffs and alerts will stand here until you have seen them.")
    for item in home.items[:_ITEMS]:
        yield _item(item)
        yield {"type": "context", "elements": [{"type": "mrkdwn", "text": _when(item.at), "verbatim": True}]}
    if len(home.items) > _ITEMS:
        yield said(f"… and {len(home.items) - _ITEMS} more.")


def _item(item: OpenItem) -> Json:
    words = item.text if len(item.text) <= _TEXT else item.text[: _TEXT - 1] + "…"
    line: list[Inline] = [
        Strong(children=(Text(text=f"{item.reason} in {item.room}"),)),
        Text(text=f" – {item.author}: {words}"),
    ]
    if item.url is not None and item.url.startswith(("https://", "http://")):
        line += [Text(text=" "), Hyperlink(url=item.url, children=(Text(text="Open"),))]
    return _written(*line)


def _rooms(rooms: tuple[RoomChoice, ...]) -> Iterator[Json]:
    yield {"type": "divider"}
    yield _title("Your rooms")
    if not rooms:
        yield said("No room is open to you yet.")
        return
    shown = ", ".join(room.name for room in rooms[:_ROOMS])
    more = f" and {len(rooms) - _ROOMS} more" if len(rooms) > _ROOMS else ""
    yield said(shown[: SECTION_MAX - len(more)] + more)


def _title(words: str) -> Json:
    return {"type": "header", "text": plain(words)}


def _refresh() -> Json:
    button = {"type": "button", "action_id": REFRESH, "text": plain("Refresh")}
    return {"type": "actions", "elements": [button]}


def _written(*words: Inline) -> Json:
    text = SlackDialect().write((Paragraph(children=words),))
    if len(text) > SECTION_MAX:  # a link longer than a section: its words are in the text before it
        return _written(*words[:-1]) if len(words) > 1 else said(text)
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _when(at: int) -> str:
    """A moment that Slack shows in the reader's own time."""
    moment = min(max(at, 0), _LATEST) // 1000
    otherwise = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{moment}^{{date_short_pretty}} {{time}}|{otherwise}>"
