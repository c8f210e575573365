"""Speed, as ratios against a raw baseline measured in the same run.

Each module runs as ``python -m tests.benchmarks.NAME [--quick]``; its last line is one JSON object.
"""
