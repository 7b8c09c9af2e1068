"""The frames that are labelled, their labels, and which of them train or validate."""
