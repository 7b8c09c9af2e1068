"""Which frames are labelled, what their labels are, and which of them train or validate."""
