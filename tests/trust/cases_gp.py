"""Extremes."""

from .extremes import Case

CASES: list[Case] = []
