"""A downloader for pooch that takes up a broken-off download where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import requests

Report: TypeAlias = Callable[[int, int], bool]
"""Told bytes done and in all (0: unknown); answers whether to stop."""

_CHUNK = 1 << 18
_ATTEMPTS = 3
_TIMEOUT = (10.0, 60.0)
"""Seconds to wait for a connection, and for the next bytes."""


class StoppedError(Exception):
    """Somebody asked to stop; what has arrived is kept for the next time."""


class ResumingDownloader:
    """Fetches over HTTP into a file of its own, which outlives an interruption.

    Parameters
    ----------
    part
        Where to keep what has arrived so far.
    report
        Told how far it is.
    """

    def __init__(self, part: Path, report: Report) -> None:
        self._part, self._report = part, report
        self.has_resumed = False

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:  # noqa: ARG002
        """Fetch a file; what pooch calls."""
        import requests

        broken = (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        )
        for attempt in range(_ATTEMPTS):
            before = self._size()
            try:
                self._fetch_rest(url)
                break
            except broken:
                if attempt == _ATTEMPTS - 1 or self._size() == before:
                    raise
        self._part.replace(output_file)

    def _fetch_rest(self, url: str) -> None:
        import requests

        have = self._size()
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(
            url, headers=headers, stream=True, timeout=_TIMEOUT
        ) as response:
            if response.status_code == 416:  # there is nothing behind what we have
                self._part.unlink()
                self._fetch_rest(url)
                return
            response.raise_for_status()
            goes_on = have > 0 and _begins_at(response, have)
            self.has_resumed = self.has_resumed or goes_on
            self._store(response, have if goes_on else 0)

    def _store(self, response: requests.Response, have: int) -> None:
        import requests

        total = have + int(response.headers.get("Content-Length", -have))
        with self._part.open("ab" if have else "wb") as file:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                have += len(chunk)
                if self._report(have, total):
                    raise StoppedError
        if have < total:
            msg = f"the connection broke off after {have} of {total} bytes"
            raise requests.ConnectionError(msg)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0


def _begins_at(response: requests.Response, have: int) -> bool:
    """Whether the server sends what follows, not everything again."""
    told = response.headers.get("Content-Range", "")
    return response.status_code == 206 and told.startswith(f"bytes {have}-")
