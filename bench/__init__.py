"""Measurements. Run by hand (`make bench`), never as tests; every figure is printed beside what it was measured on."""
