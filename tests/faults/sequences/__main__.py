"""Plays sequences, one seed after another, and says which failed and by which steps.

python -m tests.faults.sequences --first 1 --count 250   (DATABASE_URL and REDIS_URL name servers of its own)
"""

import argparse
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import django


@dataclass(frozen=True)
class Wishes:
    first: int
    count: int
    length: int


def main() -> int:
    wishes = _wishes()
    django.setup()
    from tests.faults.sequences import life, machine
    from tests.faults.sequences.person import Quick

    machine.prepare()
    failed, started = [], time.monotonic()
    with Quick("--liked", "20") as world:
        _point_at(world.url)
        for seed in range(wishes.first, wishes.first + wishes.count):
            steps = life.steps_of(seed, wishes.length)
            if what := life.play(world, steps):
                failed.append(seed)
                print(life.report(world, seed, steps, what), flush=True)
            print(f"· {seed} {time.monotonic() - started:.1f}", flush=True)
    print(f"played {wishes.count}, failed {failed}", flush=True)
    return 1 if failed else 0


def _point_at(simulator_url: str) -> None:
    from django.conf import settings

    from organizer import network
    from organizer.settings import service_urls

    for name, url in service_urls(simulator_url).items():
        setattr(settings, name, url)
    settings.SIMULATOR_URL, settings.PREVIEW_HOSTS = simulator_url, [urlsplit(simulator_url).netloc]
    network.reset()


def _wishes() -> Wishes:
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--length", type=int, default=9)
    return Wishes(**vars(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
