"""The contest: request, refusal, levels, clocks, packets, decisions."""
