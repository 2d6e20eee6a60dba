"""Access tokens: the caller's own, and for owners those of the members of their projects."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import OneOfField, RequestSerializer, TextField, WholeField
from evalsite.api.scopes import scope_of
from evalsite.api.views import VisibleViewSet, checked
from experiments.actions import issue_token, revoke_token
from experiments.models import AccessToken, Scope

FIELDS = ["id", "name", "person", "scope", "prefix", "created_at", "expires_at", "revoked_at", "last_used_at"]


class TokenSerializer(serializers.ModelSerializer[AccessToken]):
    """A token without its secret."""

    id = serializers.UUIDField(source="uid")
    person = serializers.CharField(source="user.username")

    class Meta:
        model = AccessToken
        fields = FIELDS


class IssuedTokenSerializer(TokenSerializer):
    """A new token with its text, which is not to be had again."""

    token = serializers.CharField()

    class Meta:
        model = AccessToken
        fields = [*FIELDS, "token"]


class TokenRequest(RequestSerializer):
    """A token that is to be made."""

    name = TextField(max_length=100)
    scope = OneOfField(choices=Scope.choices, default=Scope.WRITE.value, help_text="At most that of the caller's.")
    days = WholeField(required=False, min_value=1, max_value=3650, help_text="Left out: until it is revoked.")


class TokenViewSet(ListModelMixin, VisibleViewSet):
    """Access tokens."""

    queryset = AccessToken.objects.select_related("user")
    serializer_class = TokenSerializer

    @extend_schema(request=TokenRequest, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token and show it, this once."""
        values = checked(TokenRequest, request.data)
        values["scope"] = Scope(values["scope"])
        token, text = issue_token(by=request.user, within=scope_of(request), **values)  # type: ignore[arg-type] # signed in
        return Response({**TokenSerializer(token).data, "token": text}, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **__: Any) -> Response:
        """Revoke a token: one's own, or with the scope admin one of a member of a project that the caller owns."""
        with self.as_read(request) as token:
            if token.user_id != request.user.pk and not scope_of(request).includes(Scope.ADMIN):
                raise PermissionDenied("Revoking the token of somebody else needs a token with the scope admin.")
            if token.revoked_at is None:
                revoke_token(token=token, by=request.user)
        return Response(status=204)
