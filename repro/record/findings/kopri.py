"""Findings about the KOPRI poster: what the sky over the station, its own numbers and the network decide."""

from __future__ import annotations

from itertools import groupby

from repro.record.findings.finding import Detector, Finding, Numbers, View, agreement

RANK = 29  # behind the findings about the thesis, before slips of the pen


def figure_times(view: View) -> Finding:
    """Whether the two printed times are dark, moonlit and on one schedule."""
    claims = ("KOP.FIGURE1.TIME", "KOP.FIGURE2.TIME", "KOP.FIGURE1.DARK", "KOP.FIGURE2.DARK", "KOP.CADENCE_MIN")
    keys = ("sun_alt_deg", "moon_alt_deg", "moon_lit_percent", "mlt_h", "second")
    names = [f"{figure}_{key}" for figure in ("figure1", "figure2") for key in keys]
    n = Numbers(**{name: view.quantity("ephemeris", f"kopri.{name.replace('_', '.', 1)}") for name in names})
    n.seconds_apart = abs(n.figure1_second - n.figure2_second)
    dark = not any(view.conflicts(name, "ephemeris") for name in ("KOP.FIGURE1.DARK", "KOP.FIGURE2.DARK"))
    moonlit = n.figure2_moon_alt_deg > 0
    text = (
        f"The Sun stands at {n.figure1_sun_alt_deg:.1f} deg at the time of Figure 1 and at {n.figure2_sun_alt_deg:.1f} deg "
        f"at that of Figure 2, so both are dark; magnetic local time is {n.figure1_mlt_h:.1f} and {n.figure2_mlt_h:.1f} h. "
        f"In Figure 2, the labelled example, the Moon is {'up' if moonlit else 'down'} ({n.figure2_moon_alt_deg:.0f} deg, "
        f"{n.figure2_moon_lit_percent:.0f} % lit): "
        f"{'moonlit images were not left out' if moonlit else 'it says nothing of moonlit images'}. The printed seconds are "
        f":{n.figure1_second:02.0f} and :{n.figure2_second:02.0f}; a fixed schedule of one image every "
        f"{view.value('KOP.CADENCE_MIN'):.0f} min cannot give both, so its start moved or the camera did not keep whole "
        "minutes."
    )
    title = (
        f"Both figures of the KOPRI poster are {'dark' if dark else 'not both dark'}, and the labelled example is "
        f"{'moonlit' if moonlit else 'moonless'}"
    )
    return Finding("FND.KOPRI_FIGURE_TIMES", title, claims, text, vars(n), agreement(dark), RANK)


def each_mlt(view: View) -> Finding | None:
    """Whether there can be a map of aurora for each hour of magnetic local time."""
    if not view.conflicts("KOP.FIGURE5.EACH_MLT", "ephemeris"):
        return None
    hours = view.quantities("ephemeris", "kopri.dark_hours", *(f"mlt{hour:02d}" for hour in range(24)))
    never = [hour for hour, dark in enumerate(hours) if not dark]
    rare = [hour for hour, dark in enumerate(hours) if 0 < dark < 60]
    most = max(hours)
    text = (
        f"Over the station the Sun is never below -12 deg at {_ranges(never)} h of magnetic local time in a whole year, and "
        f"for less than 60 hours a year at {_ranges(rare)} h; most, {most:.0f} hours, at {_ranges([hours.index(most)])} h. "
        "Maps of occurrence by magnetic local time can therefore not be filled for each hour, and their bins rest on very "
        "different numbers of images, which the poster does not print. Magnetic noon itself can be observed, for "
        f"{hours[11] + hours[12]:.0f} hours a year between 11 and 13 h."
    )
    title = f"No aurora can be photographed over Jang Bogo in {len(never)} of the 24 hours of magnetic local time"
    numbers = {f"dark_hours_mlt{hour:02d}": value for hour, value in enumerate(hours)}
    return Finding("FND.KOPRI_EACH_MLT", title, ("KOP.FIGURE5.EACH_MLT",), text, numbers, "conflict", RANK)


