"""Words for what a run costs, where it runs and how."""

from __future__ import annotations

from napari_stentrans.estimates import Estimate
from napari_stentrans.methods.device import Device
from napari_stentrans.wording import memory_in_words, time_in_words

PRESETS = {
    "instant": ("Instant", "Kriging alone: a first look, and a strong one"),
    "standard": ("Standard", "The pre-trained Transformer on top of kriging"),
    "best": ("Best", "The Transformer is also trained on this very section"),
}
"""Title and help of each preset."""
CUSTOM = ("Custom", "Settings of your own, from the tab Run")


def cost_in_words(cost: Estimate, device: str) -> str:
    """Write what a run will cost, and where."""
    seconds, memory = time_in_words(cost.seconds), memory_in_words(cost.memory)
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
