"""Confidence intervals of a proportion; see :mod:`repro.analysis.intervals`."""

from repro.analysis.intervals import wilson

__all__ = ["wilson"]
