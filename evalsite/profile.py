"""The person's own page: the name, the password, the theme."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experiments.pages.settings import settings_tabs

OTHERS_END = "Your password is changed. You stay signed in here; every other browser is signed out."


if TYPE_CHECKING:
    UserForm = ModelForm[User]
else:
    UserForm = ModelForm  # takes no parameter at run time

PasswordForm = Any  # one of Django's two, which take a parameter in their stubs only


class ProfileForm(UserForm):
    """What a person is called."""

    class Meta:
        model = User
        fields = ["username", "email"]
        labels = {"username": "Name"}
        help_texts = {"username": "You sign in with it, and others see it. Letters, digits and @ . + - _ only."}


@require_safe
def settings_start(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - every view has it
    """Lead to the first tab."""
    return redirect("profile")


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the person's page, or change the name; 422 for one that does not fit or is taken."""
    # An own copy: what was typed and refused must not be shown as the person's name around the page.
    person = User.objects.get(pk=cast("User", request.user).pk)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    return _page(request, form, _password_form(request))


@sensitive_post_parameters()
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change the password and end the person's other sessions; 422 for what does not fit."""
    form = _password_form(request)
    if not form.is_valid():
        return _page(request, ProfileForm(instance=cast("User", request.user)), form)
    update_session_auth_hash(request, form.save())
    messages.success(request, OTHERS_END)
    return redirect("profile")


def _password_form(request: HttpRequest) -> PasswordForm:
    """Return the form; who signs in by links only has no former password to be asked for."""
    user = cast("User", request.user)
    kind = PasswordChangeForm if user.has_usable_password() else SetPasswordForm
    is_sent = request.method == "POST" and request.resolver_match is not None
    is_mine = is_sent and request.resolver_match is not None and request.resolver_match.url_name == "password"
    form = kind(user, request.POST if is_mine else None)
    form.fields["new_password1"].help_text = "At least 8 characters, not a common one and not like your name."
    for field in form.fields.values():
        field.widget.attrs.pop("autofocus", None)  # the page begins with the name, not in its middle
    form.fields["new_password2"].label, form.fields["new_password2"].help_text = "New password once more", ""
    return form


def _page(request: HttpRequest, form: ProfileForm, password_form: PasswordForm) -> HttpResponse:
    context = {"tabs": settings_tabs("Profile"), "profile_form": form, "password_form": password_form}
    status = 422 if form.errors or password_form.errors else 200
    return render(request, "settings/profile.html", context, status=status)
