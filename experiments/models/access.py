"""Ways in: personal access tokens for programs, links that sign a person in once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from experiments.models.projects import Membership, Person, Project, Role, VisibleQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LINK_LIFETIME = timedelta(minutes=15)
USE_NOTED_EVERY = timedelta(minutes=1)


def digest_of(secret: str) -> str:
    """Return the SHA-256 under which a secret of 32 random bytes is stored (a slow hash protects passwords only)."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Scope(models.TextChoices):
    """What a token is good for; each scope includes the one before it. It never goes beyond its person's roles."""

    READ = "read", "read"  # reads all that its person may read
    WRITE = "write", "read and write"  # also makes, changes, starts, rates and deletes
    ADMIN = "admin", "read, write and administer"  # also members, invitations, projects, tokens of others

    def includes(self, other: Scope) -> bool:
        """Return whether a token of this scope may do what the other is for."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """Access tokens."""

    def usable(self) -> Self:
        """Return those that are neither revoked nor past their time."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)

    def visible_to(self, user: Person) -> Self:
        """Return this person's own, and those of the members of projects that this person owns."""
        if user.pk is None:
            return self.none()
        owned = Membership.objects.filter(user_id=user.pk, role=Role.OWNER).values("project_id")
        members = Membership.objects.filter(project__in=owned).values("user_id")
        return self.filter(Q(user_id=user.pk) | Q(user__in=members))


class AccessToken(models.Model):
    """A personal access token: `es_<prefix>_<secret>`, shown once, stored as a digest."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.WRITE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(scope__in=Scope.values), name="token_scope_known")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def issue(
        cls, *, user: User, name: str, expires_in: timedelta | None = None, scope: Scope = Scope.WRITE
    ) -> tuple[AccessToken, str]:
        """Make a token and return it with its text, which is not to be had again."""
        prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        expires_at = timezone.now() + expires_in if expires_in else None
        token = cls.objects.create(
            user=user, name=name, prefix=prefix, digest=digest_of(secret), expires_at=expires_at, scope=scope
        )
        return token, f"es_{prefix}_{secret}"

    @classmethod
    def find(cls, text: str) -> AccessToken | None:
        """Return the usable token with this text, of an active user; None: there is none."""
        token = cls.issued(text)
        return token if token is not None and token.is_usable else None

    @classmethod
    def issued(cls, text: str) -> AccessToken | None:
        """Return the token with this text, of an active user, even one that is good for nothing any more."""
        kind, _, rest = text.partition("_")
        prefix, _, secret = rest.partition("_")
        token = cls.objects.select_related("user").filter(prefix=prefix).first()
        if kind != "es" or token is None or not token.user.is_active:
            return None
        return token if hmac.compare_digest(token.digest, digest_of(secret)) else None

    @property
    def is_usable(self) -> bool:
        """Whether it is neither revoked nor past its time."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    def note_use(self) -> None:
        """Write the time of this use, at most once a minute."""
        now = timezone.now()
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        AccessToken.objects.filter(stale, pk=self.pk).update(last_used_at=now)

    def revoke(self) -> bool:
        """Make this token useless; False when it was revoked before."""
        return bool(AccessToken.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()))


class SignInLink(models.Model):
    """A link that signs one person in once, within 15 minutes."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link for {self.user}"

    @classmethod
    def issue(cls, user: User) -> str:
        """Make a link and return the token of its address."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(user=user, digest=digest_of(token))
        return token

    @classmethod
    def peek(cls, token: str) -> User | None:
        """Return whom this token would sign in, without using it up; None: unknown, used or too old."""
        link = cls._usable(token).select_related("user").first()
        return link.user if link and link.user.is_active else None

    @classmethod
    def use(cls, token: str) -> User | None:
        """Use the link up and return whom it signs in; None: unknown, used or too old."""
        user = cls.peek(token)
        return user if user and cls._usable(token).update(used_at=timezone.now()) else None

    @classmethod
    def _usable(cls, token: str) -> models.QuerySet[SignInLink]:
        born_after = timezone.now() - LINK_LIFETIME
        return cls.objects.filter(digest=digest_of(token), used_at=None, created_at__gt=born_after)


class InvitationQuerySet(VisibleQuerySet):
    """Invitations."""

    def usable(self) -> Self:
        """Return those that still let somebody in."""
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link that lets one person into a project, once; stored as a digest."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    note = models.CharField(max_length=100, blank=True, help_text="Whom it was sent to.")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known")]

    def __str__(self) -> str:
        return f"invitation to {self.project} as {self.role}"

    @classmethod
    def issue(cls, **values: Any) -> tuple[Invitation, str]:
        """Make an invitation and return it with the token of its address, which is not to be had again."""
        token = secrets.token_urlsafe(32)
        return cls.objects.create(digest=digest_of(token), **values), token

    @classmethod
    def find(cls, token: str) -> Invitation | None:
        """Return the invitation of an address; None: it is unknown, used, revoked or too old."""
        found: Invitation | None = (
            cls.objects.usable().select_related("project").filter(digest=digest_of(token)).first()
        )
        return found

    @classmethod
    def joined_by(cls, token: str, user: User) -> Invitation | None:
        """Return the invitation of an address that let this person in, who is a member still; None: it did not."""
        used = cls.objects.visible_to(user).select_related("project").filter(digest=digest_of(token), used_by=user)
        found: Invitation | None = used.first()
        return found

    def use(self, user: User) -> bool:
        """Use it up for a person; False when somebody was first."""
        usable = Invitation.objects.usable().filter(pk=self.pk)
        return bool(usable.update(used_at=timezone.now(), used_by=user))

    def revoke(self) -> bool:
        """Make it useless; False when it was used, revoked or too old before."""
        return bool(Invitation.objects.usable().filter(pk=self.pk).update(revoked_at=timezone.now()))
