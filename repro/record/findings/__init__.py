"""Findings: what the verdicts mean together, one record each, derived by code so that a changed number changes it."""

from repro.record.findings.finding import Finding, View, find

__all__ = ["Finding", "View", "find"]
