"""Who teaches this instance's models how much: the users' corrections, counted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F

from organizer.models import Correction, SpotifyAccount, TrainingRun
from organizer.training import corrections
from organizer.training.corrections import Word


@dataclass(frozen=True)
class Teacher:
    """One account's words: said of songs, of artists, and the songs that they label."""

    account: SpotifyAccount
    on_songs: int
    on_artists: int
    songs: int  # liked, with features
    genres: dict[str, int]


@dataclass(frozen=True)
class Summary:
    """`held_out` songs are by artists that no training sees; they measure whether learning helped."""

    teachers: tuple[Teacher, ...]
    songs: int
    held_out: int
    genres: dict[str, int]
    last: TrainingRun | None
    new: int
    left_out: tuple[str, ...]


def summary() -> Summary:
    """What there is to learn from now, and what is left out and why."""
    accounts = SpotifyAccount.objects.filter(corrections__isnull=False).distinct().order_by("pk")
    teachers, without_features = [], 0
    for account in accounts.select_related("user"):
        words = list(corrections.words([account]))
        teachers.append(_teacher(account, [word for word in words if word.features]))
        without_features += account.teaches and sum(not word.features for word in words)
    genres: Counter[str] = Counter()
    for teacher in teachers:
        genres.update(teacher.genres if teacher.account.teaches else {})
    return Summary(
        teachers=tuple(teachers),
        songs=corrections.dataset().rows,
        held_out=held_out(),
        genres=dict(genres.most_common()),
        last=last_training(),
        new=new_words(),
        left_out=tuple(_left_out(teachers, without_features)),
    )


def _teacher(account: SpotifyAccount, words: list[Word]) -> Teacher:
    said = Correction.objects.filter(account=account)
    families = Counter(word.families[0] for word in words if word.families)
    return Teacher(
        account=account,
        on_songs=said.filter(track__isnull=False).count(),
        on_artists=said.filter(artist__isnull=False).count(),
        songs=len(words),
        genres=dict(families.most_common()),
    )


def last_training() -> TrainingRun | None:
    """The last run that made a version and learned from corrections."""
    learned = TrainingRun.objects.filter(version__isnull=False, corrections_used__gt=0)
    return learned.order_by("-created_at").first()


def new_words() -> int:
    """Words said after the last training that learned from corrections: all of them where there was none."""
    last = last_training()
    everything = Correction.objects.filter(account__teaches=True)
    return corrections.count_new(last.created_at) if last else everything.count()


def held_out() -> int:
    """How many corrected songs the split by artist keeps from training, in every run alike."""
    from classifier.errors import DataError
    from classifier.splits import split

    try:
        return len(split(corrections.read(), "artist").test)
    except DataError:
        return 0


def _left_out(teachers: list[Teacher], without_features: int) -> Iterator[str]:
    if without_features:
        yield (
            f"{without_features:,} corrected song{'s' if without_features != 1 else ''} without features: "
            "no service describes them, so there is nothing to learn from."
        )
    excluded = [one for one in teachers if not one.account.teaches]
    if excluded:
        words = sum(one.on_songs + one.on_artists for one in excluded)
        yield (
            f"{words:,} word{'s' if words != 1 else ''} of {len(excluded)} excluded "
            f"account{'s' if len(excluded) != 1 else ''}."
        )
    yield from _idle_words()


def _idle_words() -> Iterator[str]:
    """Words on songs that their user does not like any more."""
    words = Correction.objects.filter(account__teaches=True, track__isnull=False)
    liked = words.filter(track__saves__account_id=F("account_id"), track__saves__is_unliked=False).count()
    idle = words.count() - liked
    if idle:
        yield f"{idle:,} word{'s' if idle != 1 else ''} on songs that their user does not like any more."
