from django.apps import AppConfig


class OrganizerConfig(AppConfig):
    name = "organizer"
    verbose_name = "Cratewise"

    def ready(self) -> None:
        # The system checks register themselves; tasks called from any process find the broker through the app.
        from organizer import celery, checks  # noqa: F401
