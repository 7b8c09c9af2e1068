"""Decoding a picture, and coding a drawing as the picture was coded."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, JpegImagePlugin

from repro.errors import ReproError
from repro.figures.picture_axes import Pixels
from repro.untrusted import message_of

MOST_PIXELS = 4_000_000  # of one picture; the largest of the record has 2.1 million


@dataclass(frozen=True)
class Coding:
    """How a JPEG picture was coded: its quantisation tables by number, 64 steps each, and the resolution of colours.

    ``subsampling`` is Pillow's number: 0 for 4:4:4, 1 for 4:2:2, 2 for 4:2:0.
    """

    tables: Mapping[int, list[int]]
    subsampling: int

    def apply(self, picture: Pixels) -> Pixels:
        """A picture of four bytes a pixel (RGB and one that is ignored) after coding and decoding, as RGB."""
        buffer = io.BytesIO()
        image = Image.frombuffer("RGBX", picture.shape[1::-1], picture, "raw", "RGBX", 0, 1)
        image.save(buffer, "JPEG", qtables=dict(self.tables), subsampling=self.subsampling)
        return np.asarray(Image.open(buffer))


def decode(data: bytes, *, where: str) -> tuple[Pixels, Coding | None]:
    """A picture's pixels (RGB, uint8) and how it was coded; None unless it is a JPEG.

    Raises
    ------
    ReproError
        If the bytes are no picture, or one of more than :data:`MOST_PIXELS`.
    """
    try:
        image = Image.open(io.BytesIO(data))
        if image.width * image.height <= MOST_PIXELS:
            pixels = np.asarray(image.convert("RGB"))
            if not isinstance(image, JpegImagePlugin.JpegImageFile):
                return pixels, None
            return pixels, Coding(image.quantization, max(JpegImagePlugin.get_sampling(image), 0))
        found = f"a picture of {image.width} x {image.height} pixels"
    except Exception as error:  # Pillow's decoders raise whatever their authors did not foresee
        found = f"no picture that can be decoded: {type(error).__name__}: {message_of(error)}"
    expected = f"a PNG or JPEG picture of at most {MOST_PIXELS:,} pixels"
    remedy = "get the document again from where it is published"
    raise ReproError(found=found, expected=expected, where=where, remedy=remedy)
