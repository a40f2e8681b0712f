import subprocess
import sys

import pytest

from classifier.errors import DataError
from classifier.labels import (
    FAMILIES,
    FEATURE_NAMES,
    MAPPINGS,
    detect_mapping,
    display_name,
    families_of,
    family_of,
    guess_mapping,
)


def test_there_are_fifteen_families_with_names():
    assert len(FAMILIES) == len(set(FAMILIES)) == 15
    assert display_name("hip-hop") == "Hip-hop"
    assert display_name("rnb-soul") == "R&B & soul"
    assert display_name("country-folk") == "Country & folk"


def test_every_mapping_leads_to_families_only():
    for mapping in MAPPINGS.values():
        assert set(mapping.values()) <= {*FAMILIES, None}
    assert len(MAPPINGS["kaggle114"]) == 114


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


def test_labels_and_registry_load_no_heavy_module():
    code = "import classifier.labels, classifier.registry, sys; print({'torch', 'pandas', 'librosa'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
