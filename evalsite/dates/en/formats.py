"""Dates as on the site: day, month, year, 24 hours, and whose clock it is."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y H:i T"
