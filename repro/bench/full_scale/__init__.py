"""The whole campaign of 331 nights at frame level: truth instead of pixels; all later stages are the real ones."""
