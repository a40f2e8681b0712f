"""The user's rules against their playlists → what a plan proposes, with every reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from organizer import learning, placements, verdicts
from organizer.drafts import Draft, Proposal, tracks_of
from organizer.duplicates import Release, one_each, recordings
from organizer.genre_names import genre_name
from organizer.learning import seen_of
from organizer.merging import ROOM, Action, PlaylistDiff, Removals, Seen, Terms, diff, moving
from organizer.models import GenrePlaylist, SpotifyAccount, Track
from organizer.placing import SLACK, Decisions, place
from organizer.providers.spotify import PlaylistHead
from organizer.reading import Reader, mark_of
from organizer.verdicts import Verdict, is_within

EVIDENCE: dict[str, Promise] = {
    "features": gettext_lazy("audio features"),
    "artist": gettext_lazy("the artist"),
    "sound": gettext_lazy("the sound of its preview"),
    "library": gettext_lazy("your other songs by the artist"),
}
Heads = Mapping[str, PlaylistHead]


def check_claims(rules: Sequence[GenrePlaylist], heads: Heads, reader: Reader) -> list[str]:
    """Playlist ids that came with a backup are ours only if the account owns them and they bear our mark."""
    notes = []
    for rule in rules:
        if not rule.is_claimed:
            continue
        head = heads.get(rule.spotify_id) or (reader.head(rule.spotify_id) if rule.spotify_id else None)
        if head and _is_ours(head, rule, reader.account):
            rule.is_claimed = False
            rule.save(update_fields=["is_claimed"])
            continue
        learning.forget_playlist(rule)
        sentence = _(
            "The playlist that your backup names for “%(name)s” is not one that Cratewise made in this account."
        )
        notes.append(sentence % {"name": rule.name})
    return notes


def _is_ours(head: PlaylistHead, rule: GenrePlaylist, account: SpotifyAccount) -> bool:
    is_marked = bool(rule.ref) and head.description.endswith(mark_of(rule))
    return head.owner_id == account.spotify_id and is_marked


def organize(account: SpotifyAccount, rules: Sequence[GenrePlaylist], heads: Heads) -> Draft:
    """What every rule of the user wants of its playlist."""
    songs = verdicts.of_library(account)
    decided = placements.decisions_of(account)
    wanted = _wanted(songs, rules, decided)
    unjudged = [song for song in songs if not song.genre]
    tracks = {song.track.uri: song.track for group in (*wanted.values(), unjudged) for song in group}
    same = _recordings(account, rules, tracks)
    known = Known({song.track.uri: song for song in songs}, same, _roots(unjudged, same), decided)
    found = [
        Proposal(rule, _diff(rule, wanted[rule.pk], known, head), head)
        for rule in rules
        for head in [heads.get(rule.spotify_id)]
    ]
    diffs = moving([one.name for one in found], [one.diff for one in found])
    proposals = [replace(one, diff=moved) for one, moved in zip(found, diffs, strict=True)]
    return Draft(proposals, [note for one in proposals if (note := _overflow(one))])


def _wanted(
    songs: Sequence[Verdict], rules: Sequence[GenrePlaylist], decided: Decisions
) -> dict[int, list[Verdict]]:
    """{rule: its songs, the oldest like first}"""
    shelves = [placements.shelf_of(rule) for rule in rules]
    takes = place(placements.of_verdicts(songs, rules), shelves, decided).takes
    return {
        rule.pk: [songs[k] for k in np.flatnonzero(takes[:, column]).tolist()]
        for column, rule in enumerate(rules)
    }


def _overflow(proposal: Proposal) -> str:
    songs = proposal.diff.overflow
    if not songs:
        return ""
    sentence = ngettext(
        "“%(name)s” would be too long: Spotify takes %(room)s songs in a playlist; %(songs)s stays out.",
        "“%(name)s” would be too long: Spotify takes %(room)s songs in a playlist; %(songs)s stay out.",
        songs,
    )
    room, left = (number_format(count, force_grouping=True) for count in (ROOM, songs))
    return sentence % {"name": proposal.name, "room": room, "songs": left}


@dataclass(frozen=True)
class Known:
    """What is known of the library, whichever playlist is looked at."""

    liked: Mapping[str, Verdict]
    same: Mapping[str, str]  # {uri: recording}
    unjudged: frozenset[str]  # recordings that are liked and of which nothing is known yet
    decided: Decisions


def _roots(songs: Sequence[Verdict], same: Mapping[str, str]) -> frozenset[str]:
    return frozenset(same.get(song.track.uri, song.track.uri) for song in songs)


def _recordings(
    account: SpotifyAccount, rules: Sequence[GenrePlaylist], tracks: Mapping[str, Track]
) -> dict[str, str]:
    """{uri: recording} of `tracks`, and of the songs that are in the playlists or were taken out."""
    others = {uri for rule in rules for uri in (*rule.written_uris, *rule.tombstones)} - tracks.keys()
    known = list(tracks_of(others))
    strangers = {uri: isrc for rule in rules for uri, isrc in rule.isrcs.items()}
    known += [Track(uri=uri, isrc=isrc) for uri, isrc in strangers.items()]
    if account.merges_duplicates:
        return recordings([_release(track) for track in (*tracks.values(), *known)])
    # Not merging, yet a song that Spotify gave another uri is still the same: the old one is no longer liked.
    liked = set(account.saves.filter(is_unliked=False).values_list("track_id", flat=True))
    heirs = {track.isrc: uri for uri, track in tracks.items() if track.isrc}
    return {track.uri: heirs[track.isrc] for track in known if track.pk not in liked and track.isrc in heirs}


def held_already(rule: GenrePlaylist, adds: Collection[str]) -> set[str]:
    """Those of `adds` whose recording is in the playlist by now, from another release."""
    if not rule.account.merges_duplicates:
        return set()
    there = rule.written_uris
    strangers = [Track(uri=uri, isrc=isrc) for uri, isrc in rule.isrcs.items()]
    same = recordings([_release(track) for track in (*tracks_of({*there, *adds}), *strangers)])
    held = {same.get(uri, uri) for uri in there}
    return {uri for uri in adds if uri not in there and same.get(uri, uri) in held}


def _release(track: Track) -> Release:
    artist = track.artist_names[0] if track.artist_names else ""
    return Release(track.uri, track.isrc, track.name, artist, track.duration_ms)


def _diff(
    rule: GenrePlaylist, passing: Sequence[Verdict], known: Known, head: PlaylistHead | None
) -> PlaylistDiff:
    is_gone = bool(rule.spotify_id) and head is None
    seen = Seen(tombstones=tuple(rule.tombstones)) if is_gone else seen_of(rule)
    reasons = {song.track.uri: _reason(song, rule) for song in passing}
    chosen = one_each(
        list(reasons), known.same, there=seen.uris, pins=set(seen.pins), tombstones=seen.tombstones
    )
    wanted = {uri: reasons.get(uri, "") for uri in chosen.wanted}
    # Liked, and not judged (yet, or by the model of today): no reason to leave.
    wanted |= {uri: "" for uri in seen.uris if known.same.get(uri, uri) in known.unjudged}
    leaving = {uri: _leaving(uri, known, rule, reasons) for uri in seen.uris if uri not in wanted}
    removals = Removals(rule.account.removals)
    terms = Terms(exists=head is not None, removals=removals, entries=head.total if head else 0)
    found = diff(seen, wanted, leaving, terms, twins=chosen.skipped)
    if is_gone:
        return replace(found, action=Action.GONE)
    if found.action is Action.NEW and len(found.uris("add")) < max(1, rule.min_size):
        return replace(found, action=Action.TOO_SMALL, calls=0)
    return found


def _reason(song: Verdict, rule: GenrePlaylist) -> str:
    if rule.is_rest:
        return _("No other of your playlists takes it.")
    if song.is_own_word:
        said = [genre for genre in (song.genre, *song.also) if is_within(genre, rule.genres)]
        return _("You said %(genre)s.") % {"genre": genre_name(said[0])}
    spoke = [str(EVIDENCE.get(name, name)) for name in song.why]
    return _("%(percent)s %(genres)s, by %(evidence)s.") % {
        "percent": f"{song.probability_of(rule.genres):.0%}",
        "genres": " / ".join(map(genre_name, rule.genres)),
        "evidence": get_text_list(spoke, _("and")) or _("the model"),
    }


def _leaving(uri: str, known: Known, rule: GenrePlaylist, passing: Collection[str]) -> str:
    song = known.liked.get(uri)
    if song is None:
        return _("You no longer like this song.")
    if uri in passing:
        return _("The same recording is there twice, from two releases.")
    if why := _excluded(song, known.decided):
        return why
    if rule.is_rest:
        return _("Another of your playlists takes it now.")
    likely = song.probability_of(rule.genres)
    if not is_within(song.genre, rule.genres) or likely >= rule.min_confidence - SLACK:
        return _("Now %(genre)s.") % {"genre": genre_name(song.genre)}
    return _("Only %(likely)s sure; this playlist asks for %(asked)s.") % {
        "likely": f"{likely:.0%}",
        "asked": f"{rule.min_confidence:.0%}",
    }


def _excluded(song: Verdict, decided: Decisions) -> str:
    """Why it goes to no playlist; nothing where it may."""
    barred, artist = decided.exclusions, song.track.primary_artist_id
    if barred.takes_genre(song.genre):
        return _("You exclude the genre %(genre)s.") % {"genre": genre_name(song.genre)}
    if artist in barred.artists:
        return _("You exclude the artist %(artist)s.") % {"artist": barred.artists[artist]}
    if word := barred.word_in(placements.names_of(song)):
        return _("You exclude the word “%(word)s”.") % {"word": word}
    return ""
