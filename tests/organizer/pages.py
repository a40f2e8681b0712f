"""All pages of the site with addresses that have something to show, found from the urls by themselves."""

from django.urls import URLPattern, reverse

from organizer.models import Plan, SpotifyAccount
from organizer.urls import urlpatterns

# What only sends people elsewhere, is asked by machines, or is a file with everything.
NO_PAGES = {"landing", "callback", "healthz", "favicon", "plan-latest", "export", "demo", "preview", "setup"}
PATHS = {
    path.name: path
    for path in urlpatterns
    if isinstance(path, URLPattern) and path.name not in NO_PAGES and not path.name.startswith("admin-")
}
ASKED = {
    "library": [
        "?q=blue+night",
        "?genre=rock&sort=unsure",
        "?part=review&sort=title&page=2",
        "?known=sound&sort=artist",
    ],
    "review": ["?page=2"],
    "duplicates": ["?page=2"],
}
PAGES = [(name, asked) for name in PATHS for asked in ["", *ASKED.get(name, [])]]


def address(account: SpotifyAccount, name: str, asked: str = "") -> str:
    """A page of that name that the account has; `account` is one of tests.organizer.large."""
    state = Plan.State.APPLIED if name.startswith("run") else Plan.State.PROPOSED
    keys = {key: _key(account, key, state) for key in PATHS[name].pattern.converters}
    return reverse(name, kwargs=keys) + asked


def _key(account: SpotifyAccount, name: str, state: Plan.State) -> int:
    rule = account.playlists.order_by("pk")[0]
    return {
        "plan_id": account.plans.filter(state=state).latest("pk").pk,
        "playlist_id": rule.pk,
        "version_id": rule.versions.latest("pk").pk,
        "track_id": account.verdicts.order_by("pk")[0].track_id,
        "job_id": account.jobs.latest("pk").pk,
        "identification_id": account.identifications.latest("pk").pk,
    }[name]
