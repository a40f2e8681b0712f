import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classifier import registry
from organizer.admin.charts import mistake_rows
from organizer.models import Dataset, Job, TrainingRun
from organizer.training import corrections, runs
from tests.organizer.training_data import finished, run_on, sounds, table
from tests.tables import write_table

pytestmark = pytest.mark.django_db
VIEWER = ("view_trainingrun", "view_modelversion", "view_dataset")
TRAINER = (*VIEWER, "add_trainingrun")
OWNER = (*TRAINER, "widen_trainingrun", "promote_modelversion")
ADD = "admin:organizer_trainingrun_add"
As = Callable[..., Client]


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def staff() -> As:
    def sign_in(permissions: tuple[str, ...], name: str = "eve") -> Client:
        user = get_user_model().objects.create_user(name, password="a long password", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def asked(*data: Dataset, **changed: Any) -> dict[str, Any]:
    fields = {
        "datasets": [one.pk for one in data],
        "family": "dummy",
        "split": "artist",
        "seed": 0,
        "balance": 0.5,
        "genres_per_track": 1,
        "corrections": 3,
        "start": "shipped",
        "rule": "strict",
    }
    return fields | changed


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def page(run: TrainingRun, name: str = "run", *more: int) -> str:
    return reverse(f"admin:organizer_trainingrun_{name}", args=[run.pk, *more])


def test_the_form_gives_every_family_with_its_reason(staff: As, tmp_path: Path) -> None:
    table(tmp_path)
    text = staff(TRAINER).get(reverse(ADD)).content.decode()
    assert "svc: support vectors with an RBF kernel" in text and "classic-ffnn: its feed-forward" in text
    assert "three genres – table of features, 600 rows" in text
    assert "the figures flatter" in text and 'name="reason"' not in text


def test_a_trainer_starts_a_run_whose_page_says_what_was_asked_for(staff: As, tmp_path: Path) -> None:
    client, data = staff(TRAINER), table(tmp_path)
    wish = asked(data, family="mlp", epochs=4, genres=["rock", "electronic"])
    response = client.post(reverse(ADD), wish, follow=True)
    run = TrainingRun.objects.get()
    assert response.redirect_chain[-1][0] == page(run)
    assert (run.options, run.genres, run.job.state) == ({"epochs": 4}, ["rock", "electronic"], "queued")
    text = response.content.decode()
    assert "Waiting for the worker that trains." in text and "Rock, Electronic" in text


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"seed": "x"}, "seed", "whole number"),
        ({"epochs": 4}, "epochs", "dummy learns in one go"),
        ({"members": 3}, "members", "dummy is one model"),
        ({"family": "cnn"}, "datasets", "cnn learns from folders of sound: leave out “three genres”."),
        ({"genres": ["rock"]}, "genres", "at least two genres"),
        ({"balance": 2}, "balance", "less than or equal to 1"),
        ({"rule": "wide", "reason": "I am sure of it."}, "rule", "not one of the available choices"),
        ({"datasets": []}, "datasets", "required"),
    ],
)
def test_a_mistake_is_named_at_its_field(
    staff: As, tmp_path: Path, changed: dict[str, Any], field: str, sentence: str
) -> None:
    response = staff(TRAINER).post(reverse(ADD), asked(table(tmp_path), **changed))
    assert sentence in " ".join(errors(response)[field])
    assert not TrainingRun.objects.exists()


def test_the_wide_rule_is_for_those_who_may_and_wants_a_reason(staff: As, tmp_path: Path) -> None:
    client, data = staff(OWNER), table(tmp_path, origin=Dataset.Origin.SPOTIFY)
    refused = client.post(reverse(ADD), asked(data, rule="wide", reason="hm"))
    assert "at least 10 characters" in errors(refused)["reason"][0]
    client.post(reverse(ADD), asked(data, rule="wide", reason="These are my own lists."))
    run = TrainingRun.objects.get()
    assert (run.rule, run.reason) == ("wide", "These are my own lists.")


def test_data_that_may_not_train_are_refused_in_a_sentence(staff: As, tmp_path: Path) -> None:
    data = table(tmp_path, origin=Dataset.Origin.SPOTIFY)
    response = staff(TRAINER).post(reverse(ADD), asked(data) | {"seed": "77"})
    assert "No data set is left to train on." in errors(response)["rule"][0]
    assert 'value="77"' in response.content.decode()  # nothing that was chosen is lost
    assert not TrainingRun.objects.exists()


def test_genres_of_data_that_is_left_out_do_not_count(staff: As, tmp_path: Path) -> None:
    free = table(tmp_path, label_map={"Rock": "rock"})
    barred = table(tmp_path, "Kaggle", origin=Dataset.Origin.SPOTIFY)
    page = staff(TRAINER).get(reverse(ADD)).content.decode()
    assert "Kaggle – table of features, 600 rows (the strict rule leaves it out)" in page
    assert "three genres – table of features, 600 rows (" not in page
    response = staff(TRAINER, "ada").post(reverse(ADD), asked(free) | {"datasets": [free.pk, barred.pk]})
    (sentence,) = errors(response)["datasets"]
    assert "at least two genres" in sentence and "“Kaggle” (600 rows) is left out" in sentence


