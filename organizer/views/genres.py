"""Choosing which genres become playlists, and under which names."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from classifier.labels import display_name
from organizer import overview, plans
from organizer.models import GenrePlaylist, SpotifyAccount
from organizer.overview import GenreCard
from organizer.plans import Choice
from organizer.views.access import linked
from organizer.views.planning import plan_now

ERRORS = ("required", "invalid", "min_value", "max_value")


class ChoiceForm(forms.Form):
    """One tick and one name per genre that occurs; genres with the same name share a playlist."""

    confidence = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Minimum confidence, in per cent",
        error_messages=dict.fromkeys(ERRORS, "Enter a whole number from 0 to 100."),
    )
    min_size = forms.IntegerField(
        min_value=1,
        max_value=1000,
        label="Smallest new playlist, in songs",
        error_messages=dict.fromkeys(ERRORS, "Enter a whole number from 1 to 1000."),
    )

    def __init__(self, data: Any, *, genres: list[str], rules: list[GenrePlaylist]) -> None:
        super().__init__(data, label_suffix="")
        self.genres = genres
        named = {genre: rule.name for rule in rules for genre in rule.genres}
        self.fields["confidence"].initial = round(100 * rules[0].min_confidence) if rules else 50
        self.fields["min_size"].initial = rules[0].min_size if rules else 5
        for genre in genres:
            title = display_name(genre)
            self.fields[f"pick_{genre}"] = forms.BooleanField(
                required=False, initial=genre in named, label=f"Make a playlist of {title}"
            )
            self.fields[f"name_{genre}"] = forms.CharField(
                required=False,
                max_length=100,
                initial=named.get(genre, title),
                label=f"Playlist name for {title}",
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        picked = self._picked(data)
        if not picked:
            raise forms.ValidationError("Tick at least one genre.")
        for genre in picked:
            field = f"name_{genre}"
            if not data.get(field) and field not in self.errors:
                self.add_error(field, "Give this playlist a name.")
        return data

    def _picked(self, data: dict[str, Any]) -> list[str]:
        return [genre for genre in self.genres if data.get(f"pick_{genre}")]

    def choices(self) -> list[Choice]:
        """Genres under the same name, whatever its capitals, become one playlist; the first spelling counts."""
        data = self.cleaned_data
        merged: dict[str, tuple[str, list[str]]] = {}
        for genre in self._picked(data):
            name = data[f"name_{genre}"]
            merged.setdefault(name.casefold(), (name, []))[1].append(genre)
        return [
            Choice(name, tuple(genres), data["confidence"] / 100, data["min_size"])
            for name, genres in merged.values()
        ]


@require_http_methods(["GET", "POST"])
@linked
def genres(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    rules = list(account.playlists.filter(is_active=True))
    chosen = [genre for rule in rules for genre in rule.genres]
    cards = overview.genre_cards(account, also=chosen)
    if not cards:
        return render(request, "genres_empty.html", {"job": account.jobs.active().first()})
    data = request.POST if request.method == "POST" else None
    form = ChoiceForm(data, genres=[card.genre for card in cards], rules=rules)
    if form.is_valid():
        plans.choose(account, form.choices())
        return plan_now(request, account)
    if data:
        messages.error(request, "Nothing was saved yet: please look at the marked places.")
    context = {"form": form, "rows": [_row(form, card) for card in cards]}
    return render(request, "genres.html", context, status=422 if data else 200)


def _row(form: ChoiceForm, card: GenreCard) -> tuple[GenreCard, forms.BoundField, forms.BoundField]:
    return card, form[f"pick_{card.genre}"], form[f"name_{card.genre}"]
