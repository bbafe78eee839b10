from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from annotator.accounts.tokens import digest


class SignInThrottle(SimpleRateThrottle):
    """Attempts for one username from one address. Others of that address, or elsewhere, are not held up."""

    scope = "signin"
    rate = "10/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        data = request.data if isinstance(request.data, dict) else {}
        who = digest(str(data.get("username", "")).casefold())
        return f"throttle-{self.scope}-{who}-{self.get_ident(request)}"


class AddressThrottle(SimpleRateThrottle):
    """All attempts to enter from one address: an office full of people passes, a script that sprays names does not."""

    scope = "entry"
    rate = "120/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"throttle-{self.scope}-{self.get_ident(request)}"
