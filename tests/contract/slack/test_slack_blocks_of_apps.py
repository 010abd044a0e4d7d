"""What apps build and people's clients send beyond plain words: blocks, old attachments, hostile sizes."""

import time
from typing import Any

import pytest

from tieline.model.inbound import InboundMessage
from tieline.render.commonmark import CommonMark
from tieline_slack import inbound

ME = inbound.Me(user_id="U0BOT", bot_id="B0BOT")
Shape = dict[str, Any]


def said(**message: Any) -> str:
    event = {"type": "message", "channel": "C1", "ts": "1.1", "user": "U1", "text": "", **message}
    read = inbound.read(event, ME, {})
    assert isinstance(read, InboundMessage)
    return CommonMark().write(read.content.blocks)


def blocks(*shapes: Shape) -> str:
    return said(blocks=list(shapes))


def plain(text: str, **more: Any) -> Shape:
    return {"type": "plain_text", "text": text, **more}


def rich(*elements: Shape) -> Shape:
    return {"type": "rich_text", "elements": list(elements)}


def section(*elements: Shape) -> Shape:
    return {"type": "rich_text_section", "elements": list(elements)}


def test_dates_colours_and_groups_of_people() -> None:
    assert (
        blocks(
            rich(
                section(
                    {"type": "date", "timestamp": 1_720_710_212, "format": "{date_num}", "fallback": "July 11th"},
                    {"type": "text", "text": " or "},
                    {"type": "date", "timestamp": 1_720_710_212, "format": "{date_num}"},
                    {"type": "text", "text": " "},
                    {"type": "color", "value": "#F405B3"},
                    {"type": "text", "text": " "},
                    {"type": "usergroup", "usergroup_id": "S01"},
                    {"type": "text", "text": " "},
                    {"type": "broadcast", "range": "everyone"},
                )
            )
        )
        == "July 11th or 2024-07-11 15:03 UTC #F405B3 @S01 @everyone"
    )


@pytest.mark.parametrize("stamp", [10**30, -(10**30), True, "x", None])
def test_a_date_that_is_none_stops_nothing(stamp: object) -> None:
    assert blocks(rich(section({"type": "date", "timestamp": stamp}, {"type": "text", "text": "!"}))).endswith("!")


def test_a_table_with_cells_of_both_kinds() -> None:
    bold = rich(section({"type": "text", "text": "42", "style": {"bold": True}}))
    rows = [
        [{"type": "raw_text", "text": "Name"}, {"type": "raw_text", "text": "Size"}],
        [{"type": "raw_text", "text": "a|b"}, bold],
        [{"type": "raw_number", "value": 7}, None],
    ]
    table = {"type": "table", "rows": rows, "column_settings": [None, {"align": "right"}]}
    assert blocks(table) == "| Name | Size |\n| --- | --: |\n| a\\|b | **42** |\n| 7 |  |"


def test_a_markdown_block_is_markdown() -> None:
    assert blocks({"type": "markdown", "text": "# Hi\n\n- **a**\n- [b](https://x.org)"}) == (
        "# Hi\n\n- **a**\n- [b](https://x.org)"
    )


def test_buttons_are_shown_as_their_labels_and_inputs_are_not() -> None:
    button = {"type": "button", "text": plain("Approve :tada:"), "action_id": "a"}
    page = {"type": "button", "text": plain("Open"), "url": "https://x.org"}
    menu = {"type": "static_select", "placeholder": plain("Choose")}
    assert blocks({"type": "actions", "elements": [button, menu, page]}) == "[Approve 🎉] [Open](https://x.org)"
    assert said(text="see", blocks=[{"type": "input", "label": plain("Name")}]) == "see"


def test_a_section_with_fields_and_a_picture_beside_it() -> None:
    assert (
        blocks(
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*disk*"},
                "fields": [{"type": "mrkdwn", "text": "_host_"}, plain("db:1")],
                "accessory": {"type": "image", "image_url": "https://x.org/i.png", "alt_text": "graph"},
            }
        )
        == "**disk**\n\n_host_\n\ndb:1\n\n![graph](https://x.org/i.png)"
    )


