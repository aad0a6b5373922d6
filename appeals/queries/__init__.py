"""What is read of the contest. `lookup` finds one row for an actor and says which rules apply; `ladder` shows all levels;
`today`, `queue`, `case_page` and `trail` each serve one page."""
