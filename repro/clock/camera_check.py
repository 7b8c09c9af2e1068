"""Look at a camera profile: its circle, crop and clock box drawn over an image, and what it reads there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from repro.camera import STILL_SUFFIXES, UNKNOWN, Camera, Clock, PixelBox, PixelCircle, parse_camera, profile_document
from repro.clock import ocr
from repro.clock.formats import ClockFormat, parse
from repro.errors import ReproError
from repro.film.cut import clock_strip
from repro.film.packets import NO_VIDEO, open_video, video_streams
from repro.film.still_files import Image, StillFile, decode_pixels, to_eight_bits
from repro.film.stills import night_at, stamp_of
from repro.params import ClockParams
from repro.untrusted import validated

#: Colours of what is drawn, BGR: the sky, the crop, the clock, north.
COLOURS = {"circle_px": (80, 200, 80), "crop_px": (230, 160, 40), "clock": (60, 160, 255), "north": (90, 90, 255)}


@dataclass(frozen=True)
class CameraCheck:
    """A profile looked at on one image, as in :func:`check_camera`."""

    picture: Image  # BGR, (height, width, 3), with circle, crop and clock box drawn as far as the profile knows them
    lines: tuple[str, ...]  # what the profile reads: size, time, night, and what does not fit
    fits: bool  # whether the profile is complete, the size is right and a time was read


def check_camera(name: str, file: Path, clock: ClockParams) -> CameraCheck:
    """Look at a profile, which may have unknown fields, on an image or on a video's first frame.

    Raises ReproError if there is no such profile or a field has an invalid value, or the file is neither an image nor a
    video.
    """
    document, source = profile_document(name)
    unknown = sorted(key for key, value in document.items() if value == UNKNOWN)
    raw = first_frame(file)
    picture = to_eight_bits(raw, None)
    height, width = picture.shape[:2]
    lines, fits = [f"{file.name}: {width} x {height} pixels, {8 * raw.dtype.itemsize} bits a channel"], True
    if unknown:
        lines.append(f"not known yet: {', '.join(unknown)}")
        known = {key: value for key, value in document.items() if value != UNKNOWN}
        camera, fits = None, False
    else:
        camera = parse_camera(document, str(source))
        known = camera.model_dump()
        picture = to_eight_bits(raw, camera.levels)
        if (camera.frame_px.width, camera.frame_px.height) != (width, height):
            lines.append(f"another size than frame_px, {camera.frame_px.width} x {camera.frame_px.height}")
            fits = False
    drawn = _draw(picture.copy(), known, f"profile {name}")
    if camera is not None and fits:
        try:
            lines += list(_time_lines(camera, file, picture, clock))
        except ValueError as error:
            lines.append(f"no time read: {error}")
            fits = False
    return CameraCheck(drawn, tuple(lines), fits)


def first_frame(file: Path) -> npt.NDArray[Any]:
    """Pixels of a still, or of a video's first frame: (height, width, 3), BGR, uint8 or uint16.

    Raises ReproError if the file is neither.
    """
    still = StillFile(file, "", file.name)
    if file.suffix.lower() in STILL_SUFFIXES:
        return decode_pixels(still.read(), str(file))
    try:
        with open_video(file) as container:
            frame = next(container.decode(video_streams(container)[0]))
            return np.asarray(frame.to_ndarray(format="bgr24"))
    except (*NO_VIDEO, OSError, StopIteration, av.FFmpegError):
        raise ReproError(
            found="a file that is neither an image nor a video",
            expected="a JPEG, PNG or TIFF, or a video",
            where=str(file),
            remedy="name an image of this camera",
        ) from None


def _time_lines(camera: Camera, file: Path, picture: Image, params: ClockParams) -> Iterator[str]:
    if camera.time_from != "clock":
        stamp = stamp_of(StillFile(file, "", file.name), camera)
        place = "file's name" if camera.time_from == "file_name" else "EXIF data"
        utc = np.datetime64(round(stamp.utc_s), "s")
        yield f"time in the {place}: {stamp.text}"
        yield f"which is {utc} UTC, night {night_at(stamp.utc_s, camera)}"
        return
    clock = camera.printed_clock
    (bright,) = ocr.bright_text([clock_strip(picture, camera)])
    cut = bright[ocr.text_box([bright], params.min_contrast)]
    formats = [ClockFormat(text, tuple(clock.zones_h)) for text in clock.formats]
    reads = [ocr.read_strips([cut], look, clock, params)[0][0] for look in ocr.looks(clock, params)]
    for text in reads:
        if stamps := parse(text, formats):
            yield f"clock: {stamps[0].format.render(stamps[0].local, stamps[0].zone or '')} (read as {text!r})"
            return
    raise ValueError(
        f"the clock's box was read as {reads[0]!r}, which is none of {', '.join(map(repr, clock.formats))}"
    )


def _draw(picture: Image, known: dict[str, Any], where: str) -> Image:
    def part(kind: type[Any], document: Any, name: str) -> Any:
        remedy = "compare with repro/cameras/auroramax.yaml"
        return validated(kind, document, where=f"{where}, {name}", remedy=remedy)

    thick = max(1, round(max(picture.shape) / 500))
    if "crop_px" in known:
        _rectangle(picture, part(PixelBox, known["crop_px"], "crop_px"), COLOURS["crop_px"], thick)
    if known.get("clock"):
        _rectangle(picture, part(Clock, known["clock"], "clock").box_px, COLOURS["clock"], thick)
    if "circle_px" in known:
        circle = part(PixelCircle, known["circle_px"], "circle_px")
        centre = (round(circle.x), round(circle.y))
        cv2.circle(picture, centre, round(circle.radius), COLOURS["circle_px"], thick, cv2.LINE_AA)
        if "north_deg" in known:
            turn = np.radians(float(known["north_deg"]))
            tip = (round(circle.x - circle.radius * np.sin(turn)), round(circle.y - circle.radius * np.cos(turn)))
            cv2.arrowedLine(picture, centre, tip, COLOURS["north"], thick, cv2.LINE_AA, tipLength=0.08)
    return picture


def _rectangle(picture: Image, box: PixelBox, colour: tuple[int, int, int], thick: int) -> None:
    end = (box.left + box.width - 1, box.top + box.height - 1)
    cv2.rectangle(picture, (box.left, box.top), end, colour, thick)
