from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class ApiConfig(AppConfig):
    name = "annotator.api"


class ServedFilesConfig(StaticFilesConfig):
    """Of the packages that bring files along, only what a page of ours asks for: compressing all takes 20 seconds."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "redoc", "rest_framework"]
