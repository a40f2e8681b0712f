"""Reading, planning and writing under faults and kills, held against what the user may expect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from organizer import history, jobs, plans, writing
from organizer.models import Correction, GenrePlaylist, Job, Plan, PlaylistVersion, SpotifyAccount, Track
from tests.faults.sequences import machine, trouble, versions
from tests.faults.sequences.expected import Change, Rule, Shelf, after, change, desired
from tests.faults.sequences.person import Person
from tests.faults.sequences.ticks import Ticks, tick


@dataclass(frozen=True)
class Written:
    """What one run did to one playlist, and how many hand edits it had seen before."""

    run: int
    rule: int
    playlist_id: str
    before: list[str]
    after: list[str]
    edits: int


@dataclass(frozen=True)
class Attempt:
    """A plan as ticked, before it is written."""

    plan: Plan
    ticks: dict[int, Ticks]
    seen: dict[str, int]  # by playlist: the hand edits that the plan knows of
    before: dict[str, Any]  # what is there when writing begins


@dataclass
class Writing:
    person: Person
    shelves: dict[str, Shelf] = field(default_factory=dict)  # by playlist id
    ids: dict[int, str] = field(default_factory=dict)  # rule → its playlist
    words: dict[str, str] = field(default_factory=dict)  # what the user said of recordings
    written: list[Written] = field(default_factory=list)

    def apply(self, random: Random) -> None:
        """Read the likes, make a plan, write it."""
        if self.person.has_new_likes or random.random() < 0.2:
            self._read(random)
        self._speak_of_new_releases()
        self.person.account.refresh_from_db()
        if self.person.rules().filter(is_active=True).exists():
            job = self._run(random, lambda: plans.start(self.person.account))
            plan = Plan.objects.get(pk=job.counts["plan"])
            there = self.person.playlists()
            self._look(there)
            self._check_plan(plan, there)
            self.write(plan, random)

    def undo(self, random: Random) -> None:
        """Take back all that a run did, or bring one playlist back to what it was after a run."""
        there = self.person.playlists()
        mine = [one for one in self.written if self.ids.get(one.rule) == one.playlist_id]
        if not mine:
            return
        chosen = random.choice(mine)
        is_run = random.random() < 0.6
        if is_run:
            run = Plan.objects.get(pk=chosen.run)
            job = self._run(random, lambda: history.start_undo(self.person.account, run))
        else:
            known = PlaylistVersion.objects.filter(plan=chosen.run, playlist=chosen.rule)
            version = known.latest("pk")
            job = self._run(random, lambda: history.start_restore(self.person.account, version))
        plan = Plan.objects.get(pk=job.counts["plan"])
        concerned = [one for one in mine if one.run == chosen.run] if is_run else [chosen]
        for one in concerned:
            if there[one.playlist_id]["followed"]:
                self._check_back(plan, one, there, is_run=is_run)
        self.write(plan, random)

    def _check_back(self, plan: Plan, one: Written, there: dict[str, Any], *, is_run: bool) -> None:
        rule = GenrePlaylist.objects.get(pk=one.rule)
        self._look_at(rule, there[one.playlist_id]["uris"])
        shelf = self.shelves[one.playlist_id]
        now = one.after if is_run else shelf.held
        target = one.before if is_run else one.after
        expected = shelf.back(set(now) - set(target), set(target) - set(now), one.edits)
        offered = self._offered(plan, rule)
        assert sorted(offered["add"]) == expected.adds, (
            f"{rule}: puts back {offered['add']}, not {expected.adds}"
        )
        assert set(offered["remove"]) == expected.removes, (
            f"{rule}: takes back {offered['remove']}, not {expected.removes}"
        )

    def _offered(self, plan: Plan, rule: GenrePlaylist) -> dict[str, list[str]]:
        items = plan.items.filter(playlist=rule).order_by("position").values_list("kind", "uri")
        return {
            kind: self.person.songs.all(uri for what, uri in items if what == kind)
            for kind in ("add", "remove")
        }

    def _read(self, random: Random) -> None:
        """Her likes are known then; those that could not be read for the moment, after the next reading."""
        self._run(random, lambda: jobs.start(self.person.account, Job.Kind.ORGANIZE))
        if SpotifyAccount.objects.get().unreadable_total:
            machine.run(jobs.start(self.person.account, Job.Kind.ORGANIZE)[0], self.person)
        known = self.person.account.saves.filter(is_unliked=False).order_by("added_at")
        assert self.person.songs.all(known.values_list("track__uri", flat=True)) == self.person.songs.all(
            self.person.liked
        ), "what is known is not what is liked"
        self.person.has_new_likes = False

    def write(self, plan: Plan, random: Random) -> None:
        ticks = tick(plan, random)
        seen = {one: len(shelf.edits) for one, shelf in self.shelves.items()}
        if random.random() < 0.2:  # hands do not wait for us
            self.person.hand(random, random.choice(["take_out", "put_in", "reorder"]))
        attempt = Attempt(plan, ticks, seen, self.person.playlists())
        if ticks:
            self._run(random, lambda: writing.start(plan))
        now = self.person.playlists() if ticks else attempt.before
        self._check_written(attempt, now)
        versions.check(self.person, {self.ids[rule]: now[self.ids[rule]]["uris"] for rule in ticks})

    def _run(self, random: Random, start: Callable[[], tuple[Job, bool]]) -> Job:
        """A job from its start to its end, whatever happens on the way."""

        def act(killed_at: int) -> Job:
            return machine.run(start()[0], self.person, killed_at=killed_at)

        job = trouble.under(self.person.world, random, act)
        assert job.state == Job.State.DONE, f"{job.kind}: {job.error or job.wait_reason}"
        return job

    def _speak_of_new_releases(self) -> None:
        """What she said of a song holds for its other releases: the model of the test knows recordings only."""
        for track in Track.objects.all() if self.words else ():
            if genre := self.words.get(self.person.songs.recording(track.uri)):
                values = {"account": self.person.account, "track": track}
                Correction.objects.update_or_create(**values, defaults={"genre": genre})

    # --- what is expected ---------------------------------------------------------------------------
    def _look(self, there: dict[str, Any]) -> None:
        """At every playlist of an active rule that she has not deleted."""
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

    def _expected(self, rule: GenrePlaylist, liked: list[str], there: dict[str, Any]) -> Change:
        account, songs = self.person.account, self.person.songs
        shelf = self.shelves.get(rule.spotify_id, Shelf())
        if rule.spotify_id and not there[rule.spotify_id]["followed"]:
            shelf = Shelf(taken_out=shelf.taken_out)
        wish = Rule(tuple(rule.genres), rule.min_confidence, rule.min_size)
        wanted = desired(liked, self.words, wish, songs)
        return change(shelf, wanted, songs, merges=account.merges_duplicates, removals=account.removals)

    def _check_plan(self, plan: Plan, there: dict[str, Any]) -> None:
        """It offers what was promised, no more and no less."""
        liked = self.person.liked
        for rule in self.person.rules().filter(is_active=True):
            expected = self._expected(rule, liked, there)
            offered = self._offered(plan, rule)
            assert offered["add"] == expected.adds, f"{rule}: adds {offered['add']}, not {expected.adds}"
            assert set(offered["remove"]) == expected.removes, (
                f"{rule}: removes {offered['remove']}, not {expected.removes}"
            )

    # --- what came of it ----------------------------------------------------------------------------
    def _check_written(self, attempt: Attempt, now: dict[str, Any]) -> None:
        before = attempt.before
        made = {key: row for key, row in now.items() if key not in before}
        rules = {rule.pk: rule for rule in self.person.rules()}
        assert len(made) == sum(one.makes for one in attempt.ticks.values()), f"playlists made: {list(made)}"
        touched = set()
        for pk, one in attempt.ticks.items():
            key = rules[pk].spotify_id
            assert (key in made) == one.makes
            if not one.makes:
                self._look_at(rules[pk], before[key]["uris"])
            self._check_contents(attempt, rules[pk], now[key])
            touched.add(key)
        for key in before.keys() - touched:
            assert now[key] == before[key], "a playlist that was not to be written has changed"
        others = {key: row for key, row in now.items() if key not in self.person.ever_ours}
        assert others == self.person.not_ours

    def _check_contents(self, attempt: Attempt, rule: GenrePlaylist, now: dict[str, Any]) -> None:
        songs, ticks = self.person.songs, attempt.ticks[rule.pk]
        before = songs.all(attempt.before.get(now["id"], {}).get("uris", []))
        shelf = self.shelves.setdefault(now["id"], Shelf())
        if ticks.makes and rule.pk in self.ids:
            shelf.taken_out |= self.shelves[self.ids[rule.pk]].taken_out
        self.ids[rule.pk] = now["id"]
        self.person.ever_ours.add(now["id"])
        since = shelf.edits[attempt.seen.get(now["id"], 0) :]
        meanwhile = {way: {uri for one, uri in since if one == way} for way in ("out", "in")}
        adds = [uri for uri in songs.all(ticks.adds) if uri not in meanwhile["out"]]
        # What an undo once put back counts as put in, and may be taken out by the next undo all the same.
        stays = shelf.put_in if attempt.plan.kind == Plan.Kind.ORGANIZE else meanwhile["in"]
        removes = set(songs.all(ticks.removes)) - stays
        expected, there = after(before, removes, adds), songs.all(now["uris"])
        if attempt.plan.kind == Plan.Kind.ORGANIZE:
            assert there == expected, f"{rule}: {there}, not {expected}"
        else:  # songs that come back do so in their places; what undoing does counts as the user's own edit
            assert sorted(there) == sorted(expected), f"{rule}: {there}, not {expected} in some order"
            assert [uri for uri in there if uri not in adds] == [uri for uri in expected if uri not in adds]
            shelf.taken_out = (shelf.taken_out | removes) - set(there)
            shelf.put_in = (shelf.put_in | set(adds)) & set(there)
        assert now["owner"] == self.person.account.spotify_id and not now["public"]
        self.written.append(Written(attempt.plan.pk, rule.pk, now["id"], before, there, len(shelf.edits)))
        shelf.held = there
