"""How templates show texts from outside."""

from __future__ import annotations

from django import template

from callboard.base.texts import shown

register = template.Library()
register.filter("shown", shown)
