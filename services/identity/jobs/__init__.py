"""What identity does by the clock, or when the operator asks."""

from chassis.jobs import Jobs
from services.identity.jobs import settings, staff, tokens

jobs = Jobs()
for noun in (settings, staff, tokens):
    jobs.include(noun.jobs)
