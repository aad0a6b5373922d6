"""Pages about people: registration and its parts, drafts, and the organization somebody acts in."""
