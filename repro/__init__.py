"""A test-driven reproduction harness for an aurora classification thesis.

The functions below are for notebooks and other programs. Each imports what it needs when it is called, so importing ``repro``
costs next to nothing. ``project`` is a folder in the checkout, the current one if not given. The packages hold the rest; the
pipeline's scripts are in ``stages/``, the published numbers in ``expected/published/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from repro.paths import find_project

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from repro.classifier.cam import Explained, TargetLayer
    from repro.frames import Stage
    from repro.params import Site
    from repro.record.claims import Claims
    from repro.record.judge import Verification
    from repro.schedule.prediction import Prediction

__version__ = "0.1.0"
__all__ = ["classify", "gradcam", "load_claims", "predict_schedule", "read_frames", "sky_at", "verify"]


def load_claims(project: Path | None = None) -> Claims:
    """Published claims of a project, by id; a ReproError if the folder is in no checkout, or a claim file is damaged.

    Examples
    --------
    >>> import repro
    >>> claim = repro.load_claims()["T3.NIGHT.NO_MOON"]
    >>> claim.shown(), claim.source.section, claim.evidence["ephemeris"].rule
    ('98,126 frames', 'II.2.2', 'scatter')
    """
    from repro.record.claim_files import load_claims as load

    return load(find_project(project).published)


def verify(project: Path | None = None) -> Verification:
    """Compare every published number of a project with its evidence, as ``repro verify`` does; no video is needed.

    Takes about 20 s of processor time before the pipeline has run, and less afterwards. Nothing is written. Raises ReproError
    if the folder is in no checkout, or a claim file or a result is damaged.

    Examples
    --------
    >>> import repro
    >>> verification = repro.verify()
    >>> verification.exit_code, verification.drifted
    (0, ())
    >>> [v.outcome for v in verification.verdicts if (v.claim, v.evidence) == ("T3.NIGHT.NO_MOON", "ephemeris")]
    ['consistent']
    """
    from repro.evidence import measured_now
    from repro.record.claim_files import load_claims as load
    from repro.record.judge import verify as judge

    paths = find_project(project)
    claims = load(paths.published)
    return judge(claims, measured_now(paths, claims))


def predict_schedule(project: Path | None = None) -> Prediction:
    """Counts of Tables 2 and 3, of the sample and of every night, predicted from the dates and the sky alone.

    Takes some seconds, most of them for the scatter of the counts. The project's ``params.yaml`` names windows, site and rule.
    Raises ReproError if the folder is in no checkout, or as :func:`repro.schedule.prediction.predict`.

    Examples
    --------
    >>> import repro
    >>> nights = repro.predict_schedule().nights().set_index("night")
    >>> len(nights), int(nights.loc["20221222", "night.no_moon"])
    (331, 767)
    """
    from repro.params import load_params
    from repro.record.claim_files import load_claims as load
    from repro.schedule.document import published
    from repro.schedule.prediction import predict

    paths = find_project(project)
    params = load_params(paths.params)
    return predict(params.schedule, params.sky, published(load(paths.published)))


def sky_at(
    times_utc: Sequence[datetime | np.datetime64 | str], site: Site | None = None, *, project: Path | None = None
) -> pd.DataFrame:
    """Sun, moon and condition at some times, by the rule in the project's ``params.yaml``.

    Raises ReproError if the folder is in no checkout, or a time is outside the ephemeris.

    Parameters
    ----------
    times_utc : sequence of datetime, datetime64 or str
        UTC, without a time zone; text in the form of ISO 8601.
    site : Site, optional
        Place of the camera; that of section ``schedule`` in ``params.yaml`` if not given.

    Returns
    -------
    DataFrame
        One row a time: ``sun_alt_deg``, ``moon_alt_deg``, ``moon_phase_deg`` (0 new, 180 full), ``sun_bin``, ``moon_bin``
        and ``on_boundary``.

    Examples
    --------
    The first frame whose time the thesis prints was taken with the sun 11.8 degrees below the horizon:

    >>> import repro
    >>> table = repro.sky_at(["2024-02-01T01:19:54"])
    >>> round(table.loc[0, "sun_alt_deg"], 1), table.loc[0, "sun_bin"], table.loc[0, "moon_bin"]
    (np.float64(-11.8), 'Nautical', 'No_moon')
    """
    import numpy as np

    from repro.params import load_params
    from repro.sky.bins import sky_table

    params = load_params(find_project(project).params)
    return sky_table(np.array(times_utc, dtype="datetime64[us]"), site or params.schedule.site, params.sky)


def read_frames(source: Path, stage: Stage = "infer") -> pd.DataFrame:
    """Frame table of one night or of a whole corpus; a ReproError if there is none, or it breaks its schema.

    Parameters
    ----------
    source : Path
        A Parquet file of one night, or the folder ``tables`` of a stage, such as ``results/simulated/infer/tables``.
    stage : str
        The stage that wrote it: ``clock``, ``sky`` or ``infer``, each with the columns of those before it.

    Returns
    -------
    DataFrame
        One row a frame; columns and units are in ``docs/conventions.md``.

    Examples
    --------
    >>> import pandas as pd, repro
    >>> from repro import frames
    >>> cut = pd.DataFrame({"night": ["20240201"], "number": [0], "frame": [0], "video_time_s": [0.0]})
    >>> frames.write(folder / "20240201.parquet", cut, "film")
    >>> repro.read_frames(folder, "film")["night"].tolist()
    ['20240201']
    """
    from repro import frames

    return frames.read_nights(source, stage) if source.is_dir() else frames.read(source, stage)


def classify(files: Sequence[Path], weights: Path) -> pd.DataFrame:
    """Classify image files with a trained network, on the CPU.

    Raises ReproError if a file is missing or no image, or the weights are missing, damaged or of another network.

    Parameters
    ----------
    files : sequence of Path
        JPEG, PNG or TIFF: the sky of a fisheye image, masked and cropped as stage film does it (``repro frames`` unpacks
        such files). Each is resized to the side that the network was trained on.
    weights : Path
        What stage train wrote (``results/CORPUS/train/weights.safetensors``), or a state dict of torch.

    Returns
    -------
    DataFrame
        One row a file: ``file``, ``logit_no``, ``logit_yes``, ``p_yes`` (0 to 1) and ``predicted``, yes or no.

    Examples
    --------
    A network that has learnt nothing, and a grey image:

    >>> from PIL import Image
    >>> import repro
    >>> from repro.classifier.network import build, save
    >>> save(build("none", seed=1), folder / "weights.safetensors", {"image_size_px": 64})
    >>> Image.new("RGB", (720, 720), "grey").save(folder / "grey.png")
    >>> answers = repro.classify([folder / "grey.png"], folder / "weights.safetensors")
    >>> answers["predicted"].tolist() == ["yes" if answers.loc[0, "p_yes"] > 0.5 else "no"]
    True
    """
    from repro.classifier.classify_files import classify_files

    return classify_files(files, weights).drop(columns="frame")


def gradcam(
    files: Sequence[Path], weights: Path, label: Literal["no", "yes"] = "yes", target: TargetLayer = "features"
) -> Explained:
    """Grad-CAM maps of image files for one class, on the CPU. Raises ReproError as :func:`classify`.

    Parameters
    ----------
    files : sequence of Path
        As for :func:`classify`; at least one.
    weights : Path
        As for :func:`classify`.
    label : str
        Class that is explained, whatever the network's own answer is.
    target : str
        ``features``, the published layer (a 1x1 convolution), or ``mbconv``, the last MBConv block, which the thesis names.

    Returns
    -------
    Explained
        ``raw``, float32 (n, rows, columns), unscaled at the size of the layer; ``shown``, float32 (n, side, side), each map
        scaled to 0 to 1.

    Examples
    --------
    >>> from PIL import Image
    >>> import repro
    >>> from repro.classifier.network import build, save
    >>> save(build("none", seed=1), folder / "weights.safetensors", {"image_size_px": 64})
    >>> Image.new("RGB", (720, 720), "grey").save(folder / "grey.png")
    >>> maps = repro.gradcam([folder / "grey.png"], folder / "weights.safetensors")
    >>> maps.raw.shape, maps.shown.shape
    ((1, 2, 2), (1, 64, 64))
    """
    import numpy as np

    from repro.classifier.cam import explain
    from repro.classifier.network import image_size_px, load
    from repro.classifier.transforms import decode

    network, notes = load(weights)
    images = np.stack([decode(Path(file).read_bytes(), image_size_px(notes), str(file)) for file in files])
    return explain(network, images, label, target)
