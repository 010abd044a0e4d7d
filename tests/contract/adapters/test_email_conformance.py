"""The e-mail adapter fulfils the contract."""

from __future__ import annotations

from tests.contract.adapters.email_contract import EmailContract


class TestEmail(EmailContract):
    """On real Postfix and Dovecot."""
