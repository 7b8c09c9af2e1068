"""Sun, moon, the nine conditions, and the schedule predicted without videos."""
