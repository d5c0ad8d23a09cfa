"""What billing does by the clock."""

from chassis.jobs import Jobs
from services.billing.jobs import photos, reading_windows, runs, use

jobs = Jobs()
for noun in (runs, reading_windows, photos, use):
    jobs.include(noun.jobs)
