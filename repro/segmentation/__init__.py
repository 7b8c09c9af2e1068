"""Where in the sky aurora is: differencing of images against a fully convolutional network (KOPRI poster)."""
