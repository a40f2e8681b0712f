import json
from dataclasses import replace

import numpy as np
import pytest

from classifier import registry
from classifier.errors import DataError, ModelError
from classifier.fit import Cancelled
from classifier.sound.answer import answer_of, load_net, log_probabilities
from classifier.sound.clips import split_random
from classifier.sound.train import SoundConfig, train_sound
from classifier.splits import Split
from tests.classifier.sound.made_clips import clips

QUICK = SoundConfig(epochs=2)


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    data = clips()
    seen = []
    out = tmp_path_factory.mktemp("version") / "v"
    return data, train_sound(data, split_random(data, 0), out, QUICK, progress=seen.append), seen


def test_a_net_is_trained_judged_and_written(version):
    data, trained, seen = version
    assert trained.metrics["accuracy"] > 0.8
    assert [one.stage for one in seen if one.has_epochs][:3] == ["net", "net", "net on all clips"]
    net, meta = load_net(trained.path)
    assert (meta["kind"], meta["labels"]) == ("sound", ["bell", "drum", "hiss"])
    assert meta["training"]["artists_shared_between_parts"] is True
    assert meta["metrics"] == json.loads(json.dumps(trained.metrics))
    assert (log_probabilities(net, data.mel).argmax(1) == data.truth.argmax(1)).mean() > 0.8


def test_a_written_net_answers_to_waves(version):
    net, _ = load_net(version[1].path)
    wave = np.random.default_rng(0).normal(size=5 * 22_050).astype(np.float32)
    assert np.exp(answer_of(net)([wave, wave])).sum(1) == pytest.approx([1, 1], abs=1e-5)


def test_a_training_killed_and_started_again_ends_as_if_it_had_not_been(tmp_path, version):
    data, whole, _ = version
    seen = []

    def kill(step):
        seen.append(step)
        if len(seen) in (1, 3):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train_sound(data, split_random(data, 0), tmp_path / "v", QUICK, progress=kill)
    again = train_sound(data, split_random(data, 0), tmp_path / "v", QUICK)
    same = [(path / registry.WEIGHTS).read_bytes() for path in (whole.path, again.path)]
    assert same[0] == same[1]
    assert again.metrics == whole.metrics
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_stopping_writes_nothing(tmp_path):
    data = clips(30, 64)
    parts = Split(*np.split(np.arange(30), [18, 24]))
    with pytest.raises(Cancelled):
        train_sound(data, parts, tmp_path / "v", QUICK, should_stop=lambda: True)
    assert not list(tmp_path.iterdir())


def test_an_existing_version_is_never_overwritten(version):
    data, trained, _ = version
    with pytest.raises(ModelError, match="already is a model version at v"):
        train_sound(data, split_random(data, 0), trained.path, QUICK)


def test_what_cannot_be_learned_from_is_refused(tmp_path):
    data = clips(60, 64)
    rows = np.arange(60)
    bells = rows[rows % 3 == 0]
    for parts, words in (
        (Split(rows[:40], rows[40:44], rows[44:]), "validation part would hold 4 clips"),
        (Split(bells, rows[40:50], rows[50:]), "Training would hold no clip of drum, hiss"),
    ):
        with pytest.raises(DataError, match=words):
            train_sound(data, parts, tmp_path / "v", QUICK)
    with pytest.raises(DataError, match="at least two genres"):
        train_sound(data.only(("bell",)), Split(*np.split(rows[:20], [10, 15])), tmp_path / "v", QUICK)
    with pytest.raises(DataError, match="no net 'oracle'"):
        train_sound(data, split_random(data, 0), tmp_path / "v", replace(QUICK, model="oracle"))


def test_a_damaged_version_is_refused(tmp_path, version):
    meta, arrays = (
        registry.read_description(version[1].path),
        registry.read_arrays(version[1].path / registry.WEIGHTS),
    )
    broken = {
        "other kind": (meta | {"kind": "smell"}, arrays),
        "other family": (meta | {"model": {"family": "oracle"}}, arrays),
        "fewer labels": (meta | {"labels": ["bell", "drum"]}, arrays),
        "fewer arrays": (meta, {"mean": arrays["mean"]}),
    }
    for name, (described, weights) in broken.items():
        registry.write_files(tmp_path / name, described, {registry.WEIGHTS: weights})
        with pytest.raises(ModelError, match=name):
            load_net(tmp_path / name)
