"""From plan to frames: what is told as a degradation, how parts end, and what plain text and segments are."""

import pytest

from tieline.model.capabilities import Capabilities, Overflow, Support, TextLimit, TextUnit
from tieline.model.content import Document
from tieline.render import segments
from tieline.render.commonmark import CommonMark, parse
from tieline.render.dialect import Plan
from tieline.render.measure import units
from tieline.render.plain import Plain
from tieline.render.plan import QUOTE_LENGTH, render

FULL, PARTIAL = Support.FULL, Support.PARTIAL
WHOLE = Capabilities(text=TextLimit(max=2000), rich_text=FULL, code_block=FULL, table=FULL, link=FULL)
POOR = Capabilities(text=TextLimit(max=2000))


def features(text: str, capabilities: Capabilities) -> set[str]:
    return {note.feature for note in render(Plan(document=parse(text), author="x"), capabilities, Plain()).degradations}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", set()),
        ("**b**", {"rich_text"}),
        ("# h", {"rich_text"}),
        ("```\nx\n```", {"code_block"}),
        ("[l](https://x.org)", {"link"}),
        ("https://x.org", set()),
        ("![i](https://x.org)", {"image", "link"}),
    ],
)
def test_each_fallback_is_told_once_and_nothing_else(text: str, expected: set[str]) -> None:
    assert features(f"{text}\n\n{text}", POOR) == expected
    assert features(text, WHOLE) == set()


def test_a_table_without_tables_is_aligned_code() -> None:
    frame = render(Plan(document=parse("|a|b|\n|-|-:|\n|xx|1|"), author="x"), POOR, CommonMark()).frames[0]
    assert frame.text == "```\na  | b\n---+--\nxx | 1\n```"


def test_the_same_plan_gives_one_frame_where_it_fits_and_parts_with_counts_where_not() -> None:
    document = parse("one two three four five six seven eight nine ten eleven twelve")
    plan = Plan(document=document, author="x")
    assert [frame.text for frame in render(plan, WHOLE, Plain()).frames] == [
        "one two three four five six seven eight nine ten eleven twelve"
    ]
    narrow = Capabilities(text=TextLimit(max=40))
    assert [frame.text for frame in render(plan, narrow, Plain()).frames] == [
        "one two three four five six (1/3)",
        "seven eight nine ten eleven (2/3)",
        "twelve (3/3)",
    ]


def test_code_that_fits_a_part_of_its_own_is_not_parted() -> None:
    code = "```py\n" + "\n".join(f"line {number}" for number in range(6)) + "\n```"
    frames = render(
        Plan(document=parse("words " * 6 + "\n\n" + code), author="x"),
        Capabilities(text=TextLimit(max=75), rich_text=FULL, code_block=FULL),
        CommonMark(),
    ).frames
    assert frames[1].text == code + "\n\n(2/2)"


def test_a_heading_is_not_left_alone_at_the_end_of_a_part() -> None:
    text = "intro words here " * 3 + "\n\n# Heading\n\n" + "body words go on " * 5
    frames = render(
        Plan(document=parse(text), author="x"), Capabilities(text=TextLimit(max=80), rich_text=FULL), CommonMark()
    ).frames
    assert frames[1].text.startswith("# Heading\n\nbody")


def test_what_is_over_the_parts_is_cut_and_says_so() -> None:
    short = Capabilities(text=TextLimit(max=60, overflow=Overflow.TRUNCATE))
    rendered = render(Plan(document=parse("word " * 50), author="x"), short, Plain())
    assert len(rendered.frames) == 1
    assert rendered.frames[0].text.endswith("word … (cut)")
    assert [note.feature for note in rendered.degradations] == ["length"]


def test_a_long_original_is_quoted_by_its_start() -> None:
    rendered = render(
        Plan(document=parse("yes"), author="Priya", prefix=True, quote="why? " * 100), WHOLE, CommonMark()
    )
    quote, answer = rendered.frames[0].text.split("\n\n")
    assert quote.startswith("> why? why?") and quote.endswith("…") and len(quote) <= QUOTE_LENGTH + 2
    assert answer == "**Priya**: yes"
    assert {note.feature for note in rendered.degradations} == {"reply", "identity"}


def test_a_name_cannot_bring_markup_or_lines() -> None:
    frame = render(Plan(document=parse("hi"), author="**x**\n# y", prefix=True), WHOLE, CommonMark()).frames[0]
    assert frame.text == "**\\*\\*x\\*\\* # y**: hi"


def test_an_empty_message_still_shows_something() -> None:
    assert render(Plan(document=Document(), author="x"), POOR, Plain()).frames[0].text == "(no text)"


def test_units_are_what_the_platforms_count() -> None:
    text = "é🎉"
    assert [units(text, unit) for unit in (TextUnit.CHARACTERS, TextUnit.UTF16, TextUnit.BYTES, TextUnit.SEGMENTS)] == [
        2,
        3,
        6,
        1,
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3), ("’" + "a" * 69, 1), ("’" + "a" * 70, 2), ("🎉" * 35, 1), ("🎉" * 36, 2), ("🎉" * 66, 2), ("🎉" * 67, 3),
    ],
)  # fmt: skip
def test_segments_of_gsm_and_ucs(text: str, count: int) -> None:
    """3GPP TS 23.038: 160/153 septets, 70/67 units; an escaped septet or a pair is not parted."""
    assert segments.count(text) == count
