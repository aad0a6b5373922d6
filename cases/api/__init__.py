"""The machine door of the matter: notes, documents, and what was done."""
