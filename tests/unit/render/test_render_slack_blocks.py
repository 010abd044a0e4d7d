"""Slack's blocks in: shapes as Slack's clients send them (Slack, "Block Kit: blocks", rich text)."""

import pytest

from tieline.render.commonmark import CommonMark
from tieline_slack import blocks

Shape = dict[str, object]


def text(value: str, **style: bool) -> Shape:
    return {"type": "text", "text": value, **({"style": style} if style else {})}


def section(*elements: Shape) -> Shape:
    return {"type": "rich_text_section", "elements": list(elements)}


def items(*elements: Shape, style: str = "bullet", indent: int = 0, offset: int = 0) -> Shape:
    return {"type": "rich_text_list", "style": style, "indent": indent, "offset": offset, "elements": list(elements)}


def rich(*elements: Shape) -> Shape:
    return {"type": "rich_text", "block_id": "x", "elements": list(elements)}


def read(*shapes: Shape) -> str:
    document = blocks.parse(shapes)
    assert document is not None
    return CommonMark().write(document.blocks)


def test_a_section_with_styles_mentions_links_emoji_and_a_broadcast() -> None:
    assert (
        read(
            rich(
                section(
                    {"type": "broadcast", "range": "here"},
                    text(" "),
                    {"type": "user", "user_id": "U012"},
                    text(" do "),
                    text("this", bold=True),
                    text(" and "),
                    text("that", bold=True, italic=True),
                    text(", not "),
                    text("this", strike=True),
                    text(" "),
                    text("x = 1", code=True),
                    text(" "),
                    {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc"},
                    {"type": "emoji", "name": "party_parrot"},
                    text("\nsee "),
                    {"type": "link", "url": "https://x.org", "text": "here"},
                    text(" in "),
                    {"type": "channel", "channel_id": "C01"},
                )
            )
        )
        == "@here @U012 do **this** and **_that_**, not ~~this~~ `x = 1` 👋🏼:party_parrot:\nsee [here](https://x.org) in #C01"
    )


def test_lists_that_slack_sends_flat_are_nested_again_and_keep_their_numbers() -> None:
    assert (
        read(
            rich(
                items(section(text("one")), section(text("two")), style="ordered"),
                items(section(text("a")), indent=1),
                items(section(text("deep")), indent=2),
                items(section(text("b")), indent=1),
                items(section(text("three")), style="ordered", offset=2),
            )
        )
        == "1. one\n2. two\n   - a\n     - deep\n   - b\n3. three"
    )


def test_quotes_and_code() -> None:
    code: Shape = {
        "type": "rich_text_preformatted",
        "elements": [text("a < b\n"), {"type": "link", "url": "https://x.org"}],
        "border": 0,
    }
    quote: Shape = {"type": "rich_text_quote", "elements": [text("said\nso")]}
    assert read(rich(quote, code)) == "> said\n> so\n\n```\na < b\nhttps://x.org\n```"


def test_what_apps_build_is_read() -> None:
    assert (
        read(
            {"type": "header", "text": {"type": "plain_text", "text": "Build *1*"}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*ok* &amp; <https://x.org|log>"},
                "fields": [{"type": "mrkdwn", "text": "_f_"}],
            },
            {"type": "divider"},
            {
                "type": "context",
                "elements": [
                    {"type": "image", "image_url": "https://x.org/i.png", "alt_text": "i"},
                    {"type": "mrkdwn", "text": "by <@U1|sam>"},
                ],
            },
            {"type": "image", "image_url": "https://x.org/g.png", "alt_text": "graph"},
            {"type": "novelty", "elements": [{"text": {"type": "plain_text", "text": "Press me"}}]},
        )
        == "## Build \\*1\\*\n\n**ok** & [log](https://x.org)\n\n_f_\n\n___\n\n![i](https://x.org/i.png) by @sam\n\n![graph](https://x.org/g.png)\n\nPress me"
    )


@pytest.mark.parametrize(
    "shapes",
    [
        [],
        [{}],
        [{"type": "rich_text"}],
        [{"type": "rich_text", "elements": [None, 1, "x"]}],
        [{"type": "actions", "elements": []}],
    ],
)
def test_none_where_nothing_is_to_be_read(shapes: list[Shape]) -> None:
    assert blocks.parse(shapes) is None


def test_deep_and_wide_shapes_do_no_harm() -> None:
    deep: Shape = text("x")
    for _ in range(5000):
        deep = {"type": "rich_text_section", "elements": [deep]}
    blocks.parse([rich(deep)])
    assert read(rich(*(items(section(text(str(number))), indent=number) for number in range(300)))).startswith(
        "- 0\n  - 1"
    )
