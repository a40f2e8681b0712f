"""Hearing the music: from sound to genre evidence. Needs torch; nothing of Django or HTTP."""
