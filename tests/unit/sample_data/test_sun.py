from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pvlib
import pytest

from sample_data.sun import NIGHT_DEG, evening_passage_s, sun_elevation


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg"), [(56.162, 10.201), (0.0, 0.0), (-33.9, 151.2), (69.6, -150.0)]
)
def test_elevation_agrees_with_the_solar_position_algorithm(lat_deg: float, lon_deg: float) -> None:
    start = datetime(2026, 1, 3, tzinfo=UTC).timestamp()
    t_s = start + np.arange(0.0, 360.0 * 86400.0, 86400.0 * 7.37)
    index = pd.to_datetime(t_s, unit="s", utc=True)
    reference = pvlib.solarposition.spa_python(index, lat_deg, lon_deg)["elevation"].to_numpy()
    np.testing.assert_allclose(sun_elevation(t_s, lat_deg, lon_deg), reference, atol=0.02)


@pytest.mark.parametrize("month", [3, 6, 10, 12])
def test_night_begins_at_the_evening_passage(month: int) -> None:
    noon = datetime(2026, month, 12, 12, tzinfo=UTC).timestamp()
    lat_deg = 48.0
    passage = evening_passage_s(noon, lat_deg, 10.0)
    before, after = sun_elevation(np.array([passage - 1.0, passage + 1.0]), lat_deg, 10.0)
    assert before > NIGHT_DEG > after
    assert noon < passage < noon + 12 * 3600
