"""Writing mails: who they are from, what they follow, both bodies, files; and what is read of them again."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.email.email_samples import (
    ACK,
    DELIVERY,
    KEY,
    ME,
    MILO,
    NOW,
    OPEN,
    OURS,
    PRIYA,
    TOKEN,
    file,
    frame,
    message,
    outgoing,
    written,
)
from tests.services.slack_session import plain_text
from tieline.errors import Permanent
from tieline.model.message import Author
from tieline_email import compose, dialect, leaving, mime, render, simulate, threads
from tieline_email.me import Me

PUBLIC = Me(address="hub@example.org", secret=ME.secret, name="Studio", public_url="https://hub.example.org/")


def sent(me: Me = ME, *, files: tuple[bytes, ...] = (), subject: str | None = None, **changes: object) -> EmailMessage:
    made = compose.mail(outgoing(**changes), me, PRIYA, now=NOW, files=files, subject=subject)  # type: ignore[arg-type]
    again = message_from_bytes(compose.as_bytes(made), policy=policy.default)
    assert isinstance(again, EmailMessage)
    return again


def test_the_author_stands_in_the_name_and_the_hub_in_the_address() -> None:
    mail = sent()

    assert mail["From"] == "Milo via Studio <hub@example.org>"
    assert mail["To"] == PRIYA
    assert mail["Reply-To"] == f"hub+{TOKEN}@example.org"
    assert mail["Subject"] == "DJ waste: Pump 3 is down."
    assert mail["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert mail["Message-ID"] == f"<{OURS}>"
    assert mail["Tieline-Hops"] == "1"
    assert (mail["In-Reply-To"], mail["References"], mail["Auto-Submitted"]) == (None, None, None)


@pytest.mark.parametrize(
    ("display", "shown"),
    [
        ("Priya, R.", '"Priya, R. via Studio"'),
        ("client@example.net", "client via Studio"),
        ("Pri\u200bya\u202e", "Priya via Studio"),
        ("\r\nBcc: x", '"Bcc: x via Studio"'),
        ("  ", "Studio"),
    ],
)
def test_no_address_and_nothing_unseen_stands_in_the_name(display: str, shown: str) -> None:
    author = Author(handle=None, kind="guest", display=display)
    assert sent(author=author)["From"] == f"{shown} <hub@example.org>"


def test_a_repeat_is_the_same_mail_byte_by_byte() -> None:
    files = (file("a.png", "image/png"), file("b.pdf", "application/pdf"))
    one, two = (
        compose.as_bytes(compose.mail(outgoing(files=files), ME, PRIYA, now=NOW, files=(b"abc", b"def"))) for _ in "12"
    )
    assert one == two
    assert compose.native_id(outgoing(), ME) == OURS


def test_a_reply_names_its_parent_and_the_chain() -> None:
    mail = sent(reply="parent@x.example", references=("root@x.example", "parent@x.example"))

    assert mail["In-Reply-To"] == "<parent@x.example>"
    assert mail["References"] == "<root@x.example> <parent@x.example>"
    assert mail["Subject"] == "Re: DJ waste"


@pytest.mark.parametrize(
    "known", ["Broken invoice", "Re: Broken invoice", "AW: Re[2]: Broken invoice", "回复： Broken invoice"]
)
def test_an_answer_has_the_subject_of_what_it_follows(known: str) -> None:
    assert sent(reply="parent@x.example", subject=known)["Subject"] == "Re: Broken invoice"


def test_a_long_chain_keeps_its_first_and_its_last() -> None:
    chain = tuple(f"{n}-{'long' * 40}@mail.example.org" for n in range(100))
    raw = compose.as_bytes(compose.mail(outgoing(references=chain, reply=chain[-1]), ME, PRIYA, now=NOW))
    named = threads.ids(mime.read(raw).headers.first("references"))

    assert named == (chain[0], *chain[-19:])
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert b"=?utf-8?q?=3C" not in raw


@pytest.mark.parametrize(
    ("changes", "is_automatic"),
    [
        ({}, False),
        ({"author": Author(handle=None, kind="guest", display="Ann")}, False),
        ({"machine": True}, True),
        ({"author": None}, True),
        ({"author": Author(handle="marcus", kind="ai", display="Marcus")}, True),
        ({"author": Author(handle="ci", kind="service", display="CI")}, True),
        ({"author": Author(handle=None, kind="bot", display="Bot")}, True),
    ],
)
def test_what_no_person_wrote_says_so(changes: dict[str, Any], *, is_automatic: bool) -> None:
    assert sent(**changes)["Auto-Submitted"] == ("auto-generated" if is_automatic else None)


def test_one_click_ends_what_a_room_sends_and_not_an_alert() -> None:
    mail = sent(PUBLIC)
    link = mail["List-Unsubscribe"].strip("<>")

    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("https://hub.example.org/api/v1/channels/mail/leave/")
    assert leaving.read(ME.secret, link.rpartition("/")[2]) == PRIYA
    assert link in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert sent(PUBLIC, machine=True)["List-Unsubscribe"] is None
    assert sent(ME)["List-Unsubscribe"] is None


def test_both_bodies_say_the_same() -> None:
    text = "# Hi\n\n**bold** and `code`\n\n- one\n- two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n> quoted\n\n<script>x</script>"
    mail = sent(frame=frame(text, actions=(ACK,)))
    plain = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]

    assert plain.startswith(threads.MARKER) and threads.MARKER in html
    for said in ("Hi", "bold", "code", "one", "two", "quoted", "Reply with one word: ack"):
        assert said in plain and said in html
    assert "<strong>bold</strong>" in html and "**" not in plain
    assert "<script" not in html
    assert "class=" not in html and "<style" not in html
    assert not re.search(r"(?<![-\w])(?:color|background):\s*(?:#|white|black)", html)


def test_an_action_is_a_word_to_answer_with() -> None:
    assert render.reply_words((ACK,), None) == "Reply with one word: ack"
    assert render.reply_words((ACK,), "7") == "Reply with these words: 7 ack"
    assert render.reply_words((), "7") == ""


def test_files_travel_and_pictures_stand_in_the_text() -> None:
    files = (file("Pläne „A“.pdf", "application/pdf"), file("../x\r\n.png", "image/png", 'a "pump"'))
    mail = compose.mail(outgoing(files=files), ME, PRIYA, now=NOW, files=(b"%PDF", b"\x89PNG"))
    read = mime.read(raw := compose.as_bytes(mail))

    assert {(one.name, one.mime) for one in read.files} == {
        ("Pläne „A“.pdf", "application/pdf"),
        ("x__.png".replace("__", "_"), "image/png"),
    }
    assert [mime.payload(raw, one.id)[1] for one in read.files] == [b"\x89PNG", b"%PDF"]  # type: ignore[index]
    assert f'src="cid:{read.inline[0][0]}" alt="a &quot;pump&quot;"' in read.html


def test_what_cannot_be_sent_is_refused_for_good() -> None:
    for to in (
        "",
        "no address",
        "a@b@c",
        "ünicode@example.net",
        "a@b.example\r\nBcc: x@y.example",
        "a@b.example, c@d.example",
    ):
        with pytest.raises(Permanent, match="no address"):
            compose.mail(outgoing(), ME, to, now=NOW)
    big = (file("a", "x/y"), file("b", "x/y"))
    with pytest.raises(Permanent, match="18 MiB"):
        compose.mail(outgoing(files=big), ME, PRIYA, now=NOW, files=(b"x" * 10_000_000,) * 2)


def test_an_address_that_is_too_long_for_a_token_is_answered_without() -> None:
    long = Me(address="hub-of-the-whole-studio@example.org", secret=ME.secret)
    assert sent(long)["Reply-To"] == long.address


def test_what_we_send_is_known_when_it_comes_back() -> None:
    raw = compose.as_bytes(compose.mail(outgoing(), ME, PRIYA, now=NOW))
    echo = message(raw)

    assert (echo.native_id, echo.delivery_id, echo.author.is_self, echo.suspect) == (OURS, DELIVERY, True, None)


def test_a_reply_to_what_we_send_is_found_by_its_token() -> None:
    mail = sent()
    reply = message(written(f"To: {mail['Reply-To']}", f"In-Reply-To: {mail['Message-ID']}"))

    assert (reply.answers, reply.reply_to, reply.suspect) == (DELIVERY, OURS, None)


def test_two_hubs_that_mail_each_other_stop() -> None:
    """Each carries on what it reads, with the hops it read: the fourth mail is never answered."""
    other = Me(address="desk@example.com", secret=b"another secret of 32 bytes, yes.", hold_unverified=False)
    raw, passed = compose.as_bytes(compose.mail(outgoing(), ME, other.address, now=NOW)), []
    for me, to in [(other, ME.address), (OPEN, other.address)] * 3:
        read = message(raw, me)
        passed.append((read.hops, read.automated))
        if read.automated:
            break
        carried = outgoing(plain_text(read.content), key=f"{KEY}{len(passed)}")
        raw = compose.as_bytes(compose.mail(carried, me, to, now=NOW, hops=read.hops))

    assert passed == [(1, False), (2, False), (3, True)]


def test_a_cut_reply_to_our_own_mail_leaves_the_answer() -> None:
    ours = mime.read(compose.as_bytes(compose.mail(outgoing(), ME, PRIYA, now=NOW))).plain
    quoted = "\n".join(f"> {line}" for line in ours.splitlines())
    body = f"Fine.\n\nOn Tue, Nov 14, 2023 at 10:13 PM Milo via Studio <hub@example.org> wrote:\n\n{quoted}"
    assert plain_text(message(written(body=body)).content).endswith("Fine.")


@given(text=st.text(max_size=200), threaded=st.booleans())
def test_the_demo_reads_and_shows_whatever_is_typed(text: str, *, threaded: bool) -> None:
    pane = simulate.simulator()
    typed = pane.typed("studio@example.org", "sam@example.org", text, "n1", thread="n0" if threaded else None)
    html = pane.shown(outgoing(text, author=MILO))

    assert (typed.native_id, typed.conversation) == ("n1", "studio@example.org")
    assert "Milo via Tieline" in html and "<script" not in html


def test_the_demo_takes_people_who_have_no_address() -> None:
    typed = simulate.simulator().typed("studio", "sam", "hello", "n1")
    assert (typed.native_id, typed.conversation) == ("n1", "studio")
    assert simulate.simulator().title == "E-mail"
    assert (
        simulate.simulator().dialect().name
        == dialect.EmailDialect().name
        == simulate.simulator().capabilities().dialect
    )
