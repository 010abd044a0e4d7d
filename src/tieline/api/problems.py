"""Problems (RFC 9457): the one place where refusals and exceptions become HTTP answers.

Rule: every answer that is not a success is ``application/problem+json`` with a stable ``code``; nothing of an
unexpected error but its request id goes outside. Next stop: :mod:`tieline.api.app` wraps every handler in
:func:`guard`.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
import structlog
from aiohttp import web

from tieline.errors import AdapterError, DeliveryError, HubBusy, StoreError
from tieline.model.outcome import Refusal
from tieline.ports.files import FilesError
from tieline.render.outs import problem_body

_log = structlog.get_logger("tieline.api")
REQUEST_ID: Final = web.RequestKey("request_id", str)
"""Our own id of a request, for the answer and the log."""
_PROCESS: Final = os.urandom(4).hex()
"""Tells requests of one start of the hub from those of another; a system call per request would cost more than it."""
_requests = itertools.count()
PROBLEM_TYPE: Final = "application/problem+json"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

UNAUTHORIZED: Final = Refusal(
    status=401, code="unauthorized", detail="Send 'Authorization: Bearer TOKEN'. Make one: tieline token create HANDLE"
)

_HTTP_CODES: Final = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", "There is nothing at this address; /docs lists what there is."),
    405: ("method_not_allowed", "This address does not take that method; see the Allow header."),
    413: ("too_large", "The body is too large."),
    415: ("unsupported_media_type", "Send JSON."),
}


def response(refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
    """A refusal as an HTTP answer, with ``Retry-After`` and ``WWW-Authenticate`` where they belong."""
    answer = web.Response(
        status=refusal.status, body=problem_body(refusal), content_type=PROBLEM_TYPE, headers=headers or {}
    )
    if refusal.retry_after is not None:
        answer.headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after)))
    if refusal.status == web.HTTPUnauthorized.status_code:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="tieline"'
    return answer


def invalid_body(error: Exception) -> Refusal:
    """What was wrong with a body: 422 where it is JSON of the wrong shape (naming the place), else 400."""
    if isinstance(error, msgspec.ValidationError):
        return Refusal(status=422, code="invalid_body", detail=_placed(str(error)))
    if isinstance(error, UnicodeDecodeError):
        return Refusal(status=400, code="malformed_json", detail="The body is not UTF-8.")
    if isinstance(error, RecursionError):
        return Refusal(status=400, code="malformed_json", detail="The body is nested too deeply.")
    return Refusal(status=400, code="malformed_json", detail=str(error))


def _placed(message: str) -> str:
    """``Expected `int`, got `str` - at `$.after` `` as ``$.after: Expected …``."""
    said, found, place = message.rpartition(" - at `")
    return f"{place.rstrip('`')}: {said}" if found else f"$: {message}"


def invalid_parameter(error: Exception) -> Refusal:
    """What was wrong with a query parameter."""
    return Refusal(status=400, code="invalid_parameter", detail=_placed(str(error)).replace("$.", "?", 1))


def of_exception(error: Exception, request_id: str) -> Refusal:
    """The refusal an exception is answered with."""
    match error:
        case HubBusy():
            return Refusal(
                status=503,
                code="hub_busy",
                detail=f"{error} Nothing was written; send it again with the same client_id.",
                retry_after=error.retry_after,
            )
        case StoreError():
            return Refusal(status=503, code="store_unavailable", detail=f"{error} {error.fix}".strip(), retry_after=5)
        case FilesError():
            _log.error("the file store fails", request_id=request_id, error=str(error), fix=error.fix)
            return Refusal(
                status=503,
                code="files_unavailable",
                detail=f"The file store does not do its work now; the hub's log says why under {request_id}.",
                retry_after=5,
            )
        case AdapterError():
            return Refusal(status=502, code="channel_failed", detail=f"{error} {error.fix}".strip())
        case DeliveryError():
            return Refusal(status=502, code=error.code, detail=f"{error.detail} {error.fix}".strip())
        case _:
            _log.error("request failed", request_id=request_id, exc_info=error)
            return Refusal(
                status=500, code="internal", detail=f"The hub made a mistake; its log has it under {request_id}."
            )


def of_http_error(error: web.HTTPException) -> web.Response:
    """An error that aiohttp raised, as a problem with the headers it had."""
    code, detail = _HTTP_CODES.get(error.status, ("refused", error.reason))
    answer = response(Refusal(status=error.status, code=code, detail=detail))
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id of our own making, and turn whatever a handler raises into a problem."""
    request[REQUEST_ID] = f"{_PROCESS}{next(_requests):08x}"
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        return of_http_error(error)
    except Exception as error:  # noqa: BLE001 - the last net: nothing of an unexpected error goes outside
        return response(of_exception(error, request.get(REQUEST_ID, "")))
