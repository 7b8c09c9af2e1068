"""Findings about the KOPRI poster: what the sky over the station, its own numbers and the network decide."""

from __future__ import annotations

from repro.record.findings.finding import Detector, Finding, View

HOURS = tuple(range(24))
RANK = 29  # behind the findings about the thesis, before slips of the pen


def figure_times(view: View) -> Finding:
    """Whether the two printed times are dark, moonlit and on one schedule."""
    claims = ("KOP.FIGURE1.TIME", "KOP.FIGURE2.TIME", "KOP.FIGURE1.DARK", "KOP.FIGURE2.DARK", "KOP.CADENCE_MIN")
    sky = {
        f"{name}_{key}": view.quantity("ephemeris", f"kopri.{name}.{key}")
        for name in ("figure1", "figure2")
        for key in ("sun_alt_deg", "moon_alt_deg", "moon_lit_percent", "mlt_h", "second")
    }
    dark = not any(view.conflicts(name, "ephemeris") for name in ("KOP.FIGURE1.DARK", "KOP.FIGURE2.DARK"))
    apart = abs(sky["figure1_second"] - sky["figure2_second"])
    moonlit = sky["figure2_moon_alt_deg"] > 0
    cadence = view.value("KOP.CADENCE_MIN")
    text = (
        f"The Sun stands at {sky['figure1_sun_alt_deg']:.1f} deg at the time of Figure 1 and at "
        f"{sky['figure2_sun_alt_deg']:.1f} deg at that of Figure 2, so both are dark; magnetic local time is "
        f"{sky['figure1_mlt_h']:.1f} and {sky['figure2_mlt_h']:.1f} h. In Figure 2, the labelled example, the Moon is "
        f"{'up' if moonlit else 'down'} ({sky['figure2_moon_alt_deg']:.0f} deg, {sky['figure2_moon_lit_percent']:.0f} % lit): "
        f"{'moonlit images were not left out' if moonlit else 'it says nothing of moonlit images'}. The printed seconds are "
        f":{sky['figure1_second']:02.0f} and :{sky['figure2_second']:02.0f}; a fixed schedule of one image every "
        f"{cadence:.0f} min cannot give both, so its start moved or the camera did not keep whole minutes."
    )
    title = (
        f"Both figures of the KOPRI poster are {'dark' if dark else 'not both dark'}, and the labelled example is "
        f"{'moonlit' if moonlit else 'moonless'}"
    )
    return Finding(
        "FND.KOPRI_FIGURE_TIMES", title, claims, text, {**sky, "seconds_apart": apart}, "agreement" if dark else "conflict", RANK
    )  # fmt: skip


def each_mlt(view: View) -> Finding | None:
    """Whether there can be a map of aurora for each hour of magnetic local time."""
    if not view.conflicts("KOP.FIGURE5.EACH_MLT", "ephemeris"):
        return None
    hours = {hour: view.quantity("ephemeris", f"kopri.dark_hours.mlt{hour:02d}") for hour in HOURS}
    never = [hour for hour in HOURS if not hours[hour]]
    rare = [hour for hour in HOURS if 0 < hours[hour] < 60]
    text = (
        f"Over the station the Sun is never below -12 deg at {_ranges(never)} h of magnetic local time in a whole year, and for "
        f"less than 60 hours a year at {_ranges(rare)} h; most, {max(hours.values()):.0f} hours, at {_best(hours)} h. Maps "
        "of occurrence by magnetic local time can therefore not be filled for each hour, and their bins rest on very "
        "different numbers of images, which the poster does not print. Magnetic noon itself can be observed, for "
        f"{hours[11] + hours[12]:.0f} hours a year between 11 and 13 h."
    )
    title = f"No aurora can be photographed over Jang Bogo in {len(never)} of the 24 hours of magnetic local time"
    numbers = {f"dark_hours_mlt{hour:02d}": value for hour, value in hours.items()}
    return Finding("FND.KOPRI_EACH_MLT", title, ("KOP.FIGURE5.EACH_MLT",), text, numbers, "conflict", RANK)


