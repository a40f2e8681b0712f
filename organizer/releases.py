"""Likes of one recording on several releases: found when the verdicts are renewed, so that pages only look them up."""

from collections.abc import Mapping, Sequence

from organizer.duplicates import Release, recordings
from organizer.models import SpotifyAccount, StoredVerdict, Track
from organizer.verdicts import Verdict

WRITE = 1000  # rows a statement


def mark(account: SpotifyAccount, songs: Sequence[Verdict]) -> None:
    """Note at each song of which earlier like it is another release. `songs`: all of them, the oldest like first."""
    ids = {song.track.uri: song.track.pk for song in songs}
    heads = recordings([release_of(song.track) for song in songs])
    wanted = {ids[uri]: ids[head] for uri, head in heads.items() if uri != head}
    marked = account.verdicts.filter(same_as__isnull=False)
    known = {track: same for track, same in marked.values_list("track", "same_as") if same}
    changed = [track for track in wanted.keys() | known.keys() if wanted.get(track) != known.get(track)]
    for start in range(0, len(changed), WRITE):
        _write(account, changed[start : start + WRITE], wanted)


def release_of(track: Track) -> Release:
    artist = track.artist_names[0] if track.artist_names else ""
    return Release(track.uri, track.isrc, track.name, artist, track.duration_ms)


def _write(account: SpotifyAccount, tracks: Sequence[int], wanted: Mapping[int, int]) -> None:
    rows = list(account.verdicts.filter(track__in=tracks).only("pk", "track_id"))
    for row in rows:
        row.same_as = wanted.get(row.track_id)
    StoredVerdict.objects.bulk_update(rows, ["same_as"])
