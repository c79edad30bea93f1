"""What would be lost, and whether that was said: such a wish is asked for twice."""

from __future__ import annotations

from weakref import WeakSet

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.state.regions import RegionRow


class Losses:
    """Warns before what the current section has is lost."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._again = ""
        self._results: WeakSet[EnhancedSection] = WeakSet()
        self._rows: tuple[RegionRow, ...] = ()

    def are_known(self, again: str, *, with_regions: bool = False) -> bool:
        """Whether nothing would be lost that was not warned of; else warns now.

        Parameters
        ----------
        again
            How to ask for the same a second time.
        with_regions
            Whether what is painted would be lost, too.
        """
        session = self._bench.session
        results = session.run.results
        rows = session.regions.rows if with_regions else ()
        is_told = again == self._again and set(results) <= set(self._results)
        if (is_told and rows in ((), self._rows)) or not (results or rows):
            return True
        self._again, self._results, self._rows = again, WeakSet(results), rows
        name = "" if session.section is None else session.name_of(session.section)
        lost = [
            counted(len(results), "a result", "results"),
            counted(len(rows), "a region", "regions"),
        ]
        self._bench.background.say(
            f"{name} has {' and '.join(filter(None, lost))} that would be lost: save "
            f"what you need, or {again}."
        )
        return False

    def forget(self) -> None:
        """Warn anew, since another section is chosen."""
        self._again, self._results, self._rows = "", WeakSet(), ()


def counted(number: int, one: str, many: str) -> str:
    """Return what there is, without the number where it is one; "" for none."""
    return one if number == 1 else f"{number} {many}" if number else ""
