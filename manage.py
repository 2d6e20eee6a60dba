#!/usr/bin/env python
"""Django's command line: every command of `evalsite`, and Django's own."""

import sys

from evalsite.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
