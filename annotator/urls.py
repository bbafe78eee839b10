from django.urls import include, path, re_path

from annotator.accounts.signin import follow_link
from annotator.api import errors, pages

urlpatterns = [
    path("api/v1/", include("annotator.api.router")),
    path("signin/<str:signed>", follow_link, name="signin-link"),
    re_path(r"^(?!(?:api|media|static)/)", pages.app_page),
    re_path("", errors.no_such_address),
]
handler400 = errors.malformed
handler500 = errors.server_error
