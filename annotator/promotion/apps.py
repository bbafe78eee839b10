from django.apps import AppConfig


class PromotionConfig(AppConfig):
    name = "annotator.promotion"