def interval(view: View) -> Finding | None:
    """Whether the poster's previous method subtracts images one or two minutes apart."""
    if not view.conflicts("KOP.PREVIOUS.INTERVAL_MIN"):
        return None
    claims = tuple(f"KOP.{place}.INTERVAL_MIN" for place in ("PREVIOUS", "FIGURE5", "FIGURE4", "RESULTS"))
    n, factor = Numbers(), view.value("KOP.OCCURRENCE_FACTOR")
    n.one_min, n.two_min = (view.value(claim) for claim in claims[:2])
    text = (
        f"The abstract subtracts consecutive images {n.one_min:.0f} min apart; Figures 4 and 5 and the text beside them images "
        f"{n.two_min:.0f} min apart. Aurora changes more over the longer time, so more of it is detected, and the factor of "
        f"about {factor:.0f} between the network's occurrence and the previous method's depends on it, as on the threshold "
        "of the difference, which is not printed. The page on segmentation shows both lags over all thresholds on simulated "
        "sky, as a description."
    )
    title = (
        f"The previous method's interval is {n.one_min:.0f} min in the abstract and {n.two_min:.0f} min in the figures"
    )
    return Finding("FND.KOPRI_INTERVAL", title, (*claims, "KOP.OCCURRENCE_FACTOR"), text, vars(n), "conflict", RANK)


def two_norths(view: View) -> Finding:
    """Whether the direction at the top of the maps is one direction."""
    n = Numbers()
    n.equatorward_azimuth_deg, n.compass_azimuth_deg, n.between_deg = view.quantities(
        "ephemeris", "kopri", "equatorward_azimuth_deg", "compass_azimuth_deg", "between_norths_deg"
    )
    latitude = view.quantity("ephemeris", "kopri.magnetic_latitude_deg")
    text = (
        f"At {latitude:.1f} deg magnetic latitude a compass points to azimuth {n.compass_azimuth_deg:.0f} deg, while the way "
        "to the equator in coordinates along field lines (AACGM), across which arcs lie, is azimuth "
        f"{n.equatorward_azimuth_deg:.0f} deg: {n.between_deg:.0f} deg apart. "
        '"Magnetic north (equatorward)" names both; the harness takes the second.'
    )
    title = f"Magnetic north has two meanings {n.between_deg:.0f} deg apart at Jang Bogo"
    return Finding("FND.KOPRI_NORTH", title, ("KOP.FIGURE5.TOP",), text, vars(n), "remark", RANK)


def network(view: View) -> Finding:
    """Whether torchvision's network has the poster's backbone and the documented size."""
    claims = ("KOP.BACKBONE", "KOP.ABSTRACT.BACKBONE", "KOP.PRETRAINED_ON", "KOP.THRESHOLD")
    names = (
        "parameters", "metadata_parameters", "parameters_two_classes", "parameters_two_classes_no_auxiliary",
        "parameters_one_channel", "backbone_parameters", "classes", "mean_iou_percent", "pixel_accuracy_percent", "stride",
    )  # fmt: skip
    n = Numbers(**{name: view.quantity("architecture", f"fcn_resnet50.{name}") for name in names})
    backbone, pretrained_on = (
        view.word("architecture", f"fcn_resnet50.{name}") for name in ("backbone", "pretrained_on")
    )
    agree = n.parameters == n.metadata_parameters and not any(
        view.conflicts(name, "architecture") for name in ("KOP.BACKBONE", "KOP.PRETRAINED_ON")
    )
    text = (
        f"torchvision's FCN with {backbone}, whose weights were trained on {pretrained_on}, has {n.parameters:,.0f} parameters "
        f"with {n.classes:.0f} classes and its auxiliary head, as its metadata say ({n.metadata_parameters:,.0f}); "
        f"{n.parameters_two_classes:,.0f} with two classes, {n.parameters_two_classes_no_auxiliary:,.0f} without the auxiliary "
        f"head. Documented are {n.mean_iou_percent:.1f} % mean IoU and {n.pixel_accuracy_percent:.1f} % of pixels on COCO; the "
        f"poster gives neither for aurora. A feature spans {n.stride:.0f} pixels, wider than a thin arc. A threshold of "
        f"{view.value('KOP.THRESHOLD'):g} on the softmax of two classes is the larger of the two outputs."
    )
    title = f"The poster's network is torchvision's FCN: {n.parameters:,.0f} parameters before its head is changed"
    return Finding("FND.KOPRI_NETWORK", title, claims, text, vars(n), agreement(agree), RANK)


def _ranges(hours: list[int]) -> str:
    """Hours as ranges, such as ``14 to 18 and 23``; each hour lasts until the next."""
    # In a run of hours, hour and position differ by the same number.
    runs = [[hour for _, hour in run] for _, run in groupby(enumerate(hours), lambda pair: pair[1] - pair[0])]
    return " and ".join(f"{run[0]} to {run[-1] + 1}" for run in runs) or "no"


DETECTORS: tuple[Detector, ...] = (each_mlt, figure_times, interval, two_norths, network)
