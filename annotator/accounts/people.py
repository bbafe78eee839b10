"""Accounts: made, given a role, switched off."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotator.accounts.models import Role, User
from annotator.audit.recording import record

TAKEN = "This username is taken: choose another."


def create_person(
    *, username: str, role: Role, password: str | None = None, verb: str = "person.created", by: User | None = None
) -> User:
    """A new account; without a password it is entered by a sign-in link only. `verb` is what the audit says of it."""
    user = User(username=username, role=role)
    user.full_clean(exclude=["password"], validate_unique=False)
    if password is None:
        user.set_unusable_password()
    else:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise ValidationError({"password": error.messages}) from None
        user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record(verb=verb, by=by, subject=user, after={"role": role.value})
    except IntegrityError:
        raise ValidationError({"username": [TAKEN]}) from None
    return user


def change_person(*, user: User, by: User, role: Role | None = None, is_active: bool | None = None) -> User:
    """Gives `user` another role or switches the account on or off; sessions and tokens follow at once."""
    if user.pk == by.pk:
        raise ValidationError("You cannot change your own role or switch yourself off: ask another admin.")
    with transaction.atomic():
        # Two admins who demote each other wait here for one another; the second is then no admin any more.
        admins = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
        if by.pk not in {admin.pk for admin in admins}:
            raise ValidationError("You are not an admin any more.")
        user.refresh_from_db()
        before = {"role": user.role, "is_active": user.is_active}
        user.role = user.role if role is None else role
        user.is_active = user.is_active if is_active is None else is_active
        user.save(update_fields=["role", "is_active"])
        after = {"role": str(user.role), "is_active": user.is_active}
        record(verb="person.changed", by=by, subject=user, before=before, after=after)
    return user


def demo_person(*, role: Role) -> User:
    """The demo's account of a role, named like it; made when it is not there."""
    existing = User.objects.filter(username=role.value, role=role, is_active=True).first()
    return existing or create_person(username=role.value, role=role)
