"""What billing does by the clock."""

from chassis.jobs import Jobs
from services.billing.jobs import runs

jobs = Jobs()
for noun in (runs,):
    jobs.include(noun.jobs)
