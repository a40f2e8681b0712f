import pytest
import torch

from classifier.sound.augment import Augmentation, augmented
from classifier.sound.nets import CHUNK, ClassicCNN, ClassicFFNN, MelCNN, Stripes, chunks_of, decibels, fused
from tests.classifier.sound.made_clips import mel


def _mel(n: int = 4, columns: int = 387) -> torch.Tensor:
    return decibels(mel(n, columns)[0])


@pytest.mark.parametrize("build", [MelCNN, ClassicCNN, ClassicFFNN])
def test_a_net_answers_for_clips_of_any_length(build):
    net = build(10).eval()
    for columns in (20, 64, 130, 387, 500):
        assert net(_mel(2, columns)).shape == (2, 10)
        assert torch.isfinite(net(_mel(2, columns))).all()


def test_our_net_is_small_and_its_head_answers_to_the_mean_embedding():
    net = MelCNN(10).eval()
    assert sum(one.numel() for one in net.parameters()) < 250_000
    clip = _mel(3)
    assert torch.allclose(net(clip), net.head(net.embed(clip)))
    chunks = chunks_of(clip)
    alone = torch.stack([net.embed(chunks[:, i]) for i in range(chunks.shape[1])]).mean(0)
    assert torch.allclose(net.embed(clip), alone, atol=1e-5)


@pytest.mark.parametrize(("columns", "count"), [(10, 1), (64, 1), (95, 1), (96, 2), (387, 6)])
def test_a_clip_is_cut_into_chunks(columns, count):
    assert chunks_of(_mel(2, columns)).shape == (2, count, 128, CHUNK)


def test_chunks_that_overlap_overlap_alike():
    numbered = torch.arange(161.0).expand(1, 128, 161)
    assert chunks_of(numbered)[0, :, 0, 0].tolist() == [0, 48, 97]


def test_a_fused_net_answers_as_the_trained_one():
    net, clip = MelCNN(10), _mel(4)
    net(clip)  # while training, so that there is something to fold in
    quick = fused(net)
    net.eval()
    assert torch.allclose(quick(clip), net(clip), atol=1e-4)
    assert quick is not net
    assert len(quick.state_dict()) < len(net.state_dict())


def test_normalisation_is_fitted_and_part_of_the_weights():
    net, clip = MelCNN(3), _mel(6)
    net.fit_normalisation(clip)
    normal = net.normalise(clip)
    assert normal.mean(dim=(0, 2)).abs().max() < 1e-4
    assert {"mean", "deviation"} <= set(net.state_dict())


def test_stripes_are_hidden_while_training_only():
    stripes, x = Stripes(), torch.ones(50, 64, 64)
    assert 0 < (stripes.train()(x) == 0).float().mean() < 0.5
    assert torch.equal(stripes.eval()(x), x)


def test_disturbed_chunks_stay_spectrograms_and_follow_the_generator():
    clip, wanted = torch.from_numpy(mel(8, 387)[0]), torch.eye(8)
    made = [augmented(clip, wanted, Augmentation(), torch.Generator().manual_seed(3)) for _ in range(2)]
    chunks, answers = made[0]
    assert chunks.shape == (8, 128, CHUNK)
    assert chunks.min() >= -80
    assert torch.isfinite(chunks).all()
    assert answers.sum(1).allclose(torch.ones(8))
    assert torch.equal(chunks, made[1][0])


def _only(**chances: float) -> Augmentation:
    none = {"stretched": 0, "degraded": 0, "equaliser_db": 0, "gain_db": 0, "mixed": 0}
    return Augmentation(**(none | {"band": 0, "noise": 0, "reverb": 0} | chances))


def _disturbed(how: Augmentation, clip: torch.Tensor) -> torch.Tensor:
    return augmented(clip, torch.ones(len(clip), 1), how, torch.Generator().manual_seed(0))[0]


def test_without_any_disturbance_a_chunk_is_a_piece_of_the_clip():
    clip = torch.from_numpy(mel(2, CHUNK)[0])
    assert torch.allclose(_disturbed(_only(), clip), decibels(clip), atol=1e-4)


def test_a_narrow_channel_silences_the_outer_bands_and_noise_fills_the_quiet_ones():
    clip = torch.full((32, 128, CHUNK), 200, dtype=torch.uint8)
    clip[:, 100:] = 0
    plain = decibels(clip)[:, :, :CHUNK]
    narrow = _disturbed(_only(degraded=1, band=1), clip)
    assert narrow[:, 0].mean() < plain[:, 0].mean() - 10
    assert (narrow[:, 40:60] - plain[:, 40:60]).abs().max() < 1e-3
    assert _disturbed(_only(degraded=1, noise=1), clip)[:, 100:].mean() > -70


def test_an_echo_lingers_after_a_beat_and_never_before():
    clip = torch.zeros(16, 128, CHUNK, dtype=torch.uint8)
    clip[:, :, 20] = 255
    heard = _disturbed(_only(degraded=1, reverb=1), clip)
    assert heard[:, :, 21].mean() > -40
    assert heard[:, :, :20].max() < -75 < heard[:, :, 22].min()
    assert (heard[:, :, 21] >= heard[:, :, 25]).all()
