"""Loading a library's data from files: read, send to the owner, journal, report."""

from samlan.importing.load import Loading, load_folder
from samlan.importing.report import Refused, Report

__all__ = ["Loading", "Refused", "Report", "load_folder"]
