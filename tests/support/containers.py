"""Small videos in other containers, codecs and states than the camera's own; test support, no part of the library."""

import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}


def encode(
    path: Path, images: Iterable[np.ndarray], codec: str = "libx264", pix_fmt: str = "yuv420p", *,
    container: dict[str, str] | None = None, gop: int | None = 12, options: dict[str, str] | None = None,
    rotation: int = 0, aspect: Fraction | None = None, fps: int = 25, ticks: Sequence[int] | None = None,
    colour: tuple[int, int] | None = None, interlaced: bool = False,
) -> Path:  # fmt: skip
    """Encode images (height, width, 3), BGR; the container follows from the file's name.

    ``ticks`` are the presentation times in frames; 0, 1, 2 ... if not given. With ``gop`` None, key frames are the codec's.
    """
    with av.open(str(path), "w", options=container or {}) as file:
        stream = file.add_stream(codec, rate=fps, options=options or {})
        stream.pix_fmt, stream.time_base = pix_fmt, Fraction(1, fps)
        if gop is not None:
            stream.codec_context.gop_size = gop
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if colour is not None:
            stream.codec_context.colorspace, stream.codec_context.color_range = colour
        if interlaced:
            stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct
        if rotation:
            stream.set_display_rotation(rotation)
        for number, image in enumerate(images):
            if number == 0:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
            frame.pts, frame.time_base = ticks[number] if ticks else number, Fraction(1, fps)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def remux(
    source: Path, target: Path, *, container: dict[str, str] | None = None, skip: int = 0, shift_s: float = 0,
    copies: int = 1,
) -> Path:  # fmt: skip
    """Copy a video's packets into another file, without the first ``skip``, later by ``shift_s``, ``copies`` times."""
    with av.open(str(target), "w", options=container or {}) as file, av.open(str(source)) as template:
        streams = [file.add_stream_from_template(template.streams.video[0]) for _ in range(copies)]
        for stream in streams:
            with av.open(str(source)) as video:
                for number, packet in enumerate(video.demux(video.streams.video[0])):
                    if packet.dts is None or number < skip:
                        continue
                    offset = round(shift_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = stream
                    file.mux(packet)
    return target


def cut(source: Path, target: Path, share: float = 0.6) -> Path:
    """The first part of a file, as an interrupted download leaves it."""
    target.write_bytes(source.read_bytes()[: int(source.stat().st_size * share)])
    return target


def hide(source: Path, target: Path, first: int, count: int, fps: int = 25) -> Path:
    """Show only frames first to first + count - 1: an edit list hides the rest, as trimming without re-coding does."""
    data = bytearray(source.read_bytes())
    at = data.index(b"elst") + 8  # past name and flags, to the number of entries
    (entries,) = struct.unpack(">I", data[at : at + 4])
    assert entries == 1
    (media_start,) = struct.unpack(">i", data[at + 8 : at + 12])
    scale = data.index(b"mdhd")
    (ticks,) = struct.unpack(">I", data[scale + 16 : scale + 20])
    movie = data.index(b"mvhd")
    (movie_ticks,) = struct.unpack(">I", data[movie + 16 : movie + 20])
    data[at + 4 : at + 12] = struct.pack(">Ii", count * movie_ticks // fps, media_start + first * ticks // fps)
    target.write_bytes(bytes(data))
    return target


def opencv_frames(path: Path) -> list[np.ndarray]:
    """All frames that OpenCV's own reader shows."""
    capture, images = cv2.VideoCapture(str(path)), []
    while True:
        alright, image = capture.read()
        if not alright:
            return images
        images.append(image)


def sound(path: Path) -> Path:
    """A file with sound only."""
    with av.open(str(path), "w") as file:
        file.mux(_sound(file.add_stream("aac", rate=44_100), 1))
    return path


def _sound(stream: Any, seconds: float) -> Iterable[Any]:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, int(44_100 * seconds)), np.float32), format="fltp", layout="mono")
    frame.sample_rate = 44_100
    return [*stream.encode(frame), *stream.encode(None)]


def with_sound(source: Path, target: Path, *, sound_s: float) -> Path:
    """A video with a sound track of another length, in the container that the file's name says."""
    with av.open(str(source)) as video, av.open(str(target), "w") as file:
        stream = file.add_stream_from_template(video.streams.video[0])
        track = file.add_stream("aac", rate=44_100)
        for packet in video.demux(video.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
        file.mux(_sound(track, sound_s))
    return target


def with_cover(source: Path, target: Path) -> Path:
    """A video with a cover picture in front, as download programs embed it."""
    with av.open(str(source)) as video, av.open(str(target), "w") as file:
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        stream = file.add_stream_from_template(video.streams.video[0])
        picture = av.Packet(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
        picture.stream, picture.pts, picture.dts, picture.time_base = cover, 0, 0, Fraction(1, 1)
        file.mux(picture)
        for packet in video.demux(video.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    return target
