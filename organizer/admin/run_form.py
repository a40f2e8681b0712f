"""The form that starts a training: every choice with its reason, every mistake named at its field."""

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from classifier.labels import FAMILIES, display_name
from organizer.models import Dataset, Job, TrainingRun
from organizer.training import corrections, options, provenance, runs
from organizer.training.options import Options

Rule = TrainingRun.Rule
MAX_SEED = 2**31 - 1
TOO_FEW = "Training needs at least two genres: map the data sets’ labels, or choose more."


class DatasetsField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple
    free: frozenset[int] = frozenset()  # primary keys of those that may train under the strict rule

    def label_from_instance(self, obj: Any) -> str:
        barred = "" if obj.pk in self.free else " (the strict rule leaves it out)"
        return f"{obj} – {obj.get_kind_display().lower()}, {provenance.rows(obj):,} {provenance.noun(obj)}{barred}"


def families() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every family with the sentence that says why it is here, in groups."""
    return [
        (group, [(name, f"{name}: {options.reason(name)}.") for name in names])
        for group, names in options.GROUPS.items()
    ]


class TrainingRunForm(forms.ModelForm):
    user: AbstractBaseUser | AnonymousUser | None = None  # set by the page: who asks

    datasets = DatasetsField(
        Dataset.objects.none(),
        label="Data sets",
        help_text="Those that are ready. Those that are only for judging are never trained on and not listed.",
    )
    family = forms.ChoiceField(
        choices=families,
        widget=forms.RadioSelect,
        initial="mlp",
        help_text="Networks and trees learn from tables and corrections, nets that hear from folders of sound.",
    )
    genres = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tell only these apart; tracks of other genres teach it what is none of them. None ticked: all that occur.",
    )
    split = forms.ChoiceField(
        choices=list(options.SPLITS.items()),
        widget=forms.RadioSelect,
        initial="artist",
        help_text="How tracks are kept out of training to test on. Clips of sound, whose artists nobody has named, "
        "are always split at random, and the same way in every run.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=MAX_SEED,
        initial=0,
        help_text="The same seed on the same data gives the same model.",
    )
    epochs = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=options.MOST_EPOCHS,
        help_text="Networks: at most this many passes over the data; training stops early when it no longer gains. "
        "Empty: as many as the family usually takes.",
    )
    members = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=options.MOST_MEMBERS,
        help_text="Networks on features: so many are trained and averaged. Each takes as long as the first. "
        "Empty: 1, of the blend 3.",
    )
    balance = forms.FloatField(
        min_value=0,
        max_value=1,
        initial=0.5,
        label="Genre balance",
        help_text="0: every track counts the same. 1: every genre counts the same, however few tracks it has.",
    )
    genres_per_track = forms.IntegerField(
        min_value=1,
        max_value=options.MOST_GENRES,
        initial=1,
        label="Genres per track",
        help_text="How many genres may be named for one track.",
    )
    corrections = forms.FloatField(
        min_value=0.1,
        max_value=options.MOST_WEIGHT,
        initial=3.0,
        label="Weight of corrections",
        help_text="How much a song that a user corrected counts beside a track of another data set.",
    )
    learning_curve = forms.BooleanField(
        required=False,
        label="Measure learning from fewer tracks",
        help_text="Shows whether more data would help. Takes about twice as long.",
    )
    start = forms.ChoiceField(
        choices=[
            (
                options.SHIPPED,
                "Keep the ears in use and learn what to make of what they hear. Can be promoted.",
            ),
            (
                options.SCRATCH,
                "Learn to hear from nothing. Only for comparison: libraries would have to be heard again.",
            ),
        ],
        widget=forms.RadioSelect,
        initial=options.SHIPPED,
        label="Start of the net cnn",
    )
    rule = forms.ChoiceField(
        choices=Rule.choices,
        widget=forms.RadioSelect,
        initial=Rule.STRICT,
        label="Which data may train",
        help_text="What the rule leaves out is said on the run’s page.",
    )
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"For the wide rule, in at least {runs.REASON} characters. It is kept with the run.",
    )

    class Meta:
        model = TrainingRun
        fields = ("datasets", "family", "genres", "split", "seed", "rule", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        corrections.dataset()  # counts anew what users have said
        ready = Dataset.objects.filter(state=Dataset.State.READY, is_test=False).order_by("kind", "name")
        field = self.fields["datasets"]
        assert isinstance(field, DatasetsField)
        field.free = frozenset(one.pk for one in provenance.admitted(ready, Rule.STRICT)[0])
        field.queryset = ready
        found = set().union(*(genres_of(one) for one in ready))
        shown = [(slug, display_name(slug)) for slug in FAMILIES if slug in found]
        self.fields["genres"].choices = shown  # type: ignore[attr-defined]
        if not self._may_widen():
            self.fields["rule"].choices = [(Rule.STRICT.value, Rule.STRICT.label)]  # type: ignore[attr-defined]
            del self.fields["reason"]

    def _may_widen(self) -> bool:
        return bool(self.user and self.user.has_perm("organizer.widen_trainingrun"))  # type: ignore[union-attr]

    def chosen_options(self) -> Options:
        """What the fields say of the settings; only after validation."""
        return Options(
            **{
                name: self.cleaned_data[name]
                for name in Options.__dataclass_fields__
                if self.cleaned_data.get(name) is not None
            }
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if Job.objects.active().filter(kind=Job.Kind.TRAIN).exists():
            raise forms.ValidationError("Another training run is under way. Wait for it, or cancel it.")
        self._clean_data(cleaned)
        if "family" in cleaned:
            for name, sentence in options.unfit(cleaned["family"], self.chosen_options()).items():
                self.add_error(name, sentence)
        if cleaned.get("rule") == Rule.WIDE and len(cleaned.get("reason", "").strip()) < runs.REASON:
            self.add_error(
                "reason", f"Say why the wide rule is right here, in at least {runs.REASON} characters."
            )
        return cleaned

    def _clean_data(self, cleaned: dict[str, Any]) -> None:
        """Data sets, family and genres fit each other."""
        if "datasets" not in cleaned or "family" not in cleaned:
            return
        chosen, family = list(cleaned["datasets"]), cleaned["family"]
        strangers = [f"“{one}”" for one in chosen if not options.fits(family, one)]
        if strangers:
            what = "folders of sound" if options.is_sound(family) else "tables and corrections"
            self.add_error("datasets", f"{family} learns from {what}: leave out {', '.join(strangers)}.")
            return
        kept, left_out = provenance.admitted(chosen, cleaned.get("rule") or Rule.STRICT)
        if not kept:
            self.add_error("rule", " ".join(["No data set is left to train on.", *left_out]))
            return
        occurring = set().union(*(genres_of(one) for one in kept))
        absent = [display_name(slug) for slug in cleaned.get("genres", []) if slug not in occurring]
        if absent:
            sentence = f"The data sets that are learned from have no {', '.join(absent)}."
            self.add_error("genres", " ".join([sentence, *left_out]))
        elif len(set(cleaned.get("genres") or occurring) & occurring) < 2:
            self.add_error(
                "genres" if cleaned.get("genres") else "datasets",
                " ".join([TOO_FEW, *left_out]),
            )


def genres_of(dataset: Dataset) -> set[str]:
    """The families that a data set has, as far as its row tells."""
    if dataset.kind == Dataset.Kind.CORRECTIONS:
        return set(dataset.report.get("genres", {}))
    return {genre for genre in dataset.label_map.values() if genre}
