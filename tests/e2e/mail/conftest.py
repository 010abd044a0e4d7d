"""Postfix and Dovecot for the stories of mail: one pair for each worker; each test takes addresses of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from tests.services.mail_servers import MailServers, why_not


@pytest.fixture(scope="session")
def servers(missing_server: Callable[[str], NoReturn]) -> Iterator[MailServers]:
    """The servers; they are gone at the end of the run."""
    reason = why_not()
    if reason is not None:
        missing_server(reason)
    with MailServers() as made:
        yield made
