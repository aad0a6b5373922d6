"""What is read of the matter: `registration`, `search`, `documents`, `work`."""
