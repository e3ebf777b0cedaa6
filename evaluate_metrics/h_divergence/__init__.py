"""How well two languages' vectors can be told apart: proxy A-distance, energy distance, and their bound."""
