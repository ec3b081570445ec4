"""A day of operation in less than an hour, with faults throughout, judged from outside.

`python -m soak` starts the simulated exchanges and the product in processes of their own, both time-scaled,
injects faults by a seeded plan, and then compares what is stored with the simulator's truth.
"""
