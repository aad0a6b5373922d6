"""A simulated year: payers, patients and colleagues of the demonstration, many cases at once, on one calendar.

`cases` says who comes and with which plan, `lived` how somebody acts on a day, `asking`, `documents` and `contest` what can
happen to a case, `words` how it is put, `staff` who is away and who leaves, `calendar` how the days pass with their nights,
`watch` and the `rules_` files what must hold at each step whatever happens. Everything follows from a seed.
"""
