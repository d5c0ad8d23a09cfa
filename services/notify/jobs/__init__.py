"""What notify does by the clock."""

from chassis.jobs import Jobs
from services.notify.jobs import announcements, campaigns, messages, reminders, sms

jobs = Jobs()
for noun in (messages, sms, reminders, announcements, campaigns):
    jobs.include(noun.jobs)
