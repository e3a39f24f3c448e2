"""Loading a library's data from files: read, send to the owner, journal, report."""

from samlan.importing.load import ImportFailed, Loading, load_folder
from samlan.importing.report import Refused, Report

__all__ = ["ImportFailed", "Loading", "Refused", "Report", "load_folder"]
