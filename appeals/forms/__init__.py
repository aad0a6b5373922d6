"""What may be typed: shape only. Whether it is true enough, the commands and their conditions say."""
