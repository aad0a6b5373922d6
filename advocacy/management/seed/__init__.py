"""The demonstration: two organizations with a lived-in caseload, made by the real commands over simulated months.

`cast` holds who works there, `people` the ways in which patients are reached, `plans` and `matters` who pays for what,
`letters` and `papers` what is written, `life` how somebody acts on a day, `begin`, `steps`, `levels` and `work` what can happen,
the `stories_` files what does happen to whom, `lived_in` who came besides, and `tell` makes a year (`year/`) of all of them.
"""
