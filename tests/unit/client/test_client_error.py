"""What a client makes of answers that are no success."""

from __future__ import annotations

from tieline.client.problem import ClientError


def test_a_problem_keeps_its_further_members_and_when_to_come_again() -> None:
    body = b'{"type":"urn:x","title":"T","status":429,"code":"rate_limited","detail":"slow","corrected":"C","n":1}'
    error = ClientError.read(429, body, "7")
    assert (error.status, error.code, error.detail, error.retry_after) == (429, "rate_limited", "slow", 7.0)
    assert error.extra == {"corrected": "C", "n": 1}
    assert str(error) == "429 rate_limited: slow"


def test_what_is_no_problem_document_is_shown_shortened() -> None:
    for body in (b"<html>Bad gateway</html>", b"", b"\xff\xfe", b"[]", b"[" * 5000, b'{"status": "?"}'):
        error = ClientError.read(502, body, "soon")
        assert (error.status, error.code, error.retry_after) == (502, "unexpected_answer", None)
        assert len(error.detail) <= 200
