"""Why a service is left alone for a while. All processes and all users share one gate, so the reason is kept in
English, and told in the language of whoever meets it.
"""

from django.utils.translation import gettext, gettext_noop

from organizer.providers.paces import NAMES

PACED = gettext_noop("Pacing calls to %(service)s to stay within its limits.")
ASKED = gettext_noop("%(service)s asked us to wait (rate limit).")
USED_UP = gettext_noop("The developer quota of %(service)s is used up; we look again once an hour.")
RESTING = gettext_noop("%(service)s does not answer properly just now; we give it a rest and look again.")


def kept(reason: str, service: str) -> str:
    """To be stored."""
    return reason % {"service": NAMES.get(service, service)}


def told(stored: str, service: str) -> str:
    """To be read. A reason that somebody else stored stays as it is."""
    for reason in (PACED, ASKED, USED_UP, RESTING):
        if stored == kept(reason, service):
            return gettext(reason) % {"service": NAMES.get(service, service)}
    return stored
