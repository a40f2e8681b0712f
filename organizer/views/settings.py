"""What the user decides once: when to run, what may be removed; and taking everything along, or bringing it back."""

from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organizer import schedules, takeout
from organizer.models import SpotifyAccount
from organizer.takeout import TakeoutError
from organizer.views import locale
from organizer.views.access import linked
from organizer.views.uploads import InMemory

MOST_BYTES = 100_000_000  # of an upload

# Settings that are stored as they are asked for.
PLAIN = ["removals", "merges_duplicates", "teaches", "name_template", "theme", "language", "time_zone"]
FORMER_REGIONS = {
    "Etc",
    "SystemV",
    "US",
    "Canada",
    "Brazil",
    "Chile",
    "Mexico",
}  # other names of the same zones
CHOOSE = dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Choose one of these."))
MAY = [
    ("plan", gettext_lazy("Make a plan; I look at it and press Apply")),
    ("apply", gettext_lazy("Make a plan, and add its new songs by itself")),
]


AS_BROWSER = ("", gettext_lazy("As the browser is set"))
TEMPLATE = "{genre}"


def zone_choices() -> list[tuple[str, Any]]:
    """By continent, for a long list that browsers let people type into."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(locale.zones()):
        region, slash, place = name.partition("/")
        if slash and region not in FORMER_REGIONS:
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    return [AS_BROWSER, ("UTC", "UTC"), *regions.items()]


class Zones(forms.Select):
    """Some four hundred options: with a template for each they would take most of the page's time."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        parts = [
            format_html('<optgroup label="{}">{}</optgroup>', first, self._options(rest, value))
            if isinstance(rest, list)
            else self._options([(first, rest)], value)
            for first, rest in self.choices
        ]
        attributes = flatatt(self.build_attrs({**self.attrs, **(attrs or {}), "name": name}))
        return format_html("<select{}>{}</select>", attributes, SafeString("".join(parts)))

    def _options(self, options: list[tuple[str, Any]], value: Any) -> SafeString:
        rows = ((key, SafeString(" selected") if key == value else "", label) for key, label in options)
        return format_html_join("", '<option value="{}"{}>{}</option>', rows)


def radios(choices: Any, *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices, required=required, widget=forms.RadioSelect, error_messages=CHOOSE
    )


class SettingsForm(forms.Form):
    schedule = radios(SpotifyAccount.Schedule.choices)
    may = radios(MAY)
    removals = radios(SpotifyAccount.Removals.choices)
    merges_duplicates = forms.BooleanField(required=False)
    teaches = forms.BooleanField(required=False)
    name_template = forms.CharField(
        required=False,
        max_length=60,
        empty_value=TEMPLATE,
        label=gettext_lazy("Names of new playlists"),
        error_messages={"max_length": gettext_lazy("Use at most 60 characters.")},
    )
    theme = radios(SpotifyAccount.Theme.choices, required=False)
    language = radios([AS_BROWSER, *django_settings.LANGUAGES], required=False)
    time_zone = forms.ChoiceField(
        choices=zone_choices,
        required=False,
        widget=Zones,
        error_messages=CHOOSE,
        label=gettext_lazy("Time zone"),
    )

    @classmethod
    def of(cls, account: SpotifyAccount, data: Any = None) -> "SettingsForm":
        initial = {
            "schedule": account.schedule,
            "may": "apply" if account.schedule_applies else "plan",
            **{name: getattr(account, name) for name in PLAIN},
        }
        return cls(data, initial=initial, use_required_attribute=False, label_suffix="")

    def clean_name_template(self) -> str:
        """All playlists would have the same name without the genre in it."""
        template: str = self.cleaned_data["name_template"]
        rest = template.replace(TEMPLATE, "", 1)
        if rest == template or "{" in rest or "}" in rest:
            raise forms.ValidationError(_("Write {genre} once where the genre's name should stand."))
        return template

    def save(self, account: SpotifyAccount) -> None:
        asked = self.cleaned_data
        schedules.choose(account, asked["schedule"], asked["may"] == "apply")
        for name in PLAIN:
            setattr(account, name, asked[name])
        account.save(update_fields=PLAIN)


@require_http_methods(["GET", "POST"])
@linked
def settings(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    form = SettingsForm.of(account, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save(account)
        return _saved(request, account)
    status = 422 if form.is_bound else 200
    return render(request, "settings.html", {"form": form}, status=status)


def _saved(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Told in the language that was chosen just now."""
    response = redirect("settings")
    if account.language:
        translation.activate(account.language)
    else:  # the browser's again, not what a switch at the foot of a page said once
        response.delete_cookie(django_settings.LANGUAGE_COOKIE_NAME)
    messages.success(request, _("Your settings are saved."))
    return response


@require_GET
@linked
def export(request: HttpRequest, account: SpotifyAccount) -> StreamingHttpResponse:
    name = f"cratewise-{timezone.localdate():%Y-%m-%d}.zip"
    return StreamingHttpResponse(
        takeout.archive(account),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


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
