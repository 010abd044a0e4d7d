"""What a hub refused, as an exception."""

from __future__ import annotations

from typing import Final

import aiohttp
import msgspec

from tieline.errors import ApiProblem
from tieline.model.shapes import Problem

_decode = msgspec.json.Decoder(Problem).decode
_members = msgspec.json.Decoder(dict[str, object]).decode
_BUSY: Final = 503
_PAUSE: Final = 0.2
_LONGEST: Final = 10.0
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


async def right(answer: aiohttp.ClientResponse) -> bytes:
    """The body of an answer. Raises :class:`ClientError` where it is a problem."""
    raw = await answer.read()
    if not answer.ok:
        raise ClientError.read(answer.status, raw, answer.headers.get("Retry-After"))
    return raw


def worth_another(error: Exception) -> bool:
    """Tell whether the same request may work in a moment: the connection broke, or the hub is busy."""
    return not isinstance(error, ClientError) or error.problem.status == _BUSY


def wait(attempt: int, error: Exception) -> float:
    """Seconds until the next attempt."""
    asked = error.retry_after if isinstance(error, ClientError) else None
    return min(_LONGEST, asked if asked is not None else _PAUSE * 2**attempt)
