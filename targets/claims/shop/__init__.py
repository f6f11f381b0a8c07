"""A few tables of a shop, each in a module of its own, as they are in most applications."""
