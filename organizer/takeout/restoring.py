"""Bring a takeout back: all of it or nothing, without overwriting what is newer here."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from organizer import schedules
from organizer.models import (
    Artist,
    Correction,
    Job,
    ModelVersion,
    Prediction,
    SavedTrack,
    SpotifyAccount,
    Track,
)
from organizer.takeout import form
from organizer.takeout.checks import TakeoutError
from organizer.takeout.playlists import Playlists
from organizer.takeout.report import Report

BATCH = 1000
Row = dict[str, Any]


class OtherAccount(TakeoutError):
    """The takeout is somebody else's; the user may say that it is theirs all the same."""


@transaction.atomic
def restore(
    account: SpotifyAccount, document: Any, *, is_other: bool = False, is_backup: bool = False
) -> Report:
    """Merge a takeout into the account. Safe to run twice: what is here already stays as it is.

    is_other: the user knows that it is from another account; then no likes and no links to playlists come along.
    is_backup: the operator's own backup of this account: ids of playlists are known to be right, and predictions
    to be ours. Otherwise ids are claims, to be proven by the mark in the playlist, and predictions are made anew as
    soon as the songs' evidence is looked at.
    """
    found = form.clean(document)
    row = SpotifyAccount.objects.select_for_update().get(pk=account.pk)
    _check_owner(row, found, is_other=is_other)
    if not is_backup and row.jobs.active().filter(
        kind__in=[Job.Kind.ORGANIZE, Job.Kind.PLAN, Job.Kind.WRITE]
    ):
        raise TakeoutError(_("A job is working on your library. Bring this back when it is done."))
    return _Restoring(row, found, is_other=is_other, is_backup=is_backup).run()


def _check_owner(account: SpotifyAccount, found: Row, *, is_other: bool) -> None:
    whose = found["account"]
    if whose["account_id"] != account.account_id and not is_other:
        name = whose["display_name"] or whose["account_id"]
        sentence = _(
            "This is the export of another Spotify account, %(name)s. Tick the box if you want it all the same:"
            " your own words and playlist rules are brought over, the likes and playlists themselves are not."
        )
        raise OtherAccount(sentence % {"name": name})


