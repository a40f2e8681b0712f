"""The three ways the classifier refuses; every message is a sentence for the user."""


class DataError(Exception):
    """A table or data set cannot be used; the message names the file, and the row and column where there is one."""


class AudioError(Exception):
    """Bytes that should be audio are not, or hold too little sound; the message says which.

    `form` with `values` in it is the message; kept apart, so that it can be told in another language.
    """

    def __init__(self, form: str, **values: object) -> None:
        super().__init__(form % values if values else form)
        self.form, self.values = form, values


class ModelError(Exception):
    """A model version cannot be loaded or written."""
