"""Members and invitations of projects."""

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import OneOfField, RequestSerializer, TextField, WholeField
from evalsite.api.lists import Order
from evalsite.api.views import VisibleViewSet, changed, checked, of_project
from experiments.actions import change_role, invite, remove_member, revoke_invitation
from experiments.api.references import named_or_404
from experiments.models import Invitation, Membership, Project, Role, Scope
from experiments.permissions import projects_where

PROJECT = OpenApiParameter("project_id", OpenApiTypes.UUID, description="Only those of this project.")


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """One person's role in one project."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")
    person = serializers.CharField(source="user.username")

    class Meta:
        model = Membership
        fields = ["id", "project_id", "person", "role", "created_at"]


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation without its link."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")

    class Meta:
        model = Invitation
        fields = ["id", "project_id", "role", "note", "created_at", "expires_at", "used_at", "revoked_at"]


class IssuedInvitationSerializer(InvitationSerializer):
    """A new invitation with its link, which is not to be had again."""

    url = serializers.URLField()

    class Meta:
        model = Invitation
        fields = [*InvitationSerializer.Meta.fields, "url"]


class RoleRequest(RequestSerializer):
    """Another role for a member."""

    role = OneOfField(choices=Role.choices)


class InvitationRequest(RoleRequest):
    """An invitation that is to be made."""

    project = TextField(help_text="Its id or name.")
    days = WholeField(default=7, min_value=1, max_value=90)
    note = TextField(default="", allow_blank=True, max_length=100, help_text="Whom the link is sent to.")


class OfProjectViewSet(ListModelMixin, VisibleViewSet):
    """Rows of projects, all or those of one; changing them is administering."""

    writing_scope = Scope.ADMIN

    def get_queryset(self) -> Any:
        """Return the rows of the caller's projects, of one where `project_id` names it. Raises Http404."""
        rows, wanted = super().get_queryset(), self.request.query_params.get("project_id")
        return of_project(rows, wanted if self.action == "list" else None, self.request.user)


class MemberViewSet(OfProjectViewSet):
    """Members of projects."""

    queryset = Membership.objects.select_related("project", "user")
    serializer_class = MemberSerializer
    order = Order("user__username")

    @extend_schema(parameters=[PROJECT])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the members of the caller's projects."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=RoleRequest, responses=MemberSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Give a member another role; the last owner keeps it."""
        with self.as_read(request) as membership:
            values = checked(RoleRequest, request.data)
            return changed(self.shown(change_role(membership=membership, by=request.user, **values)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Take a member out; the last owner stays."""
        with self.as_read(request) as membership:
            remove_member(membership=membership, by=request.user)
        return Response(status=204)


class InvitationViewSet(OfProjectViewSet):
    """Invitations to the projects that the caller owns."""

    queryset = Invitation.objects.select_related("project")
    serializer_class = InvitationSerializer
    order = Order("created_at", is_descending=True)

    def get_queryset(self) -> Any:
        """Return the invitations to the caller's own projects."""
        return super().get_queryset().filter(project__in=projects_where(self.request.user, "edit_members"))

    @extend_schema(parameters=[PROJECT])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the invitations to the caller's own projects."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=InvitationRequest, responses={201: IssuedInvitationSerializer})
    def create(self, request: Request) -> Response:
        """Make a link that lets one person in, and show it, this once."""
        values = checked(InvitationRequest, request.data)
        project = named_or_404(Project.objects.visible_to(request.user), values.pop("project"))
        made, token = invite(project=project, by=request.user, **values)
        url = request.build_absolute_uri(reverse("experiments:invitation", args=[token]))
        return Response({**InvitationSerializer(made).data, "url": url}, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Revoke an invitation."""
        with self.as_read(request) as invitation:
            revoke_invitation(invitation=invitation, by=request.user)
        return Response(status=204)
