"""The top floor: figures. Reads cases, appeals and published determinations; nobody imports it."""
