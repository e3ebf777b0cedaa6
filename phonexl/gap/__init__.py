"""The linguistic gap: how unequally, and how alike, an encoder treats languages."""
