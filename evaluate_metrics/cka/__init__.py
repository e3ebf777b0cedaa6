"""CKA of representations, with what its value rests on: its null, its interval, and the part of sentence length."""
