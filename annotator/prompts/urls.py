from django.urls import path

from annotator.prompts import api, imports_api

urlpatterns = [
    path("imports/", imports_api.ImportsView.as_view(), name="imports"),
    path("imports/<int:pk>/", imports_api.ImportView.as_view(), name="import"),
    path("imports/<int:pk>/problems/", imports_api.ImportProblemsView.as_view(), name="import-problems"),
    path("imports/<int:pk>/confirm/", imports_api.ConfirmImportView.as_view(), name="import-confirm"),
    path("imports/<int:pk>/cancel/", imports_api.CancelImportView.as_view(), name="import-cancel"),
    path("prompt-sets/", api.PromptSetsView.as_view(), name="prompt-sets"),
    path("prompt-sets/<int:pk>/", api.PromptSetView.as_view(), name="prompt-set"),
    path("prompt-sets/<int:pk>/prompts/", api.PromptsView.as_view(), name="prompts"),
    path("prompt-sets/<int:pk>/prompts/<int:prompt>/", api.PromptView.as_view(), name="prompt"),
]
