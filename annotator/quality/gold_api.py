"""The gold tasks of a batch: which there are and how people do on them; making them, and taking them out."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.generation.access import batch_to_steer
from annotator.generation.models import MOST_CANDIDATES, TaskState
from annotator.generation.overlap import MOST_OVERLAP
from annotator.media import media_url
from annotator.quality.access import gold_to_remove
from annotator.quality.agreed import FEWEST_AGREEING, MOST_AT_ONCE, make_gold_of_agreed
from annotator.quality.gold import Answer, gold_of, make_gold, remove_gold, scored
from annotator.quality.gold_work import said_of_gold
from annotator.quality.models import Gold, GoldOrigin
from annotator.quality.serializers import LARGEST_KEY, Plain
from annotator.quality.tallying import tally_before_a_page


class GoldClipShape(Plain):
    animation = serializers.CharField()
    answer = serializers.ChoiceField(choices=Answer.choices)
    judged = serializers.IntegerField(help_text="How many people have said something of it.")
    shareable = serializers.IntegerField(help_text="How many of them would share it.")


class GoldShape(serializers.Serializer[Gold]):
    # What people said comes from the context's `said`: one query for a whole page.
    id = serializers.IntegerField()
    caption = serializers.CharField(source="task.prompt.caption")
    sticker = serializers.SerializerMethodField()
    state = serializers.ChoiceField(source="task.state", choices=TaskState.choices, help_text="done: in use.")
    origin = serializers.ChoiceField(choices=GoldOrigin.choices)
    made_by = serializers.CharField(source="made_by.username")
    made_at = serializers.DateTimeField()
    answers = serializers.IntegerField(source="task.counted", help_text="People who have judged it.")
    accuracy = serializers.SerializerMethodField(help_text="How often they were right about a clip that is scored.")
    clips = serializers.SerializerMethodField()

    def get_sticker(self, gold: Gold) -> str:
        return media_url(gold.task.prompt.sticker)

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_accuracy(self, gold: Gold) -> float | None:
        said = [(right, *self.context["said"].get(pk, (0, 0))) for pk, right in scored([gold]).items()]
        judged = sum(n for _, n, _ in said)
        return sum(y if right else n - y for right, n, y in said) / judged if judged else None

    @extend_schema_field(GoldClipShape(many=True))
    def get_clips(self, gold: Gold) -> Any:
        rows = []
        right = scored([gold])
        for candidate in sorted(gold.task.candidates.all(), key=lambda candidate: candidate.pk):
            judged, shareable = self.context["said"].get(candidate.pk, (0, 0))
            answer = {True: Answer.SHAREABLE, False: Answer.NOT_SHAREABLE, None: Answer.EITHER}[right.get(candidate.pk)]
            animation = media_url(candidate.clip.animation)
            rows.append({"animation": animation, "answer": answer, "judged": judged, "shareable": shareable})
        return GoldClipShape(rows, many=True).data


class GoldAnswerRequest(Plain):
    candidate = serializers.IntegerField(
        min_value=1, max_value=LARGEST_KEY, help_text="Of an ordinary task of any batch, with a clip that is ready."
    )
    answer = serializers.ChoiceField(choices=Answer.choices, help_text="`either` is not scored.")


class MakeGoldRequest(Plain):
    answers = serializers.ListField(child=GoldAnswerRequest(), min_length=2, max_length=MOST_CANDIDATES)


class AgreedRequest(Plain):
    of_batch = serializers.IntegerField(
        min_value=1, max_value=LARGEST_KEY, required=False, help_text="The batch whose tasks are taken; this one."
    )
    at_least = serializers.IntegerField(
        min_value=FEWEST_AGREEING,
        max_value=MOST_OVERLAP,
        default=3,
        help_text="People who judged the task, all of them alike.",
    )
    most = serializers.IntegerField(min_value=1, max_value=MOST_AT_ONCE, default=20, help_text="Tasks to make.")


class MadeShape(Plain):
    made = serializers.IntegerField()


@extend_schema_view(get=extend_schema(operation_id="batch_gold"))
class BatchGoldView(ListAPIView[Gold]):
    """The gold tasks of a batch with their answers and how people do on them, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = GoldShape
    queryset = Gold.objects.none()
    page_size = 20

    def get_queryset(self) -> QuerySet[Gold]:
        return gold_of(batch_to_steer(pk=self.kwargs["pk"]))

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.page = [] if page is None else list(page)
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        said = said_of_gold([gold.task_id for gold in getattr(self, "page", [])])
        return {**super().get_serializer_context(), "said": said}

    @extend_schema(operation_id="make_gold", request=MakeGoldRequest, responses={201: GoldShape})
    def post(self, request: Request, pk: int) -> Response:
        """Makes a gold task of clips of one prompt: as many as the batch's other tasks have, or people could tell."""
        form = MakeGoldRequest(data=request.data)
        form.is_valid(raise_exception=True)
        answers = {each["candidate"]: Answer(each["answer"]) for each in form.validated_data["answers"]}
        gold = make_gold(batch=batch_to_steer(pk=pk), answers=answers, by=person(request))
        return Response(GoldShape(gold, context={"said": {}}).data, status=201)


class AgreedView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="make_gold_of_agreed", request=AgreedRequest, responses=MadeShape)
    def post(self, request: Request, pk: int) -> Response:
        """Makes gold tasks of ordinary ones that an admin decided, or on which people agreed about every clip."""
        batch = batch_to_steer(pk=pk)
        form = AgreedRequest(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = dict(form.validated_data)
        source = batch_to_steer(pk=wanted.pop("of_batch", pk))
        tally_before_a_page()
        made = make_gold_of_agreed(batch=batch, source=source, by=person(request), **wanted)
        return Response({"made": made})


class GoldView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="remove_gold", request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Makes a gold task void: nobody is given it again, and what was said of it is no longer scored."""
        remove_gold(gold_to_remove(pk=pk), by=person(request))
        return Response(status=204)
