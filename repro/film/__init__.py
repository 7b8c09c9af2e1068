"""From video to sampled, masked, cropped frames, one archive a night."""
