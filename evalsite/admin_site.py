"""Who is let into the admin: staff who may see something there. The others are told so on a page of the site."""

from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

NOT_STAFF = "The admin is for staff. Whoever runs the site can make you one of them."
NOTHING_TO_SEE = (
    "You are staff, and in no group that sees something in the admin. "
    'A superuser can add you to the group "Curators", who work on datasets.'
)


def sees_the_admin(user: Any) -> bool:
    """Return whether a person is staff and, as a superuser or by a permission of Django, sees anything there."""
    if not (user.is_active and user.is_staff):
        return False
    return bool(user.is_superuser or user.get_all_permissions())


class EvalsiteAdmin(AdminSite):
    """The admin, without a sign-in form of its own: the site's has let everybody in who comes here."""

    enable_nav_sidebar = False  # the width is for the lists

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this person sees anything in the admin, its start and its helpers included."""
        return sees_the_admin(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Lead in whoever may come in; tell the others why not, whom Django leads here. Raises PermissionDenied."""
        if self.has_permission(request):
            return redirect("admin:index")
        raise PermissionDenied(NOTHING_TO_SEE if getattr(request.user, "is_staff", False) else NOT_STAFF)

    def password_change(  # type: ignore[override] # Django's own shows a page
        self,
        request: HttpRequest,  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Lead to where the site lets everybody change their password."""
        return redirect("password")
