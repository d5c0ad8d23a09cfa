"""What the simulated payment providers share: books, notifications sent again and again, faults, pages to look at."""
