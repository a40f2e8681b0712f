import json
import zipfile
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from organizer import accounts, takeout
from organizer.models import ModelVersion, Plan, Prediction, SpotifyAccount, Track
from tests.organizer.takeouts import plain


def test_a_backup_brings_everything_back_into_an_empty_instance(
    rich: SpotifyAccount, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "test").mkdir()  # the model's own files, which the operator keeps as well
    before = plain(takeout.document(rich))
    tokens = (rich.refresh_token, rich.access_token, rich.token_expires_at, rich.next_run_at, rich.visited_at)
    call_command("backup", tmp_path / "all.zip")
    forget_everything()
    call_command("restore", tmp_path / "all.zip")
    back = SpotifyAccount.objects.get()
    assert plain(takeout.document(back)) == before
    assert len(before["library"]) > 100 and before["predictions"] and len(before["runs"]) == 2
    assert (
        back.refresh_token,
        back.access_token,
        back.token_expires_at,
        back.next_run_at,
        back.visited_at,
    ) == tokens
    assert back.user.username == f"spotify-{back.account_id}"


def forget_everything() -> None:
    for account in SpotifyAccount.objects.all():
        accounts.unlink(account)
    ModelVersion.objects.all().delete()
    Track.objects.all().delete()
    assert not Prediction.objects.exists() and not Plan.objects.exists()


def test_a_backup_holds_no_readable_token_and_is_private(rich: SpotifyAccount, tmp_path: Any) -> None:
    file = tmp_path / "all.zip"
    call_command("backup", file)
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert rich.refresh_token not in text
    assert rich.access_token not in text


def test_a_backup_never_overwrites_a_file(account: SpotifyAccount, tmp_path: Any) -> None:
    (tmp_path / "all.zip").write_text("the last backup")
    with pytest.raises(CommandError, match="there already"):
        call_command("backup", tmp_path / "all.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["all.zip"]


def test_a_backup_is_restored_into_an_empty_instance_only(account: SpotifyAccount, tmp_path: Any) -> None:
    call_command("backup", tmp_path / "all.zip")
    with pytest.raises(CommandError, match="has accounts already"):
        call_command("restore", tmp_path / "all.zip")


def test_without_the_old_keys_everybody_has_to_reconnect(
    account: SpotifyAccount, tmp_path: Any, settings: Any
) -> None:
    from cryptography.fernet import Fernet

    call_command("backup", tmp_path / "all.zip")
    forget_everything()
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    call_command("restore", tmp_path / "all.zip")
    back = SpotifyAccount.objects.get()
    assert back.is_sealed
    assert back.refresh_token == ""


def test_a_damaged_backup_restores_nothing(rich: SpotifyAccount, tmp_path: Any) -> None:
    call_command("backup", tmp_path / "all.zip")
    whole = (tmp_path / "all.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    forget_everything()
    with pytest.raises(CommandError, match="Nothing was restored"):
        call_command("restore", tmp_path / "half.zip")
    assert not SpotifyAccount.objects.exists()


def test_versions_of_every_kind_come_back_and_one_without_files_is_not_in_use(
    rich: SpotifyAccount, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "ears").mkdir()
    for name, is_champion in (("ears", True), ("other ears", False)):
        ModelVersion.objects.create(name=name, kind="sound", path=name, is_champion=is_champion)
    call_command("backup", tmp_path / "all.zip")
    forget_everything()
    call_command("restore", tmp_path / "all.zip")
    assert ModelVersion.objects.champion(ModelVersion.Kind.SOUND).name == "ears"
    forget_everything()
    (tmp_path / "ears").rmdir()
    call_command("restore", tmp_path / "all.zip")
    assert ModelVersion.objects.filter(kind="sound").count() == 2
    assert ModelVersion.objects.champion(ModelVersion.Kind.SOUND) is None


def test_a_backup_from_before_there_were_kinds_is_read(rich: SpotifyAccount, tmp_path: Any) -> None:
    call_command("backup", tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as new, zipfile.ZipFile(tmp_path / "old.zip", "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "backup.json":
                head = json.loads(content)
                head["models"] = [
                    {key: value for key, value in one.items() if key != "kind"} for one in head["models"]
                ]
                content = json.dumps(head).encode()
            old.writestr(name, content)
    forget_everything()
    call_command("restore", tmp_path / "old.zip")
    assert {one.kind for one in ModelVersion.objects.all()} == {"tables"}
