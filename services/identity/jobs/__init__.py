"""What identity does by the clock, or when the operator asks."""

from chassis.jobs import Jobs
from services.identity.jobs import audit, consents, settings, staff, tokens

jobs = Jobs()
for noun in (audit, consents, settings, staff, tokens):
    jobs.include(noun.jobs)
