"""What the user decides once: when to run, what may be removed; and taking everything along, or bringing it back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from organizer import schedules
from organizer.models import SpotifyAccount
from organizer.views.access import linked

CHOOSE = {"required": "Choose one of these.", "invalid_choice": "Choose one of these."}
MAY = [
    ("plan", "Make a plan; I look at it and press Apply"),
    ("apply", "Make a plan, and add its new songs by itself"),
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
        messages.success(request, "Your settings are saved.")
        return redirect("settings")
    status = 422 if form.is_bound else 200
    return render(request, "settings.html", {"form": form}, status=status)
