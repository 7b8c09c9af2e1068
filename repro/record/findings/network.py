"""Findings about the network: what torchvision builds against what Table 4 and the text credit to it."""

from __future__ import annotations

from repro.record.findings.finding import Detector, Finding, View

OTHERS = ("RESNET152", "DENSENET264", "INCEPTION_V3", "XCEPTION")


def table_4_ratios(view: View) -> Finding:
    """Whether the mean ratios follow from the rows, and what can be counted."""
    claims = ("T4.MEAN_PARAMETER_RATIO", "T4.MEAN_FLOPS_RATIO")
    rows = [f"T4.{name}.{column}" for name in OTHERS for column in ("PARAMETER_RATIO", "FLOPS_RATIO")]
    means = [view.measured(name) for name in claims]
    printed = [view.value(name) for name in claims]
    holds = not any(view.conflicts(name) for name in claims)
    count = view.quantity("architecture", "efficientnet_b1.parameters")
    two = view.quantity("architecture", "efficientnet_b1.parameters_two_classes")
    adds = view.quantity("architecture", "efficientnet_b1.multiply_adds_billions")
    text = (
        f"The rows of Table 4 give mean ratios of {means[0]:.2f} and {means[1]:.2f}; {printed[0]:.1f} and {printed[1]:.1f} are "
        f"printed. torchvision's EfficientNet-B1 counts {count:,.0f} parameters with 1,000 classes, {two:,.0f} with two, and "
        f"{adds:.2f} billion multiply-adds."
    )
    title = "The mean ratios of Table 4 follow from its rows" if holds else "The mean ratios of Table 4 do not follow"
    numbers = {
        "mean_parameter_ratio": means[0],
        "mean_flops_ratio": means[1],
        "parameters": count,
        "parameters_two_classes": two,
        "multiply_adds_billions": adds,
    }
    return Finding(
        "FND.TABLE4_RATIOS",
        title,
        (*claims, *rows, "T4.EFFICIENTNET_B1.PARAMETERS"),
        text,
        numbers,
        "agreement" if holds else "conflict",
    )


def top1_of_the_weights(view: View) -> Finding | None:
    """Whether the credited accuracy is that of the weights that were used."""
    claim = "T4.EFFICIENTNET_B1.TOP1"
    if not view.conflicts(claim, "architecture"):
        return None
    printed, documented = view.value(claim), view.quantity("architecture", "efficientnet_b1.top1_percent")
    text = (
        f"EfficientNet-B1 is credited with {printed:.1f} % top-1 accuracy, the figure of its paper; the weights actually used, "
        f"IMAGENET1K_V1, are documented by torchvision at {documented:.3f} %."
    )
    return Finding(
        "FND.TOP1",
        "The credited accuracy is the paper's, not that of the weights used",
        view.failing("T4.*.TOP1", "T4.*.TOP5"),
        text,
        {"printed_percent": printed, "documented_percent": documented},
    )


def compound_coefficients(view: View) -> Finding | None:
    """Whether B1 was scaled by the printed coefficients."""
    names = {"depth": "TXT.COMPOUND_ALPHA", "width": "TXT.COMPOUND_BETA", "resolution": "TXT.COMPOUND_GAMMA"}
    if not any(view.conflicts(claim, "architecture") for claim in names.values()):
        return None
    shallow, deep = view.interval("architecture", "efficientnet_b1.depth_multiplier")
    width, resolution = (
        view.quantity("architecture", f"efficientnet_b1.{name}_multiplier") for name in ("width", "resolution")
    )
    printed = " / ".join(f"{view.value(claim):g}" for claim in names.values())
    text = (
        f"The text scales B0 to B1 by depth / width / resolution {printed}; the network that torchvision builds has the blocks "
        f"of a depth factor between {shallow:g} and {deep:g}, a width factor of {width:g} and a resolution factor of "
        f"{resolution:.3f}. The printed coefficients are the paper's search result, not the factors of its released B1."
    )
    return Finding(
        "FND.COMPOUND_COEFFICIENTS",
        "The released B1 was not scaled by the printed coefficients",
        tuple(names.values()),
        text,
        {"depth_low": shallow, "depth_high": deep, "width": width, "resolution": resolution},
    )


def frozen_backbone_adapts(view: View) -> Finding | None:
    """Whether the frozen phase leaves BatchNorm statistics moving."""
    if view.claims["SCR.TRAIN_MODE_WHILE_FROZEN"].value is not True:
        return None
    layers = view.quantity("architecture", "efficientnet_b1.batchnorm_layers")
    text = (
        "While the backbone is frozen the published script keeps the network in training mode: no weight of it moves, but the "
        f"running mean and variance of its {layers:.0f} BatchNorm layers do, and dropout and stochastic depth stay active."
    )
    return Finding(
        "FND.FROZEN_ADAPTS",
        "The frozen backbone still adapts",
        ("SCR.TRAIN_MODE_WHILE_FROZEN", "SCR.BATCHNORM_LAYERS"),
        text,
        {"batchnorm_layers": layers},
        "remark",
    )


def gradcam_layer(view: View) -> Finding | None:
    """Whether the hooked layer is the one that the text names."""
    if not view.conflicts("TXT.GRADCAM_LAYER"):
        return None
    text = (
        f"The text takes Grad-CAM at {view.claims['TXT.GRADCAM_LAYER'].value}; the published script hooks "
        f"{view.claims['SCR.GRADCAM_LAYER'].value}, which stands behind it."
    )
    return Finding(
        "FND.GRADCAM_LAYER",
        "Grad-CAM was taken one layer later than the text says",
        ("TXT.GRADCAM_LAYER", "SCR.GRADCAM_LAYER"),
        text,
    )


DETECTORS: tuple[Detector, ...] = (
    table_4_ratios,
    top1_of_the_weights,
    compound_coefficients,
    frozen_backbone_adapts,
    gradcam_layer,
)
