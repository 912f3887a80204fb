"""
The merchant account: API keys, login, environment.

What lives here: who may call. What must not: what may be called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from . import errors
from .tokens import Tokens

KEY_HEADER = "x-api-key"


class Account:
    """
    One account with any number of API keys; payments belong to the key that made them.

    Args:
        api_keys: the valid ones.
        login: e-mail and password, both case-sensitive; none refuses every login.
        tokens: issues what a login gives.
        is_sandbox: whether the sandbox's `case` is understood.
    """

    def __init__(
        self, api_keys: Iterable[str], login: tuple[str, str] | None, tokens: Tokens, *, is_sandbox: bool
    ) -> None:
        self.is_sandbox = is_sandbox
        self._api_keys = set(api_keys)
        self._login = login
        self._tokens = tokens

    def add_api_key(self, api_key: str) -> None:
        """Make a further key valid."""
        self._api_keys.add(api_key)

    def revoke_api_key(self, api_key: str) -> None:
        """Refuse a key from now on; its payments can no longer be read."""
        self._api_keys.discard(api_key)

    def check_key(self, headers: Mapping[str, str]) -> str:
        """
        The API key of a request.

        Raises:
            ApiError: 403 if it is missing, wrong or revoked.
        """
        api_key = headers.get(KEY_HEADER, "")
        if api_key not in self._api_keys:
            raise errors.invalid_api_key()
        return api_key

    def check_login(self, headers: Mapping[str, str], now: datetime) -> None:
        """
        Let a request with a bearer token pass.

        Raises:
            ApiError: 401 if it is missing, forged or more than 300 seconds old.
        """
        if not self._tokens.is_valid(headers.get("Authorization", ""), now):
            raise errors.authorization_missing()

    def log_in(self, email: str, password: str, now: datetime) -> str:
        """
        A bearer token.

        Raises:
            ApiError: 403 if e-mail or password differ.
        """
        if self._login != (email, password):
            raise errors.wrong_login()
        return self._tokens.issue(now)
