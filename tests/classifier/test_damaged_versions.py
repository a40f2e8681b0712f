"""Version directories that nobody trained: crafted ones, and such as a disk or an editor left behind."""

import io
import json
import shutil
import struct
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn.preprocessing import StandardScaler
from skops import io as skops_io

from classifier import registry
from classifier.errors import ModelError
from classifier.fusion import combinations, key
from classifier.predict import Predictor
from classifier.report import write as write_report
from classifier.train import TrainConfig, train_version
from tests.classifier.synthetic import dataset, frame


@pytest.fixture(scope="module")
def dummy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version")
    return train_version(
        [dataset(folder, frame(300))], folder / "v1", TrainConfig(model="dummy", net=None)
    ).path


@pytest.fixture
def copy(dummy, tmp_path):
    return shutil.copytree(dummy, tmp_path / "copy")


def _set(*place):
    """A change of meta.json: the last of `place` is put where the others lead to."""

    def change(meta):
        *way, last, value = place
        for one in way:
            meta = meta[one]
        meta[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("fusion", "weights", [1]), "weights of the evidence"),
        (_set("fusion", "weights", {}), "weights of the evidence"),
        (_set("fusion", "weights", "features", "evidence", {}), "weights of the evidence"),
        (_set("fusion", "weights", "features", "temperature", 0), "weights of the evidence"),
        (_set("fusion", "prior", [1.0]), "prior"),
        (_set("fusion", "prior", [0.5, 0.5, "x"]), "prior"),
        (_set("fusion", 7), "prior"),
        (_set("threshold", 10**400), "threshold"),
        (_set("threshold", None), "threshold"),
        (_set("threshold", float("nan")), "threshold"),
        (_set("model", "members", 0), "number of networks"),
        (_set("model", []), "number of networks"),
        (_set("outlet", {"net": {"hidden": [8]}, "members": 0}), "number of networks"),
        (_set("several", {"at_most": 0, "least": 0.1}), "number of genres a track"),
        (_set("several", {"at_most": "x", "least": 0.1}), "number of genres a track"),
        (_set("labels", "abc"), "labels"),
        (_set("labels", [1, 2, 3]), "labels"),
        (_set("labels", ["rock"] * 3), "labels"),
        (_set("labels", ["rock"]), "labels"),
        (_set("features", 0, {"name": 5}), "names of features"),
        (_set("features", []), "names of features"),
        (_set("library", {"unknown": 1, "known": 2}), "figures of the library"),
        (_set("library", "unknown", "own", "x"), "figures of the library"),
        (_set("artists", "smoothing", "x"), "figures of the artists"),
    ],
)
def test_a_description_that_cannot_be_true_is_refused_by_name(copy, change, words):
    meta = json.loads((copy / registry.META).read_text())
    change(meta)
    (copy / registry.META).write_text(json.dumps(meta))
    for use in (Predictor.load, write_report):
        with pytest.raises(ModelError, match=f"copy is damaged: meta.json has no usable {words}"):
            use(copy)


@pytest.mark.parametrize(
    "change",
    [
        _set("model", "family", ["x"]),
        _set("model", {"family": "mlp", "net": {"hidden": [8]}, "members": 1}),
        _set("outlet", {}),
        _set("several", {"at_most": 1, "most": 1}),
        _set("library", "unknown", {}),
    ],
)
def test_parts_that_do_not_fit_are_refused(copy, change):
    meta = json.loads((copy / registry.META).read_text())
    change(meta)
    (copy / registry.META).write_text(json.dumps(meta))
    with pytest.raises(ModelError, match="copy is damaged: its parts do not fit"):
        Predictor.load(copy)


def test_a_description_nested_without_end_is_refused(copy):
    (copy / registry.META).write_text("[" * 100_000)
    with pytest.raises(ModelError, match="damaged: meta.json cannot be read"):
        registry.read_meta(copy)


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "F8_E5M2"])
def test_weights_of_a_type_that_no_version_has_are_refused(copy, kind):
    size = 2 if kind == "BF16" else 1
    header = json.dumps({"skops": {"dtype": kind, "shape": [4], "data_offsets": [0, 4 * size]}}).encode()
    (copy / registry.WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header + bytes(4 * size))
    with pytest.raises(ModelError, match="is damaged"):
        Predictor.load(copy)


def _zipped(schema):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", schema)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"junk", b"", _zipped("{}"), _zipped("[" * 100_000), skops_io.dumps(StandardScaler()), skops_io.dumps([1, 2]),
        skops_io.dumps({"classes_": 1})[:-9],
    ],
)  # fmt: skip
def test_saved_models_that_are_no_pipeline_are_refused(copy, content):
    save_file({"skops": np.frombuffer(content, np.uint8)}, copy / registry.WEIGHTS)
    with pytest.raises(ModelError, match="is damaged: its parts do not fit"):
        Predictor.load(copy)


def test_the_constant_answers_of_a_version_that_guesses_have_a_report(dummy, tmp_path):
    assert "answered alike" in write_report(dummy, tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_version_of_the_first_format_still_loads(copy):
    shipped = registry.read_meta(registry.shipped_path())
    old = {**shipped, "format": 1, "net": shipped["model"]["net"], "members": shipped["model"]["members"]}
    (copy / registry.META).write_text(json.dumps({key: old[key] for key in old if key != "model"}))
    for name in (registry.WEIGHTS, registry.ARTISTS):
        shutil.copy(registry.shipped_path() / name, copy / name)
    assert Predictor.load(copy).labels == tuple(shipped["labels"])


def test_the_combinations_of_evidence_that_a_version_must_weigh_are_those_of_fusion():
    assert set(registry.COMBINATIONS) == {key(names) for names in combinations()}
