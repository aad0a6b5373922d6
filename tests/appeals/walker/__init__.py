"""A second way to the same dates: it walks day by day and hour by hour, over law written down a second time.

It shares nothing with the engine: no module of `appeals` or `advocacy`, no file of rules, no library of holidays. What it
knows stands in `law_*.py`, worked out from the words of the regulations, and each line names them. It is slow on purpose.
"""