class _Restoring:
    """One takeout on its way into one account."""

    def __init__(self, account: SpotifyAccount, found: Row, *, is_other: bool, is_backup: bool) -> None:
        self.account, self.found, self.is_backup = account, found, is_backup
        self.is_other = is_other and found["account"]["account_id"] != account.account_id
        self.is_new = not (
            account.saves.exists() or account.corrections.exists() or account.playlists.exists()
        )
        self.report = Report()

    def run(self) -> Report:
        self._settings()
        self._library()
        self._predictions()
        self._corrections()
        Playlists(self.account, self.found, is_other=self.is_other, is_backup=self.is_backup).restore(
            self.report
        )
        SpotifyAccount.objects.filter(pk=self.account.pk).mark_stale()
        return self.report

    def _settings(self) -> None:
        section = self.report.section(_("Settings"))
        asked = self.found["settings"]
        if not self.is_new:
            section.skip(_("all"), _("You have settings here already; they stay."))
            return
        plain = [name for name in asked if name not in ("schedule", "schedule_applies")]
        for name in plain:
            setattr(self.account, name, asked[name])
        self.account.save(update_fields=plain)
        schedules.choose(self.account, asked["schedule"], asked["schedule_applies"])
        section.restored = len(asked)

    def _library(self) -> None:
        section = self.report.section(_("Liked songs"))
        rows = self.found["library"]
        ids = self._tracks(rows)
        here = set(self.account.saves.values_list("track_id", flat=True))
        saves, taken_back = [], 0
        for row in rows:
            if ids[row["uri"]] in here:
                section.skip(row["name"], _("It is here already."))
                continue
            is_unliked = row["is_unliked"] or self.is_other
            saves.append(
                SavedTrack(
                    account=self.account,
                    track_id=ids[row["uri"]],
                    added_at=row["added_at"],
                    is_unliked=is_unliked,
                )
            )
            if self.is_other and not row["is_unliked"]:
                taken_back += 1
                section.skip(row["name"], _("It counts again as soon as you like it with this account."))
        SavedTrack.objects.bulk_create(saves, batch_size=BATCH)
        section.restored = len(saves) - taken_back
        if saves and not (self.is_backup or self.is_other):
            self.account.full_walk_at = None  # the next reading compares every like with Spotify
            self.account.synced_at = self.account.synced_at or self.found["made_at"]
            self.account.save(update_fields=["full_walk_at", "synced_at"])

    def _tracks(self, rows: list[Row]) -> dict[str, int]:
        """Ids by uri. Songs are shared by all users, so those that are known here keep what is known of them."""
        artists = self._artists([row["artist"] for row in rows if row["artist"]])
        new = [
            Track(
                uri=row["uri"],
                name=row["name"],
                artist_names=row["artists"],
                primary_artist_id=artists[row["artist"]["id"]] if row["artist"] else None,
                album_name=row["album"],
                album_image_url=row["image"],
                **{
                    name: row[name]
                    for name in ("isrc", "duration_ms", "is_explicit", "is_local", "is_playable")
                },
            )
            for row in sorted(rows, key=lambda row: row["uri"])
        ]
        Track.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
        return ids_of(Track, "uri", [row["uri"] for row in rows])

    def _artists(self, rows: list[Row]) -> dict[str, int]:
        names = {row["id"]: row["name"] for row in rows}
        new = [Artist(spotify_id=key, name=names[key]) for key in sorted(names)]
        Artist.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
        return ids_of(Artist, "spotify_id", list(names))

    def _predictions(self) -> None:
        section = self.report.section(_("Predictions"))
        versions = {version.name: version for version in ModelVersion.objects.all()}
        ids = ids_of(Track, "uri", [row["uri"] for row in self.found["predictions"]])
        pairs = Prediction.objects.filter(track__saves__account=self.account).values_list(
            "track_id", "version_id"
        )
        here, new = set(pairs), []
        for row in self.found["predictions"]:
            version, track = versions.get(row["model"]), ids.get(row["uri"])
            if track is None:
                section.skip(row["uri"], _("Its song is not in the library."))
            elif version is None or not _fits(row, version):
                sentence = _("This instance has no model “%(model)s” that knows these genres.")
                section.skip(row["uri"], sentence % {"model": row["model"]})
            elif (track, version.pk) in here:
                section.skip(row["uri"], _("There is one already."))
            else:
                new.append(self._prediction(row, track, version.pk))
        Prediction.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
        section.restored = len(new)

    def _prediction(self, row: Row, track: int, version: int) -> Prediction:
        fields = ("genre", "confidence", "other", "is_sure", "log_probs", "evidence", "why")
        inputs = row["inputs_hash"] if self.is_backup else ""
        values = {name: row[name] for name in fields}
        return Prediction(track_id=track, version_id=version, inputs_hash=inputs, **values)

    def _corrections(self) -> None:
        section = self.report.section(_("Your own words"))
        rows = self.found["corrections"]
        artists = self._artists([row["artist"] for row in rows if row["artist"]])
        songs = ids_of(Track, "uri", [row["uri"] for row in rows if row["uri"]])
        mine = {(row.track_id, row.artist_id): row for row in self.account.corrections.all()}
        for row in rows:
            track = songs.get(row["uri"]) if row["uri"] else None
            artist = artists[row["artist"]["id"]] if row["artist"] else None
            about = row["uri"] or _("everything by %(artist)s") % {"artist": row["artist"]["name"]}
            if row["uri"] and not track:
                section.skip(about, _("Its song is not in the library."))
            elif (known := mine.get((track, artist))) and known.created_at >= row["at"]:
                section.skip(about, _("Your word here is as new or newer."))
            else:
                self._say(row, track, artist)
                section.restored += 1

    def _say(self, row: Row, track: int | None, artist: int | None) -> None:
        about: Row = {"account": self.account, "track_id": track, "artist_id": artist}
        said: Row = {"genre": row["genre"], "also": row["also"]}
        word, _is_new = Correction.objects.update_or_create(**about, defaults=said)
        Correction.objects.filter(pk=word.pk).update(created_at=row["at"])


def _fits(row: Row, version: ModelVersion) -> bool:
    return row["genre"] in version.labels and set(row["log_probs"]) == set(version.labels)


def ids_of(model: Any, name: str, keys: list[str]) -> dict[str, int]:
    """Primary keys by natural key, a batch at a time."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), BATCH):
        rows = model.objects.filter(**{f"{name}__in": keys[start : start + BATCH]})
        found |= dict(rows.values_list(name, "pk"))
    return found
