"""One sequence: random steps of a person and her program, and what must be true after each write."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from organizer import plans
from organizer.models import Correction, SpotifyAccount, Track
from tests.faults.sequences import machine
from tests.faults.sequences.expected import GENRES
from tests.faults.sequences.person import Person
from tests.faults.sequences.writing import Writing
from tests.simulator_process import SimulatorProcess

STEPS = {
    "like": 3, "unlike": 2, "like_again": 1, "like_another_release": 1,
    "hand": 5, "delete": 1, "take_back": 1, "touch_others": 1,
    "correct": 2, "choose": 2, "set_removals": 1, "set_duplicates": 1,
    "apply": 5, "undo": 2,
}  # fmt: skip
NAMES = ("Rock", "Jazz", "Classical", "Mix")


@dataclass(frozen=True)
class Step:
    """What is done, and the number that all its chances are drawn from: a step means the same without the others."""

    kind: str
    draw: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.draw}"


def steps_of(seed: int, length: int) -> list[Step]:
    random = Random(seed)
    kinds, weights = zip(*STEPS.items(), strict=True)
    middle = [Step(kind, random.getrandbits(32)) for kind in random.choices(kinds, weights, k=length)]
    first, last = random.getrandbits(32), random.getrandbits(32)
    return [Step("choose", seed), Step("apply", first), *middle, Step("apply", last)]


class Life:
    def __init__(self, world: SimulatorProcess) -> None:
        machine.forget()
        self.person = Person(world)
        machine.serve(self.person)
        self.writing = Writing(self.person)

    def do(self, step: Step) -> None:
        random = Random(step.draw)
        own: Callable[[Random], None] | None = getattr(self, f"_{step.kind}", None)
        (own or getattr(self.person, step.kind))(random)

    def _apply(self, random: Random) -> None:
        self.writing.apply(random)

    def _undo(self, random: Random) -> None:
        self.writing.undo(random)

    def _choose(self, random: Random) -> None:
        """One to three playlists of one or two genres each."""
        genres = random.sample(GENRES, len(GENRES))
        choices = []
        for name in random.sample(NAMES, random.randint(1, 3)):
            mine = tuple(genres.pop() for _ in range(random.randint(1, 2)) if genres)
            if mine:
                choices.append(
                    plans.Choice(name, mine, random.choice([0.0, 0.5, 0.9]), random.choice([1, 1, 3]))
                )
        plans.choose(self.person.account, choices)

    def _correct(self, random: Random) -> None:
        """Her word on a recording, whatever its releases."""
        account = self.person.account
        known = sorted(Track.objects.liked_by(account).values_list("uri", flat=True))
        if not known:
            return
        said, genre = self.person.songs.recording(random.choice(known)), random.choice(GENRES)
        self.writing.words[said] = genre
        for track in Track.objects.all():
            if self.person.songs.recording(track.uri) == said:
                Correction.objects.update_or_create(account=account, track=track, defaults={"genre": genre})

    def _set_removals(self, random: Random) -> None:
        self._set(removals=random.choice(list(SpotifyAccount.Removals)))

    def _set_duplicates(self, random: Random) -> None:
        self._set(merges_duplicates=random.random() < 0.5)

    def _set(self, **values: Any) -> None:
        SpotifyAccount.objects.filter(pk=self.person.account.pk).update(**values)
        self.person.account.refresh_from_db()


def play(world: SimulatorProcess, steps: Sequence[Step]) -> str:
    """Live these steps; what went wrong, empty if nothing did."""
    world.clear_faults()
    step = None
    try:
        life = Life(world)
        for step in steps:
            life.do(step)
    except (
        Exception
    ):  # any error of the program is a finding, and the next sequence must be played all the same
        return f"{traceback.format_exc(limit=-6)}at the step {step}"
    return ""


def report(world: SimulatorProcess, seed: int, steps: Sequence[Step], what: str) -> str:
    """The failure with as few steps as dropping each once can leave."""
    left = list(steps)
    for step in steps[1:]:
        fewer = [one for one in left if one is not step]
        if found := play(world, fewer):
            left, what = fewer, found
    return f"SEED {seed} fails with {' '.join(map(str, left))}\n{what}"
