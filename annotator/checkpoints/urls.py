from django.urls import path

from annotator.checkpoints import api

urlpatterns = [
    path("checkpoints/", api.CheckpointsView.as_view(), name="checkpoints"),
    path("checkpoints/<int:pk>/", api.CheckpointView.as_view(), name="checkpoint"),
]
