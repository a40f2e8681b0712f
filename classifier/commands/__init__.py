"""The commands of `python -m classifier`, one module each."""
