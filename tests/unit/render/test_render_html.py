"""HTML of messages: safe, and quick for ordinary text (security.md: XSS; architecture: render is pure)."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.content_strategies import texts
from tieline.model.message import Format
from tieline.render import html
from tieline.render.html import to_html

MARKDOWN, PLAIN = Format.MARKDOWN, Format.PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        '[x](https://x.org "onmouseover=alert(1)")',
        '[x](https://x.org/"onmouseover="alert(1))',
        '```"><script>\nx\n```',
        "<https://x.org/\"onclick='x'>",
        "| <svg onload=alert(1)> |\n|---|\n| <a href=//x> |",
        "<style>*{}</style><iframe src=x></iframe>",
    ],
)
@pytest.mark.parametrize("text_format", list(Format))
def test_no_script_survives(text: str, text_format: Format) -> None:
    reader = Reader()
    reader.feed(to_html(text, text_format))
    for tag, attributes in reader.tags:
        assert tag in html._TAGS
        for name, value in attributes:
            assert name in {"href", "rel", "class", "start"}
            assert name != "href" or re.match(r"https?://|mailto:", value or "")


class Reader(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))


@given(st.one_of(texts(), st.text()))
def test_only_known_tags_come_out_whatever_the_text(text: str) -> None:
    for made in (to_html(text, MARKDOWN), to_html(text, PLAIN)):
        for tag in re.findall(r"</?([a-zA-Z0-9]+)", made):
            assert tag in html._TAGS
        made.encode()


@settings(max_examples=500)
@given(st.one_of(texts(), st.text(), st.text(alphabet="ab 1.)#+-:!'(,@/")))
def test_the_short_way_says_what_the_long_way_says(text: str) -> None:
    if to_html(text, MARKDOWN) == f"<p>{text}</p>":
        assert html._by_parser(text, MARKDOWN) == to_html(text, MARKDOWN)


def test_links_are_marked_and_pictures_are_links() -> None:
    assert (
        to_html("see https://x.org/a_b.", MARKDOWN)
        == '<p>see <a href="https://x.org/a_b" rel="noopener nofollow">https://x.org/a_b</a>.</p>'
    )
    assert (
        to_html("![g](https://x.org/g.png)", MARKDOWN)
        == '<p><a href="https://x.org/g.png" rel="noopener nofollow">g</a></p>'
    )
    assert (
        to_html("[![g](https://x.org/g)](https://y.org)", MARKDOWN)
        == '<p><a href="https://y.org" rel="noopener nofollow">g</a></p>'
    )


def test_a_line_break_is_a_line_break_and_a_packet_keeps_its_labels() -> None:
    assert to_html("[TASK_ID]: x\n[NEXT_HOP]: @sam", MARKDOWN) == "<p>[TASK_ID]: x<br>\n[NEXT_HOP]: @sam</p>"
    assert to_html("a < b\nc\n\nd", PLAIN) == "<p>a &lt; b<br>c</p><p>d</p>"


def test_alignment_is_a_class_and_the_language_of_code_stays() -> None:
    assert '<td class="right">' in to_html("|a|\n|-:|\n|b|", MARKDOWN)
    assert to_html("```py\nx\n```", MARKDOWN) == '<pre><code class="language-py">x\n</code></pre>'


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "*", "_a ", "`", "``a", "> ", "- ", "<", "&", "|a|\n|-|\n", "[](", "![[]()", "~~", "http://", "\\"],
)
def test_long_nonsense_is_read_in_good_time(piece: str) -> None:
    import time

    start = time.process_time()
    assert to_html(piece * (20_000 // len(piece)), MARKDOWN)
    assert time.process_time() - start < 5


def test_nesting_deeper_than_anyone_means_is_shown_as_it_stands() -> None:
    assert to_html("> " * 300 + "end", MARKDOWN).endswith("end</p>")
    assert to_html("- " * 300 + "end", MARKDOWN).endswith("end</p>")
