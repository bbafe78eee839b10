from django.apps import AppConfig


class LineageConfig(AppConfig):
    name = "annotator.lineage"
