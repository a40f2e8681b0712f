import json

import numpy as np
import pytest

from classifier import registry
from classifier.sound import opinion
from classifier.sound.clips import Clips
from classifier.sound.expert import SoundExpert
from classifier.sound.head import Heard, train_head
from classifier.sound.joined import split_each, together, within
from classifier.sound.opinion import Opinion
from classifier.sound.train import SoundConfig
from tests.classifier.sound.made_clips import clips

FAMILIES = {"bell": "asian-pop", "drum": "metal", "hiss": "spoken"}
QUICK = SoundConfig(epochs=8, spare_test=True, least_clips=2)


def heard(n: int = 60, seed: int = 0) -> Heard:
    """Clips labelled with families, whose embeddings can be told apart; no tagger was installed."""
    data = clips(n, 64, seed)
    named = Clips(data.mel, data.names, tuple(FAMILIES[one] for one in data.labels), data.provenance)
    rng = np.random.default_rng(seed)
    embeddings = np.full((n, opinion.WIDTH), np.nan, np.float32)
    centres = np.random.default_rng(9).normal(size=(3, 128))
    opinion.part(embeddings, "mel_cnn")[:] = centres[np.arange(n) % 3] + rng.normal(size=(n, 128))
    return Heard(named, embeddings)


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    data, seen = heard(), []
    out = tmp_path_factory.mktemp("head") / "v"
    return data, train_head(data, split_each([data.clips], 0), out, QUICK, progress=seen.append), seen


def test_a_new_head_is_an_expert_that_answers_with_its_families(version):
    data, trained, seen = version
    judge = Opinion.load(trained.path)
    assert set(judge.cnn.labels) == set(FAMILIES.values()) <= set(judge.labels)
    assert trained.metrics["accuracy"] > trained.metrics["baselines"]["majority"]["accuracy"]
    (said,) = judge.spoken(data.embeddings[:1])
    assert max(said, key=said.get) == data.clips.labels[0]
    assert [one.stage for one in seen].count("head") == 8


def test_the_other_parts_stay_as_they_were_so_stored_embeddings_stay_valid(version):
    _, trained, _ = version
    before, after = (opinion.read(path)[1] for path in (None, trained.path))
    changed = {name for name in after if not np.array_equal(after[name], before[name])}
    assert changed == {"cnn.head.1.weight", "cnn.head.1.bias"}
    assert Opinion.load(trained.path).encoders == Opinion.load().encoders
    SoundExpert.load(trained.path, accurate=False)


def test_test_clips_are_never_learned_from(version):
    data, trained, _ = version
    training = json.loads((trained.path / registry.META).read_text())["training"]
    assert training["test_spared"] and training["clips_learned_from"] == len(data.clips) - 12


def test_a_killed_training_goes_on_and_ends_the_same(version, tmp_path):
    data, whole, _ = version
    seen = []

    def kill(step):
        seen.append(step)
        if len(seen) in (3, 8):
            raise KeyboardInterrupt

    parts = split_each([data.clips], 0)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train_head(data, parts, tmp_path / "v", QUICK, progress=kill)
    again = train_head(data, parts, tmp_path / "v", QUICK)
    assert (again.path / registry.WEIGHTS).read_bytes() == (whole.path / registry.WEIGHTS).read_bytes()
    assert again.meta["curve"] == whole.meta["curve"]


def test_a_sets_test_clips_are_the_same_beside_any_other():
    one, other = clips(30, 64), clips(60, 64, seed=1)
    alone, both = split_each([one], 0), split_each([other, one], 0)
    assert {row + 60 for row in alone.test.tolist()} <= set(both.test.tolist())
    joined = together([other, one])
    assert joined.origin(0) is other.provenance and joined.names[60:] == one.names
    kept = [row for row, label in enumerate(joined.labels) if label != "drum"]
    assert len(within(both, kept).everything) == len(kept) == 60
