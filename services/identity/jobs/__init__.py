"""What identity does by the clock, or when the operator asks."""

from chassis.jobs import Jobs
from services.identity.jobs import audit, consents, limits, settings, staff, tokens

jobs = Jobs()
for noun in (audit, consents, settings, staff, tokens, limits):
    jobs.include(noun.jobs)
