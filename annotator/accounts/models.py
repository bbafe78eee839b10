from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    """What a person may do; each role may do all that the ones before it may."""

    ANNOTATOR = "annotator"
    RESEARCHER = "researcher"
    ADMIN = "admin"


class User(AbstractUser):
    role = models.CharField(max_length=16, choices=Role, default=Role.ANNOTATOR)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]


class Invitation(models.Model):
    """A link that makes one account with one role. Only the digest of its secret is kept."""

    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=Role)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, models.CASCADE, related_name="invitations_made")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_by = models.OneToOneField(User, models.CASCADE, null=True, related_name="invitation")


class ApiToken(models.Model):
    """A script's key to the API. Only its digest is kept; `prefix` lets its owner tell tokens apart."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
