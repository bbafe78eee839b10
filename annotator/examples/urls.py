from django.urls import path

from annotator.examples import api

urlpatterns = [
    path("batches/<int:pk>/examples/", api.ExamplesView.as_view(), name="batch-examples"),
    path("examples/<int:pk>/", api.ExampleView.as_view(), name="example"),
    path("annotate/batches/<uuid:public_id>/guide/", api.GuideView.as_view(), name="annotate-guide"),
]
