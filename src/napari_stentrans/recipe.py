"""A run as text that repeats it: Python, or a command line.

What does not fit into a line of text is written to small files beside it: the regions
that were marked, and settings for which the command line has no option.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_stentrans.config import PRESETS, RUN_OPTIONS, RunConfig, preset_of
from napari_stentrans.io.files.home import at_home
from napari_stentrans.provenance import is_of_a_file
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section

_NO_FILE = "PATH_OF_THE_SECTION"
_SHORT = 10


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that a run was made from.

    Attributes
    ----------
    section, config, missing
        As for `enhance`.
    folder
        Where files are written that the text refers to.
    image_alignment
        How the picture lay that the run saw, "" where its file puts it: see
        `section.alignment`. A picture that was added by hand is a wish of the section.
    even
        Whether values were shown at one sequencing depth.
    fit
        What the method said of the run: ``fit`` of its provenance.
    """

    section: Section
    config: RunConfig
    missing: MissingRegions
    folder: Path
    image_alignment: str = ""
    even: bool = False
    fit: Mapping[str, Any] = field(default_factory=dict)

    def as_python(self) -> str:
        """Return a script that reads, enhances and saves."""
        choices = _choices(self.config)
        if self._is_marked:
            choices["missing"] = str(self._write_regions())
        lines = [f"    {name}={value!r}," for name, value in choices.items()]
        return "\n".join(
            [
                *(f"# {line}" for line in self._remarks()),
                "from napari_stentrans import enhance, read_section",
                "",
                f"section = read_section({self._reading})",
                "enhanced = enhance(",
                "    section,",
                *lines,
                ")",
                f"enhanced.save({self._out!r})",
                "",
            ]
        )

    def as_command_line(self) -> str:
        """Return one line for a terminal."""
        words = ["stentrans", "enhance", self._source, "--out", self._out]
        for name, value in self._wishes.items():
            option = f"--{name.replace('_', '-')}"
            if value is True:
                words.append(option)
            elif str(value).startswith("-"):  # which would be an option by itself
                words.append(f"{option}={value}")
            else:
                words += [option, str(value)]
        if self._is_marked:
            words += ["--missing", str(self._write_regions())]
        choices = _choices(self.config)
        if set(choices) - {*RUN_OPTIONS, "preset"}:
            words += ["--config", str(self._write_settings())]
        else:
            for name, value in choices.items():
                words += [f"--{name}", str(value)]
        is_windows = sys.platform == "win32"
        return subprocess.list2cmdline(words) if is_windows else shlex.join(words)

    @property
    def _is_marked(self) -> bool:
        return not self.missing.is_empty or bool(
            self.missing.outside.any() or len(self.missing.outside_rc)
        )

    @property
    def _source(self) -> str:
        if not is_of_a_file(self.section):
            return _NO_FILE
        return str(Path(self.section.source or "").absolute())

    @property
    def _reading(self) -> str:
        """Arguments by which the section is read as it was."""
        wishes = [f"{name}={value!r}" for name, value in self._wishes.items()]
        return ", ".join([repr(self._source), *wishes])

    @property
    def _wishes(self) -> dict[str, str | bool | float]:
        """What is asked for besides the source, by the names of `read_section`."""
        found = dict(self.section.wishes)
        found.pop("image_alignment", None)  # it may have been moved since
        moved = {"image_alignment": self.image_alignment}
        return found | (moved if self.image_alignment else {})

    @property
    def _out(self) -> str:
        return f"{_as_file_name(self.section.name)}_enhanced.h5ad"

    def _remarks(self) -> list[str]:
        """What a reader of the script should know."""
        told = [f"{self.section.name}: fingerprint {self.section.fingerprint}"]
        if not is_of_a_file(self.section):
            told.append(f"The section came from no file: write its path for {_NO_FILE}")
        elif not Path(self._source).exists():
            told.append(f"{self._source} is gone: write where it is now")
        if self._is_marked:
            told.append(f"The marked regions were saved as {self._write_regions()}")
        if self.fit.get("stopped_early"):
            done = self.fit.get("training_steps", self.fit.get("epochs"))
            unit = "training steps" if "training_steps" in self.fit else "epochs"
            after = "" if done is None else f", after {done} {unit}"
            told.append(f"That run was stopped early{after}; this one goes to its end")
        if self.even:
            told.append("Shown depth-normalised: values divided by enhanced.depth")
        return told

    def _write_regions(self) -> Path:
        from napari_stentrans.io.regions.masks import write_missing

        parts = (self.missing.unmeasured, self.missing.outside)
        sites = (self.missing.new_rc, self.missing.outside_rc)
        content = b"|".join(part.tobytes() for part in (*parts, *sites))
        path = self._beside("regions", content, ".csv")
        if not path.exists():
            raster = SpotRaster.from_section(self.section)
            write_missing(path, self.missing, raster)
        return path

    def _write_settings(self) -> Path:
        text = json.dumps(_settings(self.config), indent=2)
        path = self._beside("settings", text.encode(), ".json")
        path.write_text(text, encoding="utf-8")
        return path

    def _beside(self, what: str, content: bytes, ending: str) -> Path:
        """Name a file by its content: the same run, the same file."""
        digest = hashlib.sha256(self.section.fingerprint.encode() + content)
        name = _as_file_name(self.section.name)
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{name}-{what}-{digest.hexdigest()[:_SHORT]}{ending}"


def _choices(config: RunConfig) -> dict[str, Any]:
    """Arguments of `enhance` that give a configuration, the shorter the better."""
    preset = preset_of(config)
    named = {} if preset is None else {"preset": preset}
    known = RunConfig.model_validate(PRESETS[preset]) if preset else RunConfig()
    return named | _other_values(_settings(config), known.model_dump(mode="json"))


def _settings(config: RunConfig) -> dict[str, Any]:
    """Return a configuration that means the same in every folder."""
    found: dict[str, Any] = config.model_dump(mode="json")
    if config.model:
        found["model"] = str(at_home(config.model).absolute())
    return found


def _other_values(chosen: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return the part of ``chosen`` that is not in ``known``, within groups too."""
    found: dict[str, Any] = {}
    for name, value in chosen.items():
        if isinstance(value, dict):
            within = _other_values(value, known[name])
            if within:
                found[name] = within
        elif value != known[name]:
            found[name] = value
    return found


def _as_file_name(name: str) -> str:
    """Name of a section without what a file must not be called."""
    kept = "".join(each if each.isalnum() or each in "-_." else "_" for each in name)
    return kept.strip("._") or "section"
