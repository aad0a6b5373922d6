"""The machine door of the contest: cases with their dates and levels."""
