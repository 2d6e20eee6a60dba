"""Encryption of what the site has to keep secret and to read again.

Fernet (AES-128-CBC, HMAC-SHA256) under a key made from the site's secret key by HKDF-SHA256. Former secret keys
(`EVALSITE_SECRET_KEY_FALLBACKS`) still decrypt; `evalsite rotate-keys` encrypts anew under the present one.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"evalsite: keys of providers"


class CannotDecrypt(Exception):
    """It was encrypted under another secret key, or is damaged."""


def encrypt(text: str) -> str:
    """Return the text encrypted under the site's present secret key."""
    return _cipher().encrypt(text.encode()).decode("ascii")


def decrypt(ciphertext: str) -> str:
    """Return what was encrypted. Raises CannotDecrypt."""
    try:
        return _cipher().decrypt(ciphertext).decode()
    except InvalidToken as error:
        raise CannotDecrypt("it was encrypted under another secret key") from error


def encrypted_anew(ciphertext: str) -> str:
    """Return the same secret encrypted under the site's present secret key. Raises CannotDecrypt."""
    try:
        return _cipher().rotate(ciphertext).decode("ascii")
    except InvalidToken as error:
        raise CannotDecrypt("it was encrypted under another secret key") from error


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])


def _derived(secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(key)
