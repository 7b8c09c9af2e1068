"""A sound video that the tests of this folder copy, cut and convert."""

from pathlib import Path

import pytest

from tests.support.camera import small_frames, write_video


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 105 frames of the small camera, with B-frames."""
    return write_video(tmp_path_factory.mktemp("video") / "small_20240201.mp4", small_frames(105))
