"""Findings about the network: what is built and counted, beside what Table 4 and the text say of it."""

from __future__ import annotations

import math

from repro.record.findings.finding import Detector, Finding, Numbers, View, agreement

OTHERS = ("RESNET152", "DENSENET264", "INCEPTION_V3", "XCEPTION")


def table_4(view: View) -> Finding:
    """Whether the rows of Table 4 can be counted, and its means follow from them."""
    claims = ("T4.MEAN_PARAMETER_RATIO", "T4.MEAN_FLOPS_RATIO")
    rows = [f"T4.{name}.{column}" for name in OTHERS for column in ("PARAMETER_RATIO", "FLOPS_RATIO")]
    counts = [f"T4.{name}.{column}" for name in ("EFFICIENTNET_B1", *OTHERS) for column in ("PARAMETERS", "FLOPS")]
    n, printed = Numbers(), [view.value(name) for name in claims]
    n.mean_parameter_ratio, n.mean_flops_ratio = (view.measured(name) for name in claims)
    follows = not any(view.conflicts(name) for name in claims)
    n.parameters, n.parameters_two_classes, n.multiply_adds_billions = view.quantities(
        "architecture", "efficientnet_b1", "parameters", "parameters_two_classes", "multiply_adds_billions"
    )
    n.densenet264_parameters_millions, n.densenet264_multiply_adds_billions = view.quantities(
        "architecture", "densenet264", "parameters_millions", "multiply_adds_billions"
    )
    n.counts_confirmed = sum(not view.conflicts(name, "architecture") for name in counts)
    n.documented_top1_percent = view.quantity("architecture", "efficientnet_b1.top1_percent")
    text = (
        f"{n.counts_confirmed} of the {len(counts)} parameters and multiply-adds are what the built networks count. "
        f"DenseNet-264 has {n.densenet264_parameters_millions:.1f} million parameters and "
        f"{n.densenet264_multiply_adds_billions:.2f} billion multiply-adds, where the table copies "
        f"{view.value('T4.DENSENET264.PARAMETERS'):.0f} and {view.value('T4.DENSENET264.FLOPS'):.1f} from Tan & Le (2019). "
        f"The rows give mean ratios of {n.mean_parameter_ratio:.2f} and {n.mean_flops_ratio:.2f}; {printed[0]:.1f} and "
        f"{printed[1]:.1f} are printed. EfficientNet-B1 has {n.parameters:,.0f} parameters with 1,000 classes, "
        f"{n.parameters_two_classes:,.0f} with two, and {n.multiply_adds_billions:.2f} billion multiply-adds. Accuracies are "
        "those of the papers' trainings; only for B1 does that matter, whose weights here are torchvision's, documented at "
        f"{n.documented_top1_percent:.3f} % top-1, not {view.value('T4.EFFICIENTNET_B1.TOP1'):.1f} %."
    )
    title = (
        f"Table 4: {n.counts_confirmed} of {len(counts)} counts are confirmed, B1's weights have "
        f"{n.documented_top1_percent:.1f} % top-1"
    )
    names = (*claims, *rows, *counts, "T4.EFFICIENTNET_B1.TOP1")
    return Finding("FND.TABLE4_RATIOS", title, names, text, vars(n), agreement(follows), 26)


def compound_coefficients(view: View) -> Finding | None:
    """Whether B1 was scaled by the printed coefficients."""
    claims = ("TXT.COMPOUND_ALPHA", "TXT.COMPOUND_BETA", "TXT.COMPOUND_GAMMA")  # depth, width, resolution
    if not any(view.conflicts(claim, "architecture") for claim in claims):
        return None
    n = Numbers()
    n.depth_low, n.depth_high = view.interval("architecture", "efficientnet_b1.depth_multiplier")
    n.width, n.resolution = view.quantities(
        "architecture", "efficientnet_b1", "width_multiplier", "resolution_multiplier"
    )
    alpha, beta, gamma = (view.value(claim) for claim in claims)
    n.phi = math.log(n.resolution) / math.log(gamma)
    printed = f"{alpha:g} / {beta:g} / {gamma:g}"
    text = (
        f"The text scales B0 to B1 by depth / width / resolution {printed}; the network that torchvision builds has the blocks "
        f"of a depth factor between {n.depth_low:g} and {n.depth_high:g}, a width factor of {n.width:g} and a resolution "
        f"factor of {n.resolution:.3f}. The printed coefficients are the paper's for one doubling of the computation; B1's "
        f"resolution is their power phi = {n.phi:.2f}, which for the depth would be {alpha**n.phi:.2f}, and its width was "
        "left as it is."
    )
    title = f"B1 was not scaled by {printed} but by about half a step (phi = {n.phi:.2f})"
    return Finding("FND.COMPOUND_COEFFICIENTS", title, claims, text, vars(n), rank=27)


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
    names = ("TXT.GRADCAM_LAYER", "SCR.GRADCAM_LAYER", "RDM.GRADCAM_LAYER", "TXT.GRADCAM_CLASSES", "GC.WEATHER.CLASS")
    claims = view.failing(*names, "TXT.GRADCAM_CLASS_OF_RESULTS", "TXT.GRADCAM_WEIGHT", "TXT.GRADCAM_SIGNED")
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


DETECTORS: tuple[Detector, ...] = (table_4, compound_coefficients, frozen_backbone_adapts, gradcam_as_made)
