"""The outside world, simulated: mail servers, banks and offices for `make run` and the tests."""