def interval(view: View) -> Finding | None:
    """Whether the poster's previous method subtracts images one or two minutes apart."""
    claims = (
        "KOP.PREVIOUS.INTERVAL_MIN",
        "KOP.FIGURE5.INTERVAL_MIN",
        "KOP.FIGURE4.INTERVAL_MIN",
        "KOP.RESULTS.INTERVAL_MIN",
    )
    if not view.conflicts("KOP.PREVIOUS.INTERVAL_MIN"):
        return None
    one, two = view.value(claims[0]), view.value(claims[1])
    factor = view.value("KOP.OCCURRENCE_FACTOR")
    text = (
        f"The abstract subtracts consecutive images {one:.0f} min apart; Figures 4 and 5 and the text beside them images "
        f"{two:.0f} min apart. Aurora changes more over the longer time, so more of it is detected, and the factor of about "
        f"{factor:.0f} between the network's occurrence and the previous method's depends on it, as on the threshold of the "
        "difference, which is not printed. The page on segmentation shows both lags over all thresholds on simulated sky, "
        "as a description."
    )
    title = f"The previous method's interval is {one:.0f} min in the abstract and {two:.0f} min in the figures"
    return Finding("FND.KOPRI_INTERVAL", title, (*claims, "KOP.OCCURRENCE_FACTOR"), text, {"one_min": one, "two_min": two}, "conflict", RANK)  # fmt: skip


def two_norths(view: View) -> Finding:
    """Whether the direction at the top of the maps is one direction."""
    equatorward = view.quantity("ephemeris", "kopri.equatorward_azimuth_deg")
    compass = view.quantity("ephemeris", "kopri.compass_azimuth_deg")
    between = view.quantity("ephemeris", "kopri.between_norths_deg")
    latitude = view.quantity("ephemeris", "kopri.magnetic_latitude_deg")
    text = (
        f"At {latitude:.1f} deg magnetic latitude a compass points to azimuth {compass:.0f} deg, while the way to the equator in "
        f"coordinates along field lines (AACGM), across which arcs lie, is azimuth {equatorward:.0f} deg: {between:.0f} deg "
        'apart. "Magnetic north (equatorward)" names both; the harness takes the second.'
    )
    title = f"Magnetic north has two meanings {between:.0f} deg apart at Jang Bogo"
    numbers = {"equatorward_azimuth_deg": equatorward, "compass_azimuth_deg": compass, "between_deg": between}
    return Finding("FND.KOPRI_NORTH", title, ("KOP.FIGURE5.TOP",), text, numbers, "remark", RANK)


def network(view: View) -> Finding:
    """Whether torchvision's network has the poster's backbone and the documented size."""
    claims = ("KOP.BACKBONE", "KOP.ABSTRACT.BACKBONE", "KOP.PRETRAINED_ON", "KOP.THRESHOLD")
    counts = {
        name: view.quantity("architecture", f"fcn_resnet50.{name}")
        for name in (
            "parameters", "metadata_parameters", "parameters_two_classes", "parameters_two_classes_no_auxiliary",
            "parameters_one_channel", "backbone_parameters", "classes", "mean_iou_percent", "pixel_accuracy_percent", "stride",
        )
    }  # fmt: skip
    agree = counts["parameters"] == counts["metadata_parameters"] and not any(
        view.conflicts(name, "architecture") for name in ("KOP.BACKBONE", "KOP.PRETRAINED_ON")
    )
    text = (
        f"torchvision's FCN with {view.word('architecture', 'fcn_resnet50.backbone')}, whose weights were trained on "
        f"{view.word('architecture', 'fcn_resnet50.pretrained_on')}, has {counts['parameters']:,.0f} parameters with "
        f"{counts['classes']:.0f} classes and its auxiliary head, as its metadata say ({counts['metadata_parameters']:,.0f}); "
        f"{counts['parameters_two_classes']:,.0f} with two classes, {counts['parameters_two_classes_no_auxiliary']:,.0f} without "
        f"the auxiliary head. Documented are {counts['mean_iou_percent']:.1f} % mean IoU and "
        f"{counts['pixel_accuracy_percent']:.1f} % of pixels on COCO; the poster gives neither for aurora. A feature spans "
        f"{counts['stride']:.0f} pixels, wider than a thin arc. A threshold of {view.value('KOP.THRESHOLD'):g} on the softmax of "
        "two classes is the larger of the two outputs."
    )
    title = (
        f"The poster's network is torchvision's FCN: {counts['parameters']:,.0f} parameters before its head is changed"
    )
    return Finding("FND.KOPRI_NETWORK", title, claims, text, counts, "agreement" if agree else "conflict", RANK)


def _ranges(hours: list[int]) -> str:
    """Hours as ranges, such as ``14 to 18 and 23``; each hour lasts until the next."""
    runs: list[list[int]] = []
    for hour in hours:
        if runs and hour == runs[-1][-1] + 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return " and ".join(f"{run[0]} to {run[-1] + 1}" for run in runs) or "no"


def _best(hours: dict[int, float]) -> str:
    return _ranges([max(hours, key=lambda hour: hours[hour])])


DETECTORS: tuple[Detector, ...] = (each_mlt, figure_times, interval, two_norths, network)
