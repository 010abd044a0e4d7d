from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from tests.services.mail_servers import MailServers, why_not
from tieline.testing.session import RecordingSession


@pytest.fixture(scope="session")
def servers(missing_server: Callable[[str], NoReturn]) -> Iterator[MailServers]:
    """Postfix and Dovecot, one pair for each worker; each test takes addresses of its own."""
    reason = why_not()
    if reason is not None:
        missing_server(reason)
    with MailServers() as made:
        yield made


@pytest.fixture
def session() -> RecordingSession:
    return RecordingSession()
