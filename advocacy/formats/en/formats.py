"""One style of a day in English: the month in full, as in the sentences around it."""

DATE_FORMAT = "F j, Y"
