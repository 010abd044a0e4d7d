"""Splitting: every frame fits, nothing is lost, fences are balanced, counts are right, for any content."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.content_strategies import documents
from tieline.model.capabilities import Capabilities, Overflow, Support, TextLimit, TextUnit
from tieline.model.content import CodeBlock, Document, Paragraph, Text
from tieline.render.commonmark import CommonMark, parse
from tieline.render.cut import cut, outline
from tieline.render.dialect import Dialect, Plan
from tieline.render.measure import units
from tieline.render.normal import normalise
from tieline.render.plain import Plain
from tieline.render.plan import render
from tieline_slack.dialect import SlackDialect

SLOW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
DIALECTS: list[Dialect] = [CommonMark(), Plain(), SlackDialect()]
UNITS = [TextUnit.CHARACTERS, TextUnit.UTF16, TextUnit.BYTES]

any_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


def able(limit: int, unit: TextUnit = TextUnit.CHARACTERS, overflow: Overflow = Overflow.SPLIT) -> Capabilities:
    full = Support.FULL
    text = TextLimit(max=limit, unit=unit, overflow=overflow, max_parts=400)
    return Capabilities(text=text, rich_text=full, code_block=full, table=full, link=full)


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@any_dialect
@SLOW
@given(document=documents(), limit=st.integers(40, 120), unit=st.sampled_from(UNITS))
def test_every_frame_is_within_the_limit_as_written(
    dialect: Dialect, document: Document, limit: int, unit: TextUnit
) -> None:
    rendered = render(Plan(document=document, author="Priya N", prefix=True), able(limit, unit), dialect)
    for frame in rendered.frames:
        assert units(frame.text, unit) == frame.units <= limit


@any_dialect
@SLOW
@given(document=documents(), limit=st.integers(40, 120))
def test_counts_are_right_and_rendering_is_deterministic(dialect: Dialect, document: Document, limit: int) -> None:
    plan = Plan(document=document, author="x")
    rendered = render(plan, able(limit), dialect)
    total = len(rendered.frames)
    assert [(frame.index, frame.total) for frame in rendered.frames] == [(number, total) for number in range(total)]
    if total > 1:
        assert all(f"({number + 1}/{total})" in frame.text for number, frame in enumerate(rendered.frames))
    assert render(plan, able(limit), dialect) == rendered


@SLOW
@given(document=documents(), limit=st.integers(60, 150))
def test_nothing_visible_is_lost_by_splitting(document: Document, limit: int) -> None:
    flat = Plain().write(normalise(document).blocks)
    frames = render(Plan(document=document, author="x"), able(limit), Plain()).frames
    together = "".join(
        re.sub(rf"\(\d+/{frame.total}\)$", "", frame.text) if frame.total > 1 else frame.text for frame in frames
    )
    if "|" in flat or "http" in flat or "mailto" in flat:  # headers are repeated, and the addresses of links
        assert _is_in(letters(flat), letters(together))
    elif flat:
        assert letters(together) == letters(flat)


def _is_in(text: str, longer: str) -> bool:
    """True where the characters of ``text`` stand in ``longer`` in their order."""
    rest = iter(longer)
    return all(char in rest for char in text)


@SLOW
@given(text=st.text(min_size=1, max_size=600), limit=st.integers(40, 90))
def test_every_part_of_a_long_code_block_is_a_code_block_of_its_language(text: str, limit: int) -> None:
    document = Document(blocks=(CodeBlock(text="x" * limit + text, language="py"),))
    frames = render(Plan(document=document, author="x"), able(limit), CommonMark()).frames
    shown = []
    for frame in frames:
        block, *rest = parse(frame.text).blocks
        assert isinstance(block, CodeBlock)
        assert block.language == "py"
        assert all(isinstance(other, Paragraph) for other in rest)
        shown.append(block.text)
    whole = normalise(document).blocks[0]
    assert isinstance(whole, CodeBlock)
    assert "".join(shown).replace("\n", "") == whole.text.replace("\n", "")


@SLOW
@given(document=documents(), share=st.floats(0, 1))
def test_two_halves_of_content_have_the_atoms_of_the_whole(document: Document, share: float) -> None:
    blocks = normalise(document).blocks
    before, after = cut(blocks, int(len(outline(blocks)) * share))
    assert letters(outline(before) + outline(after)) == letters(outline(blocks))


@SLOW
@given(
    text=st.text(max_size=3000),
    limit=st.integers(1, 60),
    unit=st.sampled_from(list(TextUnit)),
    overflow=st.sampled_from(list(Overflow)),
)
def test_any_text_on_any_limit_gives_frames(text: str, limit: int, unit: TextUnit, overflow: Overflow) -> None:
    document = Document(blocks=(Paragraph(children=(Text(text=text),)),))
    assert render(Plan(document=document, author="x", quote=text), able(limit, unit, overflow), CommonMark()).frames
