"""The site's settings with a scorer that crashes its process, as a plug-in with faulty native code would."""

from evalsite.settings import *  # noqa: F403
from evalsite.settings import EVALSITE_SCORERS

EVALSITE_SCORERS = {**EVALSITE_SCORERS, "crashing": "tests.crashing_scorer.Crashing"}
