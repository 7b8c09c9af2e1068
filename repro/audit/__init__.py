"""What a change to the pipeline did to every number, down to single frames: two revisions compared."""
