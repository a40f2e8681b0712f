"""The form of a data set: a new one with a first look at its file, and what is said of it put right later."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import UploadedFile

from classifier.errors import DataError
from organizer.models import Dataset
from organizer.training import datasets, looking

OWNERS_WORD = (
    "Data that is said to come from Spotify is called independent of it only by who may train beyond the strict rule: "
    "an owner."
)


class DatasetForm(forms.ModelForm):
    """Either an upload or a path on the server; nothing is stored of a file that cannot be used."""

    user: AbstractBaseUser | AnonymousUser | None = None  # set by the page: who fills it in

    origin = forms.ChoiceField(
        choices=Dataset.Origin.choices,
        widget=forms.RadioSelect,
        help_text="Decides what it may train: by default models learn only from data that has nothing to do with Spotify.",
    )

    class Meta:
        model = Dataset
        # What follows the file tells whether the request is whole: see uploads.refusal.
        fields = ("name", "file", "server_path", "origin", "is_test", "provenance", "licence")
        help_texts = {
            "server_path": "Instead of an upload: a table, a zip or a folder of sound in one of the folders of DATASET_DIRS.",
            "is_test": "Models are compared on it and never learn from it.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial.pop("origin", None)  # a question that somebody has to answer
        elif not self._may_free():
            self.fields["origin"].help_text += f" {OWNERS_WORD}"
        if "file" in self.fields:
            self.fields["file"].help_text = (
                "A CSV or Parquet table with a genre column and feature columns by their usual names, or a zip of "
                f"sound in folders named for their genre (rock/song.mp3). At most {limit() // 1_000_000:,} MB."
            )
            self.fields["file"].widget.attrs["data-limit"] = limit()

    def clean_origin(self) -> str:
        origin = str(self.cleaned_data["origin"])
        if origin != self.instance.origin and not self._may_free():
            raise forms.ValidationError(OWNERS_WORD)
        return origin

    def changes(self) -> str:
        """What was said and what is said now: what may train follows from it."""
        words = dict(Dataset.Origin.choices) | {True: "yes", False: "no"}
        pairs = {name: (self.initial[name], self.cleaned_data[name]) for name in self.changed_data}
        told = [
            f"{self.fields[name].label}: “{words.get(before, before)}” → “{words.get(after, after)}”."
            for name, (before, after) in pairs.items()
        ]
        return " ".join(told) or "Nothing was changed."

    def _may_free(self) -> bool:
        """Whether it may be called independent; where it is said to come from Spotify, that widens the rule for it."""
        said = self.instance.pk and self.instance.origin == Dataset.Origin.SPOTIFY
        return not said or bool(self.user and self.user.has_perm("organizer.widen_trainingrun"))  # type: ignore[union-attr]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors or self.instance.pk:
            return cleaned
        upload, server_path = cleaned.get("file"), cleaned.get("server_path")
        if bool(upload) == bool(server_path):
            raise forms.ValidationError("Give either a file or a path on the server.")
        try:
            if isinstance(upload, UploadedFile) and upload.file:
                if str(upload.name).isdecimal():  # as the folders are named that data sets have
                    upload.name = f"{upload.name}.data"
                self.instance.kind = looking.peek(upload.file, name=str(upload.name))
            else:
                found = datasets.resolve_server_path(str(server_path))
                cleaned["server_path"] = str(found)
                self.instance.kind = looking.peek(found, name=found.name)
        except DataError as error:
            raise forms.ValidationError(str(error)) from error
        self.instance.state = Dataset.State.CHECKING
        return cleaned


def limit() -> int:
    """Bytes that an upload may have."""
    return settings.DATASET_MAX_BYTES
