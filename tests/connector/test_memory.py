"""An import of millions of rows takes no more memory than one of thousands, on either side."""

from pathlib import Path

import pytest

from bench import import_readings as bench

SMALL_DAYS, LARGE_DAYS, METERS = 100, 1_000, 2_000  # 200,000 rows and 2,000,000
GROWTH_MAX = 1.3  # Four times the rows took 1.15 of the memory: the worker's steps fill up to their bound.


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_million_readings_take_the_memory_of_two_hundred_thousand(database_url_for, tmp_path: Path):
    from services.billing.__main__ import part

    with bench.billing(database_url_for(part), tmp_path) as bring:
        bench.write_masters(tmp_path / "masters", METERS)
        bring(bench.MAPPING, tmp_path / "masters")
        peaks = [_peaks(bring, tmp_path / f"{days}.csv", days) for days in (SMALL_DAYS, LARGE_DAYS)]

    (small_connector, small_billing), (large_connector, large_billing) = peaks
    assert large_connector < small_connector * GROWTH_MAX, peaks
    assert large_billing < small_billing * GROWTH_MAX, peaks


def _peaks(bring: bench.Bring, file: Path, days: int) -> tuple[int, int]:
    """Peak memory of the connector and of billing, in KiB, after bringing a file."""
    bench.write_readings(file, METERS, days)
    return bring(bench.MAPPING_OF_READINGS, file), bench.peak_memory_kib(bring.billing_pid)
