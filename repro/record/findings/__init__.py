"""Findings: what the verdicts mean together, one record each, derived by code so that a changed number changes it."""
