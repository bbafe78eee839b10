from django.urls import path

from annotator.prompts import api

urlpatterns = [
    path("prompt-sets/", api.PromptSetsView.as_view(), name="prompt-sets"),
    path("prompt-sets/<int:pk>/", api.PromptSetView.as_view(), name="prompt-set"),
    path("prompt-sets/<int:pk>/prompts/", api.PromptsView.as_view(), name="prompts"),
]
