import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import DataError
from classifier.label_maps import SYNONYMS
from classifier.labels import normalise
from classifier.taxonomy import (
    FAMILIES,
    SUB_GENRES,
    display_name,
    family_log_probs,
    label_to_show,
    parent,
    sub_genres,
)

THRESHOLDS = st.floats(0.01, 1)


@st.composite
def distributions(draw: st.DrawFn) -> dict[str, float]:
    """Log-probabilities that sum to 1, over some sub-genres and families."""
    slugs = draw(st.lists(st.sampled_from([*FAMILIES, *SUB_GENRES]), min_size=1, max_size=40, unique=True))
    weights = [draw(st.floats(1e-6, 1)) for _ in slugs]
    return {slug: math.log(weight / sum(weights)) for slug, weight in zip(slugs, weights, strict=True)}


def _logs(**shares: float) -> dict[str, float]:
    return {slug.replace("_", "-"): math.log(share) for slug, share in shares.items()}


def test_there_are_fifteen_families_each_with_sub_genres_of_its_own():
    assert len(FAMILIES) == len(set(FAMILIES)) == 15
    assert not SUB_GENRES.keys() & set(FAMILIES)
    assert sum(len(sub_genres(family)) for family in FAMILIES) == len(SUB_GENRES)
    assert all(sub_genres(family) for family in FAMILIES)


def test_the_sub_genres_of_a_family_are_listed_in_order():
    assert sub_genres("reggae") == ("dancehall", "dub", "rocksteady", "ska")
    assert all(list(sub_genres(family)) == sorted(sub_genres(family)) for family in FAMILIES)


def test_a_family_is_its_own_parent():
    assert parent("k-pop") == "asian-pop"
    assert all(parent(family) == family for family in FAMILIES)


def test_an_unknown_genre_is_named():
    with pytest.raises(DataError, match="'polka'"):
        parent("polka")
    with pytest.raises(DataError, match="'polka'"):
        label_to_show({"rock": -0.1, "polka": -3.0}, 0.5)


@pytest.mark.parametrize("slug", ["polka", "techno"])
def test_only_families_have_sub_genres(slug):
    with pytest.raises(DataError, match=f"family named '{slug}'"):
        sub_genres(slug)


def test_another_spelling_is_no_genre_itself_and_leads_to_one_genre():
    spellings = [normalise(label) for labels in SYNONYMS.values() for label in labels.split("|")]
    assert SYNONYMS.keys() <= SUB_GENRES.keys()
    assert len(spellings) == len(set(spellings))
    assert not {label.replace(" ", "-") for label in spellings} & {*SUB_GENRES, *FAMILIES}


WRITTEN = """
    R&B, Contemporary R&B, R&B & soul, Drum & bass, Country & folk, Rock ’n’ roll, K-pop, J-idol, Asian pop, EDM, IDM,
    MPB, Doo-wop, Post-rock, Singer-songwriter, Hip-hop, Southern hip-hop, Deep house, Honky tonk, Forró, Spoken word
"""


@pytest.mark.parametrize("name", [name.strip() for name in WRITTEN.split(",")])
def test_genres_are_written_as_people_write_them(name):
    assert name in map(display_name, [*FAMILIES, *SUB_GENRES])


def test_no_two_genres_are_written_alike():
    names = [display_name(slug) for slug in [*FAMILIES, *SUB_GENRES]]
    assert len(names) == len({name.lower() for name in names})


def test_a_certain_sub_genre_is_shown():
    slug, probability = label_to_show(_logs(techno=0.7, house=0.2, rock=0.1), 0.6)
    assert (slug, round(probability, 6)) == ("techno", 0.7)


def test_sub_genres_that_are_certain_only_together_show_their_family():
    slug, probability = label_to_show(_logs(techno=0.4, house=0.3, electronic=0.1, rock=0.2), 0.6)
    assert (slug, round(probability, 6)) == ("electronic", 0.8)


def test_too_little_certainty_shows_nothing_but_how_close_it_came():
    slug, probability = label_to_show(_logs(techno=0.3, house=0.1, rock=0.3, jazz=0.3), 0.6)
    assert (slug, round(probability, 6)) == (None, 0.4)


def test_a_family_that_comes_alone_is_shown_as_it_is():
    assert label_to_show({"rock": 0.0}, 1.0) == ("rock", 1.0)


def test_no_evidence_shows_nothing():
    assert label_to_show({}, 0.5) == (None, 0.0)
    assert label_to_show({"rock": -math.inf, "techno": -math.inf}, 0.5) == (None, 0.0)


def test_probabilities_too_small_for_a_float_still_add_up():
    assert family_log_probs({"techno": -2000.0, "house": -2000.0}) == {
        "electronic": pytest.approx(-2000 + math.log(2))
    }


@given(distributions())
def test_families_keep_the_sum(log_probs):
    assert math.fsum(map(math.exp, family_log_probs(log_probs).values())) == pytest.approx(1)


@given(distributions())
def test_a_family_is_at_least_as_likely_as_each_of_its_members(log_probs):
    families = family_log_probs(log_probs)
    assert set(families) == {parent(slug) for slug in log_probs}
    assert all(families[parent(slug)] >= value for slug, value in log_probs.items())


@given(distributions())
def test_summing_families_again_changes_nothing(log_probs):
    families = family_log_probs(log_probs)
    assert family_log_probs(families) == families


@given(distributions(), THRESHOLDS)
def test_what_is_shown_reaches_the_threshold_and_nothing_else_would(log_probs, threshold):
    slug, probability = label_to_show(log_probs, threshold)
    reached = probability >= threshold
    assert reached == (slug is not None)
    if slug in FAMILIES:
        assert all(math.exp(log_probs[child]) < threshold for child in log_probs.keys() & SUB_GENRES.keys())


@given(distributions(), THRESHOLDS)
def test_the_label_shown_is_never_surer_than_its_family(log_probs, threshold):
    slug, probability = label_to_show(log_probs, threshold)
    if slug:
        assert (
            probability <= label_to_show({parent(slug): family_log_probs(log_probs)[parent(slug)]}, 0)[1] <= 1
        )


@given(distributions(), THRESHOLDS, THRESHOLDS)
def test_a_stricter_threshold_never_shows_more(log_probs, one, other):
    def exactness(threshold: float) -> int:
        slug = label_to_show(log_probs, threshold)[0]
        return 0 if slug is None else 1 if slug in FAMILIES else 2

    assert exactness(max(one, other)) <= exactness(min(one, other))


@given(distributions(), THRESHOLDS, st.randoms(use_true_random=False))
def test_the_order_of_the_labels_does_not_matter(log_probs, threshold, random):
    items = list(log_probs.items())
    random.shuffle(items)
    assert family_log_probs(dict(items)) == family_log_probs(log_probs)
    assert label_to_show(dict(items), threshold) == label_to_show(log_probs, threshold)
