"""What is remembered between launches, as a small file; tolerant of whatever is in it.

Content of an older or newer version, or written by hand, is taken as far as it makes
sense; the rest has its default. Nothing here fails because of a bad file.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import method_names

logger = logging.getLogger(__name__)

_FOLDER = "napari-stentrans"
_SLOWEST = 1e9


@dataclass(frozen=True)
class Settings:
    """What is remembered.

    Attributes
    ----------
    config
        The last setting of a run.
    slowness
        How slow this computer is, as `estimates.slowness_after` has found out.
    genes
        The user's own list of genes.
    gene_sets
        The file of gene sets that was loaded last, "" for none.
    """

    config: RunConfig = field(default_factory=RunConfig)
    slowness: Mapping[str, float] = field(default_factory=dict)
    genes: tuple[str, ...] = ()
    gene_sets: str = ""


def settings_file() -> Path:
    """Where the settings of this user are."""
    from platformdirs import user_config_path

    return user_config_path(_FOLDER, appauthor=False) / "settings.json"


def data_folder() -> Path:
    """Where small files are kept that recipes of runs refer to."""
    from platformdirs import user_data_path

    return user_data_path(_FOLDER, appauthor=False)


def read_settings(path: Path) -> Settings:
    """Read what is remembered, as far as there is something and it makes sense."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        logger.warning("the settings %s cannot be read: %s", path, error)
        return Settings()
    found = found if isinstance(found, dict) else {}
    return Settings(
        _config(found.get("config")),
        _slowness(found.get("slowness")),
        _genes(found.get("genes")),
        _text(found.get("gene_sets")),
    )


def write_settings(path: Path, settings: Settings) -> None:
    """Remember settings; the file is replaced once its content is complete.

    A disk that is full or read-only is logged: it must not keep anyone from working.
    """
    content = {
        "config": settings.config.model_dump(mode="json"),
        "slowness": dict(settings.slowness),
        "genes": list(settings.genes),
        "gene_sets": settings.gene_sets,
    }
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(content, indent=2), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        logger.warning("the settings cannot be kept in %s: %s", path, error)
        with suppress(OSError):
            unfinished.unlink()


def _config(found: Any) -> RunConfig:
    """Take each setting that is allowed, one by one."""
    config = RunConfig()
    for path, value in _leaves(found):
        change: Any = value
        for name in reversed(path[1:]):
            change = {name: change}
        try:
            config = _changed(config, path[0], change)
        except ValidationError:
            logger.info("the remembered setting %s is not allowed any more", path)
    if config.method not in method_names():
        config = config.model_copy(update={"method": RunConfig().method})
    if config.model and not os.path.exists(config.model):  # noqa: PTH110 - never fails
        config = config.model_copy(update={"model": ""})
    return config


def _changed(config: RunConfig, name: str, change: Any) -> RunConfig:
    values = config.model_dump()
    if isinstance(change, dict) and isinstance(values.get(name), dict):
        change = values[name] | change
    return RunConfig.model_validate(values | {name: change})


def _leaves(found: Any, *above: str) -> list[tuple[tuple[str, ...], Any]]:
    """Every single value of nested settings, with the names that lead to it."""
    if not isinstance(found, dict):
        return [(above, found)] if above else []
    return [
        leaf for name, value in found.items() for leaf in _leaves(value, *above, name)
    ]


def _slowness(found: Any) -> dict[str, float]:
    """Take what can be a factor."""
    if not isinstance(found, dict):
        return {}
    return {
        str(kind): float(factor)
        for kind, factor in found.items()
        if isinstance(factor, int | float) and 0 < factor < _SLOWEST
    }


def _genes(found: Any) -> tuple[str, ...]:
    """Take what can be a name, each once."""
    if not isinstance(found, list):
        return ()
    return tuple(dict.fromkeys(name for name in found if isinstance(name, str)))


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""
