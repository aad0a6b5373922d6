from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "advocacy.access"
    label = "access"
