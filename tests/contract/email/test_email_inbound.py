"""Reading mails: replies of the common mail programs, whose they are, what hangs together, what came along.

The mails in `tests/payloads/email` are our own, in the shapes that mail programs send.
"""

import hashlib

import pytest

from tests.contract.email.email_samples import (
    DELIVERY,
    HERE,
    ME,
    OPEN,
    OURS,
    PRIYA,
    TOKEN,
    message,
    read,
    recorded,
    written,
)
from tests.services.slack_session import plain_text
from tieline.model.inbound import InboundMessage
from tieline_email import filenames, inbound, mime
from tieline_email.me import Me

APPLE = pytest.mark.xfail(
    reason="Apple Mail quotes the line that announces a quotation; the cutting does not know that"
)


@pytest.mark.parametrize("program", ["gmail", "outlook", "apple"])
def test_a_reply_lands_at_the_delivery_it_answers(program: str) -> None:
    reply = message(recorded(f"{program}_reply"))

    assert reply.answers == DELIVERY
    assert reply.references[0] == reply.reply_to == OURS
    assert (reply.author.native_id, reply.conversation) == (PRIYA, "hub@example.org")
    assert (reply.suspect, reply.automated, reply.hops) == (None, False, 0)
    assert reply.cursor == "7:42"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("gmail", "I am on it."),
        ("outlook", "I am on it."),
        pytest.param("apple", "I am on it. I will be there at ten.", marks=APPLE),
    ],
)
def test_what_is_posted_is_the_reply_and_the_original_is_kept(program: str, said: str) -> None:
    reply = message(recorded(f"{program}_reply"))

    assert plain_text(reply.content) == said
    assert reply.original is not None and "Pump 3 is down." in reply.original


def test_references_are_nearest_first_and_the_thread_is_the_oldest() -> None:
    reply = message(recorded("gmail_reply"))

    assert reply.references == (OURS, "root@example.net")
    assert reply.thread == "root@example.net"


def test_a_name_is_decoded_and_a_comma_in_it_parts_nobody() -> None:
    assert message(recorded("apple_reply")).author.display == "Priya Rāman"
    assert message(recorded("outlook_reply")).author.display == "Raman, Priya"


def test_pictures_in_the_text_and_attachments_are_files_by_part_path() -> None:
    raw = recorded("outlook_reply")
    files = message(raw).files

    assert [(file.id, file.name, file.mime, file.size) for file in files] == [
        ("1.2", "image001.png", "image/png", 6),
        ("2", "Pläne.pdf", "application/pdf", 5),
    ]
    assert mime.read(raw).inline == (("image001.png@01DA1747.ABCDEF00", "1.2"),)
    found = mime.payload(raw, "2")
    assert found is not None and found[1] == b"%PDF-"
    assert mime.payload(raw, "9.9") is None


def test_what_is_sealed_or_for_machines_is_a_file_as_it_is() -> None:
    raw = recorded("sealed", to="hub@example.org")
    sealed = message(raw, OPEN)

    assert [(file.id, file.name) for file in sealed.files] == [
        ("1.2", "signature.asc"),
        ("2", "smime.p7m"),
        ("3", "winmail.dat"),
        ("4", "invite.ics"),
        ("5", "message.eml"),
        ("6", "Bäume.txt"),
    ]
    assert plain_text(sealed.content) == "Sealed\n\nSigned words."
    inner = mime.payload(raw, "5")
    assert inner is not None and inner[1].startswith(b"From: somebody@example.com")


