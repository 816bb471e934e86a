"""Read one description of another catalogue or standard into a typed record.

`read` works in a child process that has no network, no file and bounded time and memory; it never
raises on what it is given. `detect` tells which format a file or a text is in.
"""

from catalogue.standards.readers.child import read
from catalogue.standards.readers.detection import detect
from catalogue.standards.readers.formats import FORMATS, Format
from catalogue.standards.readers.record import Fault, Link, Reading, Record, Value

__all__ = ["FORMATS", "Fault", "Format", "Link", "Reading", "Record", "Value", "detect", "read"]
