"""Encoders of one body, trained on the same sentences in several representations of their words."""
