"""What is done in a case: one function per act, with the actor and the moment always named."""
