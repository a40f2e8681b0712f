"""Reading, planning and writing under faults and kills, held against what the user may expect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from organizer import jobs, plans, writing
from organizer.models import Correction, GenrePlaylist, Job, Plan, Track
from tests.faults.sequences import history, machine, trouble
from tests.faults.sequences.expected import Change, Rule, Shelf, after, change, desired
from tests.faults.sequences.person import Person
from tests.faults.sequences.ticks import Ticks, tick


@dataclass
class Writing:
    person: Person
    shelves: dict[str, Shelf] = field(default_factory=dict)  # by playlist id
    ids: dict[int, str] = field(default_factory=dict)  # rule → its playlist
    words: dict[str, str] = field(default_factory=dict)  # what the user said of recordings

    def apply(self, random: Random) -> None:
        """Read the likes, make a plan, write it."""
        self._speak_of_new_releases()
        self._run(random, lambda: jobs.start(self.person.account, Job.Kind.ORGANIZE))
        self.person.account.refresh_from_db()
        if self.person.rules().filter(is_active=True).exists():
            job = self._run(random, lambda: plans.start(self.person.account))
            plan = Plan.objects.get(pk=job.counts["plan"])
            self._look()
            self._check_plan(plan)
            self.write(plan, random)

    def write(self, plan: Plan, random: Random) -> None:
        ticks = tick(plan, random)
        if random.random() < 0.2:  # hands do not wait for us
            self.person.hand(random, random.choice(["take_out", "put_in", "reorder"]))
        before = self.person.playlists()
        if ticks:
            self._run(random, lambda: writing.start(plan))
        self._check_written(ticks, before)
        history.check(self.person, {self.ids[rule] for rule in ticks})

    def _run(self, random: Random, start: Callable[[], tuple[Job, bool]]) -> Job:
        """A job from its start to its end, whatever happens on the way."""

        def act(killed_at: int) -> Job:
            return machine.run(start()[0], self.person, killed_at=killed_at)

        job = trouble.under(self.person.world, random, act)
        assert job.state == Job.State.DONE, f"{job.kind}: {job.error or job.wait_reason}"
        return job

    def _speak_of_new_releases(self) -> None:
        """What she said of a song holds for its other releases: the model of the test knows recordings only."""
        for track in Track.objects.all():
            if genre := self.words.get(self.person.songs.recording(track.uri)):
                values = {"account": self.person.account, "track": track}
                Correction.objects.update_or_create(**values, defaults={"genre": genre})

    # --- what is expected ---------------------------------------------------------------------------
    def _look(self) -> None:
        """At every playlist of an active rule that she has not deleted."""
        there = self.person.playlists()
        for rule in self.person.rules().filter(is_active=True):
            assert rule.spotify_id == self.ids.get(rule.pk, ""), f"{rule} lost its playlist"
            if there.get(rule.spotify_id, {}).get("followed"):
                self._look_at(rule, there[rule.spotify_id]["uris"])

    def _look_at(self, rule: GenrePlaylist, now: list[str]) -> None:
        shelf, songs = self.shelves[rule.spotify_id], self.person.songs
        shelf.look(songs.all(now))
        unclear = self.person.wavering(rule.spotify_id)
        shelf.follow(unclear, taken_out=songs.all(rule.tombstones), put_in=songs.all(rule.pins))
        self.person.moved.pop(rule.spotify_id, None)

    def _expected(self, rule: GenrePlaylist, liked: list[str]) -> Change:
        account, songs = self.person.account, self.person.songs
        shelf = self.shelves.get(rule.spotify_id, Shelf())
        if rule.spotify_id and not self.person.playlists()[rule.spotify_id]["followed"]:
            shelf = Shelf(taken_out=shelf.taken_out)
        wish = Rule(tuple(rule.genres), rule.min_confidence, rule.min_size)
        wanted = desired(liked, self.words, wish, songs)
        return change(shelf, wanted, songs, merges=account.merges_duplicates, removals=account.removals)

    def _check_plan(self, plan: Plan) -> None:
        """It offers what was promised, no more and no less."""
        liked = self.person.liked
        for entry in plan.entries:
            rule = GenrePlaylist.objects.get(pk=entry["playlist"])
            expected = self._expected(rule, liked)
            adds = self._uris(plan, rule, "add")
            assert adds == expected.adds, f"{rule}: adds {adds}, not {expected.adds}"
            removes = set(self._uris(plan, rule, "remove"))
            assert removes == expected.removes, f"{rule}: removes {removes}, not {expected.removes}"

    def _uris(self, plan: Plan, rule: GenrePlaylist, kind: str) -> list[str]:
        rows = plan.items.filter(playlist=rule, kind=kind).order_by("position").values_list("uri", flat=True)
        return self.person.songs.all(rows)

    # --- what came of it ----------------------------------------------------------------------------
    def _check_written(self, ticks: dict[int, Ticks], before: dict[str, Any]) -> None:
        now = self.person.playlists()
        made = {key: row for key, row in now.items() if key not in before}
        rules = {rule.pk: rule for rule in self.person.rules()}
        assert len(made) == sum(one.makes for one in ticks.values()), f"playlists made: {list(made)}"
        touched = set()
        for pk, one in ticks.items():
            key = rules[pk].spotify_id
            assert (key in made) == one.makes
            if not one.makes:
                self._look_at(rules[pk], before[key]["uris"])
            self._check_contents(rules[pk], one, before.get(key, {}).get("uris", []), now[key])
            touched.add(key)
        for key in before.keys() - touched:
            assert now[key] == before[key], "a playlist that was not to be written has changed"
        assert self.person.playlists_apart_from(self.person.ever_ours) == self.person.not_ours

    def _check_contents(
        self, rule: GenrePlaylist, ticks: Ticks, before: list[str], now: dict[str, Any]
    ) -> None:
        songs = self.person.songs
        shelf = self.shelves.setdefault(now["id"], Shelf())
        if ticks.makes and rule.pk in self.ids:
            shelf.taken_out |= self.shelves[self.ids[rule.pk]].taken_out
        self.ids[rule.pk] = now["id"]
        self.person.ever_ours.add(now["id"])
        adds = [uri for uri in songs.all(ticks.adds) if uri not in shelf.taken_out]
        removes = set(songs.all(ticks.removes)) - shelf.put_in
        expected = after(songs.all(before), removes, adds)
        assert songs.all(now["uris"]) == expected, f"{rule}: {songs.all(now['uris'])}, not {expected}"
        assert now["owner"] == self.person.account.spotify_id and not now["public"]
        shelf.held = expected
