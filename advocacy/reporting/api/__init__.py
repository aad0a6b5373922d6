"""The machine door of figures: the catalog, and each figure by its dimensions, always masked."""
