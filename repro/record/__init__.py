"""The published record: claims, the one comparator, evidence and findings."""
