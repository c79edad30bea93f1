"""Which device computes: resolved once, at the edge; and what its memory can hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_stentrans.errors import DeviceMemoryError, InvalidRequestError

if TYPE_CHECKING:
    import torch

    from napari_stentrans.config import DeviceChoice


@dataclass(frozen=True)
class Device:
    """A device that there is.

    Attributes
    ----------
    choice
        How to ask for it.
    name
        Of the hardware; "" where it does not say.
    free
        Free memory in bytes; None where that is unknown.
    """

    choice: DeviceChoice
    name: str = ""
    free: int | None = None


def resolve_device(choice: DeviceChoice) -> torch.device:
    """Turn a choice into a device; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises
    ------
    InvalidRequestError
        If the device that was asked for is not there.
    """
    import torch

    there = [device.choice for device in devices_here()]
    if choice == "auto":
        return torch.device(there[0])
    if choice not in there:
        msg = (
            f"there is no {choice} device here; choose auto or one of: "
            f"{', '.join(there)}"
        )
        raise InvalidRequestError(msg)
    return torch.device(choice)


def devices_here() -> list[Device]:
    """Return the devices of this computer, the one that "auto" takes first."""
    import torch

    found = []
    if torch.cuda.is_available():
        found.append(_cuda())
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    return [*found, Device("cpu")]


@contextmanager
def memory_watched(device: torch.device | DeviceChoice, advice: str) -> Iterator[None]:
    """Tell in our words when the device has too little memory for what is done inside.

    Parameters
    ----------
    device
        Where it is computed, or the choice of that.
    advice
        What else would need less, such as "a smaller batch".

    Raises
    ------
    DeviceMemoryError
        In place of the device's own failure.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_about_memory(error):
            raise
        if isinstance(device, str):
            device = resolve_device(device)
        told = str(error).strip().splitlines()[0]
        msg = (
            f"the device {device} ran out of memory ({told}). Choose device 'cpu', or "
            f"{advice}."
        )
        raise DeviceMemoryError(msg, device.type) from error


def release_memory() -> None:
    """Give back to the GPU what nothing uses any more."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _cuda() -> Device:
    import torch

    try:
        free, _ = torch.cuda.mem_get_info()
        return Device("cuda", torch.cuda.get_device_name(), int(free))
    except RuntimeError:  # a driver that cannot be asked; using it will tell why
        return Device("cuda")


def _is_about_memory(error: RuntimeError) -> bool:
    """Whether a failure says that memory is short; only CUDA has a class for it."""
    import torch

    told = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError)
        or "out of memory" in told
        or "alloc_failed" in told
    )
