"""Slack's dialect: what is written reads as the same, nothing written pings, whatever was written by people is read."""

import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.properties.content_strategies import documents, texts
from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Document,
    Emphasis,
    Hyperlink,
    Inline,
    ListBlock,
    ListItem,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Text,
)
from tieline.render.normal import normalise
from tieline_slack import blocks, mrkdwn
from tieline_slack.dialect import SlackDialect

WRITE = SlackDialect().write
SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What Slack can say: words with marks in them, spans of one line, lists of paragraphs, one level of quotation.
WORDS = st.lists(
    st.sampled_from(["word", "two words", "a", "snake_case", "2 * 3", "<b>", "&amp;", "é", "🎉", "(", ")", ".", "-", "@here", "10:30", "*", "_x_", "~", "> y", "C:\\x"]),
    min_size=1,
    max_size=4,
).map(" ".join)  # fmt: skip


def sayable_inlines() -> st.SearchStrategy[tuple[Inline, ...]]:
    simple = st.sampled_from(["bold", "two words", "snake_case", "a.b"]).map(lambda text: Text(text=text))
    span = st.tuples(simple)
    leaves: list[st.SearchStrategy[Inline]] = [
        st.builds(Text, text=WORDS),
        st.builds(Strong, children=span),
        st.builds(Emphasis, children=span),
        st.builds(Strike, children=span),
        st.builds(Strong, children=st.tuples(st.builds(Emphasis, children=span))),
        st.builds(Code, text=st.sampled_from(["x", "a < b", "snake_case", "*a*"])),
        st.builds(Hyperlink, url=st.just("https://x.org/?a=1&b=2"), children=st.one_of(st.just(()), span)),
        st.just(Break()),
    ]
    return st.lists(st.one_of(leaves), min_size=1, max_size=5).map(tuple)


def sayable_blocks() -> st.SearchStrategy[tuple[Block, ...]]:
    paragraph = st.builds(Paragraph, children=sayable_inlines())
    item = st.builds(
        ListItem, children=st.tuples(st.builds(Paragraph, children=st.tuples(st.builds(Text, text=WORDS))))
    )
    inner = st.builds(ListBlock, items=st.lists(item, min_size=1, max_size=2).map(tuple))
    outer = st.builds(
        ListItem, children=st.tuples(st.builds(Paragraph, children=st.tuples(st.builds(Text, text=WORDS))), inner)
    )
    block: list[st.SearchStrategy[Block]] = [
        paragraph,
        st.builds(CodeBlock, text=st.sampled_from(["x = 1", "a\n  b\n\nc", "<x> & *y*"])),
        st.builds(Quote, children=st.tuples(paragraph)),
        st.builds(
            ListBlock,
            items=st.lists(st.one_of(item, outer), min_size=1, max_size=3).map(tuple),
            start=st.sampled_from([None, 1, 4]),
        ),
    ]
    return st.lists(st.one_of(block), min_size=1, max_size=4).map(tuple)


@SLOW
@example(
    (Paragraph(children=(Text(text="*"), Emphasis(children=(Text(text="a"),)), Strong(children=(Text(text="b"),)))),)
)
@given(sayable_blocks())
def test_what_is_written_for_slack_reads_as_the_same_content(content: tuple[Block, ...]) -> None:
    normal = normalise(Document(blocks=content))
    assume(not _lists_touch(normal.blocks))
    assert mrkdwn.parse(WRITE(content)) == normal, WRITE(content)


def _lists_touch(found: tuple[Block, ...]) -> bool:
    kinds = [type(block) for block in found]
    return (ListBlock, ListBlock) in pairwise(kinds)


@SLOW
@given(documents())
def test_only_links_and_user_mentions_stand_in_angle_brackets(document: Document) -> None:
    for inner in re.findall(r"<([^>]*)>?", WRITE(document.blocks)):
        assert re.match(r"@U1$|https?://|mailto:", inner), inner


@SLOW
@given(st.one_of(texts(), st.text()))
def test_any_text_from_slack_is_read_and_can_be_written_again(text: str) -> None:
    WRITE(mrkdwn.parse(text).blocks)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["bold", "1f389", "zz-1"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["elements", "text", "style", "url", "indent", "name", "unicode", "type", "fields"]), inner, max_size=4),
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(
                    ["rich_text", "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "section", "header", "context", "divider", "image", "text", "link", "user", "emoji", "mrkdwn", "plain_text", "???"]
                ),
                "elements": inner,
                "text": inner,
            }
        ),
    ),
    max_leaves=30,
)  # fmt: skip


@SLOW
@given(st.lists(st.dictionaries(st.sampled_from(["type", "elements", "text"]), _JSON, max_size=3) | _JSON, max_size=3))
def test_hostile_blocks_never_raise(hostile: list[object]) -> None:
    document = blocks.parse(hostile)  # type: ignore[arg-type] # hostile shapes are no blocks
    assert document is None or document.blocks


@pytest.mark.parametrize("size", [20_000])
@pytest.mark.parametrize(
    "piece", ["*", "_a", "`", "<", "<!", "> ", "• ", "    • ", ":a", "*a ", "~_*", "\ufffc", "&lt;", "```"]
)
def test_long_nonsense_from_slack_is_read_in_good_time(piece: str, size: int) -> None:
    import time

    start = time.process_time()
    mrkdwn.parse(piece * (size // len(piece)))
    assert time.process_time() - start < 5
