"""Genres as their readers write them. The classifier knows them in English only, and knows no Django."""

from django.utils.translation import pgettext

from classifier.labels import display_name


def genre_name(slug: str) -> str:
    return pgettext("genre", display_name(slug))
