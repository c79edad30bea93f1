"""Which device computes: resolved once, at the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_stentrans.errors import InvalidRequestError

if TYPE_CHECKING:
    import torch

    from napari_stentrans.config import DeviceChoice


def resolve_device(choice: DeviceChoice) -> torch.device:
    """Turn a choice into a device; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises
    ------
    InvalidRequestError
        If the device that was asked for is not there.
    """
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if choice == "auto":
        return torch.device(next(name for name, found in there.items() if found))
    if not there[choice]:
        available = ", ".join(name for name, found in there.items() if found)
        msg = f"there is no {choice} device here; choose auto or one of: {available}"
        raise InvalidRequestError(msg)
    return torch.device(choice)
