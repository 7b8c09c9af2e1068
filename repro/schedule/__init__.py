"""The frames that the dates and the sky predict, before any image is read."""
