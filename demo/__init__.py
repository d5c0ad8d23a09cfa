"""A made-up water company and two years of its life, loaded through the same doors as a real one."""
