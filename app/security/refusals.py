"""What the security rooms refuse. Each refusal holds data; `app.errors` gives it a status."""


class SecurityRefusal(Exception):
    """Base of the refusals that know nothing of HTTP, so that the command line can meet them."""


class LoginTaken(SecurityRefusal):
    """Another account has this login."""

    def __init__(self, login: str) -> None:
        super().__init__(f"There is already an account with the login {login}.")


class LoginUnfit(SecurityRefusal):
    """The login is empty, too long, or holds characters that a login may not have."""


class PasswordUnfit(SecurityRefusal):
    """The password breaks a rule; the sentence says which, and never the password."""


class AccountUnfit(SecurityRefusal):
    """The account would contradict itself: roles that do not exist, a caregiver without an id."""


class AccountUnknown(SecurityRefusal):
    """No account has this id."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"There is no account {account_id}.")


class FactorThere(SecurityRefusal):
    """The account has a second factor: a security administrator can reset it."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"Account {account_id} has a second factor. Have it reset first.")


class FactorNotBegun(SecurityRefusal):
    """There is no new second factor that a code could confirm."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"Begin a second factor for account {account_id} first.")


class CodeWrong(SecurityRefusal):
    """The code is wrong, is too old, or was used before."""

    def __init__(self) -> None:
        super().__init__("Wait for the next code, and look whether the telephone's clock is right.")


class TokenUnknown(SecurityRefusal):
    """No live token has this id."""

    def __init__(self, token_id: str) -> None:
        super().__init__(f"There is no live token {token_id}.")


class CursorUnfit(SecurityRefusal):
    """The place to go on from was not one that an earlier page named."""


class PasswordsBusy(SecurityRefusal):
    """Too many passwords wait to be checked."""

    def __init__(self) -> None:
        super().__init__("Too many people are signing in at once. Try again in a few seconds.")


class LooksFull(SecurityRefusal):
    """A look cannot be recorded now, so the location must be withheld."""

    def __init__(self) -> None:
        super().__init__("This look cannot be recorded now, so the location is withheld.")
