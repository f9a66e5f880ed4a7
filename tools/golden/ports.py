"""Where each reference implementation keeps the parameters of a convolution."""

from collections.abc import Callable

from architectures import Architecture, Block

# A network, a block of it (None for stem, head and classifier) and a role to
# the port's names of the convolution and of its batch norm, "" where none.
Port = Callable[[Architecture, Block | None, str], tuple[str, str]]


def efficientnet_pytorch(a: Architecture, block: Block | None, role: str) -> tuple[str, str]:
    """Port of the packages efficientnet_pytorch and efficientnet_lite_pytorch."""
    if block is None:
        return {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1"), "classifier": ("_fc", "")}[role]
    conv, norm = {
        "expand": ("_expand_conv", "_bn0"),
        "depthwise": ("_depthwise_conv", "_bn1"),
        "se.reduce": ("_se_reduce", ""),
        "se.expand": ("_se_expand", ""),
        "project": ("_project_conv", "_bn2"),
    }[role]
    return under(f"_blocks.{block.serial}", conv, norm)


def torchvision(a: Architecture, block: Block | None, role: str) -> tuple[str, str]:
    """Port of torchvision.models.efficientnet: a block is a list of its present parts."""
    if role == "classifier":
        return "classifier.1", ""
    if block is None:
        part = f"features.{0 if role == 'stem' else len(a.stages) + 1}"
        return f"{part}.0", f"{part}.1"
    parts = f"features.{block.stage + 1}.{block.index}.block"
    roles = ["fused"] if block.operator == "fused" else ["expand"] * (block.expand != 1) + ["depthwise", "se"]
    part = f"{parts}.{[*roles, 'project'].index(role.split('.')[0])}"
    if role.startswith("se."):
        return f"{part}.{'fc1' if role == 'se.reduce' else 'fc2'}", ""
    return f"{part}.0", f"{part}.1"


def timm(a: Architecture, block: Block | None, role: str) -> tuple[str, str]:
    """Port of timm, which has block types of its own where nothing expands."""
    if block is None:
        return {"stem": ("conv_stem", "bn1"), "head": ("conv_head", "bn2"), "classifier": ("classifier", "")}[role]
    separable = {"depthwise": ("conv_dw", "bn1"), "project": ("conv_pw", "bn2")}
    inverted = {"expand": ("conv_pw", "bn1"), "depthwise": ("conv_dw", "bn2"), "project": ("conv_pwl", "bn3")}
    squeeze = {"se.reduce": ("se.conv_reduce", ""), "se.expand": ("se.conv_expand", "")}
    names = {
        ("fused", True): {"fused": ("conv", "bn1")},
        ("fused", False): {"fused": ("conv_exp", "bn1"), "project": ("conv_pwl", "bn2")},
        ("mbconv", True): separable | squeeze,
        ("mbconv", False): inverted | squeeze,
    }[block.operator, block.expand == 1]
    return under(f"blocks.{block.stage}.{block.index}", *names[role])


def keras(a: Architecture, block: Block | None, role: str) -> tuple[str, str]:
    """Layers of keras.applications; a fused block without expansion is its project layer."""
    if block is None:
        return {"stem": ("stem_conv", "stem_bn"), "head": ("top_conv", "top_bn"), "classifier": ("predictions", "")}[role]
    second = a.stages[0].operator == "fused"
    conv, norm = {
        "expand": ("expand_conv", "expand_bn"),
        "fused": ("expand_conv", "expand_bn") if block.expand != 1 else ("project_conv", "project_bn"),
        "depthwise": ("dwconv2" if second else "dwconv", "bn"),
        "se.reduce": ("se_reduce", ""),
        "se.expand": ("se_expand", ""),
        "project": ("project_conv", "project_bn"),
    }[role]
    prefix = keras_block(block)
    return prefix + conv, norm and prefix + norm


def keras_block(block: Block) -> str:
    """The prefix of a block's layers: stages count from 1, blocks from a."""
    return f"block{block.stage + 1}{chr(ord('a') + block.index)}_"


def under(prefix: str, conv: str, norm: str) -> tuple[str, str]:
    return f"{prefix}.{conv}", norm and f"{prefix}.{norm}"
