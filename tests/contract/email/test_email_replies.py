"""Cutting replies: as good as the best libraries alone on every set, and never too much."""

import pytest
from benchmarks.email_replies import LIBRARIES, html_cases, libraries, measure, plain_cases

from tests.services import mail_corpora, mail_traps
from tieline_email.replies import best, strip_html, strip_plain
from tieline_email.threads import MARKER

FLOOR = 0.99
SETS = ["github", "zapier", "composed", "traps"]
GMAIL = (
    "<div>Yes.</div><div class='gmail_quote'><div class='gmail_attr'>On Wed, May 8, 2024 at 11:10 AM Bob "
    "&lt;b@example.org&gt; wrote:<br></div><blockquote class='gmail_quote'>Twelve?</blockquote></div>"
)


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_cut_and_never_too_much(name: str) -> None:
    cases = dict(plain_cases()).get(name)
    if cases is None:
        pytest.skip(mail_corpora.ABSENT)
    ours = measure(name, "tieline", cases, lambda text: strip_plain(text).reply)
    assert ours.too_much == []
    assert ours.exact >= FLOOR, ours.too_little
    for library, cut in libraries().items():
        assert ours.exact >= measure(name, library, cases, cut).exact


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_libraries_are_compared(library: str) -> None:
    if library not in libraries():
        pytest.skip(f"{library} is not installed: pip install {library}")


def test_html_of_every_layout_is_cut_and_never_too_much() -> None:
    ours = measure("html", "tieline", html_cases(), lambda text: strip_html(text).reply)
    assert ours.too_much == [] and ours.exact >= FLOOR


@pytest.mark.parametrize("name", [*mail_traps.KEPT, *mail_traps.FORWARDED])
def test_what_only_looks_like_a_mark_stays(name: str) -> None:
    found = strip_plain({**mail_traps.KEPT, **mail_traps.FORWARDED}[name])
    assert (found.rest, found.signature) == ("", "")


def test_our_own_marker_is_known() -> None:
    assert strip_plain(f"Yes.\n\n{MARKER}\nTwelve?\n").reply == "Yes."


def test_a_subject_that_forwards_keeps_outlooks_headers() -> None:
    text = "Please decide.\n\nFrom: Bob\nSent: 8 May 2024 11:10\nTo: Kim\nSubject: offer\n\nTwelve."
    assert strip_plain(text, subject="WG: offer").rest == ""
    assert strip_plain(text, subject="Re: offer").reply == "Please decide."


def test_plain_text_is_taken_where_it_says_the_same_and_is_sure() -> None:
    assert best("Yes.\n\nTwelve?", GMAIL).reply == "Yes."
    assert best("Your reader shows no HTML.", GMAIL).reply == "Yes."
    assert best("No HTML here.", "").reply == "No HTML here."


def test_html_becomes_content() -> None:
    html = "<p>A <b>bold</b> <a href='https://x.example'>link</a></p><ul><li>one<li>two</ul><h2>Head</h2>"
    table = "<table><tr><th>a<th>b<tr><td>1<td>2</table><script>evil()</script><p style='display:none'>no</p>"
    reply = strip_html(html + table).reply
    assert "A **bold** [link](https://x.example)" in reply and "- one" in reply and "## Head" in reply
    assert "| 1 | 2 |" in reply and "evil" not in reply and "no" not in reply.split()


@pytest.mark.parametrize(
    "opening", ["<div>", "<blockquote>", "<h1><div>", "<ul><li>", "<div class=yahoo_quoted>", "<b><p>"]
)
def test_depth_costs_no_more_than_length(opening: str) -> None:
    assert "x" in strip_html(opening * (20_000 // opening.count("<")) + "x").reply
