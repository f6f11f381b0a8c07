"""Statistics: pure functions of numbers, that know neither the store nor the report."""
