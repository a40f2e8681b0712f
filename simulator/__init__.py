"""Simulated Spotify, Deezer, iTunes and ReccoBeats: one process, real HTTP, nothing real behind it."""
