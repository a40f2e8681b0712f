"""A browser without a screen: signed in as an account's user, at the address that PUBLIC_URL names."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from organizer.models import SpotifyAccount


def visitor() -> Client:
    return Client(headers={"host": "127.0.0.1:8000"})


def signed_in(account: SpotifyAccount) -> Client:
    client = visitor()
    client.force_login(account.user)
    return client


def another_account(name: str = "charlie") -> SpotifyAccount:
    """Somebody else, who has nothing."""
    now = timezone.now()
    return SpotifyAccount.objects.create(
        user=get_user_model().objects.create_user(name),
        account_id=f"account-{name}",
        spotify_id=name,
        token_expires_at=now + timedelta(hours=1),
        authorized_at=now,
    )


def said(response: HttpResponse) -> str:
    """The messages that the next page will show."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))
