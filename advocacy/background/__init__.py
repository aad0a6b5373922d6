"""Background work: the one door to django-q2 is `advocacy.background.queue`."""
