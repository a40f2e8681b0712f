"""Choosing which genres become playlists, under which names, and what goes to none of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from classifier.labels import FAMILIES, SUB_GENRES
from organizer import choosing, plans, stored_verdicts
from organizer.choosing import GenreCard, PlaylistCount
from organizer.genre_names import genre_name
from organizer.models import GenrePlaylist, SpotifyAccount
from organizer.views.access import linked
from organizer.views.choice_form import ChoiceForm
from organizer.views.planning import plan_now

GENRES = {*FAMILIES, *SUB_GENRES}
FIRST = 24  # cards; a large library has a hundred genres and more, most of them small


@dataclass(frozen=True)
class Known:
    """What a request is about, read once."""

    account: SpotifyAccount
    verdicts: choosing.Songs
    labels: Sequence[str]  # what their chances are of
    rules: Sequence[GenrePlaylist]  # those in use come first

    @property
    def in_use(self) -> list[GenrePlaylist]:
        return [rule for rule in self.rules if rule.is_active]

    @property
    def chosen(self) -> list[str]:
        return [genre for rule in self.in_use for genre in rule.genres]


def _known(account: SpotifyAccount) -> Known:
    return Known(account, *stored_verdicts.with_labels(account), choosing.rules_of(account))


@require_http_methods(["GET", "POST"])
@linked
def genres(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """The form. Only “Show me the plan” stores anything; the other buttons show the form as it would be."""
    data = request.POST.copy() if request.method == "POST" else None
    if data:
        _put_together(request, data)
    known = _known(account)
    cards = choosing.cards(known.verdicts, also=known.chosen)
    if not cards:
        return render(request, "genres_empty.html", {"job": account.jobs.active().first()})
    form = _form(known, data, cards)
    if data and data.get("separate") in form.genres:
        _separate(form, data)
        form = _form(known, data, cards)
    is_final = data is not None and not ({"merge", "separate", "counts", "all"} & data.keys())
    if is_final and _is_complete(form):
        plans.choose(account, form.choices(), form.settings())
        return plan_now(request, account)
    form.is_valid()
    if is_final:
        messages.error(request, _("Nothing was saved yet: please look at the marked places."))
    is_merging = data is not None and "merge" in data
    shown = _shown(known, form, cards, data or QueryDict())
    context = {"form": form, "is_merging": is_merging, **_counted(known, form, shown)}
    return render(request, "genres.html", context, status=422 if data and form.errors else 200)


def _shown(known: Known, form: ChoiceForm, cards: Sequence[GenreCard], data: QueryDict) -> list[GenreCard]:
    """The largest genres, those that matter to the form, and all where that was asked for."""
    wanted = {card.genre for card in cards[:FIRST]} | {*known.chosen, *form.picked}
    return [one for one in cards if one.genre in wanted or "all" in data or f"name_{one.genre}" in data]


@require_POST
@linked
def counts(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Where the songs would go by the form as it stands; nothing is stored."""
    known = _known(account)
    shown = [name.removeprefix("name_") for name in request.POST if name.startswith("name_")]
    there = dict.fromkeys([*(genre for genre in shown if genre in GENRES), *known.chosen])
    cards = [GenreCard(genre, 0, 0, 0, ()) for genre in there]  # here only their names matter
    form = _form(known, request.POST, cards)
    form.is_valid()
    context = {"form": form, "is_fragment": True, **_counted(known, form, cards)}
    return render(request, "_genre_counts.html", context)


@require_GET
@linked
def artists(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Names of artists in the library, to choose from while typing."""
    text = request.GET.get("artist", "").strip()
    names = choosing.artists_like(account, text) if text else []
    return render(request, "_artist_options.html", {"names": names})


def _form(known: Known, data: QueryDict | None, cards: Sequence[GenreCard]) -> ChoiceForm:
    return ChoiceForm(data, account=known.account, cards=cards, rules=known.in_use, is_first=not known.rules)


def _is_complete(form: ChoiceForm) -> bool:
    if form.is_valid() and not form.picked:
        form.add_error(None, _("Tick at least one genre."))
    return form.is_valid()


def _put_together(request: HttpRequest, data: QueryDict) -> None:
    """What the button “Put together” makes of the form."""
    if "merge" not in data:
        return
    chosen = data.getlist("together")
    if len(chosen) < 2:
        messages.error(request, _("Tick two genres or more to put them together."))
        return
    name = data.get("group_name", "").strip() or " & ".join(map(genre_name, chosen))[:100]
    for genre in chosen:
        data[f"pick_{genre}"], data[f"name_{genre}"] = "on", name
    data.setlist("together", [])
    data["group_name"] = ""


def _separate(form: ChoiceForm, data: QueryDict) -> None:
    """The genre gets the name that the template gives it. Whoever else has that name gets their own as well: a group
    may be called like one of its genres, which would otherwise stay in it.
    """
    form.is_valid()
    genre = str(data["separate"])
    own = form.by_template(genre).casefold()
    for other in form.genres:
        if other == genre or form.name_of(other).casefold() == own:
            data[f"name_{other}"] = ""


def _counted(known: Known, form: ChoiceForm, cards: Sequence[GenreCard]) -> dict[str, Any]:
    counts = choosing.count(
        known.account,
        known.verdicts,
        known.rules,
        labels=known.labels,
        choices=form.choices(),
        settings=form.settings(),
    )
    preview = form.by_template(cards[0].genre) if cards else ""
    barred = form["exclude_genres"].value() or []
    boxes = [(genre, title, genre in barred) for genre, title in form.titles.items()]
    playlists = {genre: one for one in counts.playlists for genre in one.genres}
    rows = [_row(form, card, playlists.get(card.genre)) for card in cards]
    together = [(genre, form.titles[genre]) for genre in form.genres]
    return {"counts": counts, "preview": preview, "rows": rows, "barred": boxes, "together": together}


def _row(form: ChoiceForm, card: GenreCard, playlist: PlaylistCount | None) -> dict[str, Any]:
    """A card with its fields, its playlist as it would be, and the genres that share it."""
    return {
        "card": card,
        "title": form.titles[card.genre],
        "share": _("%(share)s %% sure") % {"share": round(100 * card.sure / (card.songs or 1))},
        # Drawn by the page itself: a widget's own template takes longer than all the rest of a card.
        "is_ticked": form[f"pick_{card.genre}"].value(),
        "name": form[f"name_{card.genre}"].value() or "",
        "placeholder": form.by_template(card.genre),
        "errors": form.errors.get(f"name_{card.genre}", []),
        "playlist": playlist,
        "others": [genre for genre in (playlist.genres if playlist else ()) if genre != card.genre],
    }
