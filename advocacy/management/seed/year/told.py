"""A story on the year's calendar: what happens is written, and each step comes on the day it names."""

from __future__ import annotations

from advocacy.management.seed.begin import begin
from advocacy.management.seed.life import Course, Life


def course_told(life: Life) -> Course:
    """The whole story, in the order in which its steps begin; a later day of a step that has passed by then is taken at once."""
    begun = life.story.begins
    for step in (begin, *life.story.steps):
        for number, ago in enumerate(step(life)):
            assert ago >= 0, f"{life.story.key}: nobody knows yet what happens {-ago} days from now"
            if number == 0:
                assert ago <= begun, f"{life.story.key}: {ago} days ago stands after {begun} days ago"
                begun = ago
            yield life.day(ago)
