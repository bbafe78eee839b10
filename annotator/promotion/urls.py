from django.urls import path

from annotator.promotion import api

urlpatterns = [
    path("batches/<int:pk>/selection/", api.SelectionView.as_view(), name="batch-selection"),
    path("batches/<int:pk>/promotions/", api.PromoteView.as_view(), name="batch-promote"),
    path("promotions/", api.PromotionsView.as_view(), name="promotions"),
    path("promotions/standing/", api.StandingView.as_view(), name="promotion-standing"),
    path("promotions/<int:pk>/", api.PromotionView.as_view(), name="promotion"),
    path("promotions/<int:pk>/revoke/", api.RevokeView.as_view(), name="promotion-revoke"),
]
