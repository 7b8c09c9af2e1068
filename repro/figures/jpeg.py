"""Decoding a picture, and coding a drawing as the picture was coded."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, JpegImagePlugin

from repro.errors import ReproError
from repro.figures.picture_axes import Pixels

MOST_PIXELS = 4_000_000  # of one picture; the largest of the record has 2.1 million


@dataclass(frozen=True)
class Coding:
    """How a JPEG picture was coded.

    Parameters
    ----------
    tables : mapping
        Quantisation tables by number, 64 steps each.
    subsampling : int
        Pillow's number: 0 for 4:4:4, 1 for 4:2:2, 2 for 4:2:0.
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
        if image.width * image.height > MOST_PIXELS:
            found = f"a picture of {image.width} x {image.height} pixels"
        else:
            pixels = np.asarray(image.convert("RGB"))
            if not isinstance(image, JpegImagePlugin.JpegImageFile):
                return pixels, None
            coding = Coding(image.quantization, max(JpegImagePlugin.get_sampling(image), 0))
            return pixels, coding
    except ReproError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever their authors did not foresee
        found = f"no picture that can be decoded: {type(error).__name__}: {str(error)[:200]}"
    raise ReproError(
        found=found,
        expected=f"a PNG or JPEG picture of at most {MOST_PIXELS:,} pixels",
        where=where,
        remedy="get the document again from where it is published",
    )
