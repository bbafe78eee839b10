from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh
from annotator.training.access import run_to_steer
from annotator.training.models import Recipe, Trainer, TrainingRun
from annotator.training.queries import live_trainers
from annotator.training.recipes import RECIPES
from annotator.training.runs import RunStateError, ask_run, cancel_run, resume_run
from annotator.training.serializers import (
    NewTrainingRunSerializer,
    TrainerSerializer,
    TrainingRecipeSerializer,
    TrainingRunDetailSerializer,
    TrainingRunSerializer,
)


class RunStateConflict(APIException):
    status_code = 409


class TrainingRunsView(ListAPIView[TrainingRun]):
    permission_classes = [IsResearcher]
    serializer_class = TrainingRunSerializer
    queryset = TrainingRun.objects.select_related("initial", "output", "release", "created_by").defer("curve")

    @extend_schema(operation_id="training_runs")
    def get(self, request: Request) -> Response:
        """Training runs, newest first."""
        return self.list(request)

    @extend_schema(
        operation_id="ask_training_run",
        request=NewTrainingRunSerializer,
        responses={201: TrainingRunDetailSerializer},
    )
    def post(self, request: Request) -> Response:
        """Queues a training run; the next free trainer takes it, and its checkpoint registers itself as a student."""
        form = NewTrainingRunSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        run = ask_run(
            name=given["name"],
            recipe=Recipe(given["recipe"]),
            initial=given["initial"],
            config=given["config"],
            release=given["release"],
            data=given["data_folder"],
            created_by=person(request),
        )
        return Response(TrainingRunDetailSerializer(run).data, status=201)


class TrainingRunView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="training_run",
        parameters=[IF_NONE_MATCH],
        responses={200: TrainingRunDetailSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """One training run: its settings, its curve so far, its newest samples."""
        return fresh(request, TrainingRunDetailSerializer(run_to_steer(public_id=public_id)).data)


class TrainingRecipesView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="training_recipes", responses=TrainingRecipeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What can be trained, and with which settings: what each means, its default, what it may be."""
        return Response(TrainingRecipeSerializer(RECIPES.values(), many=True).data)


class TrainersView(ListAPIView[Trainer]):
    permission_classes = [IsResearcher]
    serializer_class = TrainerSerializer
    queryset = Trainer.objects.none()

    def get_queryset(self) -> QuerySet[Trainer]:
        return live_trainers()

    @extend_schema(operation_id="trainers")
    def get(self, request: Request) -> Response:
        """The trainers that were heard of just now."""
        return self.list(request)


class CancelTrainingRunView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="cancel_training_run", request=None, responses=TrainingRunDetailSerializer)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Stops a queued or running run; what it has learnt is saved on the trainer, and it can be resumed."""
        run = run_to_steer(public_id=public_id)
        try:
            cancel_run(run, by=person(request))
        except RunStateError as error:
            raise RunStateConflict(str(error)) from None
        return Response(TrainingRunDetailSerializer(run).data)


class ResumeTrainingRunView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="resume_training_run", request=None, responses=TrainingRunDetailSerializer)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Queues a failed or cancelled run again: it goes on where it was saved."""
        run = run_to_steer(public_id=public_id)
        try:
            resume_run(run, by=person(request))
        except RunStateError as error:
            raise RunStateConflict(str(error)) from None
        return Response(TrainingRunDetailSerializer(run).data)
