"""Mutation testing of clock and rules: every small change to the code and to the law's data has to turn a test red.

`make mutation` runs it; docs/mutation.md says what it found. Mutants of the code are made by Cosmic Ray's operators in an
environment of its own (`of_code.py`), those of the rule data by us (`of_rules.py`), since no library knows what a rule is.
"""
