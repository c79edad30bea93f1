"""The errors a user can meet, each saying what, where and what to do.

None of them derives from ``RuntimeError``: superqt's generator workers swallow that
family silently, so a failed job would look as if it ran for ever.
"""

from __future__ import annotations


class StEnTransError(Exception):
    """Base of every error this package raises on purpose."""


class InvalidSectionError(StEnTransError, ValueError):
    """The data cannot be a section; the message lists every problem found."""

    def __init__(self, problems: str | list[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class ReadError(StEnTransError, ValueError):
    """A file or folder could not be read as a section."""


class DownloadError(ReadError):
    """A public section could not be fetched, or is not what it should be."""


class WindowClosedError(StEnTransError):
    """The window was closed while something was waited for, which nobody needs now."""


class UnknownGeneError(StEnTransError, KeyError):
    """A gene was asked for that the section does not have."""

    def __str__(self) -> str:
        """Return the plain message (``KeyError`` would quote it)."""
        return str(self.args[0]) if self.args else ""


class InvalidRequestError(StEnTransError, ValueError):
    """An option, mask or position list does not fit the section."""


class ComputeError(StEnTransError):
    """The computation failed on the device (CUDA error ...)."""


class DeviceMemoryError(ComputeError):
    """The device has too little memory for the computation.

    Attributes
    ----------
    device
        Its name: "cuda", "mps" or "cpu".
    """

    def __init__(self, message: str, device: str) -> None:
        self.device = device
        super().__init__(message)
