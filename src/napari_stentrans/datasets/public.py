"""Public sections that can be fetched: where they lie, and their checksums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from napari_stentrans.errors import InvalidRequestError


@dataclass(frozen=True)
class RemoteFile:
    """One file of a public section.

    Attributes
    ----------
    url
        Where it lies.
    name
        What it is called in the section's folder.
    sha256
        Its checksum; None where none is known, which trusts the first download.
    """

    url: str
    name: str
    sha256: str | None = None

    @property
    def is_archive(self) -> bool:
        """Whether it is unpacked once it is there."""
        return self.name.endswith(".tar.gz")


@dataclass(frozen=True)
class PublicSection:
    """A section that anyone may fetch.

    Attributes
    ----------
    name
        What to ask for.
    title
        What it is, in words.
    files
        What makes up the section.
    picture
        The full-resolution picture, fetched only when it is asked for.
    """

    name: str
    title: str
    files: tuple[RemoteFile, ...]
    picture: RemoteFile | None = None


@cache
def public_sections() -> dict[str, PublicSection]:
    """Return the sections there are, by name."""
    import yaml

    text = files(__package__).joinpath("public.yaml").read_text(encoding="utf-8")
    listed = yaml.safe_load(text)
    found = [
        _visium(name, told, listed["visium_base"])
        for name, told in listed["visium"].items()
    ]
    found += [_table(name, told) for name, told in listed["tables"].items()]
    return {section.name: section for section in found}


def public_section(name: str) -> PublicSection:
    """Return one section.

    Raises
    ------
    InvalidRequestError
        If there is none of that name.
    """
    sections = public_sections()
    if name not in sections:
        msg = f"there is no public section {name!r}; choose from {', '.join(sections)}"
        raise InvalidRequestError(msg)
    return sections[name]


def _visium(name: str, told: dict[str, Any], base: str) -> PublicSection:
    stem = f"{told.get('base', base)}/{told['id']}/{told['id']}"
    matrix = "filtered_feature_bc_matrix.h5"
    return PublicSection(
        name,
        told["title"],
        (
            RemoteFile(f"{stem}_{matrix}", matrix, told.get("matrix")),
            RemoteFile(f"{stem}_spatial.tar.gz", "spatial.tar.gz", told.get("spatial")),
        ),
        RemoteFile(f"{stem}_image.tif", "image.tif", told.get("image")),
    )


def _table(name: str, told: dict[str, Any]) -> PublicSection:
    table = RemoteFile(told["url"], f"{name}.tsv.gz", told.get("sha256"))
    return PublicSection(name, told["title"], (table,))
