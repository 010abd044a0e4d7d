"""What a hub refused, as an exception."""

from __future__ import annotations

import msgspec

from tieline.errors import ApiProblem
from tieline.model.shapes import Problem

_decode = msgspec.json.Decoder(Problem).decode
_members = msgspec.json.Decoder(dict[str, object]).decode
_STANDARD = frozenset(Problem.__struct_fields__)


class ClientError(ApiProblem):
    """The hub answered with a problem (RFC 9457).

    ``problem`` has ``status``, a stable ``code``, ``detail`` and ``violations``; ``extra`` its further members
    (``corrected`` of a bad packet); ``retry_after`` in seconds where the hub says when to come again.
    """

    def __init__(
        self, problem: Problem, extra: dict[str, object] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(problem.status, problem.code, problem.detail)
        self.problem = problem
        self.extra = extra or {}
        self.retry_after = retry_after

    @classmethod
    def read(cls, status: int, body: bytes, retry_after: str | None = None) -> ClientError:
        """The error for an answer; what is no problem document (a proxy's page) becomes ``unexpected_answer``."""
        seconds = float(retry_after) if retry_after and retry_after.isdigit() else None
        try:
            problem = _decode(body)
            extra = {name: value for name, value in _members(body).items() if name not in _STANDARD}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            detail = body[:200].decode("utf-8", "replace")
            problem = Problem(type="about:blank", title="", status=status, code="unexpected_answer", detail=detail)
            extra = {}
        return cls(problem, extra, seconds)
