"""Scores of taggers: the F1 of XTREME, and the scores that say what it hides."""