def test_a_mail_that_begins_a_thread_shows_its_subject() -> None:
    first = message(written("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "To: hub@example.org"), OPEN)

    assert plain_text(first.content) == "Grüße\n\nHello."
    assert (first.thread, first.reply_to, first.references, first.original) == (None, None, (), None)


@pytest.mark.parametrize(
    ("header", "body", "said"),
    [
        ("text/plain; charset=utf-8", "caf\u00e9".encode(), "café"),
        ("text/plain; charset=us-ascii", "caf\u00e9".encode(), "café"),
        ("text/plain; charset=iso-8859-1", "caf\u00e9 – 5 €".encode(), "café – 5 €"),
        ("text/plain; charset=iso-8859-1", b"caf\xe9 \x96 5 \x80", "café – 5 €"),
        ("text/plain; charset=utf-8", b"caf\xe9", "café"),
        ("text/plain; charset=rot13", b"plain", "plain"),
        ("text/plain; charset=unicode_escape", rb"\x41\q", r"\x41\q"),
        ("text/plain; charset=iso-2022-jp", "日本".encode("iso-2022-jp"), "日本"),
        ("text/plain; charset=utf-16", "wide".encode("utf-16"), "wide"),
        ("text/plain; charset", b"\xff\xfe", "ÿþ"),
        ("", b"no type \xc3\xa9", "no type é"),
    ],
)
def test_charsets_lie(header: str, body: bytes, said: str) -> None:
    head = written(*([f"Content-Type: {header}"] if header else []), body="").removesuffix(b"\r\n")
    assert mime.read(head + body).plain.strip() == said


@pytest.mark.parametrize(
    ("encoding", "body", "said"),
    [
        ("base64", b"SGVsbG8=", "Hello"),
        ("base64", b"SGVs\r\n bG8", "Hello"),
        ("base64", b"SGVsbG8!\x00=\r\n", "Hello"),
        ("base64", b"S", ""),
        ("quoted-printable", b"caf=C3=A9 =\r\nau lait", "café au lait"),
        ("quoted-printable", b"50 =% off =ZZ", "50 =% off =ZZ"),
        ("x-what", b"as it is", "as it is"),
    ],
)
def test_damaged_encodings_give_what_can_be_had(encoding: str, body: bytes, said: str) -> None:
    head = written(f"Content-Transfer-Encoding: {encoding}", body="").removesuffix(b"\r\n")
    assert mime.read(head + body).plain == said


def test_flowed_text_is_put_together_but_its_quotation_and_signature_are_not() -> None:
    raw = written("Content-Type: text/plain; format=flowed", body="one \r\ntwo\r\n> old \r\n> line\r\n-- \r\nPriya")
    assert mime.read(raw).plain.strip() == "one two\n> old line\n-- \nPriya"


def test_a_footer_beside_an_html_mail_hides_nothing() -> None:
    """Mailing lists put a text part behind; the HTML part alone is the mail."""
    body = "--b\r\nContent-Type: text/html\r\n\r\n<p>The answer.</p>\r\n--b\r\n\r\nList footer\r\n--b--"
    read = mime.read(written("Content-Type: multipart/mixed; boundary=b", body=body))

    assert read.plain == ""
    assert "The answer." in read.html and "List footer" in read.html


def test_text_between_pictures_is_one_text() -> None:
    """Apple Mail writes text, picture, text."""
    body = "--b\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b\r\n\r\ntwo\r\n--b--"
    read = mime.read(written("Content-Type: multipart/mixed; boundary=b", body=body))

    assert read.plain == "one\ntwo"
    assert [file.id for file in read.files] == ["2"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\boot\..\x.txt", "x.txt"),
        ("a\x00b\r\nc.txt", "ab_c.txt"),
        (".htaccess", "htaccess"),
        ("\u202egnp.exe", "gnp.exe"),
        ("long" * 100 + ".pdf", "long" * 29 + ".pdf"),
        ("...", ""),
    ],
)
def test_names_of_files_lead_nowhere(name: str, kept: str) -> None:
    assert filenames.filename(name) == kept


def test_a_mail_without_an_id_has_one_by_its_bytes() -> None:
    raw = written("Message-ID:")
    first, again = message(raw, OPEN), message(raw, OPEN)

    assert first.native_id == again.native_id == f"{hashlib.sha256(raw).hexdigest()[:32]}@no-message-id.invalid"


def test_our_own_mail_is_an_echo_by_its_signed_id_and_by_nothing_else() -> None:
    own = message(written(f"Message-ID: <{OURS}>", sender="hub@example.org"))
    replaced = message(written(f"Tieline-Delivery: {OURS.partition('@')[0]}", sender="hub@example.org"))
    faked = message(
        written("Message-ID: <01m7xhsbbry7nknjhh183ad0f0.0.aaaaaaaaaaaaaaaa@example.org>", sender="hub@example.org")
    )

    assert (own.delivery_id, own.author.is_self, own.suspect) == (DELIVERY, True, None)
    assert (replaced.delivery_id, replaced.author.is_self) == (DELIVERY, True)
    assert (faked.delivery_id, faked.author.is_self) == (None, False)
    assert faked.suspect == "The mail claims to come from this hub."


def test_the_date_is_never_later_than_the_arrival() -> None:
    raw = written("Date: Fri, 01 Jan 2100 00:00:00 +0000")
    assert message(raw, OPEN, received_at=5).sent_at == 5
    assert message(written("Date: nonsense"), OPEN, received_at=5).sent_at == 5
    assert message(written("Date: Thu, 01 Jan 1970 00:00:01 +0000"), OPEN, received_at=5000).sent_at == 1000


@pytest.mark.parametrize(
    "to",
    [
        f"hub+{TOKEN}@example.org",
        f"HUB+{TOKEN.upper()}@EXAMPLE.ORG",
        f'"Milo via Studio" <hub+{TOKEN}@example.org>, other@example.com',
    ],
)
def test_a_token_survives_what_providers_do_to_addresses(to: str) -> None:
    assert message(written(f"To: {to}")).answers == DELIVERY


def test_a_right_token_vouches_for_its_contact_where_nobody_else_does() -> None:
    assert message(written(f"To: hub+{TOKEN}@example.org")).suspect is None
    assert message(written("To: hub@example.org")).suspect is not None


def test_a_right_token_from_another_sender_is_forged() -> None:
    reply = message(written(f"To: hub+{TOKEN}@example.org", sender="mallory@example.com"), OPEN)

    assert reply.answers is None
    assert reply.suspect == inbound.FORGED
    assert plain_text(reply.content) == "Hello."


@pytest.mark.parametrize(
    ("allow", "is_allowed"),
    [
        ((), True),
        (("*",), True),
        (("example.net",), True),
        (("@example.net",), True),
        ((PRIYA.upper(),), True),
        (("example.org",), False),
        (("ann@example.net",), False),
        (("ample.net",), False),
    ],
)
def test_who_may_write_here(allow: tuple[str, ...], *, is_allowed: bool) -> None:
    me = Me(address=ME.address, secret=ME.secret, hold_unverified=False, allow=allow)
    assert (message(written(), me).suspect is None) is is_allowed


def test_nothing_is_said_by_nothing() -> None:
    assert read(b"") is None
    assert read(b" \r\n ") is None


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nhi\n" * 10_000,
        b"X: " + b"a" * 5_000_000,
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 5_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(5_000)),
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + b"--xa\n" * 1_000_000,
        b"From: a@b.example\n\n" + b"x" * 3_000_000,
    ],
    ids=["parts", "header", "same boundary", "nested", "near boundaries", "text"],
)
def test_a_mail_over_a_bound_is_read_in_part_and_kept_whole(raw: bytes) -> None:
    mail = mime.read(raw)

    assert mail.truncated
    assert mail.files[-1].id == mime.WHOLE
    assert len(mail.files) <= mime.PARTS_MAX + 1
    assert mime.payload(raw, mime.WHOLE) == (mail.files[-1], raw)


