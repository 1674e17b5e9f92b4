"""Fuzzing harness: damaged and hostile files of every kind that is read, by the ten thousand.

    make fuzz                                        ten minutes on two cores
    make fuzz FUZZ="--minutes 1 --seed 3"            other mutations, for a minute
    python -m tests.fuzz fuzz/mp4-0-123.mp4          saved inputs again, with their tracebacks

Each input is a good file (a seed) with a few mutations: bits, ranges, cuts, splices of two, and numbers of the format
set to what hurts, with the checksums mended so that the reader gets to see them. The promise for each: no death of the
process, no exception but ours with one line, no more than `WALL_S` seconds and `PEAK_MB` megabytes; and through the
command line the good pictures beside it are coloured. What broke it is saved under fuzz/.

The mutators are ours because they know the formats: hypothesis draws structured values well, but shrinks and replays
in one process, which a crash ends; atheris needs libraries built for it.
"""
