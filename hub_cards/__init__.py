"""What a Hub repository says of itself: card templates and their renderer."""
