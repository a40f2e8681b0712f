"""The hunt for a song's preview: from provider to provider until one has audio that can be used.

Knows no database, so that it can run in threads.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from organizer import network
from organizer.models import Track
from organizer.providers.deezer import Deezer
from organizer.providers.errors import GateClosed, ProviderError
from organizer.providers.itunes import ITunes
from organizer.providers.matching import Wanted

RETRY_MISS_AFTER = timedelta(days=30)
RETRY_OUTAGE_AFTER = timedelta(hours=1)
PREVIEW_MAX_BYTES = 3_000_000  # a 30-second preview is about 0.5 MB
PREVIEW_MAX_SECONDS = 20.0


@dataclass
class Hunt:
    """One song's way through the providers; it goes on where it stopped when a preview turns out to be unusable."""

    track: Track
    untried: list[Deezer | ITunes] = field(default_factory=network.preview_providers)
    data: bytes | None = None  # the latest catch, for as long as it takes to hear it
    source: str = ""
    source_id: str = ""
    error: str = ""
    retry_after: timedelta = RETRY_MISS_AFTER
    closed: GateClosed | None = None

    @property
    def is_held_up(self) -> bool:
        """No provider is left that could have the song, except behind a closed gate."""
        return self.data is None and self.closed is not None

    def fetched(self) -> "Hunt":
        """Go on to the next preview, without data when there is none. A provider that fails gives way to the next."""
        self.data = None
        while self.untried and self.data is None:
            try:
                self._ask(self.untried.pop(0))
            except GateClosed as failure:
                self.closed = failure
            except ProviderError as failure:
                self.error = str(failure)
                self.retry_after = self.retry_after if failure.permanent else RETRY_OUTAGE_AFTER
        return self

    def _ask(self, provider: Deezer | ITunes) -> None:
        track = self.track
        song = Wanted(track.isrc, (track.artist_names or [""])[0], track.name, track.duration_ms)
        if preview := provider.find_preview(song):
            self.data = network.http().download(
                preview.url, max_bytes=PREVIEW_MAX_BYTES, max_seconds=PREVIEW_MAX_SECONDS
            )
            self.source, self.source_id = preview.source, preview.source_id
