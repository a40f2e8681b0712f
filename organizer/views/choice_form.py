"""The form that chooses genres: ticks and names of playlists, what they ask for, and what goes to none of them."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classifier.labels import SUB_GENRES
from organizer import choosing
from organizer.choosing import GenreCard
from organizer.genre_names import genre_name
from organizer.models import GenrePlaylist, SpotifyAccount
from organizer.placing import MOST_GENRES
from organizer.plans import Choice

ERRORS = ("required", "invalid", "min_value", "max_value")
PLACE = "{genre}"
MOST_LINES, MOST_SIZE = 50, 1000


def whole(least: int, most: int, label: Any, error: Any, shown: int | None = None) -> forms.IntegerField:
    slider = forms.NumberInput(attrs={"type": "range", "max": shown or most})
    return forms.IntegerField(
        min_value=least,
        max_value=most,
        label=label,
        widget=slider,
        error_messages=dict.fromkeys(ERRORS, error),
    )


class Lines(forms.CharField):
    """A text area of one entry a line; empty lines and repetitions are dropped."""

    def __init__(self, **options: Any) -> None:
        area = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})
        super().__init__(required=False, strip=True, widget=area, **options)

    def clean(self, value: Any) -> list[str]:
        lines = [" ".join(line.split()) for line in super().clean(value).splitlines()]
        found = list({line.casefold(): line for line in lines if line}.values())
        if len(found) > MOST_LINES:
            raise forms.ValidationError(_("At most %(most)s lines, please.") % {"most": MOST_LINES})
        if any(len(line) > 60 for line in found):
            raise forms.ValidationError(_("A line has at most 60 characters."))
        return found


class Name(forms.CharField):
    """A name on one line, with single spaces."""

    def to_python(self, value: Any) -> str:
        name = " ".join(str(super().to_python(value)).split())
        if any(unicodedata.category(sign) == "Cc" for sign in name):
            raise forms.ValidationError(_("A name cannot hold control characters."))
        return name


class ChoiceForm(forms.Form):
    """One tick and one name per genre that occurs; genres with the same name share a playlist."""

    confidence = whole(
        0,
        100,
        gettext_lazy("Minimum confidence, in per cent"),
        gettext_lazy("Enter a whole number from 0 to 100."),
    )
    per_song = whole(
        1,
        MOST_GENRES,
        gettext_lazy("Genres of a song that count"),
        gettext_lazy("Enter a whole number from 1 to 3."),
    )
    min_size = whole(
        1,
        MOST_SIZE,
        gettext_lazy("Smallest new playlist, in songs"),
        gettext_lazy("Enter a whole number from 1 to 1000."),
        shown=100,
    )
    small_to_parent = forms.BooleanField(
        required=False, label=gettext_lazy("Songs of a sub-genre with too few go to its family’s playlist")
    )
    name_template = Name(
        max_length=60,
        label=gettext_lazy("Names of new playlists"),
        error_messages={"required": gettext_lazy("Write {genre} where the genre’s name belongs.")},
    )
    rest = forms.BooleanField(
        required=False, label=gettext_lazy("A playlist of all songs that go to no other")
    )
    rest_name = Name(required=False, max_length=100, label=gettext_lazy("Its name"))
    exclude_genres = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("Genres")
    )
    exclude_artists = Lines(label=gettext_lazy("Artists, one a line"))
    exclude_words = Lines(label=gettext_lazy("Words, one a line"))

    def __init__(
        self,
        data: Any,
        *,
        account: SpotifyAccount,
        cards: Sequence[GenreCard],
        rules: Sequence[GenrePlaylist],
        is_first: bool,
    ) -> None:
        super().__init__(data, label_suffix="")
        self.account = account
        self.genres = [card.genre for card in cards]
        self.has_sub_genres = any(genre in SUB_GENRES for genre in self.genres)
        if not self.has_sub_genres:
            del self.fields["small_to_parent"]
        self._settings()
        self._rules([rule for rule in rules if not rule.is_rest], cards, is_first=is_first)
        self._rest(next((rule for rule in rules if rule.is_rest), None))

    def _settings(self) -> None:
        account, barred = self.account, self.account.exclusions
        self.initial.update(
            per_song=account.genres_per_song,
            small_to_parent=account.small_to_parent,
            name_template=account.name_template,
            exclude_genres=barred.get("genres", []),
            exclude_artists="\n".join(dict.fromkeys(name for _, name in barred.get("artists", []))),
            exclude_words="\n".join(barred.get("words", [])),
        )
        known = dict.fromkeys([*self.genres, *barred.get("genres", [])])
        self.titles = {genre: genre_name(genre) for genre in known}
        self.fields["exclude_genres"].choices = list(self.titles.items())  # type: ignore[attr-defined]

    def _rules(self, rules: Sequence[GenrePlaylist], cards: Sequence[GenreCard], *, is_first: bool) -> None:
        least = choosing.likely_min_size(sum(card.songs for card in cards))
        named = {genre: rule.name for rule in rules for genre in rule.genres}
        picked = choosing.first_picks(cards, least) if is_first else set(named)
        confidence = rules[0].min_confidence if rules else choosing.CONFIDENCE
        self.initial.update(
            confidence=round(100 * confidence),
            min_size=rules[0].min_size if rules else least,
        )
        slider = self.fields["min_size"].widget.attrs
        slider["max"] = max(slider["max"], self.initial["min_size"])
        for genre in self.genres:  # the page labels them
            self.fields[f"pick_{genre}"] = forms.BooleanField(required=False, initial=genre in picked)
            name = named.get(genre, "")
            self.fields[f"name_{genre}"] = Name(required=False, max_length=100, initial=name)

    def _rest(self, rule: GenrePlaylist | None) -> None:
        self.initial.update(rest=bool(rule), rest_name=rule.name if rule else _("Everything else"))

    def by_template(self, genre: str) -> str:
        """The name of a new playlist that is given none."""
        template = self._value("name_template")
        return template.replace(PLACE, self.titles[genre])[:100]

    def _value(self, name: str) -> Any:
        """What was entered, or else what it was before."""
        found = getattr(self, "cleaned_data", {}).get(name)
        if found is None:
            found = self.initial.get(name)
        return found

    def clean_name_template(self) -> str:
        template: str = self.cleaned_data["name_template"]
        if template.count(PLACE) != 1:
            raise forms.ValidationError(_("Write {genre} once, where the genre’s name belongs."))
        return template

    def clean_exclude_artists(self) -> list[list[str]]:
        """[Spotify id, name] of each; those that are excluded already need not be in the library any more."""
        names: list[str] = self.cleaned_data["exclude_artists"]
        wanted = {name.lower() for name in names}
        found = {
            spotify_id: name
            for spotify_id, name in self.account.exclusions.get("artists", [])
            if name.lower() in wanted
        }
        missing = _missing(names, found)
        if missing:
            found |= dict(choosing.artists_named(self.account, missing))
        if unknown := _missing(names, found):
            listed = ", ".join(f"“{name}”" for name in unknown)
            raise forms.ValidationError(_("No song that you like is by %(names)s.") % {"names": listed})
        return [[spotify_id, name] for spotify_id, name in found.items()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        both = [genre for genre in self.picked if genre in data.get("exclude_genres", [])]
        if both:
            sentence = _("You want a playlist of %(genres)s and leave it out. Untick one of the two.")
            self.add_error(
                "exclude_genres", sentence % {"genres": ", ".join(self.titles[genre] for genre in both)}
            )
        if data.get("rest"):
            names = {choice.name.casefold() for choice in self.choices() if not choice.is_rest}
            if str(data.get("rest_name", "")).casefold() in names:
                self.add_error("rest_name", _("Another playlist here has this name."))
        return data

    @property
    def picked(self) -> list[str]:
        return [genre for genre in self.genres if self._is_on(f"pick_{genre}")]

    def _is_on(self, name: str) -> bool:
        if self.is_bound:
            return bool(getattr(self, "cleaned_data", {}).get(name))
        return bool(self.get_initial_for_field(self.fields[name], name))

    def name_of(self, genre: str) -> str:
        field = f"name_{genre}"
        typed = self.cleaned_data.get(field) if self.is_bound else self.fields[field].initial
        return typed or self.by_template(genre)

    def groups(self) -> list[tuple[str, list[str]]]:
        """(name, genres) of each playlist: genres under the same name, whatever its capitals, are in one."""
        merged: dict[str, tuple[str, list[str]]] = {}
        for genre in self.picked:
            name = self.name_of(genre)
            merged.setdefault(name.casefold(), (name, []))[1].append(genre)
        return list(merged.values())

    def choices(self) -> list[Choice]:
        """The playlists of the form as it stands; where something is wrong, as it was before."""
        confidence, least = self._value("confidence") / 100, self._value("min_size")
        found = [Choice(name, tuple(genres), confidence, least) for name, genres in self.groups()]
        if self._is_on("rest"):
            name = self._value("rest_name") or _("Everything else")
            found.append(Choice(name, (), 0.0, is_rest=True))
        return found

    def settings(self) -> dict[str, Any]:
        """What `plans.choose` keeps of the account."""
        artists = getattr(self, "cleaned_data", {}).get("exclude_artists")
        words = getattr(self, "cleaned_data", {}).get("exclude_words")
        barred = self.account.exclusions
        return {
            "genres_per_song": self._value("per_song"),
            "small_to_parent": self._is_on("small_to_parent")
            if self.has_sub_genres
            else self.account.small_to_parent,
            "name_template": self._value("name_template"),
            "exclusions": {
                "genres": self._value("exclude_genres"),
                "artists": barred.get("artists", []) if artists is None else artists,
                "words": barred.get("words", []) if words is None else words,
            },
        }


def _missing(names: Sequence[str], found: dict[str, str]) -> list[str]:
    there = {name.lower() for name in found.values()}
    return [name for name in names if name.lower() not in there]
