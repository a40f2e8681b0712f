import json
import shutil

import numpy as np
import pytest

from classifier.errors import ModelError
from classifier.sound import opinion
from classifier.sound.heads import Head, gathered, learn, normalised
from classifier.sound.opinion import PARTS, WIDTH, Opinion, packed, part, unpacked
from classifier.sound.tag_words import WORDS, by_words
from classifier.taxonomy import FAMILIES


@pytest.fixture(scope="module")
def shipped():
    return Opinion.load()


def embeddings(n=3, seed=0, *, tagged=True):
    x = np.random.default_rng(seed).random((n, WIDTH)).astype(np.float32)
    if not tagged:
        for name in ("tags_mean", "tags_std", "penultimate"):
            part(x, name)[:] = np.nan
    return x


def hearing(shipped, **tags):
    """An embedding of a clip in which these tags are heard and no others."""
    x = embeddings(1)
    part(x, "tags_mean")[:] = [[tags.get(name, 0.01) for name in shipped.tags]]
    return x


def test_answers_are_probabilities_of_families(shipped):
    log_p = shipped.log_probabilities(embeddings())
    assert set(shipped.labels) < set(FAMILIES)
    assert np.allclose(np.exp(log_p).sum(1), 1)


def test_families_that_nobody_taught_are_not_named(shipped):
    assert {"latin", "asian-pop", "spoken"}.isdisjoint(shipped.labels)


def test_without_the_tagger_only_what_the_small_network_was_taught_is_named(shipped):
    (said,) = shipped.spoken(embeddings(1, tagged=False))
    assert set(said) == set(shipped.families.values())
    assert sum(np.exp(list(said.values()))) == pytest.approx(1)


def test_clips_with_and_without_tags_are_judged_side_by_side_as_alone(shipped):
    with_tags, without = embeddings(1), embeddings(1, 1, tagged=False)
    together = shipped.log_probabilities(np.concatenate([with_tags, without]))
    assert np.allclose(together[0], shipped.log_probabilities(with_tags)[0])
    assert np.allclose(together[1], shipped.log_probabilities(without)[0], equal_nan=True)


def test_a_family_that_only_the_words_know_is_named_where_its_word_is_heard(shipped):
    assert "punk" not in shipped.tagger.labels
    quiet, loud = (shipped.spoken(hearing(shipped, punk=p))[0]["punk"] for p in (0.01, 0.9))
    assert loud > quiet + 1


def test_every_word_is_one_of_the_taggers(shipped):
    words = {word for words in WORDS.values() for word in words.split("|")}
    assert words <= set(shipped.tags) and set(WORDS) <= set(FAMILIES)


def test_words_are_compared_with_what_is_usual(shipped):
    tags = np.full((1, len(shipped.tags)), 0.01)
    tags[0, [shipped.tags.index("rock"), shipped.tags.index("ambient")]] = 0.3
    log_p, families = by_words(tags, shipped.usual, shipped.tags)
    found = dict(zip(families, log_p[0], strict=True))
    assert found["ambient"] > found["rock"]  # half the music there is is called rock


def test_embeddings_are_stored_in_half_precision_and_come_back():
    x = embeddings()
    part(x, "tags_std")[0] = np.nan
    stored = packed(x)
    assert {len(row) for row in stored} == {2 * WIDTH}
    assert np.allclose(unpacked(stored), x, atol=1e-3, equal_nan=True)


def test_the_parts_of_an_embedding_lie_side_by_side():
    x = np.arange(WIDTH)[None]
    columns = np.concatenate([part(x, name)[0] for name in PARTS])
    assert columns.tolist() == list(range(WIDTH))


def test_bytes_of_another_length_are_refused():
    with pytest.raises(ValueError):
        unpacked([b"\0" * 10])


@pytest.mark.parametrize("missing", ["heads", "families", "shares", "encoder", "tags"])
def test_a_damaged_description_is_refused(tmp_path, missing):
    copy = tmp_path / "copy"
    shutil.copytree(opinion.shipped_path(), copy)
    meta = json.loads((copy / "meta.json").read_text())
    del meta[missing]
    (copy / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(ModelError, match="sound expert is damaged"):
        Opinion.load(copy)


def test_a_version_of_tables_is_no_sound_expert():
    with pytest.raises(ModelError, match="is no sound expert"):
        Opinion.load(opinion.shipped_path().parent)


def test_a_head_learns_what_parts_labels_and_comes_back_from_its_arrays():
    rng = np.random.default_rng(0)
    labels = np.array(["jazz", "rock", "pop"] * 40)
    x = rng.normal(size=(120, 5)) + 3 * (labels[:, None] == np.array(["jazz", "rock", "pop", "-", "-"]))
    head = learn(x, labels, penalty=10)
    answers = np.array(head.labels)[head.log_probabilities(x).argmax(1)]
    assert (answers == labels).mean() > 0.9
    back = Head.restore(head.arrays("h"), "h", head.labels)
    assert np.allclose(back.log_probabilities(x), head.log_probabilities(x), atol=1e-4)


def test_a_head_of_two_labels_answers_for_both():
    labels = np.array(["jazz", "rock"] * 20)
    x = np.where(labels == "jazz", 1.0, -1.0)[:, None] + np.random.default_rng(0).normal(0, 0.1, (40, 1))
    log_p = learn(x, labels, penalty=1).log_probabilities(x)
    assert (
        np.allclose(np.exp(log_p).sum(1), 1)
        and (log_p[labels == "jazz", 0] > log_p[labels == "jazz", 1]).all()
    )


def test_labels_of_one_family_are_added_up():
    log_p = np.log(np.array([[0.3, 0.5, 0.2]]))
    added, families = gathered(
        log_p, ("blues", "rock", "jazz"), {"blues": "jazz-blues", "jazz": "jazz-blues", "rock": "rock"}
    )
    assert families == ("jazz-blues", "rock")
    assert np.exp(added[0]) == pytest.approx([0.5, 0.5])


def test_logits_of_any_size_become_log_probabilities():
    assert np.exp(normalised(np.array([[1e4, 1e4]]))) == pytest.approx(np.array([[0.5, 0.5]]))
