"""The form of a takeout: what each field may be. A document that passes holds nothing that a row could not."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.translation import gettext as _

from classifier.labels import FAMILIES, SUB_GENRES
from organizer.models import Plan, PlaylistVersion, SpotifyAccount
from organizer.placing import MOST_GENRES
from organizer.takeout import sections
from organizer.takeout.checks import (
    TakeoutError,
    flag,
    listing,
    mapping,
    maybe,
    moment,
    number,
    one_of,
    record,
    text,
    with_defaults,
    wrong,
)

WHOLE = 2_147_483_647
MOST_KEPT = 50_000_000  # songs in all versions of all playlists
uri = text(700, pattern=r"spotify:[^\s].*")
uris = listing(uri, most=50_000)
spotify_id = text(64, pattern=r"[0-9A-Za-z_-]*")
genre = one_of(FAMILIES)
any_genre = one_of((*FAMILIES, *SUB_GENRES))
artist = record(id=text(64, shortest=1, pattern=r"[0-9A-Za-z_-]+"), name=text(500))

SONG = record(
    uri=uri,
    name=text(500),
    artists=listing(text(500), most=200),
    artist=maybe(artist),
    album=text(500),
    image=text(500, pattern=r"(https?://.*)?"),
    isrc=text(20),
    duration_ms=number(0, WHOLE, is_whole=True),
    is_explicit=flag,
    is_local=flag,
    is_playable=flag,
    added_at=moment,
    is_unliked=flag,
)
log_prob, share = number(-1e6, 1e-6), number(0, 1.000001)
PREDICTION = record(
    uri=uri,
    model=text(100, shortest=1),
    genre=genre,
    confidence=share,
    other=share,
    is_sure=flag,
    log_probs=mapping(genre, log_prob),
    evidence=listing(text(40), most=20),
    why=mapping(text(40), mapping(genre, share)),
    inputs_hash=text(40),
)
CORRECTION = with_defaults(
    record(
        uri=maybe(uri),
        artist=maybe(artist),
        genre=any_genre,
        also=listing(any_genre, most=20, key=str),
        at=moment,
    ),
    also=[],
)
VERSION_OF_PLAYLIST = record(
    at=moment,
    by=one_of(PlaylistVersion.By.values),
    run=maybe(number(1, WHOLE, is_whole=True)),
    was_created=flag,
    is_finished=flag,
    before=maybe(uris),
    place=number(0, WHOLE, is_whole=True),
    removed=uris,
    added=uris,
)
PLAYLIST = with_defaults(
    record(
        number=number(1, WHOLE, is_whole=True),
        name=text(100, shortest=1),
        genres=listing(any_genre, most=200),
        min_confidence=share,
        min_size=number(0, WHOLE, is_whole=True),
        is_rest=flag,
        is_active=flag,
        spotify_id=spotify_id,
        ref=text(20, pattern=r"[0-9a-f]*"),
        is_claimed=flag,
        snapshot_id=text(200),
        read_at=maybe(moment),
        written_uris=uris,
        tombstones=uris,
        pins=uris,
        isrcs=mapping(uri, text(20), most=50_000),
        versions=listing(VERSION_OF_PLAYLIST, most=5000),
    ),
    is_rest=False,
)
RUN = record(
    number=number(1, WHOLE, is_whole=True),
    kind=one_of(Plan.Kind.values),
    state=one_of(Plan.State.values),
    made_at=moment,
    applied_at=maybe(moment),
    calls=number(0, WHOLE, is_whole=True),
    notes=listing(text(1000), most=1000),
    undoes=maybe(number(1, WHOLE, is_whole=True)),
    restores=maybe(listing(number(0, WHOLE, is_whole=True), most=2)),
)
OWNER = record(account_id=text(100, shortest=1), spotify_id=text(100), display_name=text(200))
EXCLUSIONS = record(
    genres=listing(any_genre, most=200),
    artists=listing(listing(text(500), most=2), most=1000),
    words=listing(text(60, shortest=1), most=200),
)
SETTINGS = with_defaults(
    record(
        schedule=one_of(SpotifyAccount.Schedule.values),
        schedule_applies=flag,
        removals=one_of(SpotifyAccount.Removals.values),
        merges_duplicates=flag,
        teaches=flag,
        language=one_of(["", *dict(settings.LANGUAGES)]),
        theme=one_of(SpotifyAccount.Theme.values),
        time_zone=one_of(["", *available_timezones()]),
        genres_per_song=number(1, MOST_GENRES, is_whole=True),
        small_to_parent=flag,
        name_template=text(60, shortest=7, pattern=r".*\{genre\}.*"),
        exclusions=EXCLUSIONS,
    ),
    teaches=True,
    language="",
    theme="",
    time_zone="",
    genres_per_song=1,
    small_to_parent=True,
    name_template="{genre}",
    exclusions={"genres": [], "artists": [], "words": []},
)
DOCUMENT = record(
    made_at=moment,
    account=OWNER,
    settings=SETTINGS,
    library=listing(SONG, key=lambda row: row["uri"]),
    predictions=listing(PREDICTION, key=lambda row: (row["uri"], row["model"])),
    corrections=listing(CORRECTION, key=lambda row: (row["uri"], row["artist"] and row["artist"]["id"])),
    playlists=listing(PLAYLIST, most=1000, key=lambda row: row["number"]),
    runs=listing(RUN, most=20_000, key=lambda row: row["number"]),
)


def clean(document: Any) -> dict[str, Any]:
    """The document with every field checked, moments as datetimes. TakeoutError names the place of what is wrong."""
    if not isinstance(document, dict) or document.get("format") != sections.FORMAT:
        raise TakeoutError(_("This is not a takeout of Cratewise."))
    version = document.get("version")
    if version != sections.VERSION:
        sentence = _("This takeout has version %(version)s; this program reads version %(ours)s.")
        raise TakeoutError(sentence % {"version": str(version)[:20], "ours": sections.VERSION})
    found: dict[str, Any] = DOCUMENT(document, "")
    for k, row in enumerate(found["corrections"]):
        if (row["uri"] is None) == (row["artist"] is None):
            raise wrong(f"corrections[{k}]", _("this must be about either a song or an artist."))
    if any(len(pair) != 2 for pair in found["settings"]["exclusions"]["artists"]):
        raise wrong("settings.exclusions.artists", _("an artist here is a Spotify id and a name."))
    _playlists(found)
    return found


def _playlists(found: dict[str, Any]) -> None:
    """What can be seen only across rows: names and ids that are there twice, versions that do not fit."""
    names: set[str] = set()
    ids: set[str] = set()
    if sum(row["is_active"] and row["is_rest"] for row in found["playlists"]) > 1:
        raise wrong("playlists", _("more than one takes the rest."))
    for k, row in enumerate(found["playlists"]):
        place = f"playlists[{k}]"
        if row["is_active"] and row["name"] in names:
            raise wrong(f"{place}.name", _("another playlist has this name."))
        if row["spotify_id"] and row["spotify_id"] in ids:
            raise wrong(f"{place}.spotify_id", _("another playlist has this id."))
        names |= {row["name"]} if row["is_active"] else set()
        ids.add(row["spotify_id"])
    if sum(_weight(row["versions"]) for row in found["playlists"]) > MOST_KEPT:
        raise TakeoutError(_("playlists: their versions hold more songs than this program would ever keep."))


def _weight(versions: list[dict[str, Any]]) -> int:
    """Songs that the versions hold together, once unfolded."""
    total = size = 0
    for row in versions:
        size = size if row["before"] is None else len(row["before"])
        total += size
        size += len(row["added"]) - len(row["removed"])
    return total


def unfold(versions: list[dict[str, Any]], place: str) -> Iterator[dict[str, Any]]:
    """Each version with its whole contents before and after (None while unfinished), one at a time."""
    last: list[str] = []
    for k, row in enumerate(versions):
        before = last if row["before"] is None else row["before"]
        start, end = row["place"], row["place"] + len(row["removed"])
        if before[start:end] != row["removed"] or start > len(before):
            raise wrong(f"{place}.versions[{k}]", _("what it removed was not there."))
        last = [*before[:start], *row["added"], *before[end:]]
        yield row | {"before": before, "after": last if row["is_finished"] else None}
