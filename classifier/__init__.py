"""Tells a song's genre from track features, artists and sound; plain Python without Django or HTTP."""
