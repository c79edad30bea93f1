"""Words for what a run costs, where it runs and how."""

from __future__ import annotations

from napari_stentrans.estimates import Estimate
from napari_stentrans.gui.jobs.remaining import in_words
from napari_stentrans.methods.device import Device

PRESETS = {
    "instant": ("Instant", "Kriging alone: a first look, and a strong one"),
    "standard": ("Standard", "The pre-trained Transformer on top of kriging"),
    "best": ("Best", "The Transformer is also trained on this very section"),
}
"""Title and help of each preset."""
CUSTOM = ("Custom", "Settings of your own, from the tab Run")

_GIGABYTE = 1e9


def memory_in_words(n_bytes: float) -> str:
    """Write an amount of memory: '0.6 GB', '24 GB'."""
    gigabytes = n_bytes / _GIGABYTE
    if gigabytes >= 10:
        return f"{gigabytes:.0f} GB"
    return f"{max(gigabytes, 0.1):.1f} GB"


def cost_in_words(cost: Estimate, device: str) -> str:
    """Write what a run will cost, and where."""
    seconds, memory = in_words(cost.seconds), memory_in_words(cost.memory)
    return f"About {seconds}, {memory} on {device}"


def device_in_words(device: Device) -> str:
    """Name a device as a person knows it, with its free memory."""
    if device.choice == "cpu":
        return "CPU"
    name = device.name or device.choice.upper()
    if device.free is None:
        return name
    return f"{name}, {memory_in_words(device.free)} free"


def way_in_words(way: str) -> str:
    """Title of a preset; a method has its name for a title."""
    return PRESETS[way][0] if way in PRESETS else way
