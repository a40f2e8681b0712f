"""Which songs of a library a page shows, and in which order: asked for in the address, answered by the database."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from classifier.labels import FAMILIES, SUB_GENRES, display_name
from organizer.overview import Songs

PARTS = {
    "sure": _("Confident"),
    "review": _("To review"),
    "own": _("Your own words"),
    "none": _("Without evidence"),
}
EVIDENCE = {
    "features": _("With audio features"),
    "sound": _("With a preview listened to"),
    "artist": _("With a known artist"),
    "library": _("With other songs by the artist"),
}
SORTS = {
    "newest": ("-added_at", "-track_id"),
    "title": ("title", "artist", "track_id"),
    "artist": ("artist", "title", "track_id"),
    "unsure": ("confidence", "track_id"),
}


class SongFilter(forms.Form):
    q = forms.CharField(required=False, max_length=100, label=_("Title, artist or album"))
    genre = forms.ChoiceField(required=False, label=_("Genre"))
    part = forms.ChoiceField(
        required=False, label=_("Certainty"), choices=[("", _("Any certainty")), *PARTS.items()]
    )
    known = forms.ChoiceField(
        required=False, label=_("Evidence"), choices=[("", _("Any")), *EVIDENCE.items()]
    )
    sort = forms.ChoiceField(
        required=False,
        label=_("Order"),
        choices=[
            ("newest", _("Newest like first")),
            ("title", _("Title")),
            ("artist", _("Artist")),
            ("unsure", _("Least certain first")),
        ],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")
        self.fields["genre"].choices = genre_choices()  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, str]:
        """What was asked for and makes sense; an impossible choice in the address shows everything."""
        return {name: value for name, value in self.cleaned_data.items() if value} if self.is_valid() else {}

    @property
    def narrows(self) -> bool:
        """Whether some songs may be left out."""
        return bool(self.asked.keys() - {"sort"})

    def apply(self, songs: Songs) -> Songs:
        asked = self.asked
        for word in asked.get("q", "").casefold().split():
            songs = songs.filter(words__contains=word)
        if genre := asked.get("genre"):
            songs = songs.filter(genre__in=within(genre))
        if part := asked.get("part"):
            songs = songs.filter(part=part)
        if known := asked.get("known"):
            songs = songs.filter(why__has_key=known)
        return songs.order_by(*SORTS[asked.get("sort", "newest")])


def within(genre: str) -> list[str]:
    """The genre and its sub-genres."""
    return [genre, *(slug for slug, family in SUB_GENRES.items() if family == genre)]


def genre_choices() -> list[tuple[str, Any]]:
    families = [(genre, display_name(genre)) for genre in FAMILIES]
    subs = [(genre, display_name(genre)) for genre in SUB_GENRES]
    return [("", _("All genres")), (_("Genres"), families), (_("Sub-genres"), subs)]
