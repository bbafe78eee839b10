from django.contrib.auth.backends import ModelBackend

from annotator.accounts.models import User
from annotator.composed import Composed

ACTIVE = Composed(lambda given: User.objects.filter(pk=given("user", User._meta.pk), is_active=True))


class PeopleBackend(ModelBackend):
    """Passwords as Django checks them; who a session belongs to is asked at every request, and so composed once."""

    def get_user(self, user_id: int) -> User | None:
        found: User | None = ACTIVE.first(user=user_id)
        return found
