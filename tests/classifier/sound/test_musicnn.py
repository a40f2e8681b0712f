import numpy as np
import pytest
import torch

from classifier.sound.musicnn import Musicnn
from tests.classifier.sound import reference_musicnn as reference


def mel(frames: int = 187, seed: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((2, frames, 96), np.float32) * 4)


@pytest.mark.parametrize("frames", [187, 40])
@pytest.mark.parametrize("empty", [0.0, 0.7])
@torch.inference_mode()
def test_the_network_says_what_its_plain_writing_says(frames, empty):
    weights = reference.weights(empty=empty)
    tags, penultimate = Musicnn(weights)(mel(frames))
    expected_tags, expected_penultimate = reference.forward(weights, mel(frames))
    assert (tags - expected_tags).abs().max() < 1e-4
    assert (penultimate - expected_penultimate).abs().max() < 1e-3
    assert expected_penultimate.std() > 0.1


def test_empty_filters_are_not_computed():
    full, sparse = (Musicnn(reference.weights(empty=share)) for share in (0.0, 0.7))
    assert (
        sum(block.kernel.numel() for block in sparse.wide)
        < sum(block.kernel.numel() for block in full.wide) / 2
    )


@pytest.mark.parametrize(
    "name", ["conv2d/kernel", "conv2d_5/bias", "dense/kernel", "batch_normalization_9/gamma"]
)
def test_weights_of_another_network_are_refused(name):
    others = {key: array for key, array in reference.weights().items() if key != name}
    with pytest.raises(KeyError, match=name):
        Musicnn(others)
