from django.urls import path

from annotator.quality import api

urlpatterns = [path("labels/summary/", api.SummaryView.as_view(), name="labels-summary")]
