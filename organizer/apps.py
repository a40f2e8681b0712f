from django.apps import AppConfig


class OrganizerConfig(AppConfig):
    name = "organizer"
    verbose_name = "Cratewise"

    def ready(self) -> None:
        from organizer import checks  # noqa: F401  registers the system checks