def test_what_is_only_for_judging_is_not_offered(staff: As, tmp_path: Path) -> None:
    data = table(tmp_path, is_test=True)
    assert "three genres" not in staff(TRAINER).get(reverse(ADD)).content.decode()
    assert "datasets" in errors(staff(TRAINER, "ada").post(reverse(ADD), asked(data)))


def test_unchanged_data_lead_to_the_run_that_has_learned_from_them(staff: As, tmp_path: Path) -> None:
    data = table(tmp_path, rows=300)
    former = finished(run_on(data, family="dummy"))
    response = staff(TRAINER).post(reverse(ADD), asked(data), follow=True)
    text = response.content.decode()
    assert "Training data unchanged." in text and f'href="{page(former)}"' in text
    assert TrainingRun.objects.count() == 1


def test_a_viewer_sees_runs_and_starts_none(staff: As, tmp_path: Path) -> None:
    client, data = staff(VIEWER), table(tmp_path)
    assert client.get(reverse(ADD)).status_code == 403
    assert client.post(reverse(ADD), asked(data)).status_code == 403
    run = run_on(data)
    runs.start(run)
    text = client.get(page(run)).content.decode()
    assert "Cancel</button>" not in text
    assert client.post(page(run, "cancel")).status_code == 403
    assert client.post(page(run, "resume")).status_code == 403
    assert not Job.objects.get().is_cancel_asked


def test_staff_without_any_permission_see_no_run(staff: As, tmp_path: Path) -> None:
    run = finished(run_on(sounds(tmp_path), family="cnn", options={"epochs": 2}))
    client = staff(())
    pages = [page(run), page(run, "report"), page(run, "clip", 0)]
    assert [client.get(one).status_code for one in pages] == [403, 403, 403]


def test_cancelled_it_can_go_on(staff: As, tmp_path: Path) -> None:
    client, run = staff(TRAINER), run_on(table(tmp_path))
    runs.start(run)
    TrainingRun.objects.update(
        curve=[{"stage": "network 1 of 1", "epoch": 12, "loss": 1.0, "accuracy": 0.5, "macro_f1": 0.4}]
    )
    assert (
        "It was cancelled after epoch 12." in client.post(page(run, "cancel"), follow=True).content.decode()
    )
    assert "Go on after epoch 12" in client.get(page(run)).content.decode()
    client.post(page(run, "resume"))
    assert Job.objects.get().state == Job.State.QUEUED


@pytest.mark.parametrize(("phase", "what"), [("judge", "comparison"), ("weigh", "preview")])
def test_a_run_that_was_stopped_after_its_training_says_that_this_is_done(
    staff: As, tmp_path: Path, phase: str, what: str
) -> None:
    run = finished(run_on(table(tmp_path, rows=300), family="dummy"))
    client = staff(TRAINER)
    for state, error, told in (
        ("cancelled", "", "was cancelled."),
        ("failed", "It broke.", "failed. It broke."),
    ):
        Job.objects.update(state=state, phase=phase, error=error)
        text = client.get(page(run)).content.decode()
        status = text[text.index("The training is done: it made") : text.index('<div id="live"')]
        assert f"“{run.version}”</a>. Only" in status and what in status and told in status
        assert f"Go on with the {what}</button>" in text


