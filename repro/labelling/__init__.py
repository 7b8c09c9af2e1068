"""Labelling in the browser: journal, page, import, agreement of labellers, review of disagreements."""
