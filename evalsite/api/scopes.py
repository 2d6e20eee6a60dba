"""What a token is good for: reading, writing, administering. REST framework loads this early: no views here."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from experiments.models import AccessToken, Scope


def scope_of(request: Request) -> Scope:
    """Return what the request's token is good for; a session is good for everything that its person may do."""
    return Scope(request.auth.scope) if isinstance(request.auth, AccessToken) else Scope.ADMIN


class HasScope(BasePermission):
    """Lets pass what the token's scope includes: reading, or what a view names as its `writing_scope`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the token is good for this; the refusal names the scope that is needed.

        A method that the address does not have passes: it is answered by 405, whatever the scope.
        """
        if not hasattr(view, str(request.method).lower()):
            return True
        needed = Scope.READ if request.method in SAFE_METHODS else getattr(view, "writing_scope", Scope.WRITE)
        self.message = f"This token may only {scope_of(request).label}: make one with the scope {needed.value}."
        return scope_of(request).includes(needed)
