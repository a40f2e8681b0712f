"""The bench compares like with like, and keeps up with what it measures."""

import numpy as np
import pytest

from classifier.sound import tagger
from tests.bench import clips, sound, stages, ways


@pytest.fixture(scope="module")
def data() -> list[bytes]:
    return clips.load(None, 1)


@pytest.mark.parametrize("name", sound.WAYS)
def test_every_way_answers_for_every_clip(name: str, data: list[bytes]):
    if name.startswith(("accurate", "plain")) and not tagger.is_installed():
        pytest.skip("the music tagger is not installed")
    assert len(ways.build(name)(data)) == 1


def test_the_common_way_comes_to_the_same_answer(data: list[bytes]):
    ours, theirs = (np.exp(ways.build(name)(data)) for name in ("fast", "common"))
    assert np.nanmax(np.abs(ours - theirs)) < 0.03


def test_the_profile_names_the_stages_of_the_fast_way(data: list[bytes]):
    found = stages.profile(data, rounds=1)
    assert set(found["fast"]) >= {"decode", "resample", "FFT", "network"}
    assert all(ms >= 0 for ms in found["fast"].values())


def test_ratios_are_taken_within_a_turn():
    costs = {"fast": [2.0, 6.0, 3.0], "floor": [1.0, 3.0, 3.0]}
    assert sound._ratios(costs) == [
        {"of": "fast", "to": "floor", "aim": "at most 1.6", "median": 2.0, "low": 1.0, "high": 2.0}
    ]


def test_two_processes_are_compared_with_one_by_the_clock_and_by_what_they_cost():
    found = sound._compared([((10.0, 0.1), (18.0, 0.125))])
    assert found["two_to_one"]["median"] == 1.8
    assert found["two_to_one_by_cpu"]["median"] == pytest.approx(1.6)
