"""Hearing: networks that turn a wave into genre evidence."""

CLIP_SECONDS = 30.0  # what a preview holds; of anything longer, its middle
