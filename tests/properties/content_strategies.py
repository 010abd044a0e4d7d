"""Strategies for content trees that are nasty on purpose: markup characters in texts, spans in words, edges of space."""

from hypothesis import strategies as st

from tieline.model.content import (
    Block,
    Break,
    Code,
    CodeBlock,
    Document,
    Emoji,
    Emphasis,
    Heading,
    Hyperlink,
    Image,
    Inline,
    ListBlock,
    ListItem,
    Mention,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)

SNIPPETS = [
    "a", "word", "two words", " ", "  ", "\n", "\n\n", "*", "**", "_", "__", "~", "~~", "~~~", "`", "```", "[", "]", "](",
    "(", ")", "<", ">", "&", "&amp;", "&#97;", "!", "![", "#", "# ", "- ", "+ ", "* ", "1. ", "2) ", "---", "===", "|",
    "| - |", ":-:", "\\", "\\*", "https://x.org/a_b", "http://", "https://x.org).", "www.x.org", "a@b.c", "@sam", "@here",
    "<!channel>", "<@U1>", "<https://x>", ":tada:", "é", "e\u0301", "🎉", "👩\u200d💻", "שלום", "[x] ", "[ ] ", "[TASK_ID]: x-1",
    "snake_case", "\t", "\u00a0", "\u200b", "\u2028", "•", "• ", "“", "”", "…", "\x00", "\x1b[31m", "\ud800", "    ", "x", ".", ",",
]  # fmt: skip
URLS = [
    "https://x.org",
    "http://x.org/a(b)c",
    "https://x.org/?a=1&copy;=2",
    "mailto:a@b.c",
    "javascript:alert(1)",
    "https://x.org/a b",
    "!channel",
    "",
    "https://x.org/|<>",
]


def texts() -> st.SearchStrategy[str]:
    return st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=4)), max_size=6).map("".join)


def inlines(depth: int = 2) -> st.SearchStrategy[tuple[Inline, ...]]:
    leaves: list[st.SearchStrategy[Inline]] = [
        st.builds(Text, text=texts()),
        st.builds(Text, text=texts()),
        st.just(Break()),
        st.builds(Code, text=texts()),
        st.builds(Image, url=st.sampled_from(URLS), alt=texts()),
        st.builds(
            Mention, display=texts(), handle=st.sampled_from([None, "sam"]), native_id=st.sampled_from([None, "U1"])
        ),
        st.builds(Emoji, name=st.sampled_from(["tada", "a_b"])),
    ]
    if depth:
        inner = inlines(depth - 1)
        leaves += [
            st.builds(Strong, children=inner),
            st.builds(Emphasis, children=inner),
            st.builds(Strike, children=inner),
            st.builds(Hyperlink, url=st.sampled_from(URLS), children=inner),
        ]
    return st.lists(st.one_of(leaves), max_size=4).map(tuple)


def blocks(depth: int = 2) -> st.SearchStrategy[tuple[Block, ...]]:
    cells = st.lists(inlines(1), max_size=3).map(tuple)
    leaves: list[st.SearchStrategy[Block]] = [
        st.builds(Paragraph, children=inlines()),
        st.builds(Paragraph, children=inlines()),
        st.builds(Heading, level=st.integers(-1, 8), children=inlines(1)),
        st.builds(CodeBlock, text=texts(), language=st.sampled_from(["", "py", "c++ x", "`"])),
        st.builds(
            Table,
            header=cells,
            rows=st.lists(cells, max_size=3).map(tuple),
            align=st.lists(st.sampled_from(["", "left", "right", "center", "x"]), max_size=3).map(tuple),
        ),
        st.just(Rule()),
    ]
    if depth:
        inner = blocks(depth - 1)
        items = st.builds(ListItem, children=inner, checked=st.sampled_from([None, None, True, False]))
        leaves += [
            st.builds(Quote, children=inner),
            st.builds(
                ListBlock,
                items=st.lists(items, max_size=3).map(tuple),
                start=st.sampled_from([None, None, 1, 1, 7, -3, 10**10]),
            ),
        ]
    return st.lists(st.one_of(leaves), max_size=3).map(tuple)


def documents() -> st.SearchStrategy[Document]:
    return st.builds(Document, blocks=blocks())
