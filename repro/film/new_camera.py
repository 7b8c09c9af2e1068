"""Write a camera profile from a folder of still images: what can be measured is measured, the rest is asked for."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import yaml

from repro.camera import Camera, PixelCircle, parse_camera, profile_path
from repro.engine.progress import progress
from repro.errors import ReproError
from repro.files import atomic_path, write_text
from repro.film.still_files import Image, StillFile, decode_pixels, list_stills, to_eight_bits
from repro.film.stills import stamp_of
from repro.params import Site
from repro.paths import Paths

_LOOKED_AT = 24  # images whose pixels are looked at
_MOST_GAP_S = 3600.0  # between two images of one night
_MOST_SAMPLED_S = 60.0
_NAME = re.compile(r"[a-z][a-z0-9_]*")
#: A time as cameras write it into names, with the marks between its parts.
_STAMP = re.compile(r"(?<!\d)20\d\d([-_]?)[01]\d\1[0-3]\d([-_T ]*)[0-2]\d([-_.:]?)[0-5]\d(\3[0-5]\d)?")


@dataclass(frozen=True)
class NewCamera:
    """A profile that was written: its file, what was measured, for people, and an image to look at it with."""

    file: Path
    lines: tuple[str, ...]
    example: Path | None


def new_camera(
    paths: Paths,
    name: str,
    images: Path,
    site: Site,
    *,
    credit: str,
    stamp_zone: str | None,
    circle: PixelCircle | None,
) -> NewCamera:
    """Measure a profile on images, write it, and put the images into the corpus of the same name.

    ``name`` is of small letters, digits and underscores. ``images`` is a folder of still images, with subfolders and ZIP
    files; files are linked into ``data/NAME/videos`` where the disk allows it, and copied elsewhere. ``credit`` names their
    owner, ``stamp_zone`` the time zone of the camera's own clock, where it is not the site's. ``circle`` is the sky; it is
    looked for in the images if not given. Raises ReproError if the name is invalid or taken, there is no image, sizes
    differ, or the images have no time.
    """
    target = profile_path(name)
    if not _NAME.fullmatch(name) or target.exists():
        raise ReproError(
            found=f"a profile {name!r} that is there already" if target.exists() else f"the name {name!r}",
            expected="a new name of small letters, digits and underscores that begins with a letter",
            where=str(target),
            remedy="choose another name, or edit the profile that is there",
        )
    files = list(list_stills(images))
    if not files:
        raise ReproError(
            found="no image",
            expected="JPEG, PNG or TIFF files, in folders or ZIP files",
            where=str(images),
            remedy="name the folder that holds the images",
        )
    pixels, bits = _look(files)
    height, width = pixels[0].shape[:2]
    measured = None if circle is not None else find_circle(pixels)
    whole = PixelCircle(x=width / 2, y=height / 2, radius=float(np.ceil(np.hypot(width, height) / 2)))
    sky = circle or measured or whole
    time_from, pattern = _where_times_stand(files)
    document: dict[str, Any] = {
        "credit": credit,
        "site": site.model_dump(),
        "frames": "stills",
        "time_from": time_from,
        "file_pattern": pattern,
        **({"stamp_zone": stamp_zone} if stamp_zone else {}),
        "frame_px": {"width": width, "height": height},
        "circle_px": {"x": round(sky.x, 1), "y": round(sky.y, 1), "radius": round(sky.radius, 1)},
        "crop_px": _crop(sky, width, height),
        "north_deg": 0,
        "cadence_s": 60.0,
        "sample_interval_s": 60.0,
    }
    times_s = _times(files, parse_camera(document, str(target)))
    gaps_s = [after - before for before, after in pairwise(times_s) if 0 < after - before < _MOST_GAP_S]
    cadence_s = float(median(gaps_s)) if gaps_s else 60.0
    document["cadence_s"], document["sample_interval_s"] = cadence_s, max(_MOST_SAMPLED_S, cadence_s)
    _take_in(files, images, paths.videos(name))
    write_text(target, _text(document, found=measured is not None))
    how = "as given" if circle else "found in the images" if measured else "not found: the whole frame is kept"
    lines = (
        f"{len(files)} images of {width} x {height} pixels, {bits} bits a channel, in {paths.videos(name)}",
        f"times from {'EXIF data' if time_from == 'exif' else f'file names, {pattern}'}; {len(times_s)} of {len(files)} have one",
        f"an image each {cadence_s:g} s; one in {document['sample_interval_s']:g} s is kept (film.sampling: all keeps each)",
        f"sky: centre {sky.x:g}, {sky.y:g}, radius {sky.radius:g}, {how}",
    )
    return NewCamera(target, lines, next((file.path for file in files if not file.member), None))


def find_circle(images: Sequence[Image]) -> PixelCircle | None:
    """The lit circle of a fisheye lens before black; None if the corners are not dark.

    ``images`` are of one camera, uint8, shape (height, width, 3); the brighter ones show the rim.
    """
    bright = cv2.GaussianBlur(np.max([cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in images], axis=0), (9, 9), 0)
    height, width = bright.shape
    part = max(2, min(height, width) // 20)
    ends = (slice(0, part), slice(-part, None))
    dark = float(np.median([np.median(bright[rows, columns]) for rows in ends for columns in ends]))
    middle = float(np.median(bright[height // 4 : -(height // 4), width // 4 : -(width // 4)]))
    if middle < 2 * dark + 8:
        return None
    # Otsu on a logarithmic scale: bright aurora in the middle must not move the limit above the dim sky at the rim.
    steps = np.asarray(np.log1p(bright.astype(np.float32)) * (255 / np.log(256)), dtype=np.uint8)
    lit = cv2.threshold(steps, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
    # Clocks and logos beside the sky are small; opening with a disc of a tenth of the frame removes them.
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * part + 1, 2 * part + 1))
    lit = cv2.morphologyEx(lit, cv2.MORPH_OPEN, disc)
    outlines, _ = cv2.findContours(lit, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = np.asarray(max(outlines, key=cv2.contourArea)).reshape(-1, 2).astype(float)
    # Where the frame cuts the circle, the outline follows the frame.
    rim = outline[((outline > 1) & (outline < (width - 2, height - 2))).all(1)]
    if len(rim) < 20:
        return None
    x, y, radius = _fit_circle(rim)
    plausible = 0.25 * min(height, width) < radius < max(height, width)
    return PixelCircle(x=x, y=y, radius=radius) if plausible else None


def _fit_circle(points: np.ndarray) -> tuple[float, float, float]:
    """Centre and radius by least squares (Kasa 1976, IEEE Trans. Instrum. Meas. 25, 8), twice, without outliers."""
    kept = points
    for _ in range(2):
        rows = np.column_stack([2 * kept, np.ones(len(kept))])
        (x, y, rest), *_ = np.linalg.lstsq(rows, (kept**2).sum(1), rcond=None)
        radius = float(np.sqrt(max(rest + x * x + y * y, 0.0)))
        off = np.abs(np.hypot(points[:, 0] - x, points[:, 1] - y) - radius)
        kept = points[off <= max(2.0, float(np.median(off)) * 2.5)]
    return float(x), float(y), radius


def _look(files: Sequence[StillFile]) -> tuple[list[Image], int]:
    chosen = files[:: max(1, len(files) // _LOOKED_AT)][:_LOOKED_AT]
    raw = [decode_pixels(file.read(), file.name) for file in chosen]
    sizes = {image.shape[:2] for image in raw}
    if len(sizes) > 1:
        names = {image.shape[:2]: file.name for image, file in zip(raw, chosen, strict=True)}
        raise ReproError(
            found="images of several sizes: " + ", ".join(f"{w} x {h} ({names[h, w]})" for h, w in sorted(sizes)),
            expected="images of one camera, all of one size",
            where="the folder of images",
            remedy="put the images of each size into a separate folder, and make a camera of each",
        )
    return [to_eight_bits(image, None) for image in raw], 8 * raw[0].dtype.itemsize


def _where_times_stand(files: Sequence[StillFile]) -> tuple[str, str]:
    """``exif`` or ``file_name``, and the pattern; names are preferred, as EXIF data of many cameras have no zone."""
    pattern = _name_pattern(files[0].name.rsplit("/", 1)[-1])
    if pattern is not None:
        return "file_name", pattern
    if any(file.exif_time() for file in files[:: max(1, len(files) // _LOOKED_AT)]):
        return "exif", "*"
    raise ReproError(
        found=f"no time in the name {files[0].name!r}, and none in the EXIF data",
        expected="names such as IMG_20240131_221530.jpg, or EXIF data with the time at which the image was taken",
        where="the folder of images",
        remedy="write the profile by hand, with the place and format of the burned-in clock; see docs/camera.md",
    )


def _name_pattern(name: str) -> str | None:
    match = _STAMP.search(name)
    if match is None:
        return None
    date, between, time, seconds = match.groups()
    stamp = f"%Y{date}%m{date}%d{between}%H{time}%M" + (f"{time}%S" if seconds else "")
    return re.sub(r"\d+", "*", name[: match.start()]) + stamp + "*"


def _times(files: Sequence[StillFile], camera: Camera) -> list[float]:
    times_s = []
    with progress("times", len(files), "images") as tally:
        for file in files:
            with contextlib.suppress(ValueError):
                times_s.append(stamp_of(file, camera).utc_s)
            tally.advance()
    return sorted(times_s)


def _crop(sky: PixelCircle, width: int, height: int) -> dict[str, int]:
    left, top = max(0, int(np.floor(sky.x - sky.radius))), max(0, int(np.floor(sky.y - sky.radius)))
    right, bottom = min(width, int(np.ceil(sky.x + sky.radius))), min(height, int(np.ceil(sky.y + sky.radius)))
    return {"left": left, "top": top, "width": right - left, "height": bottom - top}


def _take_in(files: Sequence[StillFile], source: Path, target: Path) -> None:
    """Link, or copy, the files into the corpus; what lies there already is kept."""
    if source.resolve() == target.resolve():
        return
    paths = dict.fromkeys(file.path for file in files)
    with progress("images", len(paths), "files") as tally:
        for path in paths:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                try:
                    os.link(path, place)
                except OSError:  # another disk, or one without links
                    with atomic_path(place) as temporary:
                        shutil.copy2(path, temporary)
            tally.advance()


def _text(document: dict[str, Any], *, found: bool) -> str:
    head = "# Written by repro camera new. Look at it with: repro camera check NAME FILE\n"
    if not found:
        head += (
            "# No dark corners were found, so nothing is masked: correct circle_px and crop_px if this is a fisheye.\n"
        )
    head += "# north_deg is not measured: 0 means that north is up.\n"
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)


def choose_corpus(params: Path, name: str) -> None:
    """Write the name of the corpus into ``params.yaml``; comments stay.

    Raises ReproError if the file has no line ``corpus:``.
    """
    text = params.read_text(encoding="utf-8")
    changed, count = re.subn(r"(?m)^corpus:[ \t]*\S+", f"corpus: {name}", text, count=1)
    if not count:
        raise ReproError(
            found="no line that begins with corpus:",
            expected="the parameters of the pipeline",
            where=str(params),
            remedy="compare with params.yaml of the repository",
        )
    write_text(params, changed)
