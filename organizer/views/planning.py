"""Making a plan on request, with every reason why it may not work told in one sentence."""

from django.contrib import messages
from django.http import HttpRequest

from organizer import plans
from organizer.models import Plan, SpotifyAccount
from organizer.plans import PlanError
from organizer.providers.errors import AuthRevoked, GateClosed, ProviderError


def make_plan(request: HttpRequest, account: SpotifyAccount) -> Plan | None:
    try:
        return plans.make(account)
    except AuthRevoked:
        messages.error(request, "The link to Spotify has ended. Your choices are kept; reconnect to go on.")
    except GateClosed as closed:
        minutes = max(1, round((closed.retry_after_s or 60) / 60))
        messages.error(request, f"{closed} Your choices are kept; try again in about {minutes} min.")
    except (PlanError, ProviderError) as error:
        messages.error(request, str(error))
    return None
