"""What the counts of the networks rest on; apart from the counting, so that asking does not import torch."""

from __future__ import annotations

from importlib.metadata import version

from repro.engine.receipts import settings_digest


def architecture_inputs() -> str:
    """Digest of the code that counts and of the versions of the libraries that build the networks."""
    libraries = {name: version(name) for name in ("torch", "torchvision")}
    return settings_digest(libraries, "repro.classifier.architecture")
