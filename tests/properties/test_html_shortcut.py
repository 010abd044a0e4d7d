"""The short way to HTML answers what the long way would (the rule of ``tieline.render.shortcut``)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tieline.model.message import Format
from tieline.render.html import _by_parser
from tieline.render.shortcut import short_html

WORDS = ["a", "b c", "word", "snake_case", "__init__", "é", "漢", "🙂", "@priya", "12", "0", "…", "-", "=", "#x", "%", "(x", "x)"]  # fmt: skip
MARKS = ["*", "**", "**bold**", "(**x**)", "**x**.", "a**b**c", "*em*", "a*b*c", "*x*,", "_", "`", "``", "```", "`code`",
         "`a<b>&`", "~", "~~", "<", "<3", "< 3", "<a", ">", "> ", "&", "& ", "&amp;", "&#3;", "\\", "\\*", "|", "a | b",
         "|-|", "[", "]", "(", ")", ":", "::", "!", "?", ".", ",", "'", '"']  # fmt: skip
LINKS = ["[l](https://x.org/a)", "[a (b)](http://x.y)", "![i](https://x.org/i)", "https://x.org/a_b-c", "https://x.org",
         "HTTPS://x.org", "https://1.2.3.4/x", "https://xn--a.b/", "https://a--b.c", "https://x.org:99999/", "://",
         "https://x.org/%zz", "https://x.org%b", "https://x.org/(a)", "https://u@x.org/", "https://x.org/a).",
         "(https://x.org/a)", "mailto:a@b.c", "a@b.org", "www.x.org"]  # fmt: skip
LINES = ["\n", "\n\n", "\n\n\n", " ", "  ", "- ", "* ", "+ ", "1. ", "1) ", "# ", "---", "===", "- [ ] ", "- **b**: `c`\n- d",
         "* e\n", "\t", "\u200b", "\u2028"]  # fmt: skip

pieces = st.lists(st.sampled_from(WORDS + MARKS + LINKS + LINES), min_size=1, max_size=9)


@settings(max_examples=3000)
@given(pieces, st.lists(st.sampled_from(["", " "]), min_size=9, max_size=9))
def test_what_the_short_way_answers_is_what_the_parser_answers(parts: list[str], gaps: list[str]) -> None:
    text = "".join(part + gap for part, gap in zip(parts, gaps, strict=False))
    short = short_html(text)
    assert short is None or short == _by_parser(text, Format.MARKDOWN)


@given(st.text())
def test_that_holds_for_any_text(text: str) -> None:
    short = short_html(text)
    assert short is None or short == _by_parser(text, Format.MARKDOWN)


@pytest.mark.parametrize(
    "text",
    [
        'See **the plan** in `deploy.yaml`: [step 2](https://example.org/plan?step=2), then *wait* - "really" & truly.',
        "@priya I'm done, 3 < 4. It's at https://example.org/pr/12.\nAnother line\n\nAnother paragraph!",
        "Done:\n\n- fixed **the lock**\n- added tests in `tests/unit`\n\nNext: deploy snake_case.",
    ],
)
def test_what_people_write_takes_the_short_way(text: str) -> None:
    assert short_html(text) == _by_parser(text, Format.MARKDOWN)


@pytest.mark.parametrize(
    "text", ["| a |\n|---|\n| b |", "1. one", "# title", "<script>", "a\n---", "`` ` ``", "_x_", "&lt;"]
)
def test_where_it_takes_the_parser_to_know_it_says_so(text: str) -> None:
    assert short_html(text) is None


@pytest.mark.parametrize(
    "piece", ["**a ", "(**a", "[a ", "`a", "https://a-", "(https://a.", "*a* ", "a_", "\n- a", "\n\n", "<", "&", "h"]
)
@pytest.mark.timeout(5)  # quadratic time would take minutes
def test_no_text_makes_it_slow(piece: str) -> None:
    short_html(piece * (200_000 // len(piece)))
