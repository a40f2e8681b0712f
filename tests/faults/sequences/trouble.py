"""Faults at the wire and kills, for a while, around whatever a job does."""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from tests.faults.matrix import AT_ACCOUNTS, AT_SPOTIFY
from tests.faults.sequences.person import ME
from tests.simulator_process import SimulatorProcess

T = TypeVar("T")
CALM, FAULT, KILL = "calm", "fault", "kill"
LATEST_KILL = 60
QUICK: dict[str, dict[str, Any]] = {
    "timeout_before_effect": {"delay_s": 0.01},
    "timeout_after_effect": {"delay_s": 0.01},
    "slow": {"latency_ms": 5},
    "rate_window": {"limit": 1, "window_s": 1.0},
    # Songs that cannot be read are known later: of the likes at the next reading, of playlists when they change again.
    "null_entries": {"every": 3, "path": "/me/tracks"},
}


def under(world: SimulatorProcess, random: Random, act: Callable[[int], T]) -> T:
    """`act` with a fault that strikes a few times, with the moment of a kill, or with neither (0)."""
    trouble = random.choices([CALM, FAULT, KILL], [5, 3, 2])[0]
    if trouble == FAULT:
        _strike(world, random)
    found = act(random.randint(1, LATEST_KILL) if trouble == KILL else 0)
    if trouble == FAULT:
        world.clear_faults()
    return found


def _strike(world: SimulatorProcess, random: Random) -> None:
    kind = random.choice([*AT_SPOTIFY, *AT_ACCOUNTS])
    if kind in AT_ACCOUNTS:
        world.expire(ME)
    service = "accounts" if kind in AT_ACCOUNTS else "spotify"
    wishes = {"times": random.randint(1, 3), "after": random.randint(0, 8)} | QUICK.get(kind, {})
    world.set_fault(kind, service=service, **wishes)
