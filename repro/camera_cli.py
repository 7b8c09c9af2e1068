"""Commands about cameras: ``repro camera``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repro.cli_options import ProjectOption, chosen
from repro.paths import find_project

app = typer.Typer(help="Camera profiles.", no_args_is_help=True)


@app.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A profile of repro/cameras.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An image or a video of this camera.")],
    out: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Where to draw it; NAME_check.png if not given.")
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Draw a profile's circle, crop and clock box over an image, and say what it reads there.

    Exit code 1: a value is unknown, the size is another one, or no time could be read.

    Example: repro camera check kho data/kho/videos/kho_20131204.mp4
    """
    from repro.clock.camera_check import check_camera
    from repro.files import write_bytes
    from repro.film.cut import encode_png

    checked = check_camera(name, file, chosen(project)[1].clock)
    target = out or Path(f"{name}_check.png")
    write_bytes(target, encode_png(checked.picture))
    print("\n".join((*checked.lines, f"drawn in {target}: sky green, crop blue, clock orange, north red")))
    raise typer.Exit(0 if checked.fits else 1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, underscores.")],
    images: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of still images.")],
    latitude: Annotated[float, typer.Option(min=-90, max=90, help="Degrees, north positive.")],
    longitude: Annotated[float, typer.Option(min=-180, max=180, help="Degrees, east positive.")],
    time_zone: Annotated[str, typer.Option(metavar="ZONE", help="Of the place, such as Europe/Stockholm.")],
    stamp_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of the camera's own clock, such as UTC, if it is another one.")
    ] = None,
    circle: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="X Y RADIUS", help="The sky in pixels; found in the images if not given."),
    ] = None,
    credit: Annotated[str, typer.Option(help="Owner of the images.")] = "owner of the images not named",
    project: ProjectOption = None,
) -> None:
    """Write the profile of a new camera from its still images, and make them the corpus that the pipeline works on.

    Measures size, circle of the sky, where the times stand, and the time between two images. The images are linked into
    data/NAME/videos, and params.yaml is set to the new corpus.

    Example: repro camera new roof ~/nights --latitude 67.84 --longitude 20.41 --time-zone Europe/Stockholm
    """
    from repro.camera import PixelCircle
    from repro.film.new_camera import choose_corpus, new_camera
    from repro.params import Site
    from repro.untrusted import validated

    paths = find_project(project)
    document = {"latitude_deg": latitude, "longitude_deg": longitude, "time_zone": time_zone}
    site = validated(Site, document, where="the options", remedy="correct the option")
    sky = None
    if circle is not None:
        document = dict(zip(("x", "y", "radius"), circle, strict=True))
        sky = validated(PixelCircle, document, where="--circle", remedy="correct the option")
    written = new_camera(paths, name, images, site, credit=credit, stamp_zone=stamp_zone, circle=sky)
    choose_corpus(paths.params, name)
    print("\n".join(written.lines))
    print(f"profile {written.file}; corpus: {name} in params.yaml")
    if written.example is not None:
        print(f"look at it: repro camera check {name} {written.example}")
    print("next: dvc repro sample, then: repro label")
