"""Playlists of a takeout on their way into an account, with their versions and the runs behind them."""

from typing import Any

from django.utils.translation import gettext as _

from organizer.models import GenrePlaylist, Plan, PlaylistVersion, SpotifyAccount
from organizer.takeout import form
from organizer.takeout.report import Report

Row = dict[str, Any]


class Playlists:
    def __init__(self, account: SpotifyAccount, found: Row, *, is_other: bool, is_backup: bool) -> None:
        self.account, self.found = account, found
        self.is_other, self.is_backup = is_other, is_backup

    def restore(self, report: Report) -> None:
        """Those that are not here yet: one with a known id or name stays as it is.

        A rule here that has no playlist yet takes over the one that the takeout knows under its name; else the next
        plan would make a second one.
        """
        section, history = report.section(_("Playlists")), report.section(_("Versions of playlists"))
        mine = list(self.account.playlists.all())
        here: set[Any] = {rule.spotify_id for rule in mine if rule.spotify_id}
        named = {(rule.name, rule.is_active): rule for rule in mine if rule.is_active or not rule.spotify_id}
        in_use = [rule for rule in mine if rule.is_active]
        made: dict[int, GenrePlaylist] = {}
        for row in self.found["playlists"]:
            rule = named.get((row["name"], row["is_active"]))
            if row["spotify_id"] in here or (rule and not self._is_heir(rule, row)):
                section.skip(row["name"], _("You have this playlist here already; it stays as it is."))
                continue
            if row["is_rest"] and row["is_active"] and not rule and any(mine.is_rest for mine in in_use):
                section.skip(
                    row["name"], _("You have a playlist for the rest here already; it stays as it is.")
                )
                continue
            made[row["number"]] = self._inherit(rule, row) if rule else self._rule(row)
        section.restored = len(made)
        if self.is_other:
            return
        runs = self._runs(made)
        for place, row in enumerate(self.found["playlists"]):
            if rule := made.get(row["number"]):
                history.restored += self._versions(rule, row, runs, place)
        self._link_runs(made, runs)

    def _is_heir(self, rule: GenrePlaylist, row: Row) -> bool:
        is_bare = not (rule.spotify_id or rule.ref or rule.versions.exists())
        return is_bare and bool(row["spotify_id"]) and not self.is_other

    def _inherit(self, rule: GenrePlaylist, row: Row) -> GenrePlaylist:
        """The rule as it is here, with the takeout's playlist and the memory of it."""
        for name, value in (self._held(row) | {"tombstones": row["tombstones"]}).items():
            setattr(rule, name, value)
        rule.save()
        return rule

    def _held(self, row: Row) -> Row:
        values = {name: row[name] for name in ("spotify_id", "ref", "written_uris", "pins", "isrcs")}
        is_claimed = row["is_claimed"] if self.is_backup else bool(row["spotify_id"])
        return values | {"is_claimed": is_claimed}

    def _rule(self, row: Row) -> GenrePlaylist:
        fields = ("name", "genres", "min_confidence", "min_size", "is_rest", "is_active", "tombstones")
        values = {name: row[name] for name in fields}
        if not self.is_other:
            values |= self._held(row)
        if self.is_backup:
            values |= {"snapshot_id": row["snapshot_id"], "read_at": row["read_at"]}
        return GenrePlaylist.objects.create(account=self.account, **values)

    def _runs(self, made: dict[int, GenrePlaylist]) -> dict[int, Plan]:
        """The runs that wrote to the playlists that came back."""
        wanted = {
            version["run"]
            for row in self.found["playlists"]
            if row["number"] in made
            for version in row["versions"]
        }
        found = {}
        for row in self.found["runs"]:
            if row["number"] not in wanted:
                continue
            is_open = row["state"] in (Plan.State.PROPOSED, Plan.State.APPLYING)
            plan = Plan.objects.create(
                account=self.account,
                kind=row["kind"],
                state=Plan.State.OUTDATED if is_open else row["state"],
                applied_at=row["applied_at"],
                calls=row["calls"],
                notes=row["notes"],
            )
            Plan.objects.filter(pk=plan.pk).update(created_at=row["made_at"])
            found[row["number"]] = plan
        return found

    def _versions(self, rule: GenrePlaylist, row: Row, runs: dict[int, Plan], place: int) -> int:
        """An unfinished write ends here, with what the playlist was last seen to hold."""
        count = 0
        for version in form.unfold(row["versions"], f"playlists[{place}]"):
            created = PlaylistVersion.objects.create(
                playlist=rule,
                plan=runs.get(version["run"] or 0),
                by=version["by"],
                uris_before=version["before"],
                uris_after=rule.written_uris if version["after"] is None else version["after"],
                was_created=version["was_created"],
            )
            PlaylistVersion.objects.filter(pk=created.pk).update(created_at=version["at"])
            count += 1
        return count

    def _link_runs(self, made: dict[int, GenrePlaylist], runs: dict[int, Plan]) -> None:
        for row in self.found["runs"]:
            plan = runs.get(row["number"])
            if plan is None or not (row["undoes"] or row["restores"]):
                continue
            plan.target = runs.get(row["undoes"] or 0)
            plan.version = self._version_at(made, row["restores"])
            plan.save(update_fields=["target", "version"])

    def _version_at(self, made: dict[int, GenrePlaylist], where: list[int] | None) -> PlaylistVersion | None:
        if where is None or len(where) != 2 or where[0] not in made:
            return None
        versions = made[where[0]].versions.order_by("pk")
        return versions[where[1] : where[1] + 1].first()
