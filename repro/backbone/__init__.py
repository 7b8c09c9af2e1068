"""How the shipped weights were made: EfficientNet-B1 trained on simulated frames."""
