"""Ranges and names of downloads, as pure functions. Rules: RFC 9110 section 14, RFC 6266, RFC 8187."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.api.incoming import file_name, mime_of
from tieline.api.ranges import Unsatisfiable, asked_range, content_type, disposition, still_same


@given(st.binary(max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_the_slice_it_names(data: bytes, first: int, last: int) -> None:
    if last < first:
        assert asked_range(f"bytes={first}-{last}", len(data)) is None
        return
    if first >= len(data):
        with pytest.raises(Unsatisfiable):
            asked_range(f"bytes={first}-{last}", len(data))
        return
    found = asked_range(f"bytes={first}-{last}", len(data))
    assert found is not None
    assert data[slice(*found)] == data[first : last + 1]
    rest = asked_range(f"bytes={first}-", len(data))
    assert rest is not None
    assert data[slice(*rest)] == data[first:]


@given(st.binary(max_size=50), st.integers(1, 60))
def test_a_suffix_is_the_end(data: bytes, length: int) -> None:
    found = asked_range(f"Bytes=-{length}", len(data))
    assert (found is None) == (not data)
    if found is not None:
        assert data[slice(*found)] == data[-length:]


@given(st.one_of(st.text(max_size=60), st.from_regex(r"bytes=[0-9, -]{0,20}", fullmatch=True)), st.integers(0, 100))
def test_whatever_a_header_says_the_answer_is_within_the_file(header: str, size: int) -> None:
    try:
        found = asked_range(header, size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found[0] < found[1] <= size


@pytest.mark.parametrize(
    "header", [None, "", "bytes=-", "bytes=0-1,4-5", "bytes=5-2", "lines=1-2", "bytes=a-b", "bytes=" + "9" * 30 + "-"]
)
def test_what_is_no_single_range_is_the_whole(header: str | None) -> None:
    assert asked_range(header, 10) is None


def test_a_suffix_of_nothing_is_nothing() -> None:
    with pytest.raises(Unsatisfiable):
        asked_range("bytes=-0", 10)


@pytest.mark.parametrize(
    ("header", "part"),
    [(None, True), ('"abc"', True), (' "abc" ', True), ('W/"abc"', False), ('"x"', False),
     ("Wed, 21 Oct 2015 07:28:00 GMT", False)],
)  # fmt: skip
def test_a_part_is_given_of_the_same_file_only(header: str | None, part: bool) -> None:
    assert still_same(header, '"abc"') is part


@given(st.text(max_size=300))
def test_a_disposition_is_one_clean_line_that_brings_the_name_back(name: str) -> None:
    written = disposition(name)
    assert written.isascii() and written.isprintable()
    kept = name.encode("utf-8", "replace").decode()
    assert unquote(written.rpartition("''")[2]) == kept
    if kept and not any(char in kept for char in "\x00"):
        assert written.count('"') == 2


@pytest.mark.parametrize(
    "mime", ["text/html\r\nX: y", "a/b;c=d", "", "text", "é/x", "multipart/mixed", "message/rfc822"]
)
def test_a_media_type_that_is_none_or_composite_is_unknown(mime: str) -> None:
    assert content_type(mime) == "application/octet-stream"


@given(st.text(max_size=100))
def test_reading_a_disposition_never_raises(text: str) -> None:
    file_name(text)
    file_name(f"attachment; {text}")
    file_name(f"attachment; filename={text}; filename*={text}")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a b.png"', "a b.png"),
        ("form-data; name=file; filename=plain.txt", "plain.txt"),
        ("attachment; filename*=UTF-8''%E2%82%AC%20rates.pdf", "€ rates.pdf"),
        ('form-data; filename="grün.png"', "grün.png"),
        ("attachment; filename=\"gr_n.png\"; filename*=UTF-8''gr%C3%BCn.png", "grün.png"),
        ("attachment", ""),
        ("attachment; filename*=no-such-charset''%ff", "ÿ"),
    ],
)
def test_names_are_read_as_the_standards_write_them(header: str, name: str) -> None:
    assert file_name(header) == name


@pytest.mark.parametrize(
    ("said", "name", "mime"),
    [
        ("image/png", "a.txt", "image/png"),
        ("application/octet-stream", "a.PNG", "image/png"),
        ("application/x-www-form-urlencoded", "a.pdf", "application/pdf"),
        ("", "a.csv.gz", "application/octet-stream"),
        ("", "", "application/octet-stream"),
        ("", "data:text/html,x", "application/octet-stream"),
    ],
)
def test_a_type_that_says_nothing_is_taken_from_the_name(said: str, name: str, mime: str) -> None:
    assert mime_of(said, name) == mime
