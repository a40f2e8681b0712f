"""Which songs of a library a page shows, and in which order: asked for in the address, answered by the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from classifier.labels import FAMILIES, SUB_GENRES
from organizer.genre_names import genre_name
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
GENRES = (*FAMILIES, *SUB_GENRES)
SORTS = {
    "newest": ("-added_at", "-track_id"),
    "title": ("title", "artist", "track_id"),
    "artist": ("artist", "title", "track_id"),
    "unsure": ("confidence", "track_id"),
}


@dataclass(frozen=True)
class Select:
    """A field as the page draws it: quicker than a widget's templates, of which each option takes one."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


class SongFilter(forms.Form):
    q = forms.CharField(required=False, max_length=100, label=_("Title, artist or album"))
    genre = forms.ChoiceField(required=False, label=_("Genre"), choices=[(name, name) for name in GENRES])
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
            ("newest", _("Newest first")),
            ("title", _("Title")),
            ("artist", _("Artist")),
            ("unsure", _("Least certain first")),
        ],
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")

    @property
    def asked(self) -> dict[str, str]:
        """What was asked for and makes sense; an impossible choice in the address shows everything."""
        return {name: value for name, value in self.cleaned_data.items() if value} if self.is_valid() else {}

    @property
    def narrows(self) -> bool:
        """Whether some songs may be left out."""
        return bool(self.asked.keys() - {"sort"})

    def selects(self, genres: Iterable[str]) -> list[Select]:
        """The fields besides the words. Of all genres only those of this library are offered."""
        asked, found = self.asked, []
        offered = {asked.get("genre", ""), *genres} - {""}
        names = sorted(((genre, genre_name(genre)) for genre in offered), key=lambda pair: pair[1].casefold())
        for name in ("genre", "part", "known", "sort"):
            field: Any = self.fields[name]
            options: list[Any] = [("", _("All genres")), *names] if name == "genre" else list(field.choices)
            found.append(Select(name, field.label, options, asked.get(name, "")))
        return found

    @property
    def condition(self) -> Q:
        asked, condition = self.asked, Q()
        for word in asked.get("q", "").casefold().split():
            condition &= Q(words__contains=word)
        if genre := asked.get("genre"):
            condition &= Q(genre__in=within(genre))
        if part := asked.get("part"):
            condition &= Q(part=part)
        if known := asked.get("known"):
            condition &= Q(why__has_key=known)
        return condition

    @property
    def order(self) -> tuple[str, ...]:
        return SORTS[self.asked.get("sort", "newest")]

    def apply(self, songs: Songs) -> Songs:
        return songs.filter(self.condition).order_by(*self.order)


def within(genre: str) -> list[str]:
    """The genre and its sub-genres."""
    return [genre, *(slug for slug, family in SUB_GENRES.items() if family == genre)]
