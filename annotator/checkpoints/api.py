from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView

from annotator.accounts.access import IsResearcher
from annotator.checkpoints.models import Checkpoint
from annotator.checkpoints.serializers import CheckpointDetailSerializer, CheckpointSerializer


@extend_schema_view(get=extend_schema(operation_id="checkpoints"))
class CheckpointsView(ListAPIView[Checkpoint]):
    """Checkpoints, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = CheckpointSerializer
    queryset = Checkpoint.objects.select_related("parent")


@extend_schema_view(get=extend_schema(operation_id="checkpoint"))
class CheckpointView(RetrieveAPIView[Checkpoint]):
    """One checkpoint with its card and its measured figures."""

    permission_classes = [IsResearcher]
    serializer_class = CheckpointDetailSerializer
    queryset = Checkpoint.objects.select_related("parent")
