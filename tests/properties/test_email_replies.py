"""Reading replies never fails and loses no line, whatever the text."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.mail_traps import FORWARDED, KEPT
from tieline_email.replies import strip_html, strip_plain

PARTS = [
    "> quoted",
    "",
    "-- ",
    "Kim",
    "_" * 30,
    "-----Original Message-----",
    "From: a@b.org",
    "Sent: 1 May 2024",
    "Subject: x",
]
PARTS += ["On May 8, 2024 at 11:10 AM Bob <b@x.org> wrote:", "Sent from my iPhone", *KEPT.values(), *FORWARDED.values()]
TAGS = [
    "<div>",
    "</div>",
    "<blockquote type=cite>",
    "</blockquote>",
    "<p>",
    "<br>",
    "<b>",
    "</b>",
    "<table>",
    "<tr><td>",
    "<ul><li>",
    "<pre>",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=30), max_size=20).map("\n".join))
def test_no_line_of_plain_text_is_lost(text: str) -> None:
    found = strip_plain(text)
    kept = Counter((found.reply + "\n" + found.rest + "\n" + found.signature).split())
    assert kept == Counter(text.split())
    assert bool(found.reply.strip()) == bool(text.strip())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*TAGS, *PARTS[:11]]) | st.text(max_size=30), max_size=30).map("".join))
def test_reading_html_is_total(html: str) -> None:
    strip_html(html)
