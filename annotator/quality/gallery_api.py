"""A batch's gallery: its clips one by one, and prompt after prompt."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher
from annotator.generation.access import batch_to_steer
from annotator.generation.models import Candidate, Task
from annotator.quality import gallery
from annotator.quality.gallery_serializers import (
    ClipFilterSerializer,
    GalleryClipSerializer,
    OrderedClipFilterSerializer,
    PromptRowSerializer,
)


@extend_schema_view(get=extend_schema(operation_id="batch_clips", parameters=[OrderedClipFilterSerializer]))
class GalleryView(ListAPIView[Candidate]):
    """The clips of a batch in whatever state they are, with what was measured and what annotators said of each."""

    permission_classes = [IsResearcher]
    serializer_class = GalleryClipSerializer
    queryset = Candidate.objects.none()
    keyset = "id"

    def get_queryset(self) -> QuerySet[Candidate]:
        batch = batch_to_steer(pk=self.kwargs["pk"])
        form = OrderedClipFilterSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        found = gallery.clips(batch, form.wanted())
        if order := form.validated_data.get("order"):
            found, self.keyset = gallery.in_order(found, order)
        return found

    def paginate_queryset(self, queryset: Any) -> Any:
        self.page = super().paginate_queryset(queryset)
        return self.page

    def get_serializer_context(self) -> dict[str, Any]:
        page: list[Candidate] = getattr(self, "page", [])
        return {**super().get_serializer_context(), "said": gallery.said_of(page)}


def beside(tasks: Collection[Task], fitting: set[int] | None) -> dict[str, Any]:
    """What the rows of these prompts are serialised with."""
    shown = [candidate for task in tasks for candidate in task.candidates.all()]
    return {"said": gallery.said_of(shown), "fitting": fitting}


@extend_schema_view(get=extend_schema(operation_id="batch_prompts", parameters=[ClipFilterSerializer]))
class PromptRowsView(ListAPIView[Task]):
    """The prompts of a batch that have a clip which fits the filter, each with all of its clips; where a checkpoint is
    named, with those of it."""

    permission_classes = [IsResearcher]
    serializer_class = PromptRowSerializer
    queryset = Task.objects.none()
    keyset = "id"
    page_size = 20

    def get_queryset(self) -> QuerySet[Task]:
        self.batch = batch_to_steer(pk=self.kwargs["pk"])
        form = ClipFilterSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        self.wanted = form.wanted()
        return gallery.prompts(self.batch, self.wanted)

    def paginate_queryset(self, queryset: Any) -> Any:
        self.page = super().paginate_queryset(queryset)
        return self.page

    def get_serializer_context(self) -> dict[str, Any]:
        page: list[Task] = getattr(self, "page", [])
        chosen = page and self.wanted != gallery.ALL
        fitting = gallery.fitting(self.batch, self.wanted, page) if chosen else None
        return {**super().get_serializer_context(), **beside(page, fitting)}


class PromptRowView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="batch_prompt", responses=PromptRowSerializer)
    def get(self, request: Request, pk: int, task: int) -> Response:
        """One prompt of a batch with all of its clips, to compare them."""
        found = get_object_or_404(gallery.prompts(batch_to_steer(pk=pk)), pk=task)
        return Response(PromptRowSerializer(found, context=beside([found], None)).data)
