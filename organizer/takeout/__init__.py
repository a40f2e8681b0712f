"""Everything a user has, as a file to take along, and back again."""

from organizer.takeout.archiving import archive, document
from organizer.takeout.checks import TakeoutError
from organizer.takeout.reading import load
from organizer.takeout.report import Report
from organizer.takeout.restoring import OtherAccount, restore

__all__ = ["OtherAccount", "Report", "TakeoutError", "archive", "document", "load", "restore"]
