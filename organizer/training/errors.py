class TrainingError(Exception):
    """The request cannot be carried out; the message says why."""
