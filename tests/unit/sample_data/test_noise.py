import numpy as np
import pytest

from sample_data.noise import correlated, generator, sample_times


def test_each_purpose_has_its_own_generator() -> None:
    assert generator(7, "imu").random() != generator(7, "gnss").random()


def test_each_seed_has_its_own_generator() -> None:
    assert generator(7, "imu").random() != generator(8, "imu").random()


def test_the_same_seed_and_purpose_draw_the_same_numbers() -> None:
    np.testing.assert_array_equal(generator(7, "imu").random(5), generator(7, "imu").random(5))


@pytest.mark.parametrize(("rate_hz", "duration_s"), [(10.0, 20.0), (100.0, 3.5), (1.0, 20.0)])
def test_sample_times_increase_at_the_rate_within_the_drive(
    rate_hz: float, duration_s: float
) -> None:
    times = sample_times(
        generator(1, "x"), rate_hz=rate_hz, duration_s=duration_s, jitter_s=0.01 / rate_hz
    )
    assert abs(times.size - rate_hz * duration_s) <= 1
    assert times[0] >= 0.0
    assert times[-1] < duration_s
    assert np.median(np.diff(times)) == pytest.approx(1.0 / rate_hz, rel=0.02)


def test_even_wild_jitter_keeps_the_order_of_samples() -> None:
    times = sample_times(generator(1, "x"), rate_hz=10.0, duration_s=100.0, jitter_s=1.0)
    assert (np.diff(times) > 0.0).all()


def test_correlated_noise_has_the_asked_spread_and_memory() -> None:
    noise = correlated(generator(1, "x"), 200_000, sigma=0.5, steps=20.0)[:, 0]
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    lagged = np.corrcoef(noise[:-20], noise[20:])[0, 1]
    assert lagged == pytest.approx(np.exp(-1.0), abs=0.05)


def test_correlated_noise_is_stationary_from_its_first_sample() -> None:
    first = correlated(generator(1, "x"), 1, sigma=2.0, steps=1e6, columns=5000)[0]
    assert first.std() == pytest.approx(2.0, rel=0.05)


def test_no_samples_give_no_noise() -> None:
    assert correlated(generator(1, "x"), 0, sigma=1.0, steps=2.0, columns=3).shape == (0, 3)
