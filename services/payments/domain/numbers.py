"""The number people quote of a payment."""

import secrets

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # Without those that are taken for one another: 0 O, 1 I L.
GROUP = 4


def new_number() -> str:
    """`P-7K3M-Q2XR`, by chance: nobody guesses another's; 31⁸ of them, and the row's constraint keeps them apart."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(2 * GROUP))
    return f"P-{letters[:GROUP]}-{letters[GROUP:]}"
