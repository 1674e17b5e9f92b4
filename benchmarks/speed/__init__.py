"""Benchmarks of time and memory: classes that asv runs, and `suite`, which runs them without it.

A class names its measurements as asv does (`time_`, `timeraw_`, `peakmem_`, `track_`) and its parameters in `params`.
Beside them `quick_params` and `smoke_params`, which asv does not know, are fewer and smaller: a class without
`quick_params` is left out of a quick run.
"""
