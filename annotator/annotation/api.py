"""What the annotate page talks to. Nobody sees another's assignments."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsAnnotator, person
from annotator.annotation import queries
from annotator.annotation.access import batch_to_annotate, own_assignment
from annotator.annotation.flags import raise_flag
from annotator.annotation.handouts import Handout, shown_with_answers
from annotator.annotation.leases import as_it_stands, is_there_work, lease
from annotator.annotation.models import Assignment, FlagKind
from annotator.annotation.renewals import renew
from annotator.annotation.returns import return_hand
from annotator.annotation.serializers import (
    AssignmentShape,
    BatchesToAnnotateShape,
    FlagRequest,
    HandoutShape,
    LeaseRequest,
    PaceRequest,
    PaceShape,
    RenewedShape,
    ReturnedShape,
    SkipRequest,
    StandingShape,
    StoredShape,
    SubmissionRequest,
)
from annotator.annotation.skips import skip
from annotator.annotation.submissions import Submission, submit

# One for all requests: making its fields anew each time took a twentieth of a submission's processor time.
SUBMISSION = SubmissionRequest()


def next_leases(request: Request, assignment: Assignment, form: dict[str, Any]) -> Handout:
    """What follows an act on an assignment: the person's next tasks, in the same answer."""
    batch = assignment.task.batch
    return lease(batch=batch, user=person(request), count=form["want"], holding=frozenset(form["holding"]))


class BatchesView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="batches_to_annotate", responses=BatchesToAnnotateShape)
    def get(self, request: Request) -> Response:
        """The open batches, most urgent first, and how far one has come in each."""
        return Response({"results": queries.batches_to_annotate(user=person(request))})


class LeasesView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="lease", request=LeaseRequest, responses=HandoutShape)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Leases until `count` tasks are in hand, and answers those of them that are not in `holding`."""
        batch = batch_to_annotate(user=person(request), public_id=public_id)
        form = LeaseRequest(data=request.data)
        form.is_valid(raise_exception=True)
        wanted, holding = form.validated_data["count"], frozenset(form.validated_data["holding"])
        return Response(lease(batch=batch, user=person(request), count=wanted, holding=holding))


class StandingView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="standing", responses=StandingShape)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Whether there is work in the batch for the person, and if not, why: takes nothing, and costs little."""
        batch = batch_to_annotate(user=person(request), public_id=public_id)
        return Response({"state": is_there_work(batch=batch, user=person(request))})


class ReturnView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="return_leases", request=None, responses=ReturnedShape)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Gives back all that one holds in the batch, for others to judge."""
        batch = batch_to_annotate(user=person(request), public_id=public_id)
        return Response({"returned": return_hand(batch=batch, user=person(request))})


class HistoryView(GenericAPIView[Assignment]):
    permission_classes = [IsAnnotator]
    serializer_class = AssignmentShape
    queryset = Assignment.objects.none()
    keyset = "-annotation__id"
    page_size = 20

    @extend_schema(operation_id="history", responses=AssignmentShape(many=True))
    def get(self, request: Request, public_id: UUID) -> Response:
        """What one has judged in the batch, newest first, with one's answers."""
        batch = batch_to_annotate(user=person(request), public_id=public_id)
        page = self.paginate_queryset(queries.history(batch=batch, user=person(request)))
        return self.get_paginated_response(shown_with_answers(list(page or [])))


class PaceView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="pace", parameters=[PaceRequest], responses=PaceShape)
    def get(self, request: Request, public_id: UUID) -> Response:
        """How much one has judged and how long that took: today in all batches, and in this one."""
        batch = batch_to_annotate(user=person(request), public_id=public_id)
        form = PaceRequest(data=request.query_params)
        form.is_valid(raise_exception=True)
        user = person(request)
        today = queries.done(user=user, since=form.validated_data["since"])
        return Response({"today": today, "batch": queries.done(user=user, batch=batch)})


class AssignmentView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="assignment", responses=AssignmentShape)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One's own assignment, with the answer given so far."""
        return Response(shown_with_answers([own_assignment(user=person(request), uuid=uuid)])[0])

    @extend_schema(operation_id="submit", request=SubmissionRequest, responses=StoredShape)
    def put(self, request: Request, uuid: UUID) -> Response:
        """Stores what one has judged, and answers the next tasks. Sending the same submission again changes nothing."""
        assignment = own_assignment(user=person(request), uuid=uuid)
        form = SUBMISSION.run_validation(request.data)
        stored = submit(
            assignment=assignment,
            submission=Submission(
                submission=form["submission"],
                revision=form["revision"],
                shareable=frozenset(form["shareable"]),
                reasons={said["slot"]: said["reasons"] for said in form["reasons"]},
                elapsed_ms=form["elapsed_ms"],
                watched_ms=form["watched_ms"],
                active_ms=form["active_ms"],
                device=form["device"],
                comment=form["comment"],
            ),
        )
        if form["want"]:
            handout = next_leases(request, assignment, form)
        else:
            handout = as_it_stands(batch=assignment.task.batch, enrolment=stored.enrolment, holding=form["holding"])
        return Response({"stored": True, "counted": stored.counted, "revision": stored.revision, **handout})


class RenewView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="renew", request=None, responses=RenewedShape)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Says that one is still there: all that one holds in this batch stays leased for another while."""
        user = person(request)
        return Response({"lease_until": renew(assignment=own_assignment(user=user, uuid=uuid), user=user)})


class SkipView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="skip", request=SkipRequest, responses=HandoutShape)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Leaves the task to others; one does not get it again."""
        assignment = own_assignment(user=person(request), uuid=uuid)
        form = SkipRequest(data=request.data)
        form.is_valid(raise_exception=True)
        skip(assignment=assignment, reason=form.validated_data["reason"])
        return Response(next_leases(request, assignment, form.validated_data))


class RaiseFlagView(APIView):
    permission_classes = [IsAnnotator]

    @extend_schema(operation_id="flag", request=FlagRequest, responses=HandoutShape)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Says that something is wrong. An offensive task is shown to nobody until a researcher decides."""
        assignment = own_assignment(user=person(request), uuid=uuid)
        request_form = FlagRequest(data=request.data)
        request_form.is_valid(raise_exception=True)
        form = request_form.validated_data
        raise_flag(assignment=assignment, kind=FlagKind(form["kind"]), slot=form["slot"], comment=form["comment"])
        return Response(next_leases(request, assignment, form))
