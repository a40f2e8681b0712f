"""How the names of sound files end that we can decode. Imports nothing, so that pages may look."""

SUFFIXES = frozenset(
    {".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".webm", ".flac", ".wav", ".aif", ".aiff"}
)
