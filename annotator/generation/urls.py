from django.urls import path

from annotator.generation import api, planning_api, previews_api, queue_api, sharing_api

urlpatterns = [
    path("batches/", api.BatchesView.as_view(), name="batches"),
    path("batches/estimate/", planning_api.EstimateView.as_view(), name="batch-estimate"),
    path("batches/<int:pk>/", api.BatchView.as_view(), name="batch"),
    path("batches/<int:pk>/cancel/", api.CancelBatchView.as_view(), name="batch-cancel"),
    path("batches/<int:pk>/close/", api.CloseBatchView.as_view(), name="batch-close"),
    path("batches/<int:pk>/extend/", planning_api.ExtendView.as_view(), name="batch-extend"),
    path(
        "batches/<int:pk>/extend/estimate/", planning_api.ExtensionEstimateView.as_view(), name="batch-extend-estimate"
    ),
    path("batches/<int:pk>/retry_failed/", api.RetryFailedView.as_view(), name="batch-retry"),
    path("clips/<slug:key>/files/<slug:target>/", sharing_api.ClipFileView.as_view(), name="clip-file"),
    path("formats/", sharing_api.FormatsView.as_view(), name="formats"),
    path("previews/", previews_api.PreviewsView.as_view(), name="previews"),
    path("previews/<uuid:public_id>/", previews_api.PreviewView.as_view(), name="preview"),
    path("previews/<uuid:public_id>/cancel/", previews_api.CancelPreviewView.as_view(), name="preview-cancel"),
    path("queue/", queue_api.QueueView.as_view(), name="queue"),
    path("stickers/", previews_api.StickersView.as_view(), name="stickers"),
    path("workers/", api.WorkersView.as_view(), name="workers"),
    path("workers/pace/", queue_api.WorkersPaceView.as_view(), name="workers-pace"),
]
