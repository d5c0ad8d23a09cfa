"""The range API of Have I Been Pwned on trial: a few passwords that everybody knows, padded as there."""
