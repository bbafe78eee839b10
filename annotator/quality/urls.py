from django.urls import path

from annotator.quality import adjudications_api, annotators_api, api, gallery_api, gold_api, watching_api

urlpatterns = [
    path("batches/<int:pk>/checkpoints/", watching_api.BatchCheckpointsView.as_view(), name="batch-checkpoints"),
    path("batches/<int:pk>/clips/", gallery_api.GalleryView.as_view(), name="batch-clips"),
    path("batches/<int:pk>/gold/", gold_api.BatchGoldView.as_view(), name="batch-gold"),
    path("batches/<int:pk>/gold/agreed/", gold_api.AgreedView.as_view(), name="gold-agreed"),
    path("batches/<int:pk>/motion/", watching_api.MotionView.as_view(), name="batch-motion"),
    path("batches/<int:pk>/over_time/", watching_api.OverTimeView.as_view(), name="batch-over-time"),
    path("batches/<int:pk>/prompts/", gallery_api.PromptRowsView.as_view(), name="batch-prompts"),
    path("batches/<int:pk>/prompts/<int:task>/", gallery_api.PromptRowView.as_view(), name="batch-prompt"),
    path("labels/summary/", api.SummaryView.as_view(), name="labels-summary"),
    path("labels/answer/", api.AnswerView.as_view(), name="labels-answer"),
    path("labels/agreement/", api.AgreementView.as_view(), name="labels-agreement"),
    path("labels/agreement/over_time/", api.AgreementOverTimeView.as_view(), name="labels-agreement-over-time"),
    path("labels/contested/", adjudications_api.ContestedView.as_view(), name="labels-contested"),
    path("labels/adjudications/", adjudications_api.AdjudicationsView.as_view(), name="labels-adjudications"),
    path("labels/adjudications/<int:pk>/", adjudications_api.AdjudicateView.as_view(), name="adjudicate"),
    path("gold/<int:pk>/", gold_api.GoldView.as_view(), name="gold"),
    path("annotators/", annotators_api.AnnotatorsView.as_view(), name="annotators"),
    path("annotators/<int:pk>/set_aside/", annotators_api.SetAsideView.as_view(), name="annotator-set-aside"),
]
