"""The set-up doctor, for the person who runs this instance."""

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from organizer import doctor, symptoms
from organizer.doctor import State


@require_safe
@never_cache
@staff_member_required
def setup(request: HttpRequest) -> HttpResponse:
    found = doctor.examine(symptoms.all_checks())
    ill = [finding for finding in found if finding.state != State.GOOD]
    return render(request, "setup.html", {"found": found, "ill": ill})
