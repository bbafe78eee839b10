"""All of /api/v1/: each app brings its own addresses."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotator.api.audit import AuditExportView, AuditView
from annotator.api.errors import no_such_address
from annotator.api.health import HealthView

urlpatterns: list[URLPattern | URLResolver] = [
    # First, as they are asked for by far the most: Django tries one address after the other.
    path("", include("annotator.annotation.urls")),
    path("", include("annotator.accounts.urls")),
    path("", include("annotator.checkpoints.urls")),
    path("", include("annotator.prompts.urls")),
    path("", include("annotator.generation.urls")),
    path("", include("annotator.examples.urls")),
    path("", include("annotator.quality.urls")),
    path("", include("annotator.releases.urls")),
    path("", include("annotator.training.urls")),
    path("", include("annotator.promotion.urls")),
    path("", include("annotator.lineage.urls")),
    path("audit/", AuditView.as_view(), name="audit"),
    path("audit/export/", AuditExportView.as_view(), name="audit-export"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(title="Stickerloop's API"), name="docs"),
    path("health/", HealthView.as_view(), name="health"),
    re_path("", no_such_address),
]
