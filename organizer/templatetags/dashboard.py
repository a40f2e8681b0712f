"""`{% dashboard as board %}`: what the admin's first page shows above the tables."""

from typing import Any

from django import template

from organizer.admin.dashboard import board

register = template.Library()


@register.simple_tag(takes_context=True)
def dashboard(context: Any) -> dict[str, Any]:
    return board(context["request"])
