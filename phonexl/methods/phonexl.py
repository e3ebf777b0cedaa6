"""PhoneXL itself: the recipe as it stands."""

from phonexl.training.method import PHONEXL as METHOD

__all__ = ["METHOD"]
