"""Logging without patient data. Loads before the apps do."""

from __future__ import annotations

import logging


class WithoutPatientData(logging.Filter):
    """Log lines carry routes and kinds of error, never arguments, bodies or the words of an exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            kind = record.exc_info[0]
            place = record.exc_info[2]
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else "?"
            record.exc_info = None
            record.exc_text = None
            record.msg, record.args = f"{record.getMessage()} [{kind.__name__} at {where}]", ()
        return True
