import json

import pytest

from classifier.sound.clips import split_random
from classifier.sound.train import SoundConfig, load_net, log_probabilities, train_sound
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
    assert [one.stage for one in seen] == ["net", "net", "net on all clips", "net on all clips"][: len(seen)]
    net, meta = load_net(trained.path)
    assert meta["kind"] == "sound"
    assert meta["labels"] == ["bell", "drum", "hiss"]
    assert meta["training"]["artists_shared_between_parts"] is True
    assert meta["metrics"] == json.loads(json.dumps(trained.metrics))
    assert (log_probabilities(net, data.mel).argmax(1) == data.truth.argmax(1)).mean() > 0.8
