"""Who may do what: a permission class a role, and the person behind a request."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from annotator.accounts.models import ApiToken, Role, User

RANKS = {role: rank for rank, role in enumerate(Role)}


def has_role(user: object, role: Role) -> bool:
    """Whether `user` is signed in with `role` or one above it."""
    return isinstance(user, User) and user.is_active and RANKS[Role(user.role)] >= RANKS[role]


def person(request: Request | HttpRequest) -> User:
    """The user of a request that a permission class of this module has let through."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("person() is for views that require somebody signed in")
    return user


class RolePermission(BasePermission):
    role: Role

    def has_permission(self, request: Request, view: Any) -> bool:
        return has_role(request.user, self.role)


class IsAnnotator(RolePermission):
    """Everybody who is signed in."""

    role = Role.ANNOTATOR


class IsResearcher(RolePermission):
    role = Role.RESEARCHER
    message = "This is for researchers: an admin can give you that role under People."


class IsAdmin(RolePermission):
    role = Role.ADMIN
    message = "This is for admins."


def own_tokens(request: Request) -> QuerySet[ApiToken]:
    """The tokens that the person behind `request` may see and revoke."""
    return ApiToken.objects.filter(user=person(request))
