"""After a new first key in TOKEN_KEYS: encrypt every stored token with it, so that the old keys can go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizer import accounts
from organizer.models import SpotifyAccount


class Command(BaseCommand):
    help = (
        "Encrypt all stored Spotify tokens with the first of TOKEN_KEYS. Nobody is logged out; each account is a step "
        "of its own, so it can be stopped and run again at any time."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        ids = SpotifyAccount.objects.order_by("pk").values_list("pk", flat=True)
        found = [accounts.rotate(account_id) for account_id in list(ids)]
        self.stdout.write(
            f"{found.count(True)} of {len(found)} accounts now use the first key; {found.count(False)} did already."
        )
        if lost := found.count(None):
            raise CommandError(
                f"No key in TOKEN_KEYS opens the tokens of {lost}: put the old key back, or have them reconnect."
            )
