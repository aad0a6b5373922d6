"""A second way to the same dates: it walks day by day and hour by hour, over law written down a second time.

It shares nothing with the engine: no module of `appeals` or `advocacy`, no file of rules, no library of holidays. What it
knows stands in `law_*.py`, a citation a line. It is slow on purpose.

What it can show is that the engine counts as its rules are meant. It is no second opinion on the law: it was written by somebody
who had read the engine's rules, out of the same notes, and words in quotation marks are from memory, not compared with the text.
"""
