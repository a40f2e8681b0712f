"""The Django admin: data sets, training runs, model versions, accounts, jobs, health and the audit log."""

from django.contrib import admin

from organizer.admin import accounts, audit, comparisons, datasets, gates, jobs, roles, training, versions  # noqa: F401  registers

admin.site.site_header = "Cratewise"
admin.site.site_title = "Cratewise"
admin.site.index_title = "Data, models and operations"
