"""What every part of the suite would otherwise copy. Knows no service."""
