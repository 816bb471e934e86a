"""One settings package, read by subject; the environment only gives values."""

from portal.settings.django import *
from portal.settings.domain import *
from portal.settings.mode import *
from portal.settings.security import *
from portal.settings.services import *
from portal.settings.wagtail import *

refuse_missing()
