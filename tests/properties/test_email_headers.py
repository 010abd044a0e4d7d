"""Whatever anybody is called and writes: no header can be put in, no mail cannot be read, and each costs its size."""

import time
from email import message_from_bytes, policy
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.contract.email.email_samples import DELIVERY, ME, NOW, OPEN, PAYLOADS, PRIYA, outgoing, recorded
from tieline.model.inbound import InboundMessage, InboundStatus
from tieline.model.message import Author
from tieline_email import addresses, authentication, automated, bounces, compose, headers, inbound, mime, threads
from tieline_email.me import FolderId

NASTY = st.text(
    alphabet=st.one_of(
        st.characters(codec=None, exclude_categories=()), st.sampled_from('\r\n\0\t "<>@,;:=?\u2028\u2029\x85\x0b\x0c')
    ),
    max_size=120,
)
BREAK = st.sampled_from(["\r\n", "\n", "\r", "\r\n ", "\n\t", "\0", "\u2028", "\x85", "\x0b"])
INJECTED = st.builds(lambda a, b, c: f"{a}{b}Bcc: victim@example.com{b}X-Evil: 1{b}{b}{c}", NASTY, BREAK, NASTY)
ANY = st.one_of(NASTY, INJECTED)
EXPECTED = {
    "from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "tieline-delivery",
    "tieline-hops", "mime-version", "content-type", "auto-submitted", "x-auto-response-suppress",
}  # fmt: skip
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.eml"))
HERE = FolderId(uidvalidity=1, uid=1)


@settings(max_examples=400, deadline=None)
@given(
    author=ANY, room=ANY, text=ANY, subject=st.none() | ANY, reply=st.none() | ANY, references=st.lists(ANY, max_size=4)
)
@example("x\r\nBcc: a@b.example", "\r\nBcc: a@b.example", "y", "\r\n\r\nbody", "a@b>\r\nBcc: c@d", [])
def test_no_text_becomes_a_header(
    author: str, room: str, text: str, subject: str | None, reply: str | None, references: list[str]
) -> None:
    frame = outgoing(
        text,
        author=Author(handle=None, kind="guest", display=author),
        room=room,
        reply=reply,
        references=tuple(references),
    )
    raw = compose.as_bytes(compose.mail(frame, ME, PRIYA, now=NOW, subject=subject))
    head = raw.partition(b"\r\n\r\n")[0]
    read = mime.read(raw)
    names = [name for name, _ in read.headers.fields]

    assert set(names) <= EXPECTED
    assert len(names) == len(set(names))
    assert {key.lower() for key in message_from_bytes(raw, policy=policy.default)} == set(names)
    assert head.isascii() and b"\0" not in head
    assert head.replace(b"\r\n", b"").count(b"\n") == head.replace(b"\r\n", b"").count(b"\r") == 0
    assert [one.address for one in addresses.mailboxes(read.headers.first("from"))] == [ME.address]
    assert [one.address for one in addresses.mailboxes(read.headers.first("to"))] == [PRIYA]
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_damaged_mail_is_read(data: st.DataObject) -> None:
    raw = bytearray(recorded(data.draw(st.sampled_from(NAMES))))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw)))
        match data.draw(st.integers(0, 3)):
            case 0:
                raw[at:at] = data.draw(st.binary(max_size=12))
            case 1:
                del raw[at : at + data.draw(st.integers(1, 400))]
            case 2:
                raw[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case _:
                other = recorded(data.draw(st.sampled_from(NAMES)))
                raw[at:at] = other[data.draw(st.integers(0, len(other))) :][:300]
    check(bytes(raw))


@settings(max_examples=600, deadline=None)
@given(st.binary(max_size=600))
@example(b":\n\n")
@example(b'Content-Type: multipart/alternative; boundary=""\n\n--\n\n--')
@example(b"Content-Type: text/html\n\n" + b"<" * 300)
def test_any_bytes_are_read(raw: bytes) -> None:
    check(raw)


def check(raw: bytes) -> None:
    begun = time.perf_counter()
    for me in (ME, OPEN):
        found = inbound.read(raw, me, HERE, received_at=NOW)
        assert found is None or isinstance(found, InboundMessage | InboundStatus)
        if isinstance(found, InboundMessage):
            assert found.native_id and found.author.native_id and found.author.display
            assert not found.suspect or found.answers is None or found.answers == DELIVERY
            for file in found.files:
                assert mime.payload(raw, file.id) is not None
                assert not set(file.name) & set("/\\\0\r\n") and file.name
    assert time.perf_counter() - begun < 2.0


@settings(max_examples=300, deadline=None)
@given(NASTY, NASTY)
def test_every_reader_of_headers_is_total(name: str, value: str) -> None:
    fields = headers.Headers(
        fields=((name.lower(), value), ("from", value), ("content-type", value), ("subject", value))
    )
    headers.words(value)
    headers.params(value)
    addresses.mailboxes(value)
    addresses.normal(value)
    authentication.read(value)
    threads.ids(value)
    threads.base(value)
    automated.reason(fields, ME)
    bounces.read(mime.Mail(headers=fields, report="delivery-status", status=value, plain=value), ME)


def test_hostile_headers_cost_their_size() -> None:
    """Each of these makes a careless regular expression take minutes."""
    spells = [
        "=?utf-8?q?" * 4000,
        '"' * 40_000,
        "(" * 40_000,
        "<" * 40_000,
        " " * 40_000,
        "a@" * 20_000,
        ";a=" * 10_000,
    ]
    spells += [
        '\\"' * 20_000,
        "re:" * 13_000,
        "fwd[1" * 8_000,
        "=?a?b?" * 7_000 + "?=",
        ";a*0*='" * 5_000,
        "a." * 20_000,
    ]
    for spell in spells:
        begun = time.perf_counter()
        test_every_reader_of_headers_is_total.hypothesis.inner_test(spell[:100], spell)  # type: ignore[attr-defined]
        assert time.perf_counter() - begun < 0.5, spell[:20]


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=80), st.binary(max_size=60)
)
def test_the_standard_library_reads_the_same_of_what_we_send(text: str, data: bytes) -> None:
    """An oracle: its parser is not ours."""
    made = compose.mail(outgoing(text), ME, PRIYA, now=NOW)
    made.add_attachment(data, maintype="application", subtype="octet-stream", filename=f"{text[:20].strip('. ')}x.bin")
    raw = compose.as_bytes(made)
    theirs: Any = message_from_bytes(raw, policy=policy.default)
    ours = mime.read(raw)

    for body, kind in ((ours.plain, "plain"), (ours.html, "html")):
        assert body == theirs.get_body((kind,)).get_content().replace("\r\n", "\n")
    assert headers.words(ours.headers.first("subject")) == theirs["subject"]
    (part,) = theirs.iter_attachments()
    found = mime.payload(raw, ours.files[0].id)
    assert found is not None and found[1] == part.get_payload(decode=True) == data
