from django.urls import path

from annotator.training import api

urlpatterns = [
    path("training-runs/", api.TrainingRunsView.as_view(), name="training_runs"),
    path("training-recipes/", api.TrainingRecipesView.as_view(), name="training_recipes"),
    path("trainers/", api.TrainersView.as_view(), name="trainers"),
    path("training-runs/<uuid:public_id>/", api.TrainingRunView.as_view(), name="training_run"),
    path("training-runs/<uuid:public_id>/cancel/", api.CancelTrainingRunView.as_view(), name="cancel_training_run"),
    path("training-runs/<uuid:public_id>/resume/", api.ResumeTrainingRunView.as_view(), name="resume_training_run"),
]
