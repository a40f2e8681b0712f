"""What the user decides once: when to run, what may be removed; and taking everything along, or bringing it back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organizer import schedules, takeout
from organizer.models import SpotifyAccount
from organizer.takeout import TakeoutError
from organizer.views.access import linked
from organizer.views.uploads import InMemory

MOST_BYTES = 100_000_000  # of an upload

CHOOSE = dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Choose one of these."))
MAY = [
    ("plan", gettext_lazy("Make a plan; I look at it and press Apply")),
    ("apply", gettext_lazy("Make a plan, and add its new songs by itself")),
]


class SettingsForm(forms.Form):
    schedule = forms.ChoiceField(
        choices=SpotifyAccount.Schedule.choices, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    may = forms.ChoiceField(choices=MAY, widget=forms.RadioSelect, error_messages=CHOOSE)
    removals = forms.ChoiceField(
        choices=SpotifyAccount.Removals.choices, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    merges_duplicates = forms.BooleanField(required=False)

    @classmethod
    def of(cls, account: SpotifyAccount, data: Any = None) -> "SettingsForm":
        initial = {
            "schedule": account.schedule,
            "may": "apply" if account.schedule_applies else "plan",
            "removals": account.removals,
            "merges_duplicates": account.merges_duplicates,
        }
        return cls(data, initial=initial, use_required_attribute=False)

    def save(self, account: SpotifyAccount) -> None:
        asked = self.cleaned_data
        schedules.choose(account, asked["schedule"], asked["may"] == "apply")
        account.removals, account.merges_duplicates = asked["removals"], asked["merges_duplicates"]
        account.save(update_fields=["removals", "merges_duplicates"])


@require_http_methods(["GET", "POST"])
@linked
def settings(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    form = SettingsForm.of(account, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save(account)
        messages.success(request, _("Your settings are saved."))
        return redirect("settings")
    status = 422 if form.is_bound else 200
    return render(request, "settings.html", {"form": form}, status=status)


@require_GET
@linked
def export(request: HttpRequest, account: SpotifyAccount) -> FileResponse:
    name = f"cratewise-{timezone.localdate():%Y-%m-%d}.zip"
    return FileResponse(takeout.archive(account), as_attachment=True, filename=name)


@csrf_exempt  # only until the upload handler is in place: `_bring_back` checks the token
@require_POST
@linked
def bring_back(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    handler = InMemory(MOST_BYTES)
    request.upload_handlers = [handler]
    return _bring_back(request, account, handler)


@csrf_protect
def _bring_back(request: HttpRequest, account: SpotifyAccount, handler: InMemory) -> HttpResponse:
    """What came back and what did not, or the page again with the reason at the file."""
    try:
        file = _upload(request, handler)
        is_other = "is_other" in request.POST
        report = takeout.restore(account, takeout.load(file), is_other=is_other)
    except TakeoutError as error:
        context = {
            "form": SettingsForm.of(account),
            "problem": str(error),
            "asks_other": isinstance(error, takeout.OtherAccount),
        }
        return render(request, "settings.html", context, status=422)
    return render(request, "brought_back.html", {"report": report})


def _upload(request: HttpRequest, handler: InMemory) -> Any:
    upload = request.FILES.get("file")
    if handler.is_too_large:
        raise TakeoutError(_("This file is larger than %(size)s MB.") % {"size": MOST_BYTES // 1_000_000})
    if not isinstance(upload, UploadedFile):
        raise TakeoutError(_("Choose a file first."))
    return upload.file
