"""Who calls the API: bearer tokens. REST framework loads this early: it imports neither views nor serializers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import OperationalError
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from experiments.models import AccessToken

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer es_…`: the person whose access token this is."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        """Return the person and the token; None: no token was sent. Raises AuthenticationFailed for a useless one."""
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        token = AccessToken.issued(text.strip())
        if token is None:
            raise AuthenticationFailed("This token is unknown: look whether all of it was sent, or make a new one.")
        if not token.is_usable:
            raise AuthenticationFailed(_why_useless(token))
        with suppress(OperationalError):  # a full disk lets nobody write, and everybody read
            token.note_use()
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return what the answer 401 asks for."""
        del request  # the same for all
        return f'{SCHEME} realm="evalsite"'


def _why_useless(token: AccessToken) -> str:
    """Return the sentence for whoever sends a token that is revoked or past its time, and has its secret."""
    if token.revoked_at is not None:
        return "This token was revoked: make a new one."
    return f"This token expired on {token.expires_at:%Y-%m-%d at %H:%M UTC}: make a new one."
