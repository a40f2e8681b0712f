"""The Django admin: data sets, training runs, model versions, accounts and jobs."""

from organizer.admin import accounts, datasets, training, versions  # noqa: F401  registers
