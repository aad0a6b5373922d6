"""The demonstration: two organizations with a lived-in caseload, made by the real commands over simulated months.

`cast` holds who works there, `people`, `plans` and `matters` whom they work for, who pays and for what, `documents` the papers, `life` and
`steps` how a story is lived, the `stories_` files what happens to whom, `tell` the order in which it is told.
"""
