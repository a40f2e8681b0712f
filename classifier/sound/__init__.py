"""Hearing: networks that turn a wave into genre evidence."""
