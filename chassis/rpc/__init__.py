"""gRPC, with all that a servicer should not have to think of: who calls, with what, how it is refused."""