def test_a_mail_that_is_too_big_is_its_header_and_a_file() -> None:
    me = Me(address=ME.address, secret=ME.secret, hold_unverified=False, max_size=1000)
    big = inbound.read(written(body="x" * 2000), me, HERE)

    assert isinstance(big, InboundMessage)
    assert [file.name for file in big.files] == ["mail.eml"]


def test_a_picture_of_the_quoted_mail_is_not_posted_again() -> None:
    html = (
        '<div>See <img src="cid:new@x"></div><div class="gmail_quote"><div class="gmail_attr">On Tue, Nov 14, 2023 at '
        '10:13 PM Milo &lt;<a href="mailto:hub@example.org">hub@example.org</a>&gt; wrote:<br></div><blockquote '
        'class="gmail_quote"><p>Pump 3</p><img src="cid:old@x" alt="x"></blockquote></div>'
    )
    picture = "--b\r\nContent-Type: image/png\r\nContent-ID: <{0}@x>\r\nContent-Disposition: inline; filename={0}.png\r\n\r\nx\r\n"
    pictures = "".join(picture.format(name) for name in ("new", "old", "loose"))
    body = f"--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n{pictures}--b--"
    found = message(written("Content-Type: multipart/related; boundary=b", body=body))

    assert [file.name for file in found.files] == ["new.png", "loose.png"]
    assert "Pump 3" not in plain_text(found.content)
