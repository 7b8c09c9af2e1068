"""Sun, moon and the nine conditions."""
