import json
from html.parser import HTMLParser

import numpy as np
import pytest
from safetensors.numpy import save_file

from classifier import registry
from classifier import report as report_module
from classifier.errors import ModelError
from classifier.evaluate import report, set_metrics
from classifier.report import page, themed_svg, write

HOSTILE = '</title></svg><script>alert("1")</script><img src=x onerror=alert(2)>$x^{\u202e\x00 id="a" url(#b) #010101'
FEATURES = [
    {"name": "energy", "unit": "share", "low": 0, "high": 1, "kind": "number"},
    {"name": "key", "unit": "pitch class", "low": -1, "high": 11, "kind": "category"},
    {"name": "mode", "unit": "0 minor, 1 major", "low": 0, "high": 1, "kind": "category"},
]
FUSION = {
    "prior": [0.4, 0.3, 0.3],
    "weights": {
        names: {"evidence": dict.fromkeys(names.split("+"), 1.0), "temperature": 1.0}
        for names in ("features", "artist", "features+artist")
    },
}
SECTIONS = {"summary", "comparison", "genres", "confusion", "reliability", "coverage", "importance", "learning"} | {
    "profiles", "map", "several", "unknown", "licences"
}  # fmt: skip


def _evaluation(n=120, genres=3):
    rng = np.random.default_rng(0)
    first = rng.integers(genres, size=n)
    truth = np.eye(genres, dtype=bool)[first]
    score = rng.normal(size=(n, genres)) + 2 * truth
    x = np.column_stack([rng.random(n), rng.integers(0, 12, n), rng.integers(0, 2, n)]).astype(np.float32)
    x[::7] = np.nan
    log_p = score - np.log(np.exp(score).sum(1, keepdims=True))
    return {"x": x, "truth": truth.astype(np.uint8), "log_p": log_p.astype(np.float32)}


def _meta(labels=("rock", "pop", "latin"), evaluation=None, **more):
    found = evaluation or _evaluation(genres=len(labels))
    truth = found["truth"].astype(bool)
    figures = report(
        found["log_p"], truth, truth.argmax(1), labels=labels, groups=np.arange(len(truth)), threshold=0.7
    )
    return {
        "format": 1, "name": "trial", "labels": list(labels), "features": FEATURES, "net": {}, "members": 2,
        "fusion": FUSION, "artists": {"smoothing": 1.0, "featured": 0.3}, "threshold": 0.7, "created_at": "2026-11-21T04:38:52+00:00",
        "data": [{"name": "mine.csv", "rows": 600, "licence": "CC0", "sha256": "ab" * 32}],
        "config": {"seed": 17, "members": 2, "split": "artist"},
        "training": {"tracks": {"train": 400, "valid": 80, "test": 120}, "artists_shared_between_parts": False},
        "metrics": {"features": figures, "baselines": {"dummy": figures, "logistic": figures}},
    } | more  # fmt: skip


def _full():
    meta, truth = _meta(), _evaluation()["truth"].astype(bool)
    meta["curve"] = [
        {"stage": "network 1 of 1", "epoch": e, "train_loss": 1 / e, "valid_accuracy": 0.1 * e, "valid_macro_f1": None}
        for e in (1, 2, 3)
    ]  # fmt: skip
    meta["metrics"] |= {
        "importance": [{"feature": "energy", "drop": 3.21, "spread": 0.4}, {"feature": "key", "drop": -0.1, "spread": 0.2}],
        "learning": [{"tracks": 1234, "accuracy": 0.3, "macro_f1": 0.2}, {"tracks": 4321, "accuracy": 0.4, "macro_f1": 0.3}],
        "unknown": {"auroc": 0.753, "auroc_without_exposure": 0.68, "labels_exposed": ["sleep"], "labels_tested": ["opera"]},
        "multi_label": set_metrics(truth, truth),
    }  # fmt: skip
    return meta


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.texts = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.texts.append(data)

    def values(self, wanted):
        return [value for _, name, value in self.attributes if name == wanted]


@pytest.fixture(scope="module")
def full_html():
    return page(_full(), _evaluation())


def test_every_section_is_there_and_every_link_of_the_page_leads_to_one(full_html):
    shown = Page(full_html)
    assert set(shown.values("id")) >= SECTIONS
    assert {link for tag, name, link in shown.attributes if (tag, name) == ("a", "href")} <= {
        f"#{one}" for one in SECTIONS
    }


