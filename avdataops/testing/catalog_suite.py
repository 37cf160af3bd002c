"""What every catalog must do: subclass ``CatalogSuite`` and give an ``open_catalog`` fixture.

The fixture is a function that opens the one catalog of the test, which starts empty: called
twice it gives two ways to the same facts, for tests of concurrency and of what was kept.
"""

from avdataops.testing.catalog_attributes import AttributeBehaviour
from avdataops.testing.catalog_current import CurrentBehaviour
from avdataops.testing.catalog_datasets import DatasetBehaviour
from avdataops.testing.catalog_lineage import LineageBehaviour
from avdataops.testing.catalog_measurements import MeasurementBehaviour
from avdataops.testing.catalog_places import PlaceBehaviour
from avdataops.testing.catalog_races import RaceBehaviour
from avdataops.testing.catalog_reviews import ReviewBehaviour
from avdataops.testing.catalog_runs import RunBehaviour
from avdataops.testing.catalog_saved import SavedBehaviour
from avdataops.testing.catalog_scenes import SceneBehaviour
from avdataops.testing.catalog_store import CatalogFixtures

__all__ = ["CatalogSuite"]


class CatalogSuite(
    MeasurementBehaviour,
    RunBehaviour,
    CurrentBehaviour,
    RaceBehaviour,
    SceneBehaviour,
    AttributeBehaviour,
    PlaceBehaviour,
    LineageBehaviour,
    ReviewBehaviour,
    SavedBehaviour,
    DatasetBehaviour,
    CatalogFixtures,
):
    """All behaviour of a catalog, over the fixture ``open_catalog``."""
