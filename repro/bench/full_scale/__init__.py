"""The whole campaign of 331 nights at frame level: truth instead of pixels, everything after them as it is."""
