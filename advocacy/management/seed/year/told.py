"""A story on the year's calendar: what happens is written, and each step comes on the day it names."""

from __future__ import annotations

from advocacy.management.seed.begin import begin
from advocacy.management.seed.life import Course, Life


def course_told(life: Life) -> Course:
    """The whole story, in its order: a step whose day has passed by then is taken at once."""
    for step in (begin, *life.story.steps):
        for ago in step(life):
            assert ago >= 0, f"{life.story.key}: nobody knows yet what happens {-ago} days from now"
            yield life.day(ago)
