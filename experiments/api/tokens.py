"""The caller's own access tokens."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api_fields import RequestSerializer, TextField, WholeField
from evalsite.api_views import VisibleViewSet, checked
from experiments.models import AccessToken


class TokenSerializer(serializers.ModelSerializer[AccessToken]):
    """A token without its secret."""

    id = serializers.UUIDField(source="uid")

    class Meta:
        model = AccessToken
        fields = ["id", "name", "prefix", "created_at", "expires_at", "revoked_at", "last_used_at"]


class IssuedTokenSerializer(TokenSerializer):
    """A new token with its text, which is not to be had again."""

    token = serializers.CharField()

    class Meta:
        model = AccessToken
        fields = [*TokenSerializer.Meta.fields, "token"]


class TokenRequest(RequestSerializer):
    """A token that is to be made."""

    name = TextField(max_length=100)
    days = WholeField(required=False, min_value=1, max_value=3650, help_text="Left out: until it is revoked.")


class TokenViewSet(ListModelMixin, VisibleViewSet):
    """The caller's own access tokens."""

    queryset = AccessToken.objects.all()
    serializer_class = TokenSerializer

    @extend_schema(request=TokenRequest, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token and show it, this once."""
        values = checked(TokenRequest, request.data)
        days = values.get("days")
        expires_in = timedelta(days=days) if days else None
        token, text = AccessToken.issue(user=request.user, name=values["name"], expires_in=expires_in)  # type: ignore[arg-type] # signed in
        return Response({**TokenSerializer(token).data, "token": text}, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, *_: Any, **__: Any) -> Response:
        """Revoke a token."""
        self.get_object().revoke()
        return Response(status=204)
