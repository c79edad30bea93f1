"""The `kriging` method: gene programmes, kriged, and decoded to counts."""

from __future__ import annotations

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import Enhancer, Fitted
from napari_stentrans.methods.decoder import GeneDecoder, ProgrammeField, SpotField
from napari_stentrans.methods.kriging.channels import ChannelKriging, mixture_steps
from napari_stentrans.methods.programmes import Programmes, find_programmes
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section


class FittedKriging(Fitted):
    """Kriging that has learnt from one section."""

    def __init__(
        self,
        section: Section,
        programmes: Programmes,
        channels: ChannelKriging,
        decoder: GeneDecoder,
    ) -> None:
        self.section = section
        self.programmes = programmes
        self.channels = channels
        self.decoder = decoder

    def field_steps(self, array_rc: FloatArray) -> Steps[ProgrammeField]:
        """Expression at any positions."""
        query_rc = self.section.lattice.to_pitch(array_rc)
        estimate = yield from self.channels.predict_steps(query_rc)
        return ProgrammeField(self.decoder, estimate)

    def spot_field_steps(self) -> Steps[SpotField]:
        """Posterior expression at the spots."""
        estimate = yield from self.channels.predict_steps(self.section.pitch_rc)
        return SpotField(self.decoder, estimate)


class Kriging(Enhancer):
    """Gene programmes interpolated by kriging, averaged over covariance parameters."""

    name = "kriging"
    summary = "Gene programmes and kriging: seconds, a strong baseline."

    def fit_steps(self, section: Section, config: RunConfig) -> Steps[FittedKriging]:
        """Learn programmes and covariances; nothing here can usefully stop early."""
        yield Progress("Kriging: gene programmes", 0, 1)
        choice = config.kriging
        programmes = find_programmes(section, choice.n_programmes, config.seed)
        mixture = yield from mixture_steps(
            section.pitch_rc, programmes.scores, choice.window
        )
        channels = ChannelKriging(
            section.pitch_rc, programmes.scores, mixture, choice.window
        )
        left_out = yield from channels.leave_one_out_steps()
        decoder = GeneDecoder(section, programmes, left_out)
        return FittedKriging(section, programmes, channels, decoder)
