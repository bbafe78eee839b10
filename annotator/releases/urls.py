from django.urls import path

from annotator.releases import api

urlpatterns = [path("labels/export/", api.ExportView.as_view(), name="labels-export")]
