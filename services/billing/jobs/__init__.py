"""What billing does by the clock."""

from chassis.jobs import Jobs
from services.billing.jobs import customers, photos, reading_windows, runs, use

jobs = Jobs()
for noun in (runs, reading_windows, photos, use, customers):
    jobs.include(noun.jobs)
