"""The one test for whether images are simulated, and the mark that it looks for.

The simulated observatory marks all that it makes, so that no simulated night counts as evidence:

- in the picture, on the left and on the right of the sky, a square of 16 x 16 cells and the word SIMULATED: they survive
  copying, renaming, remuxing, coding again and scaling;
- in the file, a comment, which a program that copies metadata keeps;
- in the folder, a file ``SIMULATED.txt``.

One of them is enough. The film stage asks :func:`is_simulated` once a night and keeps the answer in the night's summary;
all later code asks that summary (:func:`simulated_nights`, :func:`corpus_is_simulated`, :func:`usable_rows`), never the
name of a corpus or of a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.engine.run_nights import summaries
from repro.errors import ReproError
from repro.files import write_text
from repro.paths import Paths

Picture = npt.NDArray[np.uint8]

COMMENT = "Simulated observatory: no camera took this image."
MARKER = "SIMULATED.txt"
CREDIT = "simulated observatory, no camera"
#: Upper left corners (x, y) of the two squares in a frame of 1280 x 720: beside the sky, away from logo, names and clock.
PLACES = ((40, 270), (1080, 270))
CELLS, CELL_PX = 16, 10
BRIGHTNESS = 100  # counts of the bright cells on black: plain to see, and enough for the coarsest coder
HEIGHT_PX = 360  # of the pictures in which the mark is looked for
# Measured: at most 0.22 anywhere in 21 real frames of seven cameras and in a real video; at least 0.89 in simulated videos
# that were coded again at crf 23 to 45 and 360 to 1080 lines.
LEAST_CORRELATION = 0.6
LEAST_CONTRAST = 5.0  # deviation within the square, counts; below, a correlation is one of noise
_LOOKS = 4  # places of a video at which a frame is looked at


def is_simulated(path: Path) -> bool:
    """Whether the simulated observatory made a video or a still; a ReproError if the file opens as neither."""
    if in_marked_folder(path):
        return True
    look = _still if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".tif", ".tiff"} else _video
    try:
        comment, pictures = look(path)
    except Exception as error:  # decoders raise errors of many kinds for damaged files
        raise ReproError(
            found="a file that opens neither as a video nor as a picture",
            expected="a video or a still",
            where=str(path),
            remedy="download it again, or remove it from the folder",
        ) from error
    return comment == COMMENT or any(has_mark(picture) for picture in pictures)


def in_marked_folder(path: Path) -> bool:
    """Whether the folder of a file, or the one above, holds the marker file."""
    return any((folder / MARKER).is_file() for folder in (path.parent, path.parent.parent))


def has_comment(data: bytes) -> bool:
    """Whether an image file bears the comment of a simulated frame; it stands near the beginning."""
    return COMMENT.encode() in data[: 1 << 16]


def has_mark(picture: Picture) -> bool:
    """Whether a picture has the mark, uint8 (height, width) or (height, width, 3).

    It is looked for everywhere, at the picture's own proportions and at those of 16 to 9, so cutting, padding and
    stretching do not hide it.
    """
    import cv2  # only who looks at pictures needs it

    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    for columns in {max(1, round(HEIGHT_PX * width / height)), HEIGHT_PX * 16 // 9}:
        small = cv2.resize(grey, (columns, HEIGHT_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
        square = _square(CELL_PX * HEIGHT_PX // 720).astype(np.float32)
        if columns < square.shape[1]:
            continue
        correlation = cv2.matchTemplate(small, square, cv2.TM_CCOEFF_NORMED)
        row, column = np.unravel_index(np.argmax(correlation), correlation.shape)
        part = small[row : row + square.shape[0], column : column + square.shape[1]]
        if correlation[row, column] >= LEAST_CORRELATION and part.std() >= LEAST_CONTRAST:
            return True
    return False


def draw_mark(frame: Picture) -> None:
    """Draw the mark into a frame of 1280 x 720, uint8 (720, 1280, 3), in place."""
    import cv2

    square = _square(CELL_PX) * BRIGHTNESS
    side = len(square)
    for left, top in PLACES:
        frame[top : top + side, left : left + side] = square[..., None]
        place = (left, top + side + 30)
        cv2.putText(frame, "SIMULATED", place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (BRIGHTNESS,) * 3, 2, cv2.LINE_AA)


def comment_jpeg(data: bytes) -> bytes:
    """A JPEG file with the comment that it is simulated."""
    text = COMMENT.encode()
    return data[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + data[2:]


def mark_folders(*folders: Path) -> None:
    """Write the marker file into folders, which are made if need be."""
    for folder in folders:
        if not (folder / MARKER).is_file():
            write_text(folder / MARKER, f"{COMMENT}\nNo night in this folder is evidence about any published number.\n")


def simulated_nights(film: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Nights that are simulated, YYYYMMDD in order.

    ``film`` has the summaries of that stage by night, see :func:`repro.engine.run_nights.summaries`. A night whose summary does
    not say counts as simulated: only nights known to be real are evidence.
    """
    return sorted(night for night, summary in film.items() if summary.get("simulated") is not False)


def corpus_is_simulated(paths: Paths, corpus: str) -> bool:
    """Whether a corpus has nights and all of them are simulated."""
    film = summaries(paths.stage(corpus, "film"))
    return bool(film) and len(simulated_nights(film)) == len(film)


def usable_rows(table: pd.DataFrame, paths: Paths, corpus: str) -> pd.DataFrame:
    """Rows of a table of frames that may be analysed together: those of real nights, or all of a simulated corpus."""
    if corpus_is_simulated(paths, corpus):
        return table
    return table[~table["night"].isin(simulated_nights(summaries(paths.stage(corpus, "film"))))]


def known_truth(paths: Paths, corpus: str) -> Path | None:
    """Folder of the truth of a simulated corpus; None if the corpus is real or its truth is gone.

    Files beside real images are not their truth.
    """
    folder = paths.truth(corpus)
    return folder if folder.is_dir() and corpus_is_simulated(paths, corpus) else None


@lru_cache(maxsize=2)
def _square(cell_px: int) -> Picture:
    """The mark's square of 0 and 1: the bits of a digest, which no picture of the sky resembles."""
    bits = np.unpackbits(np.frombuffer(hashlib.sha256(COMMENT.encode()).digest(), np.uint8))
    return np.kron(bits.reshape(CELLS, CELLS), np.ones((cell_px, cell_px), np.uint8))


def _still(path: Path) -> tuple[str, list[Picture]]:
    from PIL import Image

    with Image.open(path) as image:
        comment = image.info.get("comment", b"")
        picture = np.asarray(image.convert("L"))
    return comment.decode(errors="replace") if isinstance(comment, bytes) else str(comment), [picture]


def _video(path: Path) -> tuple[str, list[Picture]]:
    import av

    with av.open(str(path), metadata_errors="replace") as container:
        return container.metadata.get("comment", ""), list(_looks(container))


def _looks(container: Any) -> Iterator[Picture]:
    """Brightness of one frame at each of a few places of a video; places that cannot be decoded are left out."""
    import av

    length = container.duration or 0  # microseconds
    for look in range(_LOOKS):
        try:
            container.seek(length * look // _LOOKS)
            frame = next(container.decode(video=0), None)
        except av.FFmpegError:
            continue
        if frame is not None:
            yield frame.to_ndarray(format="gray")