def test_the_page_asks_for_news_and_loads_itself_anew_when_there_is_more(staff: As, tmp_path: Path) -> None:
    client, run = staff(VIEWER), run_on(table(tmp_path))
    job, _ = runs.start(run)
    Job.objects.update(
        state="running",
        done=300,
        total=1000,
        cursor={"stage": "network 1 of 1 on all rows", "epoch": 3, "epochs": 20},
    )
    TrainingRun.objects.update(
        curve=[{"stage": "a", "epoch": n, "loss": 1 / n, "accuracy": 0.5, "macro_f1": 0.4} for n in (1, 2, 3)]
    )
    assert 'hx-trigger="every 2s"' in client.get(page(run)).content.decode()
    news = client.get(page(run) + "?shown=0", headers={"HX-Request": "true"})
    text = news.content.decode()
    assert "epoch 3 of at most 20" in text and "line-loss" in text and "<html" not in text
    assert "once more, with the validation part" in text
    Job.objects.update(state="done")
    assert client.get(page(run) + "?shown=0", headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_the_page_says_that_the_worker_is_missed(staff: As, tmp_path: Path) -> None:
    client, run = staff(VIEWER), run_on(table(tmp_path))
    runs.start(run)
    then = timezone.now() + timedelta(seconds=9)
    Job.objects.update(state="running", lease_until=then, done=300, total=1000)
    text = client.get(page(run) + "?shown=0", headers={"HX-Request": "true"}).content.decode()
    assert "Its worker has not been heard of since" in text
    assert f"It goes on by itself at {then:%H:%M:%S}. 30 % done." in text


def test_a_training_is_said_to_take_as_long_on_every_page(staff: As, tmp_path: Path) -> None:
    client, run = staff((*VIEWER, "view_job")), run_on(table(tmp_path))
    job, _ = runs.start(run)
    begun = timezone.now() - timedelta(minutes=9, seconds=30)
    Job.objects.update(
        state="running",
        done=550,
        total=1000,
        phase_started_at=begun - timedelta(hours=5),  # a worker that was killed since
        cursor={"begun": {"at": begun.isoformat(), "done": 100}},
    )
    pages = [page(run), reverse("admin:organizer_job_change", args=[job.pk])]
    pages.append(reverse("admin:organizer_job_changelist"))
    assert all(", at most 10 min left" in client.get(one).content.decode() for one in pages)
    Job.objects.update(phase="judge")
    assert not any("left" in client.get(one).content.decode() for one in pages[1:])


def test_the_report_stands_in_a_frame_that_may_do_nothing(staff: As, tmp_path: Path) -> None:
    run = finished(run_on(table(tmp_path, rows=300), family="dummy"))
    client = staff(VIEWER)
    shown = client.get(page(run))
    assert "sandbox" in shown.content.decode() and "frame-src 'self'" in shown["Content-Security-Policy"]
    report = client.get(page(run, "report"))
    policy = report["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert report["X-Frame-Options"] == "SAMEORIGIN"
    assert "Confusion" in report.content.decode()
    assert "learns in one go" in shown.content.decode()
    assert "measured before it learned once more" in shown.content.decode()


@pytest.mark.parametrize(
    ("nameless", "told"),
    [(0, "that it has never seen."), (9, "of 9 tracks none is"), (300, "names no artists")],
)
def test_artists_are_said_to_be_new_to_it_only_as_far_as_they_are_named(
    staff: As, tmp_path: Path, nameless: int, told: str
) -> None:
    data = table(tmp_path, rows=300)
    write_table(data.path, 300, nameless=nameless)
    text = staff(VIEWER).get(page(finished(run_on(data, family="dummy")))).content.decode()
    assert told in text
    assert ("by artists that it has never seen" in text) == (nameless < 300)


def test_a_wrongly_heard_clip_can_be_listened_to_in_parts(staff: As, tmp_path: Path, settings: Any) -> None:
    settings.DATASET_DIRS = [tmp_path]
    run = finished(run_on(sounds(tmp_path), family="cnn", options={"epochs": 1}))
    meta = run.version.directory / registry.META
    wrong = {"id": "bell/bell.00000", "artists": [], "dataset": "three sounds", "truth": ["classical"]}
    described = json.loads(meta.read_text()) | {
        "mistakes": [{**wrong, "said": "ambient", "probability": 0.9}]
    }
    meta.write_text(json.dumps(described))
    client = staff(VIEWER)
    assert "<audio controls" in client.get(page(run)).content.decode()
    whole = client.get(page(run, "clip", 0))
    assert whole.content[:4] == b"RIFF" and whole["Content-Type"] in ("audio/x-wav", "audio/wav")
    part = client.get(page(run, "clip", 0), headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert client.get(page(run, "clip", 1)).status_code == 404


def test_a_song_that_a_user_corrected_is_named_only_to_those_who_may_promote() -> None:
    one = {"id": "spotify:track:" + "a" * 22, "artists": ["Ada"], "dataset": corrections.NAME}
    one |= {"truth": ["rock"], "said": "pop", "probability": 0.9}
    one["title"] = "A secret"
    (hidden,), (named,) = (mistake_rows([one], names_songs=may) for may in (False, True))
    assert (hidden["what"], hidden["artists"], hidden["spotify"]) == ("a user’s song", "–", "")
    assert (named["what"], named["artists"]) == ("A secret", "Ada")
    assert named["spotify"] == f"https://open.spotify.com/track/{'a' * 22}"


def test_deleting_a_run_throws_its_unfinished_training_away(staff: As, tmp_path: Path) -> None:
    client, run = staff((*TRAINER, "delete_trainingrun")), run_on(table(tmp_path))
    job, _ = runs.start(run)
    unfinished = runs.directory(run).with_name(f".run-{run.pk}.unfinished")
    unfinished.mkdir(parents=True)
    delete = reverse("admin:organizer_trainingrun_delete", args=[run.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403  # it is under way
    Job.objects.update(state="cancelled")
    client.post(delete, {"post": "yes"})
    assert not TrainingRun.objects.exists() and not unfinished.exists()
