from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.local_slack import LocalSlack, running


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[LocalSlack]:
    """A real third-party Slack workspace, in Socket Mode."""
    async with running(tmp_path) as workspace:
        yield workspace