def test_ids_are_unique_and_every_reference_inside_a_picture_is_kept(full_html):
    shown = Page(full_html)
    ids = shown.values("id")
    assert len(ids) == len(set(ids))
    inner = [link[1:] for tag, name, link in shown.attributes if (tag, name) == ("use", "href")]
    assert inner and set(inner) <= set(ids)


def test_the_page_asks_for_nothing_from_outside_and_has_no_script(full_html):
    shown = Page(full_html)
    assert "script" not in shown.tags
    links = shown.values("href") + shown.values("src")
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)


def test_every_picture_has_a_text_and_wears_the_colours_of_the_page(full_html):
    shown = Page(full_html)
    assert shown.tags.count("svg") >= 9
    alts = [value for tag, name, value in shown.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(alts) == shown.tags.count("svg") and all(alts)
    assert "var(--ink)" in full_html and "#010101" not in full_html


def test_the_protocol_and_the_baselines_stand_in_the_summary(full_html):
    summary = " ".join(Page(full_html.partition('id="comparison"')[0]).texts)
    for fact in (
        "mine.csv",
        "by artist",
        "17; 2 networks",
        "95%",
        "logistic regression",
        "train 400",
        "2026-11-21",
    ):
        assert fact in summary


def test_the_optional_figures_are_shown(full_html):
    texts = Page(full_html).texts
    for figure in (
        "3.21",
        "1,234",
        "0.75",
        "Foreign genres judged, none of them seen: opera.",
        "C♯",
        "minor",
        "CC0",
    ):
        assert figure in texts


def test_what_was_not_measured_is_said_and_the_page_is_still_made():
    html = page(_meta(metrics={}, data=[], training={}, config={}), None)
    assert set(Page(html).values("id")) >= SECTIONS
    assert html.count("not measured") >= 8
    assert "svg" not in Page(html).tags


def test_an_older_version_without_reliability_gets_it_from_its_tracks():
    meta = _meta()
    del meta["metrics"]["features"]["reliability"]
    assert "not measured against accuracy" in page(meta, None)
    assert "Stated on average" in page(meta, _evaluation())


def test_the_shipped_version_has_a_report():
    meta = registry.read_meta(registry.shipped_path())
    texts = Page(page(meta, None)).texts
    assert {"R&B & soul", "Logistic regression", *(one["name"] for one in meta["data"])} <= set(texts)


def test_a_hostile_label_stays_text():
    meta = _full() | {"labels": [HOSTILE, "pop", "$\\frac{"], "name": HOSTILE}
    meta["metrics"]["features"] = _meta(meta["labels"])["metrics"]["features"]
    meta["metrics"]["features"]["tables"] = {HOSTILE: meta["metrics"]["features"]} | {
        "b": {"tracks": 1, "accuracy": 1.0}
    }
    meta["metrics"]["baselines"][HOSTILE] = meta["metrics"]["features"] | {}
    meta["metrics"]["importance"][0]["feature"] = HOSTILE
    meta["metrics"]["unknown"]["labels_exposed"] = [HOSTILE]
    meta["features"] = [{**feature, "name": HOSTILE, "unit": HOSTILE} for feature in FEATURES]
    meta["data"] = [{"name": HOSTILE, "rows": 1, "licence": HOSTILE, "source": HOSTILE, "sha256": HOSTILE}]
    meta["curve"][0]["stage"] = HOSTILE
    shown = Page(page(meta, _evaluation()))
    assert not {"script", "img"} & set(shown.tags)
    assert not [name for _, name, _ in shown.attributes if name.startswith("on")]
    assert any('<script>alert("1")</script>' in one for one in shown.texts)
    assert not any("\u202e" in one or "\x00" in one for one in shown.texts)


@pytest.mark.parametrize("tracks", [0, 1, 4, 60])
def test_few_tracks_are_no_obstacle(tracks):
    few = _evaluation(tracks)
    assert set(Page(page(_meta(), few)).values("id")) >= SECTIONS


def test_a_hundred_genres_fit():
    labels = [f"a genre of some length {k}" for k in range(114)]
    found = _evaluation(400, 114)
    html = page(_meta(labels, found), found)
    assert len(html.encode()) < 2_000_000
    assert labels[113] in Page(html).texts


def test_a_picture_too_large_becomes_a_png_with_its_text(monkeypatch):
    monkeypatch.setattr(themed_svg, "MAX_SVG_BYTES", 100)
    shown = Page(page(_meta(), None))
    images = [value for tag, name, value in shown.attributes if (tag, name) == ("img", "src")]
    assert len(images) == 4 and all(image.startswith("data:image/png;base64,iVBOR") for image in images)
    assert all(value for tag, name, value in shown.attributes if (tag, name) == ("img", "alt"))


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "trial"
    folder.mkdir()
    (folder / "meta.json").write_text(json.dumps(_full()))
    return folder


def test_the_report_is_written_beside_the_version_or_where_it_is_wanted(run, tmp_path, monkeypatch):
    save_file(_evaluation(), run / "evaluation.safetensors")
    assert "Map of the test tracks" in write(run).read_text(encoding="utf-8")
    monkeypatch.setattr(report_module, "page", lambda meta, found: "another")
    other = write(run, tmp_path / "new" / "mine.html")
    assert other.read_text() == "another"
    assert [file.name for file in other.parent.iterdir()] == ["mine.html"]
    assert sorted(file.name for file in run.iterdir()) == [
        "evaluation.safetensors",
        "meta.json",
        "report.html",
    ]


def test_damaged_files_are_named_and_no_report_is_left(run):
    (run / "evaluation.safetensors").write_bytes(b"not tensors")
    with pytest.raises(ModelError, match="damaged: evaluation.safetensors cannot be read"):
        write(run)
    save_file({"x": np.zeros((2, 3), np.float32)}, run / "evaluation.safetensors")
    with pytest.raises(ModelError, match="truth, log_p is missing"):
        write(run)
    save_file(_evaluation(genres=4), run / "evaluation.safetensors")
    with pytest.raises(ModelError, match="do not fit"):
        write(run)
    assert not (run / "report.html").exists()


def test_figures_of_the_wrong_shape_are_refused_with_a_sentence(run):
    (run / "meta.json").write_text(json.dumps(_full() | {"metrics": {"features": {"tracks": 3}}}))
    with pytest.raises(ModelError, match="its figures cannot be read"):
        write(run)


def test_a_place_that_cannot_be_written_is_refused_with_a_sentence(run):
    with pytest.raises(ModelError, match="cannot be written"):
        write(run, run / "meta.json" / "report.html")


def test_tracks_that_are_all_answered_alike_get_a_sentence_instead_of_a_map():
    constant = np.log(np.tile([[0.5, 0.3, 0.2]], (120, 1))).astype(np.float32)
    html = page(_meta(), _evaluation() | {"log_p": constant})
    assert "All test tracks are answered alike" in html
    assert 'id="map-picture"' not in html


def test_with_an_outlet_the_rule_for_sure_answers_names_its_part():
    without, with_one = (" ".join(Page(page(meta, None)).texts) for meta in (_meta(), _meta(outlet={})))
    assert "where its confidence is 0.70 or more" in without
    assert "confidence times the chance that the track belongs to any of the genres is 0.70" in with_one


@pytest.mark.parametrize(
    "more",
    [
        {"model": {"family": "mlp", "members": 3}, "config": {"seed": 17, "net": {"members": None}}},
        {"model": {"family": "blend", "networks": {"members": 3}}, "config": {"seed": 17, "net": None}},
        {"config": {"seed": 17, "net": {"members": 3}}},
    ],
)
def test_the_networks_are_counted_wherever_the_version_says_how_many(more):
    assert "17; 3 networks, averaged" in Page(page(_meta(**more), None)).texts


@pytest.mark.parametrize(
    ("split", "shared"), [("album", True), ("stratified", True), ("random", True), ("artist", False)]
)
def test_a_split_that_shares_artists_is_said_to_flatter(split, shared):
    meta = _meta(training={"split": split, "artists_shared_between_parts": shared})
    assert ("the figures flatter" in page(meta, None)) == shared


@pytest.mark.parametrize(
    ("nameless", "told"), [(600, "unknown: the data names no artists"), (9, "of 9 tracks none")]
)
def test_without_names_of_artists_none_are_said_not_to_be_shared(nameless, told):
    training = _meta()["training"] | {"tracks_without_artist": nameless}
    assert told in page(_meta(training=training), None)


def test_genres_without_test_tracks_are_named_and_not_shown_as_tested():
    labels = ("rock", "pop", "latin", "ambient", "metal")
    found = _evaluation(genres=5)
    found["truth"][:, 3:] = 0
    found["truth"][found["truth"].sum(1) == 0, 0] = 1
    found["log_p"][:, 4] = -50.0  # metal is never said either
    shown = " ".join(Page(page(_meta(labels, found), None)).texts)
    assert "Not tested, for want of test tracks: Ambient and Metal." in shown
    counts = shown.split("All counts")[-1].split("Does it know")[0]
    assert counts.count("Ambient") == 1  # as an answer only
    assert "Metal" not in counts
