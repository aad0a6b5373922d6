"""A simulated year: payers, patients and colleagues of the demonstration, many cases at once, on one calendar.

`cases` says who comes and with which plan where no cast is written, `house` who is there on a day, `asking`, `documents` and
`contest` what can happen to a case, `told` how a story comes on its days, `words` how it is put, `staff` who is away and who
leaves, `calendar` how the days pass with their nights, `watch` and the `rules_` files what must hold at each step whatever
happens, `processes` how organizations live beside each other. Everything follows from a seed, or from the cast and the moment.
"""
