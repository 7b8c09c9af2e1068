"""The network: architecture, transforms, training, inference, Grad-CAM."""
