from django.urls import path

from annotator.quality import api, gallery_api, watching_api

urlpatterns = [
    path("batches/<int:pk>/checkpoints/", watching_api.BatchCheckpointsView.as_view(), name="batch-checkpoints"),
    path("batches/<int:pk>/clips/", gallery_api.GalleryView.as_view(), name="batch-clips"),
    path("batches/<int:pk>/motion/", watching_api.MotionView.as_view(), name="batch-motion"),
    path("batches/<int:pk>/over_time/", watching_api.OverTimeView.as_view(), name="batch-over-time"),
    path("batches/<int:pk>/prompts/", gallery_api.PromptRowsView.as_view(), name="batch-prompts"),
    path("batches/<int:pk>/prompts/<int:task>/", gallery_api.PromptRowView.as_view(), name="batch-prompt"),
    path("labels/summary/", api.SummaryView.as_view(), name="labels-summary"),
]
