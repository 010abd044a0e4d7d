"""Mentions in texts: a member's `@handle` whatever its case, in code points, and only where somebody is meant."""

import pytest
from hypothesis import given

from tests.properties.content_strategies import texts
from tieline.model.content import Code, Document, Mention, Paragraph, Strong, Text
from tieline.render.commonmark import parse
from tieline.render.mentions import find_mentions, resolve

KNOWN = {"sam", "priya", "build-bot", "a"}


def found(text: str) -> list[str]:
    mentions = find_mentions(text, KNOWN.__contains__)
    assert all(text[mention.start : mention.end].lower() == "@" + mention.handle for mention in mentions)
    return [mention.handle for mention in mentions]


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@sam", ["sam"]),
        ("hi @sam, and (@priya)!", ["sam", "priya"]),
        ("🎉 @sam's turn, @build-bot- @sam: @sam.", ["sam", "build-bot", "sam", "sam"]),
        ("**@sam** _@priya_", ["sam"]),
        ("[NEXT_HOP]: @sam", ["sam"]),
        ("nobody@sam mail sam@priya.org @sam@priya.org @sam.org @samuel @", []),
        ("@Sam and @PRIYA, not @\u017fam", ["sam", "priya"]),
        ("https://x.org/@sam https://x.org/?to=@sam", []),
        ("`@sam` ``a` @sam`` @priya", ["priya"]),
        ("` @sam", ["sam"]),
        ("```\n@sam\n```\n@priya", ["priya"]),
        ("~~~\n@sam\n```\n@sam", []),
        ("> ```\n> @sam\n> ```\n@priya", ["priya"]),
        ("``` @sam ``` @priya", ["priya"]),
        ("\\@sam", []),
        ("no mention at all", []),
    ],
)
def test_who_is_mentioned(text: str, handles: list[str]) -> None:
    assert found(text) == handles


@given(texts())
def test_any_text_can_be_searched(text: str) -> None:
    found(text)


def test_handles_become_mentions_by_native_id_except_in_code_and_labels() -> None:
    document = parse("@sam **@priya** `@sam` [@sam](https://x.org) @nobody a@sam")
    made = resolve(document, {"sam": "U1", "priya": "U2"})
    sam, priya = (
        Mention(display="sam", handle="sam", native_id="U1"),
        Mention(display="priya", handle="priya", native_id="U2"),
    )
    children = made.blocks[0].children if isinstance(made.blocks[0], Paragraph) else ()
    assert children[:5] == (sam, Text(text=" "), Strong(children=(priya,)), Text(text=" "), Code(text="@sam"))
    assert sum(isinstance(child, Mention) for child in children) == 1
    assert children[-1] == Text(text=" @nobody a@sam")


def test_a_known_member_read_from_another_platform_gets_this_channel_s_id() -> None:
    document = Document(
        blocks=(Paragraph(children=(Mention(display="Sam", handle="sam"), Mention(display="Zoë", native_id="X9"))),)
    )
    assert resolve(document, {"sam": "U1"}) == Document(
        blocks=(
            Paragraph(
                children=(Mention(display="Sam", handle="sam", native_id="U1"), Mention(display="Zoë", native_id="X9"))
            ),
        )
    )
