"""Findings about the network: what is built and counted, beside what Table 4 and the text say of it."""

from __future__ import annotations

import math

from repro.record.findings.finding import Detector, Finding, View

OTHERS = ("RESNET152", "DENSENET264", "INCEPTION_V3", "XCEPTION")


def table_4(view: View) -> Finding:
    """Whether the rows of Table 4 can be counted, and its means follow from them."""
    claims = ("T4.MEAN_PARAMETER_RATIO", "T4.MEAN_FLOPS_RATIO")
    rows = [f"T4.{name}.{column}" for name in OTHERS for column in ("PARAMETER_RATIO", "FLOPS_RATIO")]
    counts = [f"T4.{name}.{column}" for name in ("EFFICIENTNET_B1", *OTHERS) for column in ("PARAMETERS", "FLOPS")]
    means, printed = [view.measured(name) for name in claims], [view.value(name) for name in claims]
    follows = not any(view.conflicts(name) for name in claims)
    differing = [name for name in counts if view.conflicts(name, "architecture")]
    count = view.quantity("architecture", "efficientnet_b1.parameters")
    two = view.quantity("architecture", "efficientnet_b1.parameters_two_classes")
    adds = view.quantity("architecture", "efficientnet_b1.multiply_adds_billions")
    dense = [
        view.quantity("architecture", f"densenet264.{name}")
        for name in ("parameters_millions", "multiply_adds_billions")
    ]
    paper, documented = (
        view.value("T4.EFFICIENTNET_B1.TOP1"),
        view.quantity("architecture", "efficientnet_b1.top1_percent"),
    )
    text = (
        f"{len(counts) - len(differing)} of the {len(counts)} parameters and multiply-adds are what the built networks count. "
        f"DenseNet-264 has {dense[0]:.1f} million parameters and {dense[1]:.2f} billion multiply-adds, where the table copies "
        f"{view.value('T4.DENSENET264.PARAMETERS'):.0f} and {view.value('T4.DENSENET264.FLOPS'):.1f} from Tan & Le (2019). The "
        f"rows give mean ratios of {means[0]:.2f} and {means[1]:.2f}; {printed[0]:.1f} and {printed[1]:.1f} are printed. "
        f"EfficientNet-B1 has {count:,.0f} parameters with 1,000 classes, {two:,.0f} with two, and {adds:.2f} billion "
        f"multiply-adds. Accuracies are those of the papers' trainings; only for B1 does that matter, whose weights here are "
        f"torchvision's, documented at {documented:.3f} % top-1, not {paper:.1f} %."
    )
    title = f"Table 4: {len(counts) - len(differing)} of {len(counts)} counts are confirmed, B1's weights have {documented:.1f} % top-1"
    numbers = {
        "mean_parameter_ratio": means[0],
        "mean_flops_ratio": means[1],
        "parameters": count,
        "parameters_two_classes": two,
        "multiply_adds_billions": adds,
        "densenet264_parameters_millions": dense[0],
        "densenet264_multiply_adds_billions": dense[1],
        "counts_confirmed": len(counts) - len(differing),
        "documented_top1_percent": documented,
    }
    names = (*claims, *rows, *counts, "T4.EFFICIENTNET_B1.TOP1")
    return Finding("FND.TABLE4_RATIOS", title, names, text, numbers, "agreement" if follows else "conflict", 26)


def compound_coefficients(view: View) -> Finding | None:
    """Whether B1 was scaled by the printed coefficients."""
    names = {"depth": "TXT.COMPOUND_ALPHA", "width": "TXT.COMPOUND_BETA", "resolution": "TXT.COMPOUND_GAMMA"}
    if not any(view.conflicts(claim, "architecture") for claim in names.values()):
        return None
    shallow, deep = view.interval("architecture", "efficientnet_b1.depth_multiplier")
    width, resolution = (
        view.quantity("architecture", f"efficientnet_b1.{name}_multiplier") for name in ("width", "resolution")
    )
    alpha, gamma = view.value(names["depth"]), view.value(names["resolution"])
    phi = math.log(resolution) / math.log(gamma)
    printed = " / ".join(f"{view.value(claim):g}" for claim in names.values())
    text = (
        f"The text scales B0 to B1 by depth / width / resolution {printed}; the network that torchvision builds has the blocks "
        f"of a depth factor between {shallow:g} and {deep:g}, a width factor of {width:g} and a resolution factor of "
        f"{resolution:.3f}. The printed coefficients are the paper's for one doubling of the computation; B1's resolution is "
        f"their power phi = {phi:.2f}, which for the depth would be {alpha**phi:.2f}, and its width was left as it is."
    )
    title = f"B1 was not scaled by {printed} but by about half a step (phi = {phi:.2f})"
    numbers = {"depth_low": shallow, "depth_high": deep, "width": width, "resolution": resolution, "phi": phi}
    return Finding("FND.COMPOUND_COEFFICIENTS", title, tuple(names.values()), text, numbers, rank=27)


def frozen_backbone_adapts(view: View) -> Finding | None:
    """Whether the frozen phase leaves BatchNorm statistics moving."""
    if view.claims["SCR.TRAIN_MODE_WHILE_FROZEN"].value is not True:
        return None
    layers = view.quantity("architecture", "efficientnet_b1.batchnorm_layers")
    text = (
        "While the backbone is frozen the published script keeps the network in training mode: no weight of it moves, but the "
        f"running mean and variance of its {layers:.0f} BatchNorm layers do, and dropout and stochastic depth stay active."
    )
    title = f"The frozen backbone still adapts, in its {layers:.0f} BatchNorm layers"
    claims = ("SCR.TRAIN_MODE_WHILE_FROZEN", "SCR.BATCHNORM_LAYERS")
    return Finding("FND.FROZEN_ADAPTS", title, claims, text, {"batchnorm_layers": layers}, "remark", 21)


def gradcam_as_made(view: View) -> Finding | None:
    """Whether Grad-CAM was taken at the layer and for the classes that the text names."""
    claims = view.failing(
        "TXT.GRADCAM_LAYER",
        "SCR.GRADCAM_LAYER",
        "RDM.GRADCAM_LAYER",
        "TXT.GRADCAM_CLASSES",
        "TXT.GRADCAM_CLASS_OF_RESULTS",
        "GC.WEATHER.CLASS",
        "TXT.GRADCAM_WEIGHT",
        "TXT.GRADCAM_SIGNED",
    )
    if not claims:
        return None
    layer, hooked = (view.claims[f"{part}.GRADCAM_LAYER"].value for part in ("TXT", "SCR"))
    text = (
        f"The text takes Grad-CAM at {layer}; the published script hooks {hooked}, which stands behind it. Section II.5.2 has "
        "maps for both classes, section III.2 for the class yes, and the figure on weather shows the class no, which a second "
        "script makes of frames classified no. Section II.5.1 reads the absolute gradient, where Grad-CAM averages signed ones "
        "and keeps what raises the score. Cases were selected by hand, so the maps illustrate and do not test."
    )
    title = "Grad-CAM was taken one layer later, and for other classes, than the text says"
    return Finding("FND.GRADCAM_LAYER", title, claims, text, rank=17)


DETECTORS: tuple[Detector, ...] = (
    table_4,
    compound_coefficients,
    frozen_backbone_adapts,
    gradcam_as_made,
)
