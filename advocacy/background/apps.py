from django.apps import AppConfig


class BackgroundConfig(AppConfig):
    name = "advocacy.background"
    label = "background"
