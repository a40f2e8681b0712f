import subprocess
import sys

import pytest

from classifier.errors import DataError
from classifier.labels import (
    FAMILIES,
    FEATURE_NAMES,
    MAPPINGS,
    detect_mapping,
    families_of,
    family_of,
    guess_mapping,
    normalise,
    sub_genre_of,
    sub_genres_of,
)
from classifier.taxonomy import SUB_GENRES, parent


def test_every_mapping_leads_to_families_only():
    for mapping in MAPPINGS.values():
        assert set(mapping.values()) <= {*FAMILIES, None}


@pytest.mark.parametrize(
    ("name", "labels"),
    [("kaggle114", 114), ("cristhian146", 149), ("tidytuesday", 6), ("tidytuesday_subgenres", 24)]
    + [("finchmf", 14), ("fma", 16), ("fma_genres", 163)],
)
def test_every_label_of_a_public_data_set_is_assigned_once(name, labels):
    assert len(MAPPINGS[name]) == labels


def test_a_label_means_the_same_in_every_data_set():
    meanings = {(label, family) for mapping in MAPPINGS.values() for label, family in mapping.items()}
    assert len(meanings) == len({label for label, _ in meanings})


@pytest.mark.parametrize("label", ["hiphop", "hip-hop", "Hip Hop"])
def test_gtzan_hip_hop_is_known_by_its_folder_and_by_its_name(label):
    assert family_of(label, "gtzan") == "hip-hop"


def test_popularity_is_no_feature():
    assert "popularity" not in FEATURE_NAMES
    assert len(FEATURE_NAMES) == 14


@pytest.mark.parametrize("label", ["drum-and-bass", " Drum-And-Bass ", "drum and bass", "drum_and_bass"])
def test_spaces_case_and_hyphens_do_not_matter(label):
    assert family_of(label, "kaggle114") == "electronic"


def test_a_label_that_names_no_genre_has_no_family():
    assert family_of("chill", "kaggle114") is None


def test_all_unknown_labels_are_named():
    with pytest.raises(DataError, match="2 label.*'polka'.*'yodel'"):
        families_of(["rock", "yodel", "polka"], "kaggle114")


def test_a_mapping_to_an_unknown_family_is_refused():
    with pytest.raises(DataError, match="unknown genres: polka"):
        family_of("x", {"x": "polka"})


def test_the_public_data_set_is_recognised_by_its_labels():
    assert detect_mapping(["rap", "r&b", "edm"]) == "tidytuesday"
    assert detect_mapping(["hiphop", "disco", "metal"]) == "gtzan"
    assert detect_mapping(["yodel"]) is None


def test_guesses_follow_the_parent_genre_or_stay_open():
    guesses = guess_mapping(["Melodic Death Metal", "R&B/Soul", "polka", "Hip-Hop/Rap"])
    assert guesses == {
        "Melodic Death Metal": "metal",
        "R&B/Soul": "rnb-soul",
        "polka": None,
        "Hip-Hop/Rap": "hip-hop",
    }


@pytest.mark.parametrize(
    ("slug", "first", "second"),
    [
        ("drum-and-bass", "drum-and-bass", "drum and bass"),
        ("hip-hop", "hip-hop", "hip hop"),
        ("rnb", "r-n-b", "r&b"),
        ("alternative-rock", "alt-rock", "alternative"),
        ("psychedelic-rock", "psych-rock", "psychedelic"),
        ("garage-rock", "garage", "garage"),
        ("latin", "latino", "latin"),
        ("singer-songwriter", "songwriter", "singer-songwriter"),
    ],
)
def test_one_style_has_one_slug_in_both_tables(slug, first, second):
    assert sub_genre_of(first, "kaggle114") == sub_genre_of(second, "cristhian146") == slug


def test_kindred_styles_stay_apart():
    labels = [
        "r&b",
        "contemporary r&b",
        "neo soul",
        "electronica",
        "goa trance",
        "psytrance",
        "indie",
        "hardcore",
    ]
    assert len(set(sub_genres_of(labels, "cristhian146").values())) == len(labels)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kaggle114", "brazil|club|groove|latino|punk-rock"),  # a place, an occasion, a word, two synonyms
        ("cristhian146", "nordic metal"),
        ("tidytuesday", "rap"),
        (
            "tidytuesday_subgenres",
            "album rock|hip pop|permanent wave|post-teen pop|tropical|urban contemporary",
        ),
    ],
)
def test_only_labels_that_name_no_style_stay_with_their_family(name, expected):
    named = {
        label for label, family in MAPPINGS[name].items() if family and label not in MAPPINGS["families"]
    }
    kept = {label for label in named if sub_genre_of(label, name) in FAMILIES}
    assert kept == set(map(normalise, expected.split("|")))


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_sub_genre_lies_in_the_family_of_its_label_and_none_stays_none(name):
    for label, family in MAPPINGS[name].items():
        slug = sub_genre_of(label, name)
        assert (slug and parent(slug)) == family


def test_every_sub_genre_is_a_label_of_some_public_data_set():
    found = {slug for name in MAPPINGS for slug in sub_genres_of(MAPPINGS[name], name).values()}
    assert set(SUB_GENRES) <= found


def test_a_label_put_in_another_family_is_not_that_familys_namesake():
    assert sub_genre_of("garage", {"garage": "rock"}) == "garage-rock"
    assert sub_genre_of("garage", {"garage": "electronic"}) == "electronic"


def test_sub_genres_of_names_all_unknown_labels():
    with pytest.raises(DataError, match="2 label.*'polka'.*'yodel'"):
        sub_genres_of([" Techno ", "yodel", "polka"], "kaggle114")


def test_spaces_and_case_do_not_matter_to_sub_genres():
    assert sub_genres_of([" Deep  House", "K_POP"], "kaggle114") == {
        " Deep  House": "deep-house",
        "K_POP": "k-pop",
    }


def test_labels_and_registry_load_no_heavy_module():
    code = "import classifier.labels, classifier.registry, sys; print({'torch', 'pandas', 'librosa'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_labels_and_the_taxonomy_need_the_standard_library_only():
    code = "import classifier.labels, sys; print({'numpy', 'torch', 'pandas', 'django'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
