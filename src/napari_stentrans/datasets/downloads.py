"""Fetching public sections: into a cache, checked, resumed, and unpacked."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from napari_stentrans.datasets.public import PublicSection, RemoteFile, public_section
from napari_stentrans.datasets.resuming import ResumingDownloader, StoppedError
from napari_stentrans.errors import DownloadError
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.kinds import GZIP, HDF5, TIFF
from napari_stentrans.progress import Progress

_CACHE_VARIABLE = "STENTRANS_CACHE"
_MIB = 1 << 20
_BEGINNINGS: Final = {".gz": (GZIP,), ".h5": (HDF5,), ".tif": TIFF}
"""How files of these names begin; a page that asks for a log-in does not."""
_BROKEN: Final = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
"""What unpacking raises over archives that are cut off or none."""


def cache_folder() -> Path:
    """Return where public sections are kept: the system's cache, or STENTRANS_CACHE."""
    chosen = os.environ.get(_CACHE_VARIABLE)
    if chosen:
        return at_home(chosen)
    import pooch

    return Path(pooch.os_cache("napari-stentrans"))


def is_here(section: PublicSection, folder: Path | None = None) -> bool:
    """Whether nothing has to be fetched to open the section."""
    home = (folder or cache_folder()) / section.name
    return all(_outcome(home, file).exists() for file in section.files)


def download(
    name: str,
    folder: Path | None = None,
    on_progress: Callable[[Progress], bool | None] | None = None,
    *,
    picture: bool = False,
) -> Path:
    """Fetch a public section, unless it is there; return what `read_section` opens.

    Parameters
    ----------
    name
        See `public_sections`.
    folder
        Where to keep it, instead of the cache.
    on_progress
        Told how far it is; answers true to stop, which keeps what has arrived.
    picture
        Whether to fetch the full-resolution picture (``image.tif``) too.

    Raises
    ------
    InvalidRequestError
        If there is no section of that name.
    DownloadError
        If it cannot be reached, is not what it should be, or was stopped.
    """
    section = public_section(name)
    home = (folder or cache_folder()) / section.name
    wanted = list(section.files)
    if picture and section.picture is None:
        msg = f"there is no full-resolution picture of {name}"
        raise DownloadError(msg)
    if picture and section.picture is not None:
        wanted.append(section.picture)
    try:
        home.mkdir(parents=True, exist_ok=True)
        for file in wanted:
            _fetch(file, home, on_progress or (lambda _: None))
    except OSError as error:
        msg = f"cannot keep {name} in {home}: {error.strerror or error}"
        raise DownloadError(msg) from error
    only = section.files[0]
    return home if len(section.files) > 1 else home / only.name


def _fetch(
    file: RemoteFile, home: Path, report: Callable[[Progress], bool | None]
) -> None:
    """Fetch one file, check it, and unpack it if it is an archive."""
    if file.is_archive and _outcome(home, file).exists():
        return

    def told(done: int, total: int) -> bool:
        phase = f"Fetching {file.name} (MB)"
        return bool(report(Progress(phase, done // _MIB, max(total, 0) // _MIB)))

    downloader = ResumingDownloader(home / f".{file.name}.part", told)
    try:
        path = _retrieve(file, home, downloader)
    except StoppedError:
        msg = (
            f"{file.name} was not fetched to its end; the next time goes on from there"
        )
        raise DownloadError(msg) from None
    try:
        _check_kind(path, file.url)
        if file.is_archive:
            _unpack(path, home, file.url)
    except DownloadError:
        path.unlink()
        raise
    _remember_checksum(path, home, file)
    if file.is_archive:
        path.unlink()


def _retrieve(file: RemoteFile, home: Path, downloader: ResumingDownloader) -> Path:
    """Fetch a file by pooch, which keeps it only with the right checksum."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")  # we tell ourselves how far it is
    known = file.sha256 or _first_checksum(home, file)
    for attempt in range(2):
        try:
            path = pooch.retrieve(
                file.url,
                known_hash=f"sha256:{known}" if known else None,
                fname=file.name,
                path=home,
                downloader=downloader,
            )
            break
        except ValueError as error:  # the checksum
            if downloader.has_resumed and attempt == 0:
                continue  # what was taken up may have been of another version
            msg = (
                f"{file.name} arrived, but is not the file it should be (its checksum "
                f"differs), so it was not kept. Try again later. From: {file.url}"
            )
            raise DownloadError(msg) from error
        except requests.HTTPError as error:
            msg = f"{file.url} is not to be had at present: {error}"
            raise DownloadError(msg) from error
        except requests.RequestException as error:
            msg = (
                f"{file.name} could not be fetched: there is no connection to "
                f"{file.url}. Are you online? What has arrived is kept, and the next "
                "time goes on from there."
            )
            raise DownloadError(msg) from error
    return Path(path)


def _check_kind(path: Path, url: str) -> None:
    """Refuse what is not of the kind that its name tells."""
    wanted = _BEGINNINGS.get(path.suffix)
    with path.open("rb") as file:
        start = file.read(8)
    if wanted is not None and not start.startswith(wanted):
        msg = (
            f"{path.name} arrived, but is no such file; perhaps a page that asks for a "
            "log-in came in its place. It was not kept. Open the address in a browser "
            f"to see what comes, or try again later: {url}"
        )
        raise DownloadError(msg)


def _unpack(path: Path, home: Path, url: str) -> None:
    """Unpack an archive; its folder appears only once it is complete."""
    target = _outcome(home, RemoteFile("", path.name))
    unfinished = home / f".{target.name}.{os.getpid()}.part"
    try:
        with gzip.open(path) as packed:
            with tarfile.open(fileobj=packed, mode="r:") as archive:
                archive.extractall(unfinished, filter="data")
            while packed.read(_MIB):  # to its end, where its own checksum is
                pass
        (unfinished / target.name).rename(target)
    except FileNotFoundError as error:
        msg = (
            f"{path.name} arrived, but holds no folder {target.name}. It was not kept. "
            f"Try again later. From: {url}"
        )
        raise DownloadError(msg) from error
    except _BROKEN as error:
        msg = (
            f"{path.name} arrived, but cannot be unpacked: it is cut off or damaged "
            f"({error}). It was not kept. Try again later. From: {url}"
        )
        raise DownloadError(msg) from error
    finally:
        _remove(unfinished)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _outcome(home: Path, file: RemoteFile) -> Path:
    """What there is once a file was fetched: the folder of an archive, or the file."""
    return home / file.name.removesuffix(".tar.gz")


def _remember_checksum(path: Path, home: Path, file: RemoteFile) -> None:
    """Trust what arrived first, where no checksum is known, once it proved usable."""
    import pooch

    kept = _checksum_file(home, file)
    if file.sha256 is None and not kept.is_file():
        kept.write_text(pooch.file_hash(path, alg="sha256"))


def _first_checksum(home: Path, file: RemoteFile) -> str | None:
    """Checksum of the first download, where none is known from elsewhere."""
    kept = _checksum_file(home, file)
    return kept.read_text().strip() if kept.is_file() else None


def _checksum_file(home: Path, file: RemoteFile) -> Path:
    return home / f".{file.name}.sha256"
