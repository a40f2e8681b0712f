"""The Django admin: data sets, training runs, model versions, accounts and jobs."""

from django.contrib import admin

from organizer.admin import accounts, comparisons, datasets, training, versions  # noqa: F401  registers

admin.site.site_header = "Cratewise"
admin.site.site_title = "Cratewise"
admin.site.index_title = "Data, models and operations"
