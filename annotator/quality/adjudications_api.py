"""Where people disagree, and what admins decide there. Which model made a clip is not said: decisions are blind too."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsAdmin, person
from annotator.generation.models import Task
from annotator.media import media_url
from annotator.quality.access import task_to_decide
from annotator.quality.adjudications import adjudicate, contested, decided
from annotator.quality.api import asked_for
from annotator.quality.models import Adjudication
from annotator.quality.recent_work import judged_by_all
from annotator.quality.serializers import BatchFilterSerializer, Plain
from annotator.quality.tallying import tally_before_a_page
from annotator.quality.weighted_votes import on_a_page

Counts = dict[int, tuple[int, int]]


class ContestedClipShape(Plain):
    candidate = serializers.IntegerField()
    animation = serializers.CharField()
    judged = serializers.IntegerField(help_text="How many people's verdicts count.")
    shareable = serializers.IntegerField(help_text="How many of them would share it.")
    share_probability = serializers.FloatField(
        allow_null=True,
        help_text="How likely it is shareable, with people weighed by how often they are right (Dawid and Skene 1979); "
        "null where nobody judged it or the server has no crowd-kit, the extra `votes`.",
    )


class ContestedTaskShape(serializers.Serializer[Task]):
    task = serializers.IntegerField(source="pk")
    batch = serializers.IntegerField(source="batch_id")
    batch_name = serializers.CharField(source="batch.name")
    caption = serializers.CharField(source="prompt.caption")
    sticker = serializers.SerializerMethodField()
    clips = serializers.SerializerMethodField()

    def get_sticker(self, task: Task) -> str:
        return media_url(task.prompt.sticker)

    @extend_schema_field(ContestedClipShape(many=True))
    def get_clips(self, task: Any) -> Any:
        counts: Counts = self.context["counts"]
        rows = []
        for candidate in task.shown:
            judged, shareable = counts.get(candidate.pk, (0, 0))
            animation = media_url(candidate.clip.animation)
            rows.append(
                {
                    "candidate": candidate.pk,
                    "animation": animation,
                    "judged": judged,
                    "shareable": shareable,
                    "share_probability": self.context["probabilities"].get(candidate.pk),
                }
            )
        return ContestedClipShape(rows, many=True).data


class ContestedShape(Plain):
    tasks = ContestedTaskShape(many=True)


class AdjudicationShape(serializers.Serializer[Adjudication]):
    id = serializers.IntegerField()
    task = ContestedTaskShape()
    shareable = serializers.ListField(child=serializers.IntegerField(), help_text="Candidates.")
    comment = serializers.CharField()
    decided_by = serializers.CharField(source="decided_by.username")
    decided_at = serializers.DateTimeField()


class AdjudicateRequest(Plain):
    shareable = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=9, help_text="Candidates; empty: none is."
    )
    comment = serializers.CharField(max_length=500, allow_blank=True, default="")


def said_of(tasks: list[Any]) -> dict[str, Any]:
    """What the shapes need beside the tasks: plain counts, and votes that are weighed."""
    shown = {candidate.pk for task in tasks for candidate in task.shown}
    probabilities = on_a_page(candidates=shown, batches={task.batch_id for task in tasks})
    return {"counts": judged_by_all(shown), "probabilities": probabilities}


class ContestedView(APIView):
    permission_classes = [IsAdmin]

    @extend_schema(operation_id="contested_tasks", parameters=[BatchFilterSerializer], responses=ContestedShape)
    def get(self, request: Request) -> Response:
        """The tasks that people disagree about most and nobody has decided on, 30 at a time."""
        tally_before_a_page()
        tasks = contested(**asked_for(request))
        return Response(ContestedShape({"tasks": tasks}, context=said_of(tasks)).data)


@extend_schema_view(get=extend_schema(operation_id="adjudications", parameters=[BatchFilterSerializer]))
class AdjudicationsView(ListAPIView[Adjudication]):
    """What was decided and stands, newest first, beside what people said."""

    permission_classes = [IsAdmin]
    serializer_class = AdjudicationShape
    queryset = Adjudication.objects.none()

    def get_queryset(self) -> QuerySet[Adjudication]:
        return decided(**asked_for(self.request))

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.tasks = [each.task for each in page or []]
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), **said_of(getattr(self, "tasks", []))}


class AdjudicateView(APIView):
    permission_classes = [IsAdmin]

    @extend_schema(operation_id="adjudicate", request=AdjudicateRequest, responses={204: None})
    def put(self, request: Request, pk: int) -> Response:
        """Decides on a task, or decides anew; verdicts and earlier decisions stay on record."""
        task = task_to_decide(pk=pk)
        form = AdjudicateRequest(data=request.data)
        form.is_valid(raise_exception=True)
        adjudicate(task=task, by=person(request), **form.validated_data)
        return Response(status=204)
