"""Zips and folders of sound, heard by the networks themselves: what is kept, what is refused, what survives a kill."""

from pathlib import Path
from typing import Any

import pytest

from organizer import tasks
from organizer.models import Dataset, Job
from organizer.training import archives, checking, datasets, sounds
from tests.classifier.audio_samples import encoded, music
from tests.organizer.checking import checked, media, uploaded
from tests.zips import zipped


@pytest.fixture(autouse=True)
def places(db: None, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT, settings.DATASET_DIRS = tmp_path / "media", [tmp_path / "server"]
    settings.MEDIA_ROOT.mkdir()
    settings.DATASET_DIRS[0].mkdir()


@pytest.fixture(scope="module")
def wav() -> bytes:
    return encoded(music(4)[:, None], "WAV", 22_050)


def sound_zip(wav: bytes, **more: bytes) -> bytes:
    bad = {"rock/page.mp3": b"<html>gone</html>", "rock/cut.mp3": wav[:2000], "jazz/empty.mp3": b""}
    files = {f"{label}/{n}.wav": wav for label in ("rock", "jazz") for n in range(2)}
    return zipped({**files, **bad, **more})


def test_sounds_are_unpacked_under_our_names_heard_and_the_bad_ones_named(wav: bytes, settings: Any) -> None:
    row = checked(uploaded(sound_zip(wav), Dataset.Kind.AUDIO))
    assert (row.state, row.rows, row.report["labels"]) == ("ready", 4, {"jazz": 2, "rock": 2})
    reasons = {bad["column"]: bad["reason"] for bad in row.report["bad"]}
    assert "web page" in reasons["rock/page.mp3"]
    assert "0 bytes" in reasons["jazz/empty.mp3"]
    assert "rock/cut.mp3" in reasons
    clips, embeddings = datasets.clips(row)
    assert clips.mel.shape == (4, 128, 387)
    assert embeddings.shape == (4, 428)
    assert clips.labels == ("jazz-blues", "jazz-blues", "rock", "rock")
    assert datasets.sound_file(row, "rock/1").read_bytes() == wav
    assert not row.file  # the zip itself is not needed any more
    assert not list(Path(settings.MEDIA_ROOT).glob("datasets/*.bin"))
    assert len(list((row.folder / datasets.AUDIO).iterdir())) == 4  # the bad ones are gone


def test_clips_whose_label_has_no_genre_are_left_out(wav: bytes) -> None:
    row = checked(uploaded(sound_zip(wav), Dataset.Kind.AUDIO))
    row.label_map["rock"] = ""
    clips, embeddings = datasets.clips(row)
    assert (len(clips), len(embeddings), clips.left_out) == (2, 2, {"rock": 2})


def test_a_zip_without_one_usable_sound_leaves_only_its_report(settings: Any) -> None:
    row = checked(uploaded(zipped({"rock/a.mp3": b"<html>", "jazz/b.mp3": b"x"}), Dataset.Kind.AUDIO))
    assert row.state == Dataset.State.REFUSED
    assert "None of the 2 sound files" in row.report["problem"]
    assert len(row.report["bad"]) == 2
    assert media(settings) == []


def test_a_folder_on_the_server_is_read_in_place_and_links_to_elsewhere_are_not(
    wav: bytes, settings: Any, tmp_path: Path
) -> None:
    folder = settings.DATASET_DIRS[0] / "mine" / "rock"
    folder.mkdir(parents=True)
    (folder / "a.wav").write_bytes(wav)
    (folder / "page.mp3").write_bytes(b"<html>gone</html>")
    (tmp_path / "secret.wav").write_bytes(wav)
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    row = Dataset(name="mine", kind=Dataset.Kind.AUDIO, state=Dataset.State.CHECKING)
    row.server_path = str(folder.parent)
    row.save()
    assert checked(row).report["labels"] == {"rock": 1}
    assert datasets.sound_file(row, "rock/a") == folder / "a.wav"
    datasets.delete(row)
    assert (folder / "a.wav").exists() and (folder / "page.mp3").exists()
    assert media(settings) == []


def test_a_killed_check_goes_on_after_the_last_clips_heard(wav: bytes, monkeypatch: Any) -> None:
    monkeypatch.setattr(sounds, "PART", 1)
    row = uploaded(zipped({f"rock/{n}.wav": wav for n in range(4)}), Dataset.Kind.AUDIO)
    hear, heard = sounds.hear_part, []

    def dying(dataset: Dataset, start: int, paths: Any) -> None:
        if start == 2 and len(heard) == 2:
            heard.append("killed")
            raise KeyboardInterrupt
        heard.append(start)
        hear(dataset, start, paths)

    monkeypatch.setattr(sounds, "hear_part", dying)
    job = checking.start()
    with pytest.raises(KeyboardInterrupt):
        tasks.work(job.pk)
    Job.objects.update(lease_until=None)
    assert checked(row).rows == 4
    assert heard == [0, 1, "killed", 2, 3]


def test_the_pace_is_counted_anew_for_each_data_set(wav: bytes, monkeypatch: Any) -> None:
    begun = []
    for name in ("one", "two"):
        uploaded(zipped({f"rock/{name}.wav": wav}), Dataset.Kind.AUDIO, name)
    check = checking._check
    monkeypatch.setattr(
        checking,
        "_check",
        lambda job, *given: (begun.append((job.done, job.phase_started_at)), check(job, *given))[1],
    )
    tasks.work(checking.start().pk)
    (_, first), (done, second) = begun
    assert done == 0 and second > first


def test_a_file_cut_short_while_unpacking_is_unpacked_again(wav: bytes) -> None:
    row = uploaded(zipped({"rock/a.wav": wav}), Dataset.Kind.AUDIO)
    folder = row.folder / datasets.AUDIO
    folder.mkdir(parents=True)
    (folder / "00000.part").write_bytes(wav[:100])
    assert checked(row).rows == 1
    assert datasets.sound_file(row, "rock/a").read_bytes() == wav


def test_what_is_deleted_while_it_is_checked_leaves_nothing(
    wav: bytes, monkeypatch: Any, settings: Any
) -> None:
    row = uploaded(sound_zip(wav), Dataset.Kind.AUDIO)
    join = sounds.join
    monkeypatch.setattr(
        sounds, "join", lambda *given: (join(*given), datasets.delete(Dataset.objects.get(pk=row.pk)))[0]
    )
    assert tasks.work(checking.start().pk).state == Job.State.DONE
    assert not Dataset.objects.exists()
    assert media(settings) == []


def test_without_room_a_zip_is_refused_before_it_is_unpacked(wav: bytes, monkeypatch: Any) -> None:
    monkeypatch.setattr(checking.shutil, "disk_usage", lambda path: type("Disk", (), {"free": 1000}))
    row = checked(uploaded(sound_zip(wav), Dataset.Kind.AUDIO))
    assert "no room" in row.report["problem"]


def test_a_full_disk_is_no_fault_of_the_data_set(wav: bytes, monkeypatch: Any) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives, "_write", full)
    row = uploaded(sound_zip(wav), Dataset.Kind.AUDIO)
    job = tasks.work(checking.start().pk)
    row.refresh_from_db()
    assert (job.state, row.state) == (Job.State.FAILED, Dataset.State.CHECKING)
    assert "No space left" in job.error


def test_a_zip_of_many_files_is_unpacked_under_a_living_lease(wav: bytes) -> None:
    files = {f"rock/{n}.mp3": b"<html>" for n in range(100)} | {"rock/good.wav": wav}
    row = checked(uploaded(zipped(files), Dataset.Kind.AUDIO))
    assert (row.rows, row.report["bad_count"], len(row.report["bad"])) == (1, 100, 50)
