"""People as commands name them, and passwords as commands read them."""

import getpass
import sys

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from evalsite.commands import CommandFailed
from evalsite.preparation import someone_to_sign_in


def user_named(username: str | None) -> User:
    """Return the active user of this name, without one the first administrator. Raises CommandFailed."""
    if username is None:
        user = someone_to_sign_in()
        if user is None:
            raise CommandFailed("There is no administrator yet: make one with `evalsite create-user NAME --staff`.")
        return user
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandFailed(f'There is no active user "{username}".', returncode=2)
    return user


def read_password(user: User) -> str:
    """Return a password typed twice at the terminal, or a line of standard input. Raises CommandFailed if weak."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password of {user.username}: ")
        if getpass.getpass("Once more: ") != password:
            raise CommandFailed("The two passwords differ; nothing was changed.", returncode=2)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandFailed(" ".join(error.messages), returncode=2) from error
    return password
