from django.urls import path

from annotator.lineage import api

urlpatterns = [
    path("lineage/<str:kind>/<str:key>/", api.LineageView.as_view(), name="lineage"),
    path("prompts/<int:pk>/withdraw/", api.WithdrawPromptView.as_view(), name="prompt-withdraw"),
]
