"""Fetching public sections: into a cache, checked, resumed, and unpacked."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

from napari_stentrans.datasets.public import PublicSection, RemoteFile, public_section
from napari_stentrans.datasets.resuming import ResumingDownloader, StoppedError
from napari_stentrans.errors import DownloadError
from napari_stentrans.io.files.home import at_home
from napari_stentrans.progress import Progress

_CACHE_VARIABLE = "STENTRANS_CACHE"
_MIB = 1 << 20


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
    if file.is_archive:
        _unpack(path, home)
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
    if known is None:
        _checksum_file(home, file).write_text(pooch.file_hash(path, alg="sha256"))
    return Path(path)


def _unpack(path: Path, home: Path) -> None:
    """Unpack an archive; its folder appears only once it is complete."""
    target = _outcome(home, RemoteFile("", path.name))
    unfinished = home / f".{target.name}.{os.getpid()}.part"
    try:
        with tarfile.open(path) as archive:
            archive.extractall(unfinished, filter="data")
        (unfinished / target.name).rename(target)
    except (tarfile.TarError, FileNotFoundError) as error:
        msg = f"{path.name} holds no folder {target.name}: {error}"
        raise DownloadError(msg) from error
    finally:
        _remove(unfinished)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _outcome(home: Path, file: RemoteFile) -> Path:
    """What there is once a file was fetched: the folder of an archive, or the file."""
    return home / file.name.removesuffix(".tar.gz")


def _first_checksum(home: Path, file: RemoteFile) -> str | None:
    """Checksum of the first download, where none is known from elsewhere."""
    kept = _checksum_file(home, file)
    return kept.read_text().strip() if kept.is_file() else None


def _checksum_file(home: Path, file: RemoteFile) -> Path:
    return home / f".{file.name}.sha256"
