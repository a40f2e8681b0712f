"""Choosing which genres become playlists, under which names, and what goes to none of them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from organizer import choosing, plans
from organizer.choosing import Counts, GenreCard, PlaylistCount
from organizer.genre_names import genre_name
from organizer.models import GenrePlaylist, SpotifyAccount
from organizer.views.access import linked
from organizer.views.choice_form import ChoiceForm
from organizer.views.planning import plan_now


@require_http_methods(["GET", "POST"])
@linked
def genres(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """The form. Only “Show me the plan” stores anything; the other buttons show the form as it would be."""
    data = request.POST.copy() if request.method == "POST" else None
    if data:
        _put_together(request, data)
    rules = choosing.rules_of(account)
    form, cards = _form(account, data, rules)
    if not cards:
        return render(request, "genres_empty.html", {"job": account.jobs.active().first()})
    is_final = data is not None and not ({"merge", "separate", "counts"} & data.keys())
    if is_final and _is_complete(form):
        plans.choose(account, form.choices(), form.settings())
        return plan_now(request, account)
    form.is_valid()
    if is_final:
        messages.error(request, _("Nothing was saved yet: please look at the marked places."))
    is_merging = data is not None and "merge" in data
    context = {"form": form, "is_merging": is_merging, **_counted(account, form, cards, rules)}
    return render(request, "genres.html", context, status=422 if data and form.errors else 200)


@require_POST
@linked
def counts(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Where the songs would go by the form as it stands; nothing is stored."""
    rules = choosing.rules_of(account)
    form, cards = _form(account, request.POST, rules, with_cards=False)
    form.is_valid()
    context = {"form": form, "is_fragment": True, **_counted(account, form, cards, rules)}
    return render(request, "_genre_counts.html", context)


@require_GET
@linked
def artists(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Names of artists in the library, to choose from while typing."""
    text = request.GET.get("artist", "").strip()
    names = choosing.artists_like(account, text) if text else []
    return render(request, "_artist_options.html", {"names": names})


def _form(
    account: SpotifyAccount,
    data: QueryDict | None,
    rules: Sequence[GenrePlaylist],
    *,
    with_cards: bool = True,
) -> tuple[ChoiceForm, Sequence[GenreCard]]:
    in_use = [rule for rule in rules if rule.is_active]
    chosen = [genre for rule in in_use for genre in rule.genres]
    if with_cards:
        cards = choosing.cards(account, also=chosen)
    else:  # of those that were sent along only the names matter
        sent = [name.removeprefix("name_") for name in data or () if name.startswith("name_")]
        cards = [GenreCard(genre, 0, 0, 0, ()) for genre in dict.fromkeys([*sent, *chosen]) if genre]
    return ChoiceForm(data, account=account, cards=cards, rules=in_use, is_first=not rules), cards


def _is_complete(form: ChoiceForm) -> bool:
    if form.is_valid() and not form.picked:
        form.add_error(None, _("Tick at least one genre."))
    return form.is_valid()


def _put_together(request: HttpRequest, data: QueryDict) -> None:
    """What the buttons “Put together” and “Separate” make of the form."""
    if genre := data.get("separate"):
        data[f"name_{genre}"] = ""
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


def _counted(
    account: SpotifyAccount, form: ChoiceForm, cards: Sequence[GenreCard], rules: Sequence[GenrePlaylist]
) -> dict[str, Any]:
    counts = choosing.count(account, form.choices(), form.settings(), rules)
    preview = form.by_template(cards[0].genre) if cards else ""
    return {"counts": counts, "preview": preview, "rows": [_row(form, card, counts) for card in cards]}


def _row(form: ChoiceForm, card: GenreCard, counts: Counts) -> dict[str, Any]:
    """A card with its fields, its playlist as it would be, and the genres that share it."""
    mine: PlaylistCount | None = next((one for one in counts.playlists if card.genre in one.genres), None)
    return {
        "card": card,
        "pick": form[f"pick_{card.genre}"],
        "name": form[f"name_{card.genre}"],
        "playlist": mine,
        "others": [genre for genre in (mine.genres if mine else ()) if genre != card.genre],
    }
