"""What is done in the contest. Each command asks who, when and whether, writes once, records it, and recomputes the dates."""
