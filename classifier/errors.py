"""The three ways the classifier refuses; every message is a sentence for the user."""


class DataError(Exception):
    """A table or data set cannot be used; the message names the file, and the row and column where there is one."""


class AudioError(Exception):
    """Bytes that should be audio are not, or hold too little sound; the message says which."""


class ModelError(Exception):
    """A model version cannot be loaded or written."""
