"""How unequal a system's scores are across languages: relative percentage differences, and what they rest on."""
