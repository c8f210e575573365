"""Tests and benchmarks; CONTRIBUTING.md says which kind lies where."""
