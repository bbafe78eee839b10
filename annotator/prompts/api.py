from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.prompts import prompts, queries
from annotator.prompts.models import Prompt, PromptSet, Split
from annotator.prompts.serializers import NewPromptSerializer, PromptSerializer, PromptSetSerializer


@extend_schema_view(get=extend_schema(operation_id="prompt_sets"))
class PromptSetsView(ListAPIView[PromptSet]):
    """Prompt sets, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = PromptSetSerializer
    queryset = queries.prompt_sets()

    @extend_schema(operation_id="create_prompt_set", request=PromptSetSerializer, responses={201: PromptSetSerializer})
    def post(self, request: Request) -> Response:
        """A new prompt set, without prompts yet."""
        form = PromptSetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = prompts.create_prompt_set(by=person(request), **form.validated_data)
        return Response(PromptSetSerializer(made).data, status=201)


@extend_schema_view(get=extend_schema(operation_id="prompt_set"))
class PromptSetView(RetrieveAPIView[PromptSet]):
    """One prompt set and how many prompts it has."""

    permission_classes = [IsResearcher]
    serializer_class = PromptSetSerializer
    queryset = queries.prompt_sets()


@extend_schema_view(get=extend_schema(operation_id="prompts"))
class PromptsView(ListAPIView[Prompt]):
    """The prompts of a set, oldest first."""

    permission_classes = [IsResearcher]
    serializer_class = PromptSerializer
    parser_classes = [MultiPartParser]
    queryset = Prompt.objects.none()
    keyset = "id"

    def prompt_set(self) -> PromptSet:
        return get_object_or_404(PromptSet.objects.all(), pk=self.kwargs["pk"])

    def get_queryset(self) -> QuerySet[Prompt]:
        return queries.prompts_of(self.prompt_set())

    @extend_schema(operation_id="add_prompt", request=NewPromptSerializer, responses={201: PromptSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Adds one prompt: a sticker image and its caption."""
        prompt_set = self.prompt_set()
        form = NewPromptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        prompt = prompts.add_prompt(
            prompt_set=prompt_set,
            caption=data["caption"],
            image=data["sticker"].read(),
            external_id=data["external_id"],
            split=Split(data["split"]),
        )
        return Response(PromptSerializer(prompt).data, status=201)


class PromptView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="remove_prompt", responses={204: None})
    def delete(self, request: Request, pk: int, prompt: int) -> Response:
        """Takes a prompt out of its set, where no batch has it yet."""
        prompts.remove_prompt(get_object_or_404(Prompt, prompt_set__id=pk, pk=prompt).pk)
        return Response(status=204)