def test_a_video_is_its_title_and_its_description() -> None:
    video = {"type": "video", "title": plain("Tour"), "title_url": "https://x.org/v", "description": plain("3 min")}
    assert blocks(video) == "[Tour](https://x.org/v)\n\n3 min"


def test_emoji_in_plain_text_are_shown_unless_it_says_otherwise() -> None:
    assert blocks({"type": "header", "text": plain("Done :tada:")}) == "## Done 🎉"
    assert blocks({"type": "header", "text": plain("Done :tada:", emoji=False)}) == "## Done :tada:"


def test_a_file_block_repeats_what_stands_in_files() -> None:
    assert said(text="", blocks=[{"type": "file", "external_id": "X", "source": "remote"}]) == ""


def test_an_old_attachment_says_all_it_has() -> None:
    attachment = {
        "fallback": "not shown",
        "pretext": "New *ticket*",
        "author_name": "Jira",
        "title": "OPS-7 &amp; more",
        "title_link": "https://x.org/7",
        "text": "Disk <https://x.org|full>",
        "fields": [{"title": "Priority", "value": "*high*", "short": True}, {"title": "Owner", "value": ""}],
        "image_url": "https://x.org/i.png",
        "footer": "ops",
        "ts": 1,
    }
    assert said(text="hey", attachments=[attachment]) == (
        "hey\n\nNew **ticket**\n\nJira: [**OPS-7 & more**](https://x.org/7)\n\nDisk [full](https://x.org)\n\n"
        "**Priority**: **high**\n\n**Owner**\n\n![OPS-7 & more](https://x.org/i.png)\n\nops"
    )
    assert said(attachments=[{"fallback": "only this"}]) == "only this"
    assert (
        said(attachments=[{"blocks": [{"type": "section", "text": plain("in blocks")}], "fallback": "x"}])
        == "in blocks"
    )


def test_what_slack_unfolded_is_nobodys_words_and_what_a_person_passed_on_is() -> None:
    unfolded = {"from_url": "https://x.org", "title": "X", "text": "a page"}
    assert said(text="see <https://x.org>", attachments=[unfolded]) == "see https://x.org"
    assert said(text="see", attachments=[{"is_app_unfurl": True, "text": "app"}]) == "see"
    passed = {
        "is_msg_unfurl": True,
        "is_share": True,
        "author_name": "bob",
        "text": "*yes*",
        "from_url": "https://x.org/p1",
    }
    assert said(text="look", attachments=[passed]) == "look\n\n> **bob** https://x.org/p1\n>\n> **yes**"


def deep(kind: str, depth: int) -> Shape:
    shape: Shape = {"type": "text", "text": "x"}
    for _ in range(depth):
        shape = {"type": kind, "elements": [shape], "text": shape, "blocks": [shape], "rows": [[shape]]}
    return shape


@pytest.mark.parametrize("kind", ["rich_text", "section", "context", "actions", "table", "rich_text_list", "novelty"])
def test_nesting_without_end_is_read_in_no_time(kind: str) -> None:
    began = time.perf_counter()
    blocks(deep(kind, 400))
    said(attachments=[{"blocks": [deep(kind, 400)]}])
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "message",
    [
        {"blocks": [{"type": "section", "text": plain("x" * 3000)}] * 5000},
        {"blocks": [rich(*[{"type": "rich_text_list", "elements": [section(plain("i"))], "indent": 0}] * 5000)]},
        {"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "c"}] * 500] * 500}]},
        {"blocks": [{"type": "markdown", "text": "[" * 40_000}]},
        {"attachments": [{"text": "*" * 2000, "fields": [{"title": "t", "value": "v"}] * 300}] * 300},
    ],
    ids=["blocks", "lists", "table", "brackets", "attachments"],
)
def test_width_without_end_is_read_in_bounded_time(message: Shape) -> None:
    began = time.perf_counter()
    said(**message)
    assert time.perf_counter() - began < 10
