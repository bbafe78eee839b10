"""Examples: researchers mark clips, annotators see them with the instructions or practise on them."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsAnnotator, IsResearcher, person
from annotator.annotation.access import batch_to_annotate
from annotator.examples import queries
from annotator.examples.access import example_to_change
from annotator.examples.marking import mark_example
from annotator.examples.serializers import ExampleRequest, ExampleSerializer, ExamplesShape, GuideShape
from annotator.generation.access import batch_to_steer


class ExamplesView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="examples", responses=ExamplesShape)
    def get(self, request: Request, pk: int) -> Response:
        """What the batch's annotators are shown: eight beside the instructions and five to practise with, at most."""
        return Response({"results": ExampleSerializer(queries.examples_of(batch_to_steer(pk=pk)), many=True).data})

    @extend_schema(operation_id="mark_example", request=ExampleRequest, responses={201: ExampleSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Marks a clip of another batch as an example; marking it again changes what is said of it."""
        batch = batch_to_steer(pk=pk)
        request_form = ExampleRequest(data=request.data)
        request_form.is_valid(raise_exception=True)
        form = request_form.validated_data
        marked = mark_example(
            batch=batch,
            clip_key=form["clip"],
            good=form["good"],
            note=form["note"],
            practice=form["practice"],
            by=person(request),
        )
        return Response(ExampleSerializer(marked).data, status=201)


class ExampleView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="remove_example", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Takes an example back; the clip stays."""
        example_to_change(pk=pk).delete()
        return Response(status=204)


class GuideView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="guide", responses=GuideShape)
    def get(self, request: Request, public_id: UUID) -> Response:
        """What the batch's researchers would share, would not, and why."""
        return Response(queries.guide(batch_to_annotate(user=person(request), public_id=public_id)))
