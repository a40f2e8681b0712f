"""Data sets, training runs, model versions: how an instance gets better models, and goes back to former ones."""
