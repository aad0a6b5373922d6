"""The shape of what is typed; whether it is true enough, the commands ask the rules."""
