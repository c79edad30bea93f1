"""Which folders this program wrote, and may therefore write anew.

A folder that it makes has a list of its files in it, under `LIST`. As long as there is
nothing else in the folder, nothing of anybody is lost with it.
"""

from __future__ import annotations

from pathlib import Path

LIST = ".stentrans-files"
"""Name of the list: a relative path a line, with slashes."""
_OF_THE_SYSTEM = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""Files that looking into a folder leaves there."""


def list_files(folder: Path) -> None:
    """Write the list of what lies in a folder that was just made."""
    text = "".join(f"{name}\n" for name in sorted(_names_in(folder)))
    (folder / LIST).write_text(text, encoding="utf-8", errors="surrogateescape")


def foreign_in(folder: Path) -> str | None:
    """Return a file or folder in there that this program did not make, if any."""
    foreign = _names_in(folder) - _listed(folder) - {LIST}
    kept = {name for name in foreign if Path(name).name not in _OF_THE_SYSTEM}
    return min(kept, default=None)


def _listed(folder: Path) -> set[str]:
    try:
        text = (folder / LIST).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return set()
    return set(text.splitlines())


def _names_in(folder: Path) -> set[str]:
    """Files and folders at whatever depth."""
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*")}
