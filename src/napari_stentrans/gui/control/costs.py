"""What a run will cost on this computer, and what runs tell of it."""

from __future__ import annotations

from napari_stentrans.config import PRESETS, RunConfig, with_preset
from napari_stentrans.estimates import Estimate, Workload, estimate, slowness_after
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.state.runs import RunRecord
from napari_stentrans.section.section import Section


class CostEstimates:
    """Keeps the estimates of the session true, and learns from runs."""

    def __init__(self, bench: Bench, memory: Memory) -> None:
        self._bench, self._memory = bench, memory

    def follow(self) -> None:
        """Estimate anew, for each preset and for the settings as they are."""
        session = self._bench.session
        section, config = session.section, session.run.config
        if section is None:
            session.run.estimates = {}
            return
        ways = {name: with_preset(config, name) for name in PRESETS} | {"": config}
        session.run.estimates = {
            name: self._cost(section, way) for name, way in ways.items()
        }

    def learn(self, record: RunRecord) -> None:
        """Take in how long a run took that was not stopped early."""
        if record.stopped_early:
            return
        section, config = record.result.section, record.config
        slowness = slowness_after(
            self._memory.slowness,
            Workload.of(section, config, record.missing.n_new),
            config,
            self._device(config),
            record.seconds,
        )
        self._memory.keep_slowness(slowness)
        self.follow()

    def _cost(self, section: Section, config: RunConfig) -> Estimate:
        painted = self._bench.session.regions.painted
        n_new = 0 if painted is None else painted.n_new
        work = Workload.of(section, config, n_new)
        return estimate(work, config, self._device(config), self._memory.slowness)

    def _device(self, config: RunConfig) -> str:
        """Where networks would be computed."""
        devices = self._bench.session.run.devices
        if config.device != "auto":
            return config.device
        return devices[0].choice if devices else "cpu"
