"""The part that speaks HTTP to people: the portal and the console."""
